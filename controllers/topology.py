"""Switches, ports and the links between them: where to flood without loops, and the shortest ways.

All links count the same. Ties are broken by number, so that equal networks get equal trees.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Endpoint(NamedTuple):
    dpid: int
    port: int


class Role(Enum):
    DOWN = "down"        # no carrier
    PENDING = "pending"  # nobody knows yet what is behind it: closed
    EDGE = "edge"        # hosts
    LINK = "link"        # another switch of ours
    LOOPED = "looped"    # leads back into the same switch: closed


@dataclass
class SwitchPort:
    number: int
    name: str
    switch: str  # its switch's name
    role: Role = Role.DOWN
    probes: int = 0  # announcements sent since it came up, none of which has been heard elsewhere


@dataclass
class Switch:
    dpid: int
    name: str
    ports: dict[int, SwitchPort] = field(default_factory=dict)
    connected: bool = True

    def in_role(self, *roles: Role) -> list[SwitchPort]:
        return [port for port in self.ports.values() if port.role in roles]


class Topology:
    """What is known about the network. A change is a method; everything else is a question."""

    def __init__(self) -> None:
        self.switches: dict[int, Switch] = {}
        self.links: dict[Endpoint, Endpoint] = {}  # both directions
        self.usable: set[Endpoint] = set()         # ends of links that both switches admit frames from
        self.tree: set[Endpoint] = set()           # ends of links that flood
        self._distances: dict[int, dict[int, int]] = {}

    def port(self, end: Endpoint) -> SwitchPort | None:
        switch = self.switches.get(end.dpid)
        return switch.ports.get(end.port) if switch else None

    def role(self, end: Endpoint) -> Role:
        port = self.port(end)
        return port.role if port else Role.DOWN

    def connect(self, one: Endpoint, other: Endpoint) -> None:
        """Enter a link, in place of any that ended in either port."""
        for end in (one, other):
            self.disconnect(end)
        role = Role.LOOPED if one.dpid == other.dpid else Role.LINK
        for end, far in ((one, other), (other, one)):
            self.links[end] = far
            self.switches[end.dpid].ports[end.port].role = role
        self._distances.clear()

    def use(self, end: Endpoint) -> None:
        """Let frames be sent over the link at `end`."""
        self.usable |= {end, self.links[end]}
        self._distances.clear()

    def disconnect(self, end: Endpoint) -> Endpoint | None:
        """Remove the link at `end`, if any; the port at the far end is to be looked at afresh. Returns it."""
        far = self.links.pop(end, None)
        if far is None:
            return None
        self.links.pop(far, None)
        self.tree -= {end, far}
        self.usable -= {end, far}
        for port in filter(None, map(self.port, (end, far))):
            if port.role is not Role.DOWN:
                port.role, port.probes = Role.PENDING, 0
        self._distances.clear()
        return far

    def unused(self) -> Iterator[Endpoint]:
        """One end of each link that is not used yet. A link of a switch with itself never is."""
        return (end for end, far in self.links.items() if end < far and end.dpid != far.dpid and end not in self.usable)

    def neighbours(self, dpid: int) -> Iterator[tuple[int, int]]:
        """Each way out of a switch to another: (port, neighbour)."""
        for port in sorted(self.switches[dpid].ports):
            end = Endpoint(dpid, port)
            if end in self.usable:
                yield port, self.links[end].dpid

    def grow_tree(self) -> None:
        """Complete the spanning tree. What floods already keeps flooding, so a tree that grows never closes a loop."""
        components = Components(self.switches)
        links = [(end, self.links[end]) for end in sorted(self.usable) if end < self.links[end]]
        for end, far in sorted(links, key=lambda link: link[0] not in self.tree):
            if components.join(end.dpid, far.dpid):
                self.tree |= {end, far}
            else:
                self.tree -= {end, far}

    def distances(self, target: int) -> dict[int, int]:
        """Links to `target`, from each switch that reaches it."""
        if target not in self._distances:
            self._distances[target] = self._breadth_first(target)
        return self._distances[target]

    def _breadth_first(self, start: int) -> dict[int, int]:
        found, queue = {start: 0}, deque([start])
        while queue:
            here = queue.popleft()
            for _, there in self.neighbours(here):
                if there not in found:
                    found[there] = found[here] + 1
                    queue.append(there)
        return found

    def next_hops(self, here: int, target: int) -> list[int]:
        """The ports of `here` that lie on a shortest path to `target`."""
        far = self.distances(target)
        if here not in far or here == target:
            return []
        return [port for port, there in self.neighbours(here) if far.get(there) == far[here] - 1]

    def alternates(self, here: int, target: int) -> list[int]:
        """Ports whose neighbour is not on a shortest path, and would not send to `target` back through `here`.

        The loop-free condition of RFC 5286: the neighbour is nearer to the target than by way of us.
        """
        far, around = self.distances(target), self.distances(here)
        if here not in far:
            return []
        return [port for port, there in self.neighbours(here)
                if far[there] >= far[here] and far[there] < around[there] + far[here]]

    def path(self, start: int, target: int) -> list[int]:
        """The switches on one shortest path, both ends included; empty when there is none."""
        if target not in self.distances(start):
            return []
        way = [start]
        while way[-1] != target:
            port = self.next_hops(way[-1], target)[0]
            way.append(self.links[Endpoint(way[-1], port)].dpid)
        return way


class Components:
    """Which switches are joined already (disjoint sets)."""

    def __init__(self, members: Iterable[int]) -> None:
        self._parent = {member: member for member in members}

    def join(self, one: int, other: int) -> bool:
        """Join two sets; False when they were one already."""
        root, stem = self._root(one), self._root(other)
        self._parent[stem] = root
        return root != stem

    def _root(self, member: int) -> int:
        while self._parent[member] != member:
            self._parent[member] = member = self._parent[self._parent[member]]
        return member


def by_switch(ends: Iterable[Endpoint]) -> dict[int, set[int]]:
    """The ports of each switch among `ends`."""
    found = defaultdict(set)
    for end in ends:
        found[end.dpid].add(end.port)
    return dict(found)
