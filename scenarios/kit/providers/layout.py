"""From business to cables: a Topo in which each AS is a router and each relation a link.

    as110       the border router of AS 110
    h110        a host in its network, where one is asked for
    ams, rsams  an exchange: its switch, and its route server
"""

from collections.abc import Collection, Mapping, Sequence

from ..addressing import Subnet
from ..catalogue import DATA
from ..nodes import Bridge
from ..routing.data_file import load
from ..routing.generator import generate
from ..routing.internet import Exchange, Internet
from ..topo import Topo
from .daemons import routing
from .rpki import StayRtr

INTERCONNECT = Subnet("100.64.0.0/10")  # shared address space (RFC 6598): nobody announces it
ROUTER, HOST, ROUTE_SERVER = 1, 10, 1
FIRST_MEMBER = 2
ROUTER_SETTINGS = {
    "net/ipv4/icmp_ratelimit": 0,  # answer every probe of a traceroute, not one a second
    "net/ipv4/tcp_congestion_control": "reno",  # for BGP on a cable of its own; the host's may pace packets by timers
}


def any_internet(which: str) -> Internet:
    """An Internet by the name of its file (in scenarios/data, or a path), or grown to a number of ASes.

    Raises BadData, in one line.
    """
    if which.isdigit():
        return generate(int(which))
    beside = DATA / which
    return load(beside if beside.exists() else which, Internet)


class InternetTopo(Topo):
    """A Topo that can draw an Internet."""

    def addInternet(self, internet: Internet, daemon: str = "bird", homes: Collection[int] = (), rpki: bool = False,
                    rings: Mapping[int, Sequence[str]] | None = None,
                    doors: Mapping[tuple[int, int], str] | None = None, **facts) -> None:
        """Routers, links and exchanges; behind each AS in ``homes`` a host. ``facts`` are for the routing daemons.

        An AS has one router; or, in ``rings``, several, in a ring, and then ``doors`` tell which of them meets which
        other AS: ``{(10, 20): "n3"}``. With ``rpki`` each router asks a validator cache of its own who may originate
        what.
        """
        self.internet, self.rpki, self.doors = internet, rpki, doors or {}
        self.subnets = INTERCONNECT.links()
        self.services = routing(daemon, registry=internet, **facts)
        for asn in internet.ases:
            if rings and asn in rings:
                self.addRing(asn, rings[asn])
            else:
                self.addBorder(asn, asn in homes)
        for session in internet.links:
            a, b = self.door(session.a, session.b), self.door(session.b, session.a)
            self.addWire(next(self.subnets), facts={a: {"role": session.a_role}, b: {"role": session.b_role}},
                         **{a: 1, b: 2})
        for name, exchange in internet.exchanges.items():
            self.addExchange(name, exchange)

    def door(self, asn: int, towards: int) -> str:
        """The router of an AS that meets another."""
        return self.doors.get((asn, towards), f"as{asn}")

    def addBorder(self, asn: int, home: bool) -> None:
        """The only router of an AS; it answers at the first address of its first prefix."""
        router, prefixes = f"as{asn}", self.internet.ases[asn].prefixes
        own = Subnet(prefixes[0]) if prefixes else None
        loopback = {"loopback": f"{own[ROUTER]}/32"} if own and not home else {}
        self.addSpeaker(router, asn, **loopback)
        if home and own:
            self.addWire(own, gateway=router, **{router: ROUTER, f"h{asn}": HOST})

    def addRing(self, asn: int, routers: Sequence[str]) -> None:
        """An AS of several routers, which find each other by OSPF, and tell each other what they hear, by BGP."""
        own = Subnet(self.internet.ases[asn].prefixes[0])
        for number, router in enumerate(routers, start=1):
            self.addSpeaker(router, asn, loopback=f"{own[number]}/32")
        for router, following in zip(routers, [*routers[1:], routers[0]], strict=True):
            self.addWire(next(self.subnets), **{router: 1, following: 2})

    def addSpeaker(self, router: str, asn: int, **facts) -> None:
        services = [StayRtr(self.internet), *self.services] if self.rpki else self.services
        facts |= {"rpki": "127.0.0.1"} if self.rpki else {}
        self.addRouter(router, asn=asn, services=services, sysctl=ROUTER_SETTINGS, **facts)

    def addExchange(self, name: str, exchange: Exchange) -> None:
        """A switch, its members by number, and the route server, which is the first."""
        lan = Subnet(exchange.lan)
        self.addSwitch(name, cls=Bridge, dpid=f"{exchange.asn:x}")
        self.addRouter(f"rs{name}", asn=exchange.asn, services=self.services)
        self.plug(name, f"rs{name}", lan.member(ROUTE_SERVER), "rs")
        for number, member in enumerate(exchange.members, start=FIRST_MEMBER):
            self.plug(name, f"as{member}", lan.member(number), "rs-client")

    def plug(self, switch: str, router: str, address, role: str) -> None:
        """An interface named after the exchange: ``as110:nix``."""
        self.addLink(router, switch, intfName1=f"{router}-{switch}", params1={"ip": str(address), "role": role})
