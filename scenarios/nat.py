r"""Many devices behind one address: the router rewrites what they send, and remembers whose answer is whose.

   laptop .10   phone .11   tv .12   nas .30                        server 93.184.216.34
        \           |         |        /                                   |
         +----------+-- s1 ---+-------+                                   isp 93.184.216.1
                        |       192.168.1.0/24                             | 73.45.123.1
                     router:lan 192.168.1.1                                |
                     router:wan 73.45.123.89 --------- s2 -----------------+
                                                        |    73.45.123.0/24
                                           neighbour 73.45.123.90 (knows a way to 192.168.1.0/24: through the router)

Addresses in 192.168.0.0/16 (RFC 1918) mean nothing outside, so the router lends its own to every packet that leaves,
and tells devices apart by the port. What comes in unasked belongs to nobody: it is dropped, or its port is forwarded.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, fetches, never_carries
from scenarios.kit.actions import forwarding, forwards
from scenarios.kit.capability import NFTABLES, program
from scenarios.kit.claims.nat import answered_only_by, mapped, seen_as, stopped, told_apart
from scenarios.kit.services import Nat, Web
from scenarios.kit.services.nftables import has_rules, without_rules

HOME, STREET, FAR = Subnet("192.168.1.0/24"), Subnet("73.45.123.0/24"), Subnet("93.184.216.0/24")
DEVICES = ("laptop", "phone", "tv")
PUBLIC = "73.45.123.89"
EDGE = {"outside": "router:wan", "inside": "router:lan"}


class NetworkAddressTranslation(Topo):
    """A home, its street, and a server far away."""

    def build(self):
        self.addRouter("router", services=[Nat(forwards={8080: "192.168.1.30:8080"})])
        self.addRouter("isp")
        self.addHost("nas", services=[Web(port=8080)])
        self.addHost("server", services=[Web()])
        self.addHost("neighbour", routes=[("192.168.1.0/24", PUBLIC)])
        self.addLan(self.addSwitch("s1", cls=Bridge), HOME, gateway="router",
                    router=(1, "lan"), laptop=10, phone=11, tv=12, nas=30)
        self.addLan(self.addSwitch("s2", cls=Bridge), STREET, gateway="isp", isp=1, router=(89, "wan"), neighbour=90)
        self.addWire(FAR, gateway="isp", isp=1, server=34)


scenario = Scenario(
    topo=NetworkAddressTranslation,
    chapter=2,
    requires=[NFTABLES, *map(program, ("ovs-vswitchd", "conntrack", "nginx", "curl"))],
    claims=[
        *(seen_as("server", device, PUBLIC) for device in DEVICES),
        mapped("router", DEVICES, "server"),
        told_apart("server", DEVICES),
        answered_only_by("laptop", "server", "neighbour", **EDGE),
        stopped("server", PUBLIC, **EDGE),
        stopped("neighbour", "laptop", **EDGE),
        fetches("server", f"http://{PUBLIC}:8080/", shows="nas at your service"),
        fetches("laptop", f"http://{PUBLIC}:8080/", shows="nas at your service"),
        never_carries("router:wan", "net 192.168.0.0/16", during=told_apart("server", DEVICES), but_at="router:lan"),
        never_carries("router:wan", "net 192.168.0.0/16", during=fetches("tv", "http://server/"), but_at="router:lan"),
    ],
    look=[
        Look("router:lan", "host 93.184.216.34", "while the laptop fetches http://93.184.216.34/: its own address"),
        Look("router:wan", "host 93.184.216.34", "the same packets outside: the router's address"),
    ],
    faults=[
        Fault("no_translation", "nobody at home reaches the server", layer="filter",
              inject=lambda net: without_rules(net, "router", "ip nat postrouting"),
              repair=lambda net: net["router"].supervisor.restart("nat"),
              injected=lambda net: not has_rules(net, "router", "ip nat postrouting"),
              breaks=["sees", "maps", "says", "may answer", "laptop fetches", "carries no"],
              hints=("Listen at router:wan while the laptop asks.", "To which address would the server answer?",
                     "Look at 'nft list table ip nat' on the router.")),
        Fault("not_forwarding", "the home is cut off, in both directions", layer="route",
              inject=lambda net: forwarding(net, "router", on=False), repair=lambda net: forwarding(net, "router"),
              injected=lambda net: not forwards(net, "router"),
              breaks=["sees", "maps", "says", "may answer", "fetches", "carries no"],
              hints=("The router answers everybody.", "Does a packet that enters at lan leave at wan?",
                     "Look at 'sysctl net.ipv4.ip_forward' on the router.")),
    ],
)

topos = {"nat": NetworkAddressTranslation}
