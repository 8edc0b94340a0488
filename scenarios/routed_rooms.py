r"""Two rooms and the router between them: the next room begins where the subnet ends.

     a .10    b .11   lost .30                              c .10     d .11
        \       |      /                                       \       /
         +----- s1 ---+                                         +- s2 +
                |  192.168.1.0/24                                  |  192.168.2.0/24
     router:room1 .1 ------------------ router ------------------ .1 router:room2

A host compares each destination with its own subnet. One in the same room it addresses directly, over the switch; for
all others it hands the packet to its default gateway. The router writes new Ethernet addresses around the packet, and
counts its TTL down. A broadcast stays where it was made. lost has never been told of a gateway.
"""

from scenarios.kit import (
    Bridge,
    Fault,
    Look,
    Scenario,
    Subnet,
    Topo,
    fetches,
    never_carries,
    path,
    reachable,
    unreachable_at_once,
)
from scenarios.kit.actions import forwarding, forwards
from scenarios.kit.capability import program
from scenarios.kit.claims.forwarding import broadcast_stays, forwarded
from scenarios.kit.services import Web
from scenarios.kit.tables import gateway, regateway

ROOM1, ROOM2 = Subnet("192.168.1.0/24"), Subnet("192.168.2.0/24")


class RoutedRooms(Topo):
    """A router with a switch on each side."""

    def build(self):
        self.addRouter("router")
        self.addHost("d", services=[Web()])
        self.addLan(self.addSwitch("s1", cls=Bridge), ROOM1, gateway="router", router=(1, "room1"), a=10, b=11)
        self.addLan(self.addSwitch("s2", cls=Bridge), ROOM2, gateway="router", router=(1, "room2"), c=10, d=11)
        self.addLan("s1", ROOM1, lost=30)


scenario = Scenario(
    topo=RoutedRooms,
    chapter=1,
    requires=[program("ovs-vswitchd"), program("nginx"), program("curl")],
    claims=[
        reachable("a", "b"),
        reachable("a", "c"),
        fetches("b", "http://d/", shows="d at your service"),
        never_carries("router", "icmp", during=reachable("b", "a"), but_at="b"),
        forwarded("a", "c", "router"),
        forwarded("d", "b", "router"),
        path("a", "router", "d", within=2),
        reachable("lost", "a"),
        unreachable_at_once("lost", "c"),
        broadcast_stays("a", near=("b", "lost", "router:room1"), far=("router:room2", "c", "d")),
        broadcast_stays("c", near=("d", "router:room2"), far=("router:room1", "a", "b", "lost")),
    ],
    look=[
        Look("router:room1", "icmp", "while a pings c: TTL 64 from a's card; and nothing while a pings b"),
        Look("router:room2", "icmp", "the same packets: TTL 63, from the router's card"),
    ],
    faults=[
        Fault("not_forwarding", "the rooms no longer hear each other", layer="route",
              inject=lambda net: forwarding(net, "router", on=False), repair=lambda net: forwarding(net, "router"),
              injected=lambda net: not forwards(net, "router"),
              breaks=["a reaches c", "fetches", "arrives with", "the way is"],
              hints=("Everybody reaches the router, at both of its addresses.", "What must a router do?",
                     "Look at 'sysctl net.ipv4.ip_forward' on the router.")),
        Fault("wrong_gateway", "a's questions arrive at c, but no answer comes back", layer="route",
              inject=lambda net: regateway(net, "c", "192.168.2.254"),
              repair=lambda net: regateway(net, "c", "192.168.2.1"),
              injected=lambda net: gateway(net, "c") != "192.168.2.1", breaks=["a reaches c"],
              hints=("d answers, from the same room.", "For whom does c ask by ARP when it should answer?",
                     "Compare 'ip route' on c and d.")),
        Fault("no_gateway", "b cannot even send to the other room", layer="route",
              inject=lambda net: regateway(net, "b", None), repair=lambda net: regateway(net, "b", "192.168.1.1"),
              injected=lambda net: not gateway(net, "b"), breaks=["b fetches"],
              hints=("b talks to its own room.", "Does anything leave b at all?", "Compare 'ip route' on a and b.")),
    ],
)

topos = {"routed_rooms": RoutedRooms}
