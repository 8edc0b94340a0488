r"""One block of addresses, cut to size: a mask decides who is a neighbour and who is far away.

      server 203.0.113.80 ------ .1 isp .1 ------ 198.51.100.0/30 ------ .2 campus
                                                                           |
        +-----------+-----------+-----------+-----------+-----------+------+-----+
      desks       phones     printers     guests     workshop    archive        hall
     anna ben    carl dora     emil         fay         gus         hana     ida jon kim
     .1.0/26     .1.64/26    .1.128/26   .1.192/26    .2.0/24     .3.0/24     .4.0/22      of 192.168.0.0/16

A host puts its mask over its own address and over the destination's: if the same subnet comes out, it asks for the card
by ARP, else it hands the packet to its router. With a wrong mask it asks in the wrong place. The provider needs no
more than one route for all of it, the aggregate.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, path, reachable
from scenarios.kit.actions import carrier, plug, pull
from scenarios.kit.capability import program
from scenarios.kit.catalogue import DATA
from scenarios.kit.claims.forwarding import broadcast_stays
from scenarios.kit.claims.subnets import as_planned, holds_routes, wrong_mask
from scenarios.kit.plan import Plan
from scenarios.kit.tables import has_length, remask

PLAN = Plan.read(DATA / "subnetting.yaml")
BLOCK, PARTS = str(PLAN.block), tuple(str(part.network) for part in PLAN.subnets.values())
PROVIDER, WEB = Subnet("198.51.100.0/30"), Subnet("203.0.113.0/24")
NO_REDIRECTS = {f"net/ipv4/conf/{card}/send_redirects": 0 for card in ("all", *PLAN.subnets)}


class Subnetting(Topo):
    """A switch and a card of the router for each subnet of the plan."""

    def build(self):
        self.addRouter("campus", sysctl=NO_REDIRECTS)  # a wrong mask shall show, not be mended
        self.addRouter("isp", routes=[(BLOCK, "198.51.100.2")])
        for number, (name, part) in enumerate(PLAN.subnets.items(), 1):
            switch = self.addSwitch(f"s{number}", cls=Bridge)
            self.addLan(switch, part.subnet, gateway="campus", campus=(1, name), **part.numbers())
        self.addWire(PROVIDER, gateway="isp", isp=1, campus=2)
        self.addWire(WEB, gateway="isp", isp=1, server=80)


scenario = Scenario(
    topo=Subnetting,
    chapter=2,
    requires=[program("ovs-vswitchd")],
    table=PLAN.table(),
    claims=[
        as_planned(PLAN, "campus"),
        wrong_mask(PLAN, "anna", 24, "campus"),
        wrong_mask(PLAN, "anna", 27, "campus"),
        wrong_mask(PLAN, "kim", 24, "campus"),
        broadcast_stays("ida", near=("jon", "kim", "campus:hall"), far=("anna", "gus", "campus:workshop")),
        holds_routes("campus", BLOCK, PARTS),
        holds_routes("isp", BLOCK, (BLOCK,)),
        *(reachable("server", host) for host in ("anna", "carl", "emil", "fay", "gus", "hana", "ida")),
        path("server", "isp", "campus", "kim", within=2),
    ],
    look=[
        Look("anna", "arp or icmp", "ping ben: anna asks who has ben's address; ping carl: she asks for the router's"),
        Look("campus:desks", "icmp", "nothing while anna pings ben, everything while she pings anybody else"),
    ],
    faults=[
        Fault("wrong_mask", "dora reaches some people and not others", layer="address",
              inject=lambda net: remask(net, "dora", 16), repair=lambda net: remask(net, "dora", 26),
              injected=lambda net: not has_length(net, "dora", 26), breaks=["plan computes", "arithmetic names"],
              hints=("Whom does dora reach, and whom not?", "For whom does dora ask by ARP?",
                     "Compare 'ip addr' on dora and carl.")),
        Fault("cable_out", "the hall is cut off", layer="link",
              inject=lambda net: pull(net, "campus:hall"), repair=lambda net: plug(net, "campus:hall"),
              injected=lambda net: not carrier(net, "campus:hall"),
              breaks=["plan computes", "arithmetic names", "campus holds", "broadcast", "reaches ida", "kim"],
              hints=("ida, jon and kim still see each other.", "What do they share with nobody else?",
                     "Look at 'ip link' and 'ip route' on campus.")),
    ],
)

topos = {"subnetting": Subnetting}
