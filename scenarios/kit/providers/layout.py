"""From business to cables: a Topo in which each AS is a router and each relation a link.

    as110       the border router of AS 110
    h110        a host in its network, where one is asked for
    ams, rsams  an exchange: its switch, and its route server
"""

from collections.abc import Collection

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
                    **facts) -> None:
        """Routers, links and exchanges; behind each AS in ``homes`` a host. ``facts`` are for the routing daemons.

        With ``rpki`` each router asks a validator cache of its own who may originate what.
        """
        self.internet, self.rpki = internet, rpki
        services = routing(daemon, registry=internet, **facts)
        for asn in internet.ases:
            self.addBorder(asn, services, asn in homes)
        for session, subnet in zip(internet.links, INTERCONNECT.links(), strict=False):
            a, b = f"as{session.a}", f"as{session.b}"
            self.addWire(subnet, facts={a: {"role": session.a_role}, b: {"role": session.b_role}}, **{a: 1, b: 2})
        for name, exchange in internet.exchanges.items():
            self.addExchange(name, exchange, services)

    def addBorder(self, asn: int, services, home: bool) -> None:
        """The router of an AS; it answers at the first address of its first prefix."""
        router, prefixes = f"as{asn}", self.internet.ases[asn].prefixes
        own = Subnet(prefixes[0]) if prefixes else None
        loopback = {"loopback": f"{own[ROUTER]}/32"} if own and not home else {}
        validator = {"rpki": "127.0.0.1"} if self.rpki else {}
        caches = [StayRtr(self.internet)] if self.rpki else []
        self.addRouter(router, asn=asn, services=[*caches, *services], sysctl=ROUTER_SETTINGS, **loopback, **validator)
        if home and own:
            self.addWire(own, gateway=router, **{router: ROUTER, f"h{asn}": HOST})

    def addExchange(self, name: str, exchange: Exchange, services) -> None:
        """A switch, its members by number, and the route server, which is the first."""
        lan = Subnet(exchange.lan)
        self.addSwitch(name, cls=Bridge, dpid=f"{exchange.asn:x}")
        self.addRouter(f"rs{name}", asn=exchange.asn, services=services)
        self.plug(name, f"rs{name}", lan.member(ROUTE_SERVER), "rs")
        for number, member in enumerate(exchange.members, start=FIRST_MEMBER):
            self.plug(name, f"as{member}", lan.member(number), "rs-client")

    def plug(self, switch: str, router: str, address, role: str) -> None:
        self.addLink(router, switch, params1={"ip": str(address), "role": role})
