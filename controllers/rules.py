"""What a switch should hold, as plain data: flows, groups and meters of OpenFlow 1.3, without Ryu.

Field names are those of OpenFlow's OXM matches (`eth_dst`, `vlan_vid`, …), MAC and IP addresses are strings.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

Match = tuple[tuple[str, Any], ...]

NO_BUFFER = 0xFFFF
"""The length that asks a switch for whole packets (OFPCML_NO_BUFFER)."""

VLAN_PRESENT = 0x1000
"""OpenFlow's mark of a tagged frame in `vlan_vid` (OFPVID_PRESENT); 0 means untagged."""


class Table(IntEnum):
    """The pipeline. Each stage answers one question about a frame."""

    ADMIT = 0     # may it enter, and in which VLAN is it?
    POLICY = 1    # may these two talk?
    LEARN = 2     # is its sender known here? (a miss tells the controller, and forwards all the same)
    CLASSIFY = 3  # is it for the router, or for a neighbour?
    ROUTE4 = 4    # which way to this IPv4 address?
    ROUTE6 = 5    # which way to this IPv6 address?
    FORWARD = 6   # which way to this MAC address?
    FLOOD = 7     # nobody knows: everybody in the VLAN gets it


class Port(IntEnum):
    """Reserved ports (OpenFlow 1.3.5, 7.2.1)."""

    IN_PORT = 0xFFFFFFF8
    TABLE = 0xFFFFFFF9
    CONTROLLER = 0xFFFFFFFD
    LOCAL = 0xFFFFFFFE
    ANY = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Output:
    port: int
    max_len: int = 0


@dataclass(frozen=True, slots=True)
class ToGroup:
    group: int


@dataclass(frozen=True, slots=True)
class SetField:
    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class PushVlan:
    pass


@dataclass(frozen=True, slots=True)
class PopVlan:
    pass


@dataclass(frozen=True, slots=True)
class DecTtl:
    pass


@dataclass(frozen=True, slots=True)
class Track:
    """Send through connection tracking (ovs-actions(7), `ct`), to come back in `table` with `ct_state` filled in.

    `nat` is (address, port) to become the target of a connection that is committed; `translate` carries out what
    was committed, in both directions.
    """

    zone: int
    commit: bool = False
    table: int | None = None
    nat: tuple[str, int] | None = None
    translate: bool = False


@dataclass(frozen=True, slots=True)
class Resubmit:
    """Look the frame up in another table, and come back (ovs-actions(7)): how a group's bucket goes on."""

    table: int


Action = Output | ToGroup | SetField | PushVlan | PopVlan | DecTtl | Track | Resubmit


@dataclass(frozen=True, slots=True)
class Flow:
    """One rule: where it stands, what it matches, what it does. Timeouts are in seconds, 0 means never."""

    table: int
    priority: int
    match: Match = ()
    actions: tuple[Action, ...] = ()
    goto: int | None = None
    metadata: tuple[int, int] | None = None  # value, mask
    meter: int | None = None
    cookie: int = 0
    idle_timeout: int = 0
    hard_timeout: int = 0
    notify: bool = False  # tell the controller when a timeout removes it

    @property
    def key(self) -> tuple[int, int, Match]:
        """What makes two rules the same rule to a switch."""
        return self.table, self.priority, self.match


@dataclass(frozen=True, slots=True)
class Bucket:
    actions: tuple[Action, ...]
    watch_port: int | None = None
    watch_group: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`kind` is OpenFlow's: all, select, indirect or ff (fast failover)."""

    number: int
    kind: str
    buckets: tuple[Bucket, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """At most `rate` (in `unit`, "pktps" or "kbps") with a burst of as much; the rest is dropped."""

    number: int
    rate: int
    unit: str = "pktps"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove exactly this rule."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    number: int


@dataclass(frozen=True, slots=True)
class ModifyMeter:
    meter: Meter


@dataclass(frozen=True, slots=True)
class DeleteMeter:
    """Remove a meter, and every flow that uses it."""

    number: int


@dataclass(frozen=True, slots=True)
class ModifyGroup:
    group: Group


@dataclass(frozen=True, slots=True)
class PacketOut:
    """Have a switch send `data` as if it had come in by `in_port`."""

    data: bytes
    actions: tuple[Action, ...]
    in_port: int = Port.CONTROLLER


@dataclass(frozen=True, slots=True)
class Barrier:
    """Asks for an answer once everything before it is done; the answer carries `token` back."""

    token: Any


Message = Flow | Delete | Group | ModifyGroup | DeleteGroup | Meter | ModifyMeter | DeleteMeter | PacketOut | Barrier


def match(**fields: Any) -> Match:
    """A match in its canonical order, so that equal matches compare equal.

    >>> match(in_port=1, eth_dst="00:00:00:00:00:01")
    (('eth_dst', '00:00:00:00:00:01'), ('in_port', 1))
    """
    return tuple(sorted((name, value) for name, value in fields.items() if value is not None))
