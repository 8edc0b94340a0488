r"""A switch learns who lives where: strangers are flooded to everybody, friends get a port of their own.

      a               b               c
  192.168.1.1     192.168.1.2     192.168.1.3
       \              |              /
        1             2             3
        +------------ s1 -----------+        s1: Open vSwitch
                      :
                      c0                     c0: Ryu, learning_switch

The switch reads the source address of each frame and remembers the port it came in by. A frame to an address it has
not seen goes out everywhere but where it came from; after that, only the two who talk hear each other.
"""

from scenarios.kit import (
    Fault,
    Look,
    Scenario,
    Subnet,
    Topo,
    claim,
    fetches,
    forgotten,
    learned,
    never_carries,
    reachable,
    ryu,
)
from scenarios.kit.actions import carrier, move, plug, pull
from scenarios.kit.capability import program
from scenarios.kit.capture import tap
from scenarios.kit.catalogue import DATA
from scenarios.kit.claims import has_address
from scenarios.kit.openflow import port_number
from scenarios.kit.services import Web
from scenarios.kit.tables import leave, readdress, take

OFFICE = Subnet("192.168.1.0/24")


class Lan(Topo):
    """Three hosts on one switch."""

    def build(self):
        self.addHost("b", services=[Web()])
        self.addLan("s1", OFFICE, a=1, b=2, c=3)


@claim("a frame to an address not yet learned reaches everybody, later ones only their port", within=0)
def flooded_once(net):
    forgotten("s1", "b").verify(net)
    with tap(net, "c", filter="icmp") as stranger:
        reachable("a", "b").verify(net)
        flooded = stranger.wait()
    learned("s1", {"a": "s1-eth1", "b": "s1-eth2"}).verify(net)
    never_carries("c", "icmp", during=reachable("a", "b"), but_at="b").verify(net)
    return None if flooded else "c heard nothing of the first"


@claim("a host that moves to another port is learned there", within=0)
def relearned(net):
    move(net, "a", "s1", 7)
    try:
        reachable("a", "b").verify(net)
        learned("s1", {"a": "s1-eth1"}).verify(net)
        port = port_number("s1-eth1")
    finally:
        move(net, "a", "s1", 1)
    return None if port == 7 else f"its cable is in port {port}"


scenario = Scenario(
    topo=Lan,
    chapter=1,
    controller=ryu("learning_switch", DATA / "lan.yaml"),
    requires=[program("ovs-vswitchd"), program("nginx"), program("curl")],
    claims=[
        reachable("c", "a"),
        learned("s1", {"a": "s1-eth1", "c": "s1-eth3"}),
        fetches("a", "http://b/", shows="b at your service"),
        relearned,
        flooded_once,
        forgotten("s1", "c"),
        reachable("c", "b"),
    ],
    look=[
        Look("c", "arp or icmp", "while a pings b: a's question to everybody, and nothing of their conversation"),
        Look("b", "tcp port 80", "./lab exec lan a curl http://192.168.1.2/ crosses the switch"),
    ],
    faults=[
        Fault("cable_out", "b is gone", layer="link",
              inject=lambda net: pull(net, "b:eth0"), repair=lambda net: plug(net, "b:eth0"),
              injected=lambda net: not carrier(net, "b"), breaks=["fetches", "moves", "not yet learned", "c reaches b"],
              hints=("a and c still talk.", "What is special about b?", "Look at 'ip link' on b.")),
        Fault("wrong_address", "a cannot find b", layer="address",
              inject=lambda net: readdress(net, "b", "192.168.11.2/24"),
              repair=lambda net: readdress(net, "b", "192.168.1.2/24"),
              injected=lambda net: has_address(net, "b", "192.168.11.2/24"),
              breaks=["fetches", "moves", "not yet learned", "c reaches b"],
              hints=("The switch does its work.", "Does b know that it is asked?", "Compare 'ip addr' on a and b.")),
        Fault("same_address", "a finds itself where b should be", layer="address",
              inject=lambda net: take(net, "a", "192.168.1.2/24"), repair=lambda net: leave(net, "a", "192.168.1.2/24"),
              injected=lambda net: has_address(net, "a", "192.168.1.2/24"),
              breaks=["fetches", "moves", "not yet learned"],
              hints=("c reaches everybody.", "Does what a sends to b leave a?", "Who has which addresses? Ask all.")),
    ],
)

topos = {"lan": Lan}
