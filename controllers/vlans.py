"""Which VLANs a port takes part in, and how its frames are tagged (IEEE 802.1Q)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from controllers.rules import VLAN_PRESENT, Action, PopVlan, PushVlan, SetField


@dataclass(frozen=True, slots=True)
class Membership:
    """`untagged` is the VLAN of frames without a tag (access or native VLAN), `tagged` those that come with one."""

    untagged: int | None = None
    tagged: frozenset[int] = frozenset()

    @property
    def vlans(self) -> frozenset[int]:
        return self.tagged | ({self.untagged} if self.untagged is not None else set())


@dataclass(frozen=True)
class Vlans:
    """Who is in which VLAN, by the name of a port, or of a switch for all its ports; others are in `default`.

    Without any port named the switches do not look at tags at all: a frame leaves as it came.
    """

    ports: Mapping[str, Membership] = field(default_factory=dict)
    default: int = 1

    @property
    def aware(self) -> bool:
        return bool(self.ports)

    def of(self, switch: str, port: str) -> Membership:
        return self.ports.get(port) or self.ports.get(switch) or Membership(self.default)

    def all(self) -> frozenset[int]:
        return frozenset({self.default}).union(*(member.vlans for member in self.ports.values()))


def admission(member: Membership) -> Iterator[tuple[int, tuple[Action, ...]]]:
    """Each kind of frame a port lets in: its `vlan_vid`, and the actions that put it in its VLAN."""
    if member.untagged is not None:
        yield 0, (PushVlan(), tag(member.untagged))
    for vlan in sorted(member.tagged - {member.untagged}):
        yield VLAN_PRESENT | vlan, ()


def departure(member: Membership, vlan: int) -> tuple[Action, ...] | None:
    """What to do to a frame of `vlan` before it leaves by a port, or None when it may not."""
    if vlan == member.untagged:
        return (PopVlan(),)
    return () if vlan in member.tagged else None


def tag(vlan: int) -> SetField:
    return SetField("vlan_vid", VLAN_PRESENT | vlan)
