"""The network as it was drawn: nodes, wires, and the addresses that the topology gave, whatever they became since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

import networkx

from . import selector
from .nodes import Router, Switch

HOST, ROUTER, SWITCH = "host", "router", "switch"


@dataclass(frozen=True)
class End:
    """One end of a wire. ``address`` and ``address6`` are those of the drawing; ``port`` the OpenFlow port number."""

    node: str
    interface: str
    address: IPv4Interface | None = None
    address6: IPv6Interface | None = None
    port: int | None = None

    @property
    def name(self) -> str:
        """As in selectors: ``router:wan``."""
        return f"{self.node}:{selector.short(self.node, self.interface)}"

    @property
    def addresses(self) -> list:
        return [each for each in (self.address, self.address6) if each]


@dataclass(frozen=True)
class Drawing:
    """Kinds of nodes by name, and wires as pairs of ends. ``ases`` are the AS numbers of those that have one."""

    kinds: dict[str, str]
    wires: tuple[tuple[End, End], ...]
    gateways: dict[str, str]
    ases: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, net) -> "Drawing":
        """The drawing of a network that was built."""
        kinds = {node.name: _kind(node) for node in (*net.hosts, *net.switches)}
        wires = tuple((_end(link.intf1), _end(link.intf2)) for link in net.links)
        routes = ((node.name, node.params.get("defaultRoute")) for node in net.hosts)
        gateways = {name: route.split()[-1] for name, route in routes if route and route.startswith("via ")}
        ases = {node.name: node.params["asn"] for node in net.hosts if node.params.get("asn")}
        return cls(kinds, wires, gateways, ases)

    @cached_property
    def ends(self) -> dict[str, End]:
        """Every end by its name."""
        return {end.name: end for wire in self.wires for end in wire}

    @cached_property
    def far(self) -> dict[str, End]:
        """The other end of each."""
        return {a.name: b for a, b in self.wires} | {b.name: a for a, b in self.wires}

    def ends_of(self, node: str) -> list[End]:
        return [end for end in self.ends.values() if end.node == node]

    def is_switch(self, node: str) -> bool:
        return self.kinds.get(node) == SWITCH

    def segment(self, end: End) -> list[End]:
        """The ends of hosts and routers that share a link layer with this one: across the wire, and across switches."""
        found, todo, seen = [], [self.far[end.name]], set()
        while todo:
            one = todo.pop()
            if one.name in seen:
                continue
            seen.add(one.name)
            if not self.is_switch(one.node):
                found.append(one)
                continue
            todo += [self.far[each.name] for each in self.ends_of(one.node) if each != one]
        return [each for each in found if each != end]

    def wires_between(self, end: End, other: End) -> list[tuple[End, End]]:
        """The wires on the way between two ends of a segment: one, or more where switches lie between."""
        graph = self.graph
        try:
            inner = [node for node in graph if self.is_switch(node) or node in (end.node, other.node)]
            nodes = networkx.shortest_path(graph.subgraph(inner), end.node, other.node)
        except networkx.NetworkXException:
            return []
        return [next(wire for wire in self.wires if {wire[0].node, wire[1].node} == {a, b})
                for a, b in zip(nodes, nodes[1:], strict=False)]

    @cached_property
    def graph(self) -> networkx.Graph:
        graph = networkx.Graph()
        graph.add_nodes_from(self.kinds)
        graph.add_edges_from((a.node, b.node) for a, b in self.wires)
        return graph

    def ways(self, src: str, dst: str) -> list[list[str]]:
        """The shortest ways between two nodes, as lists of names; a host lies only at the end of one."""
        inner = [node for node, kind in self.kinds.items() if kind != HOST or node in (src, dst)]
        try:
            return list(networkx.all_shortest_paths(self.graph.subgraph(inner), src, dst))
        except networkx.NetworkXException:
            return []

    def towards(self, node: str, dst: str) -> list[End]:
        """The ends by which a node lies nearest to another."""
        firsts = {way[1] for way in self.ways(node, dst) if len(way) > 1}
        return [end for end in self.ends_of(node) if self.far[end.name].node in firsts]

    def along(self, src: str, dst: str) -> list[End]:
        """Both ends of every wire on the shortest ways between two nodes."""
        steps = [{a, b} for way in self.ways(src, dst) for a, b in zip(way, way[1:], strict=False)]
        return [end for wire in self.wires if {wire[0].node, wire[1].node} in steps for end in wire]

    def owner(self, address: str) -> End | None:
        """Who has this address in the drawing."""
        return next((end for end in self.ends.values() for each in end.addresses if str(each.ip) == address), None)

    def address(self, node: str, version: int = 4) -> str | None:
        """A node's first address."""
        for end in self.ends_of(node):
            for each in end.addresses:
                if each.version == version:
                    return str(each.ip)
        return None


def _kind(node) -> str:
    if isinstance(node, Switch) or not node.inNamespace:
        return SWITCH
    return ROUTER if isinstance(node, Router) else HOST


def _end(intf) -> End:
    four, six = (intf.params.get(name) for name in ("ip", "ip6"))
    port = intf.node.ports.get(intf)
    return End(intf.node.name, intf.name, _parsed(four), _parsed(six), port)


def _parsed(text: str | None):
    return ip_interface(text) if text and "/" in text else None


def names(ends: Iterable[End]) -> Iterator[str]:
    return (end.name for end in ends)
