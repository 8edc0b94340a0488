r"""Two homes behind one carrier's address: translated twice, and reachable no more.

      anna .10   nas .30                                     bert .10
            \     /  192.168.1.0/24                             |  192.168.1.0/24, too
         home1:lan .1                                        home2:lan .1
         home1:wan 100.64.0.2 ------------ s2 ------------- home2:wan 100.64.0.3
                                           |  100.64.0.0/24
                              carrier:access 100.64.0.1
                              carrier:core 203.0.113.1 -------------- server 203.0.113.80

When addresses ran out, carriers began to share one among many homes, with a translation of their own behind each
home's (100.64.0.0/10, RFC 6598). A port that a home forwards is then open to the carrier's other customers, not to the
world, which sees the carrier's address. Each home has a block of the carrier's ports, and can be told by it.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, fetches, filtered, never_carries
from scenarios.kit.actions import resume, substitute
from scenarios.kit.capability import NFTABLES, program
from scenarios.kit.claims.nat import keeps_to_block, seen_as, stopped, translated_in_turn
from scenarios.kit.services import CarrierNat, Nat, Web
from scenarios.kit.services.nat import port_blocks
from scenarios.kit.services.nftables import has_rules, rules, without_rules

HOME, ACCESS, WORLD = Subnet("192.168.1.0/24"), Subnet("100.64.0.0/24"), Subnet("203.0.113.0/24")
HOME1, HOME2, PUBLIC = "100.64.0.2", "100.64.0.3", "203.0.113.1"
BLOCKS = port_blocks([HOME1, HOME2])
INNER = "net 192.168.0.0/16 or net 100.64.0.0/10"


class Cgnat(Topo):
    """Two homes, their carrier, and the world."""

    def build(self):
        self.addRouter("home1", services=[Nat(forwards={8080: "192.168.1.30:8080"})])
        self.addRouter("home2", services=[Nat()])
        self.addRouter("carrier", services=[CarrierNat(BLOCKS)])
        self.addHost("nas", services=[Web(port=8080)])
        self.addHost("server", services=[Web()])
        self.addLan(self.addSwitch("s1", cls=Bridge), HOME, gateway="home1", home1=(1, "lan"), anna=10, nas=30)
        self.addWire(HOME, gateway="home2", home2=(1, "lan"), bert=10)
        self.addLan(self.addSwitch("s2", cls=Bridge), ACCESS, gateway="carrier",
                    carrier=(1, "access"), home1=(2, "wan"), home2=(3, "wan"))
        self.addWire(WORLD, gateway="carrier", carrier=(1, "core"), server=80)


scenario = Scenario(
    topo=Cgnat,
    chapter=2,
    requires=[NFTABLES, *map(program, ("ovs-vswitchd", "conntrack", "nginx", "curl"))],
    shared_addresses=("192.168.1.1/24", "192.168.1.10/24"),
    claims=[
        seen_as("server", "anna", PUBLIC),
        seen_as("server", "bert", PUBLIC),
        translated_in_turn("anna", "server", ("home1", "carrier")),
        translated_in_turn("bert", "server", ("home2", "carrier")),
        keeps_to_block("anna", "server", *BLOCKS[HOME1]),
        keeps_to_block("bert", "server", *BLOCKS[HOME2]),
        fetches("bert", f"http://{HOME1}:8080/", shows="nas at your service"),
        filtered("server", PUBLIC, 8080, control=("bert", HOME1)),
        stopped("server", HOME1, outside="carrier:core", inside="carrier:access"),
        never_carries("carrier:core", INNER, during=fetches("anna", "http://server/"), but_at="carrier:access"),
    ],
    look=[
        Look("home1:wan", "host 203.0.113.80", "while anna fetches http://203.0.113.80/: 100.64.0.2, once translated"),
        Look("carrier:core", "host 203.0.113.80", "the same packets, translated again: 203.0.113.1"),
    ],
    faults=[
        Fault("no_translation", "the world answers nobody", layer="filter",
              inject=lambda net: without_rules(net, "carrier", "ip nat postrouting"),
              repair=lambda net: resume(net, "nat", "carrier"),
              injected=lambda net: not has_rules(net, "carrier", "ip nat postrouting"),
              breaks=["sees", "stand the tables", "come from ports", "carries no"],
              hints=("Listen at carrier:core.", "Would the server find its way back to 100.64.0.2?",
                     "Look at 'nft list table ip nat' on the carrier.")),
        Fault("blocks_swapped", "the police call at the wrong door", layer="filter",
              inject=lambda net: substitute(net, CarrierNat(port_blocks([HOME2, HOME1])), "carrier"),
              repair=lambda net: resume(net, "nat", "carrier"),
              injected=lambda net: HOME2 in str(rules(net, "carrier", "nat")[0]), breaks=["come from ports"],
              hints=("Everything works.", "From which ports do anna and bert come?",
                     "Compare 'nft list table ip nat' on the carrier with the blocks that were agreed.")),
    ],
)

topos = {"cgnat": Cgnat}
