r"""Two computers on one cable: the smallest network there is.

      a  192.168.1.1/24 ------- cable ------- b  192.168.1.2/24

Before a can send to 192.168.1.2 it must learn which Ethernet card has that address: it asks everybody (ARP, RFC 826),
and b answers. Then the first packet goes out, wrapped in an IP header, wrapped in an Ethernet header.
"""

from scenarios.kit import Fault, Look, Scenario, Subnet, Topo, claim, fetches, reachable
from scenarios.kit.actions import carrier, plug, pull, pulled
from scenarios.kit.capability import program
from scenarios.kit.capture import describe, tap
from scenarios.kit.claims import has_address, layers
from scenarios.kit.services import Web
from scenarios.kit.tables import believe, disbelieve, forget_neighbours, neighbours, readdress

CABLE = Subnet("192.168.1.0/24")
OLD_CARD = "02:00:00:00:00:99"


class TwoComputers(Topo):
    """a and b; b serves a page."""

    def build(self):
        self.addHost("b", services=[Web()])
        self.addWire(CABLE, a=1, b=2)


@claim("an ARP request and its reply come before the first ping", within=5)  # b may be about to ask by itself
def arp_first(net):
    forget_neighbours(net, "a", "b")
    with tap(net, "a", filter="arp or icmp") as heard:
        reachable("a", "b").verify(net)
        seen = list(dict.fromkeys(describe(packet) for packet in heard.wait(4)))[:4]  # a slow answer is asked for again
    expected = ["ARP who has 192.168.1.2? 192.168.1.1 asks", f"ARP 192.168.1.2 is at {net['b'].MAC()}",
                "192.168.1.1 > 192.168.1.2 ICMP echo request, TTL 64",
                "192.168.1.2 > 192.168.1.1 ICMP echo reply, TTL 64"]
    return None if seen == expected else f"the wire carried {seen}"


@claim("with the cable pulled, both ends lose their carrier, and nobody is reached", within=0)
def cable(net):
    with pulled(net, "a-b"):
        left = [end for end in ("a", "b") if carrier(net, end)]
        answered = reachable("a", "b", within=0).ask(net).held
    if left or answered:
        return f"carrier at {', '.join(left) or 'neither'}; the ping was {'' if answered else 'not '}answered"
    return None


scenario = Scenario(
    topo=TwoComputers,
    chapter=1,
    requires=[program("nginx"), program("curl")],
    claims=[
        arp_first,
        reachable("a", "b"),
        reachable("b", "a"),
        layers("a", "b", 80),
        cable,
        fetches("a", "http://b/", shows="b at your service"),
    ],
    look=[
        Look("a", "arp or icmp", "a question to everybody, one answer, and then the ping"),
        Look("b", "tcp port 80", "the layers of a page: Ethernet, IP, TCP, HTTP"),
    ],
    faults=[
        Fault("cable_out", "a and b do not hear each other", layer="link",
              inject=lambda net: pull(net, "b:eth0"), repair=lambda net: plug(net, "b:eth0"),
              injected=lambda net: not carrier(net, "a"), breaks=["ARP", "reaches", "request", "fetches"],
              hints=("Start at the bottom of the stack.", "Is there light at the port?", "Look at 'ip link' on both.")),
        Fault("wrong_mask", "a says the network is unreachable", layer="address",
              inject=lambda net: readdress(net, "a", "192.168.1.1/32"),
              repair=lambda net: readdress(net, "a", "192.168.1.1/24"),
              injected=lambda net: has_address(net, "a", "192.168.1.1/32"),
              breaks=["ARP", "reaches", "request", "fetches"],
              hints=("The cable is fine.", "Who is a's neighbour, by a's own arithmetic?", "Look at 'ip route' on a.")),
        Fault("stale_neighbour", "b hears a, and a does not hear b", layer="neighbour",
              inject=lambda net: believe(net, "b", "192.168.1.1", OLD_CARD),
              repair=lambda net: disbelieve(net, "b", "192.168.1.1"),
              injected=lambda net: neighbours(net, "b").get("192.168.1.1") == OLD_CARD,
              breaks=["ARP", "reaches", "request", "fetches"],
              hints=("Cable, addresses and masks are right.", "For which card are b's frames?",
                     "Compare 'ip neigh' on b with 'ip link' on a.")),
    ],
)

topos = {"two_computers": TwoComputers}
