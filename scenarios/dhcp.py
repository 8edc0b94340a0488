r"""Addresses on loan: a computer that knows nothing asks everybody, and is told who it is.

      laptop      tv       printer 02:00:00:00:00:50      guest
          \        |          |                          /
           +-------+--- s1 ---+-------------------------+
                        |       192.168.1.0/24
                     router:lan .1  lends .100 and .101, keeps .50 for the printer
                     router:wan .1 ------ 93.184.216.0/24 ------ .34 server

A new computer has no address to be answered at, so the four messages (DISCOVER, OFFER, REQUEST, ACK) may go to
everybody. With its address it learns mask, gateway and name server, and for how long. When the pool is empty there is
no answer; some systems then make up an address that is good for this one cable (169.254.0.0/16, RFC 3927).
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, reachable, resolves
from scenarios.kit.actions import halt, resume, substitute
from scenarios.kit.capability import program
from scenarios.kit.claims.dhcp import accounted, borrows, configured, link_local, offered_nothing, renews
from scenarios.kit.services import Dhcpcd, DhcpServer, Udhcpc
from scenarios.kit.services.dhcp import DHCPCD_STATE, told_gateway

HOME, FAR = Subnet("192.168.1.0/24"), Subnet("93.184.216.0/24")
ROUTER, MAC, KEPT, POOL = "192.168.1.1", "02:00:00:00:00:50", "192.168.1.50", "192.168.1.100-192.168.1.101"
LENDER = DhcpServer(POOL, reserved={MAC: KEPT}, names={"router": ROUTER})
MISLEADING = DhcpServer(POOL, reserved={MAC: KEPT}, names={"router": ROUTER}, router="192.168.1.254")
TOLD = {"server": "router", "router": ROUTER, "dns": ROUTER}


class Dhcp(Topo):
    """A router that lends addresses, three that have one, and one that comes too late."""

    def build(self):
        self.addRouter("router", services=[LENDER])
        for name in ("laptop", "tv"):
            self.addHost(name, services=[Udhcpc()])
        self.addHost("printer", mac=MAC, services=[Dhcpcd(link_local=False)], privateDirs=[DHCPCD_STATE])
        self.addHost("guest", privateDirs=[DHCPCD_STATE])
        self.addSwitch("s1", cls=Bridge)
        self.addLan("s1", HOME, router=(1, "lan"))
        self.addLan("s1", laptop=0, tv=0, printer=0, guest=0)  # whoever gets an address has none yet
        self.addWire(FAR, gateway="router", router=(1, "wan"), server=34)


scenario = Scenario(
    topo=Dhcp,
    chapter=2,
    requires=[program(name) for name in ("ovs-vswitchd", "dnsmasq", "busybox", "dhcpcd", "dig")],
    claims=[
        configured("laptop", pool=POOL, **TOLD),
        configured("tv", pool=POOL, **TOLD),
        configured("printer", pool=KEPT, **TOLD),
        offered_nothing("guest", "router", control="tv"),
        borrows("laptop", "router"),
        renews("laptop", "router"),
        accounted("router", ("laptop", "tv", "printer")),
        reachable("laptop", "server"),
        reachable("printer", "tv"),
        resolves("laptop", "router.home.arpa", ROUTER),
        link_local("guest"),
    ],
    look=[
        Look("router:lan", "udp port 67 or udp port 68", "the four messages, when you restart a client; or a renewal"),
        Look("guest", "arp", "a guest that asks three times whether anybody has the address it would like"),
    ],
    faults=[
        Fault("server_dead", "nobody who comes gets an address", layer="service",
              inject=lambda net: halt(net, "dhcp", "router"), repair=lambda net: resume(net, "dhcp", "router"),
              injected=lambda net: not net["router"].daemons,
              breaks=["of the ACK", "exhausted", "gets", "renews", "account", "reaches", "resolves"],
              hints=("The cables are fine.", "Who answers the DISCOVERs at router:lan?",
                     "Look at 'ss -uln' on router.")),
        Fault("wrong_gateway", "everybody has an address, and nobody gets out", layer="route",
              inject=lambda net: substitute(net, MISLEADING, "router"),
              repair=lambda net: resume(net, "dhcp", "router"),
              injected=lambda net: told_gateway(net, "router") != ROUTER,
              breaks=["of the ACK", "laptop reaches server"],
              hints=("The home itself is fine.", "For whom does laptop ask by ARP when it wants to leave?",
                     "Compare 'ip route' on laptop with 'ip addr' on router.")),
    ],
)

topos = {"dhcp": Dhcp}
