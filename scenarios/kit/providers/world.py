"""A Topo of cities and of cables as long as on Earth. OSPF weighs a cable by its delay: packets go the quickest way.

    nyc          the router of a city, .1 of the city's prefix
    atlantic     a cable or satellite: a node that routers do not see, which passes frames on when their time has come
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

from .. import capability
from ..addressing import Subnet
from ..command import run
from ..nodes import Bridge
from ..routing.geography import World
from ..services import Service
from ..topo import Topo
from . import delay_line
from .daemons import routing
from .layout import INTERCONNECT, ROUTER_SETTINGS

ROUTER = 1
COST_PER_MILLISECOND = 100  # of OSPF; the largest cost, 65,535, is 655 ms
QUEUE = 20_000  # frames that a cable holds: 100 Mbit/s for two seconds


@dataclass(frozen=True)
class Distance(Service):
    """Joins the two ends of a cable, ``delay`` milliseconds apart: by netem where the kernel has it."""

    delay: float

    def commands(self, node):
        if capability.NETEM.present:
            return []
        return [["python3", "-I", "-S", str(Path(delay_line.__file__)), f"{self.delay:.3f}",
                 *(intf.name for intf in node.intfList())]]

    def started(self, node):
        if capability.NETEM.present:
            run(node, "ip", "link", "add", "cable", "type", "bridge")
            run(node, "ip", "link", "set", "cable", "up")
            for intf in node.intfList():
                run(node, "ip", "link", "set", intf.name, "master", "cable")
                run(node, "tc", "qdisc", "add", "dev", intf.name, "root", "netem", "delay", f"{self.delay:.3f}ms",
                    "limit", str(QUEUE))


class WorldTopo(Topo):
    """A Topo that can draw a World."""

    def addWorld(self, world: World, houses: Mapping[str, Mapping[str, int]], daemon: str = "bird") -> None:
        """A router for each city, a cable for each cable; in a city's ``houses`` live hosts, by number."""
        self.world = world
        for number, (code, city) in enumerate(world.cities.items(), start=1):
            own = Subnet(city.prefix)
            facts = {} if code in houses else {"loopback": f"{own[ROUTER]}/32"}
            self.addRouter(code, asn=None, services=routing(daemon), sysctl=ROUTER_SETTINGS, **facts)
            if code in houses:
                self.addSwitch(f"{code}lan", cls=Bridge, dpid=f"{number:x}")
                self.addLan(f"{code}lan", own, gateway=code, **{code: ROUTER}, **houses[code])
        for link, subnet in zip((*self.world.cables, *self.world.satellites), INTERCONNECT.links(), strict=False):
            self.addCable(link.name, link.ends, Subnet(subnet))

    def addCable(self, name: str, ends: Sequence[str], subnet: Subnet) -> None:
        """Two routers with a long cable between; each end is an interface named after it."""
        delay = self.world.delays[name]
        self.addHost(name, services=[Distance(delay)], passes_on=True)
        for number, city in enumerate(ends, start=1):
            self.addLink(city, name, intfName1=f"{city}-{name}",
                         params1={"ip": str(subnet.member(number)), "cost": round(delay * COST_PER_MILLISECOND)})


def names(world: World, domain: str) -> dict[str, str]:
    """A name for every router, and for each of its ends of cables: ``atlantic.new-york.example``."""
    found = {f"{spelled(city.name)}.{domain}": str(city.prefix[ROUTER]) for city in world.cities.values()}
    for link, subnet in zip((*world.cables, *world.satellites), INTERCONNECT.links(), strict=False):
        for number, code in enumerate(link.ends, start=1):
            found[f"{link.name}.{spelled(world.cities[code].name)}.{domain}"] = str(subnet[number])
    return found


def spelled(city: str) -> str:
    return city.lower().replace(" ", "-")


def quickest(world: World, src: str, dst: str, without: Sequence[str] = ()) -> tuple[tuple[str, ...], float]:
    """The cities on the quickest way, computed from geography alone, and its delay in milliseconds one way."""
    graph = nx.Graph()
    for link in (*world.cables, *world.satellites):
        if link.name not in without:
            graph.add_edge(*link.ends, delay=world.delays[link.name])
    way = nx.shortest_path(graph, src, dst, weight="delay")
    return tuple(way), nx.path_weight(graph, way, weight="delay")
