r"""Two offices become one network: a tunnel through an Internet that may read and keep everything.

   office A 192.168.1.0/24                                                 office B 192.168.2.0/24
   pc_a .10 -- .1 gw_a .2 -- 198.51.100.0/30 -- isp -- 203.0.113.0/30 -- .2 gw_b .1 -- .10 pc_b
                    ===================== tunnel =====================
                                                 |
   pc_x 192.168.3.10 -- .1 gw_x .2 -- 192.0.2.0/30     a gateway that nobody knows

The offices' addresses mean nothing outside, so gateways wrap whole packets in new ones, encrypted, between their public
addresses. The provider sees that they talk, and how much, but not what. It would pass private addresses on, too: that
nothing leaves in clear when the tunnel is down is the gateways' own doing. Choose the tunnel: -o vpn=wireguard,
openvpn or ipsec.
"""

from scenarios.kit import Fault, Look, Scenario, Subnet, Topo, fetches, reachable
from scenarios.kit.actions import halt, in_turn, install, resume, uninstall
from scenarios.kit.capability import NFTABLES, TUN, program
from scenarios.kit.claims.secrecy import fails_closed, replayed, secret, unknown
from scenarios.kit.claims.size import clamped, too_big
from scenarios.kit.keys import Keyring
from scenarios.kit.services import Web
from scenarios.kit.services.gateway import BLACK_HOLE, CLAMPING, KILL_SWITCH
from scenarios.kit.services.nftables import rules
from scenarios.kit.services.site import Site
from scenarios.kit.services.tunnels import TUNNELS, end_of, identify
from scenarios.kit.services.wireguard import CAPABLE

A = Site("gw_a", "198.51.100.2", "192.168.1.0/24", "192.168.1.1")
B = Site("gw_b", "203.0.113.2", "192.168.2.0/24", "192.168.2.1")
X = Site("gw_x", "192.0.2.2", "192.168.3.0/24", "192.168.3.1")
BOTH = (A.gateway, B.gateway)


class SiteToSite(Topo):
    """Three sites on one provider; two of them are one company."""

    def build(self, vpn: str = "wireguard"):
        keys = Keyring()
        self.addRouter("isp", routes=[(site.network, site.public) for site in (A, B, X)])
        for site, peer in (A, B), (B, A), (X, A):
            name = site.gateway[-1]
            self.addRouter(site.gateway, services=[
                KILL_SWITCH, CLAMPING, TUNNELS[vpn].between(site, peer, keys, calls=site is not A)])
            self.addHost(f"pc_{name}", services=[Web({"large": "." * 1_000_000 + "the end"})])
            public = Subnet(f"{site.public}/30", strict=False)
            self.addWire(public, gateway="isp", **{"isp": (1, f"to_{name}"), site.gateway: (2, "wan")})
            self.addWire(Subnet(site.network), gateway=site.gateway, **{site.gateway: (1, "lan"), f"pc_{name}": 10})


scenario = Scenario(
    topo=SiteToSite,
    chapter=6,
    options={"vpn": list(TUNNELS)},
    requires=[CAPABLE, TUN, NFTABLES, program("nginx"), program("curl")],
    claims=[
        reachable("pc_a", "pc_b"),
        reachable("pc_b", "pc_a"),
        secret("pc_a", "pc_b", inside="gw_b:lan", outside="isp"),
        secret("pc_b", "pc_a", inside="gw_a:lan", outside="isp"),
        replayed("pc_a", "pc_b", sniffer="isp", entry="to_a", exit="to_b"),
        too_big("pc_a", "pc_b"),
        clamped("pc_a", "pc_b", 80, most=1380),
        fetches("pc_a", "http://pc_b/large", shows="the end"),
        unknown("pc_x", "pc_a", gateway="gw_x", at="gw_a:wan"),
        fails_closed("pc_b", "pc_a", gateway="gw_b", near="gw_b:lan", outside="isp"),
    ],
    look=[
        Look("isp:to_a", "not icmp", "all that the provider sees of the offices: two gateways, and noise"),
        Look("gw_a:lan", "icmp", "the same in clear, inside office A"),
    ],
    faults=[
        Fault("wrong_key", "the offices do not hear each other", layer="tunnel",
              inject=lambda net: identify(net, "gw_b", "impostor"), repair=lambda net: identify(net, "gw_b", "gw_b"),
              injected=lambda net: end_of(net, "gw_b").identity == "impostor",
              breaks=["reaches", "does not show", "replayed", "1,500", "TCP", "fetches", "no path"],
              hints=("Both gateways are on the Internet.", "They call, and do not answer each other. Why?",
                     "Whose key does gw_b hold? See /var/log/gw_b, or 'wg show'.")),
        Fault("black_hole", "small things work, large ones hang", layer="MTU",
              inject=in_turn(lambda net: install(net, BLACK_HOLE, *BOTH), lambda net: halt(net, "clamping", *BOTH)),
              repair=in_turn(lambda net: uninstall(net, BLACK_HOLE, *BOTH), lambda net: resume(net, "clamping", *BOTH)),
              injected=lambda net: BLACK_HOLE in net["gw_a"].services, breaks=["1,500", "TCP", "fetches"],
              hints=("Try ping with several sizes.", "How large is a packet when the tunnel has wrapped it?",
                     "Look at the MSS in the SYNs, and for ICMP 'fragmentation needed'.")),
        Fault("no_kill_switch", "all is well, as long as the tunnel is up", layer="filter",
              inject=lambda net: halt(net, "kill_switch", "gw_b"), breaks=["no path"],
              repair=lambda net: resume(net, "kill_switch", "gw_b"),
              injected=lambda net: not rules(net, "gw_b", "kill_switch"),
              hints=("Ask what happens when the tunnel is down.", "Which way do packets for the other office go then?",
                     "Compare 'nft list ruleset' on gw_a and gw_b.")),
    ],
)

topos = {"vpn_site_to_site": SiteToSite}
