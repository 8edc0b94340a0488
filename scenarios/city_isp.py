r"""Two cities and a provider between them: neither knows the other, both know whom to ask.

    City A  192.168.1.0/24                                        City B  192.168.2.0/24

      anna .10 ---+                                                +--- .10 bert
                  s1 --- .1 routera --- isp --- routerb .1 --- s2
      axel .11 ---+         10.0.0.0/30    10.0.0.4/30             +--- .11 berta

The three routers tell each other what they are connected to (OSPF, RFC 2328), so that each knows the way to both
cities, and notices when a line is down. Every router counts a packet's time to live down, and answers the one that
dies at its door: so traceroute finds them.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, claim, fetches, isolated, path, reachable
from scenarios.kit.actions import carrier, plug, pull, pulled
from scenarios.kit.capability import program
from scenarios.kit.claims import has_address
from scenarios.kit.expect import Measured
from scenarios.kit.providers.daemons import DAEMONS, routing
from scenarios.kit.providers.outage import Stream
from scenarios.kit.providers.telling import settled
from scenarios.kit.services import Web
from scenarios.kit.tables import reroute, rerouted

CITY_A, CITY_B = Subnet("192.168.1.0/24"), Subnet("192.168.2.0/24")
LINE_A, LINE_B = Subnet("10.0.0.0/30"), Subnet("10.0.0.4/30")
OSPF = 20  # seconds: routers greet each other every second, and choose after four


class CityIsp(Topo):
    """Two LANs, a router for each, and the provider's router between."""

    def build(self, daemon="bird"):
        for router in "isp", "routera", "routerb":
            self.addRouter(router, asn=None, services=routing(daemon))
        self.addHost("bert", services=[Web()])
        self.addLan(self.addSwitch("s1", cls=Bridge), CITY_A, gateway="routera", routera=1, anna=10, axel=11)
        self.addLan(self.addSwitch("s2", cls=Bridge), CITY_B, gateway="routerb", routerb=1, bert=10, berta=11)
        self.addWire(LINE_A, routera=2, isp=1)
        self.addWire(LINE_B, routerb=2, isp=1)


@claim("a line that is down cuts the cities apart, not the neighbours; once it is up again, it heals", within=0)
def cut_and_healed(net):
    with Stream(net, "anna", "bert") as stream:
        stream.begin()
        with pulled(net, "isp-routerb"):
            apart = isolated("anna", "bert", control=("bert", "berta")).ask(net)
            neighbours = reachable("anna", "axel").ask(net)
        stream.mark()
        settled("the line to heal", stream.flows)
    wrong = next((verdict for verdict in (apart, neighbours) if not verdict.held), None)
    return str(wrong) if wrong else Measured(stream.outage)


scenario = Scenario(
    topo=CityIsp,
    chapter=3,
    options={"daemon": DAEMONS},
    requires=[program(name) for name in ("ovs-vswitchd", "bird", "ospfd", "nginx", "curl")],
    claims=[
        reachable("anna", "bert", within=OSPF),
        reachable("berta", "axel", within=OSPF),
        path("anna", "routera", "isp", "routerb", "bert"),
        path("bert", "routerb", "isp", "routera", "anna"),
        path("anna", "axel"),
        fetches("anna", "http://bert/", shows="bert at your service"),
        cut_and_healed,
    ],
    look=[
        Look("isp", "icmp", "./lab exec city_isp anna traceroute -n 192.168.2.10: three questions for each hop"),
        Look("routera:eth1", "ip proto ospf", "a greeting every second in each direction"),
    ],
    faults=[
        Fault("line_cut", "the cities are apart", layer="link",
              inject=lambda net: pull(net, "routera:eth1"), repair=lambda net: plug(net, "routera:eth1"),
              injected=lambda net: not carrier(net, "isp:eth0"),
              breaks=["anna reaches bert", "berta reaches", "isp", "fetches", "cuts the cities"],
              hints=("Neighbours still talk.", "How far does a traceroute get?", "Look at 'ip link' on isp.")),
        Fault("wrong_address", "the provider's line to City B is up, and dead", layer="address",
              inject=lambda net: net["routerb"].intf("routerb-eth1").setIP("10.0.0.14/30"),
              repair=lambda net: net["routerb"].intf("routerb-eth1").setIP("10.0.0.6/30"),
              injected=lambda net: has_address(net, "routerb", "10.0.0.14/30"),
              breaks=["anna reaches bert", "berta reaches", "isp", "fetches", "cuts the cities"],
              hints=("The cable is fine.", "Do isp and routerb greet each other?", "Compare 'ip addr' on both.")),
        Fault("loop", "what is for City B goes round and round, until its time is up", layer="route",
              inject=lambda net: reroute(net, "isp", str(CITY_B), "routera"),
              repair=lambda net: reroute(net, "isp", str(CITY_B), None),
              injected=lambda net: rerouted(net, "isp", str(CITY_B)),
              breaks=["anna reaches bert", "berta reaches", "isp", "fetches", "cuts the cities"],
              hints=("Lines and addresses are right.", "Trace the way from anna to bert: whom do you meet twice?",
                     "Look at 'ip route' on isp: who brought each?")),
    ],
)

topos = {"city_isp": CityIsp}
