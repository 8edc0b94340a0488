r"""Two countries: traffic between neighbours meets at the exchange, traffic abroad crosses two backbones.

        Northland Telecom, AS 10                 Southland Telecom, AS 20
              n1 ----- n2                              s1 ----- s2
             /  \     /  \                            /  \     /  \
            /    \   /    \       abroad             /    \   /    \
           /       n3 ------------------------------------- s3      \
        as110 ----[nix]---- as120                as210 ----[six]---- as220
          |                   |                    |                   |
        h110                h120                 h210                h220

Inside an AS routers find each other by OSPF (RFC 2328); between ASes they speak BGP (RFC 4271), and the routers of one
AS tell each other what they heard. At an exchange a route server introduces the members to each other: it is in
nobody's path and carries nobody's packets (RFC 7947).
"""

from scenarios.kit import Fault, Look, Scenario, carries, never_carries, path, reachable
from scenarios.kit.actions import carrier, in_turn, plug, pull, strict
from scenarios.kit.capability import program
from scenarios.kit.providers.claims import established, uses
from scenarios.kit.providers.daemons import DAEMONS, shut, shut_down
from scenarios.kit.providers.detours import cables, detour, session
from scenarios.kit.providers.layout import InternetTopo, any_internet
from scenarios.kit.tables import reroute, rerouted

HOMES = (110, 120, 210, 220)
RINGS = {10: ("n1", "n2", "n3"), 20: ("s1", "s2", "s3")}
DOORS = {(10, 110): "n1", (10, 120): "n2", (10, 20): "n3", (20, 210): "s1", (20, 220): "s2", (20, 10): "s3"}
WEST = "21.120.0.0/20"  # as120's
CONVERGE = 60  # seconds: OSPF first, then BGP over it


class NationalBackbone(InternetTopo):
    """Two rings of routers, four regional providers with a host each, two exchanges."""

    def build(self, daemon="bird"):
        self.addInternet(any_internet("national_backbone.yaml"), daemon, homes=HOMES, rings=RINGS, doors=DOORS)


scenario = Scenario(
    topo=NationalBackbone,
    chapter=3,
    options={"daemon": DAEMONS},
    requires=[program(name) for name in ("ovs-vswitchd", "bird", "ospfd", "bgpd")],
    claims=[
        established("n1", ("n2", "n3", "as110")),
        established("s3", ("s1", "s2", "n3")),
        established("as110", ("n1", "rsnix")),
        established("rsnix", ("as110", "as120")),
        reachable("h110", "h120", within=CONVERGE),
        reachable("h110", "h210", within=CONVERGE),
        path("h110", "as110", "as120", "h120"),
        path("h220", "as220", "as210", "h210"),
        path("h110", "as110", "n1", "n3", "s3", "s1", "as210", "h210"),
        uses("as110", "21.120.0.0/20", (120,)),
        uses("as110", "21.210.0.0/20", (10, 20, 210)),
        carries("as110:nix", "icmp", during=reachable("h110", "h120")),
        never_carries("n1", "icmp", during=reachable("h110", "h120"), but_at="as110:nix"),
        never_carries("rsnix", "icmp", during=reachable("h110", "h120"), but_at="as110:nix"),
        detour("the cable from n1 to n3", cables("n1-n3"),
               "h110", "as110", "n1", "n2", "n3", "s3", "s1", "as210", "h210"),
        detour("the session with the route server", session("as110", "rsnix"),
               "h110", "as110", "n1", "n2", "as120", "h120"),
    ],
    look=[
        Look("nix", "tcp port 179", "the members talk to the route server, and not to each other"),
        Look("n1", "ip proto ospf", "greetings inside the AS; none goes to as110"),
        Look("n3", "icmp", "./lab exec national_backbone h110 ping -c 1 21.210.0.10 goes abroad here"),
    ],
    faults=[
        Fault("silent_member", "North East Net's local traffic takes the expensive way", layer="service",
              inject=lambda net: shut(net, "as110", "rsnix", True),
              repair=lambda net: shut(net, "as110", "rsnix", False),
              injected=lambda net: shut_down(net, "as110", "rsnix"),
              breaks=["n1, rsnix", "as110, as120", "120.0.0/20", "icmp", "route server"],
              hints=("All hosts reach each other.", "Where do packets from h110 to h120 cross?", "Who speaks at nix?")),
        Fault("strict", "what North East sends to North West does not arrive", layer="filter",
              inject=in_turn(lambda net: reroute(net, "as110", WEST, "n1"), lambda net: strict(net, "as120")),
              repair=in_turn(lambda net: reroute(net, "as110", WEST, None), lambda net: strict(net, "as120", False)),
              injected=lambda net: rerouted(net, "as110", WEST),
              breaks=["h110 reaches h120", "h110, as110, as120", "icmp", "route server"],
              hints=("h120 reaches everybody but h110.", "Which way do packets go there, and which way back?",
                     "Who drops them? 'nstat -a' on as120, and RFC 3704.")),
        Fault("cable_abroad", "the countries have lost each other", layer="link",
              inject=lambda net: pull(net, "n3-s3"), repair=lambda net: plug(net, "n3-s3"),
              injected=lambda net: not carrier(net, "s3:eth2"),
              breaks=["s3 has BGP", "h110 reaches h210", "s1, as210", "21.210", "n1 to n3"],
              hints=("Each country is fine.", "How far do packets get?", "Look at 'ip link' on s3.")),
    ],
)

topos = {"national_backbone": NationalBackbone}
