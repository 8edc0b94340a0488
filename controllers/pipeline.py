"""The rules of a learning bridge, table by table. See `rules.Table` for what each table asks."""

from collections.abc import Iterable, Iterator

from controllers.cookie import Cookie, Kind, Owner
from controllers.frames import LLDP as LLDP_TYPE
from controllers.lldp import DESTINATION as NEAREST_BRIDGE
from controllers.rules import (
    NO_BUFFER,
    VLAN_PRESENT,
    Action,
    Bucket,
    Flow,
    Group,
    Output,
    Port,
    Resubmit,
    Table,
    ToGroup,
    match,
)
from controllers.stations import Address
from controllers.topology import Role, Switch, SwitchPort
from controllers.vlans import Vlans, admission, departure

PREFIX = 128
"""How much of a frame the controller sees of a stranger: enough for every header it reads, in bytes."""

MULTICAST = ("01:00:00:00:00:00", "01:00:00:00:00:00")
RESERVED = ("01:80:c2:00:00:00", "ff:ff:ff:ff:ff:f0")  # never forwarded by a bridge (IEEE 802.1Q, table 8-1)
UNICAST_ONLY = (1, 1)  # metadata of a frame that came by a link off the tree, and must not be flooded on
FLOOD_GROUPS = 0x1000  # + VLAN
TOWARD_GROUPS = 0x1000000  # + number of a switch
TO_CONTROLLER = Output(Port.CONTROLLER, NO_BUFFER)


class Pipeline:
    """`after_learning` is where a frame goes once its sender is known: straight on, or to a router's tables."""

    def __init__(self, owner: Owner, vlans: Vlans, entrance: Table = Table.LEARN,
                 after_learning: Table = Table.FORWARD) -> None:
        self.owner, self.vlans = owner, vlans
        self.entrance, self.after_learning = entrance, after_learning

    def cookie(self, kind: Kind, number: int = 0) -> int:
        return int(Cookie(self.owner, kind, number))

    def always(self) -> Iterator[Flow]:
        """What every switch holds from the start, whatever is connected to it."""
        base = self.cookie(Kind.PIPELINE)
        admit, learn, forward, flood = Table.ADMIT, Table.LEARN, Table.FORWARD, Table.FLOOD
        yield Flow(admit, 1000, match(eth_dst=NEAREST_BRIDGE, eth_type=LLDP_TYPE), (TO_CONTROLLER,), cookie=base)
        yield Flow(admit, 950, match(eth_src=MULTICAST), cookie=base)  # no station's address: a forgery
        yield Flow(admit, 930, match(eth_dst=RESERVED), cookie=base)
        yield Flow(admit, 0, cookie=base)
        yield Flow(learn, 0, actions=(Output(Port.CONTROLLER, PREFIX),), goto=self.after_learning, cookie=base)
        yield Flow(forward, 0, goto=flood, cookie=base)
        yield Flow(flood, 100, match(metadata=UNICAST_ONLY), cookie=base)
        yield from self._floods(base)

    def _floods(self, base: int) -> Iterator[Flow]:
        if not self.vlans.aware:
            yield Flow(Table.FLOOD, 10, actions=(ToGroup(FLOOD_GROUPS),), cookie=base)
        for vlan in self.vlans.all() if self.vlans.aware else ():
            yield Flow(Table.FLOOD, 10, match(vlan_vid=VLAN_PRESENT | vlan), (ToGroup(FLOOD_GROUPS + vlan),),
                       cookie=base)

    def port(self, port: SwitchPort, on_tree: bool) -> Iterator[Flow]:
        """How frames that come in by a port are admitted."""
        if port.role is Role.EDGE:
            yield from self._edge(port)
        elif port.role is Role.LINK and on_tree:
            yield Flow(Table.ADMIT, 200, match(in_port=port.number), goto=Table.FORWARD,
                       cookie=self.cookie(Kind.TREE, port.number))
        elif port.role is Role.LINK:
            yield from self._off_tree(port)

    def _edge(self, port: SwitchPort) -> Iterator[Flow]:
        cookie = self.cookie(Kind.EDGE, port.number)
        if not self.vlans.aware:
            yield Flow(Table.ADMIT, 100, match(in_port=port.number), goto=self.entrance, cookie=cookie)
        else:
            for vid, actions in admission(self.vlans.of(port.switch, port.name)):
                yield Flow(Table.ADMIT, 100, match(in_port=port.number, vlan_vid=vid), actions,
                           goto=self.entrance, cookie=cookie)

    def _off_tree(self, port: SwitchPort) -> Iterator[Flow]:
        cookie = self.cookie(Kind.LINK, port.number)
        yield Flow(Table.ADMIT, 300, match(in_port=port.number, eth_dst=MULTICAST), cookie=cookie)
        yield Flow(Table.ADMIT, 200, match(in_port=port.number), goto=Table.FORWARD, metadata=UNICAST_ONLY,
                   cookie=cookie)

    def flood_groups(self, switch: Switch, tree: set[int]) -> Iterator[Group]:
        """One group for each VLAN: its edge ports, and the way on to the other switches."""
        edges = switch.in_role(Role.EDGE)
        for vlan in sorted(self.vlans.all()) if self.vlans.aware else [None]:
            ways = [Bucket((Output(port),)) for port in sorted(tree)]
            leaves = [Bucket((*actions, Output(port.number))) for port in edges
                      if (actions := self.leaving(port, vlan)) is not None]
            yield Group(FLOOD_GROUPS + (vlan or 0), "all", (*ways, *leaves), name=f"flood {vlan or 'all'}")

    def leaving(self, port: SwitchPort, vlan: int | None) -> tuple[Action, ...] | None:
        return () if vlan is None else departure(self.vlans.of(port.switch, port.name), vlan)

    def station_here(self, address: Address, port: SwitchPort, idle_timeout: int) -> Iterator[Flow]:
        """On the switch where a station lives: its frames need no learning, and frames for it have a way out."""
        cookie = self.cookie(Kind.STATION, low_bits(address.mac))
        yield Flow(Table.LEARN, 100, match(in_port=port.number, eth_src=address.mac, vlan_vid=vid(address)),
                   goto=self.after_learning, cookie=cookie, idle_timeout=idle_timeout, notify=True)
        actions = self.leaving(port, address.vlan)
        if actions is not None:
            yield Flow(Table.FORWARD, 100, match(eth_dst=address.mac, vlan_vid=vid(address)),
                       (*actions, Output(port.number)), cookie=cookie)

    def station_there(self, address: Address, group: int) -> Flow:
        """On every other switch."""
        return Flow(Table.FORWARD, 100, match(eth_dst=address.mac, vlan_vid=vid(address)), (ToGroup(group),),
                    cookie=self.cookie(Kind.STATION, low_bits(address.mac)))

    def quarantine(self, port: int, seconds: int) -> Flow:
        """Too many addresses behind a port: stop asking about new ones for a while, but forward them."""
        return Flow(Table.LEARN, 50, match(in_port=port), goto=self.after_learning, hard_timeout=seconds,
                    notify=True, cookie=self.cookie(Kind.QUARANTINE, port))


def toward(number: int, name: str, next_hops: Iterable[int], alternates: Iterable[int]) -> Group:
    """The way to another switch: all shortest paths at once, or the only one with another to fall back on.

    Each bucket watches its port, so a link that fails is avoided at once, by the switch itself. Where no way is
    known, frames are flooded like those for strangers.
    """
    ways, spare = list(next_hops), list(alternates)
    if len(ways) > 1 or spare:
        buckets = tuple(Bucket((Output(port),), watch_port=port) for port in (ways if len(ways) > 1 else ways + spare))
        return Group(number, "select" if len(ways) > 1 else "ff", buckets, name)
    way = Output(ways[0]) if ways else Resubmit(Table.FLOOD)
    return Group(number, "indirect", (Bucket((way,)),), name)


def vid(address: Address) -> int | None:
    return None if address.vlan is None else VLAN_PRESENT | address.vlan


def low_bits(mac: str) -> int:
    return int(mac.replace(":", ""), 16) & 0xFF_FFFF_FFFF
