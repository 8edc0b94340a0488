r"""People on the road become part of the office: by a tunnel from wherever they are, with some of their traffic or all.

   alice .11 --+                                                             +-- intranet 192.168.1.80
               s1 -- hotel 192.0.2.2 --+                                     |   (web, names of the office)
   bob .12 ----+   10.0.0.0/24         isp -- 203.0.113.2 gw 192.168.1.1 ----+
   carol 198.51.100.20 ----------------+          10.8.0.1
                                       |
                                       website 93.184.216.34

The company's gateway knows its users by certificates. alice and bob get addresses of the pool 10.8.0.0/24, carol
always 10.10.10.5. alice and carol send into the tunnel only what is for the office (split tunnel); bob sends all, so
that the hotel sees nothing and the website sees the company (full tunnel). Who is revoked is out.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, fetches, never_carries, resolves
from scenarios.kit.actions import halt, in_turn, resume
from scenarios.kit.capability import NFTABLES, TUN, program
from scenarios.kit.claims.access import fixed, pooled, revoked
from scenarios.kit.claims.nat import seen_as
from scenarios.kit.pki import Authority
from scenarios.kit.services import Dns, Nat, Nftables, Web
from scenarios.kit.services.nftables import has_rules
from scenarios.kit.services.remote_access import AccessServer, AccessUser, Account, readmit, revoke, server_of

OFFICE, POOL, COMPANY, HOTEL = "192.168.1.0/24", "10.8.0.0/24", "203.0.113.2", "192.0.2.2"
USERS = {"alice": Account(), "bob": Account(full=True), "carol": Account(fixed="10.10.10.5/24")}
INTRANET, WEBSITE = "192.168.1.80", "93.184.216.34"
MASQUERADE = Nftables("""table ip sharing { chain postrouting { type nat hook postrouting priority srcnat
  oifname "wan" ip saddr { 192.168.1.0/24, 10.0.0.0/8 } masquerade
}\n}""", "sharing")


class RemoteAccess(Topo):
    """A company, and three of its people elsewhere."""

    def build(self):
        authority = Authority("the company")
        server = AccessServer(USERS, authority, POOL, OFFICE, nameserver=INTRANET)
        self.addRouter("gw", services=[server, MASQUERADE])
        self.addRouter("hotel", services=[Nat()])
        for name in USERS:
            self.addHost(name, services=[AccessUser("gw", COMPANY, authority)], nameserver=WEBSITE)
        self.addHost("intranet", services=[Web(), Dns({"intranet.example": INTRANET})])
        self.addHost("website", services=[Web(), Dns({"www.example": WEBSITE})])
        self.addLan(self.addSwitch("s1", cls=Bridge), Subnet("10.0.0.0/24"), gateway="hotel",
                    hotel=(1, "lan"), alice=11, bob=12)
        self.addWire(Subnet("192.0.2.0/30"), gateway="isp", isp=(1, "to_hotel"), hotel=(2, "wan"))
        self.addWire(Subnet("203.0.113.0/30"), gateway="isp", isp=(1, "to_gw"), gw=(2, "wan"))
        self.addWire(Subnet("198.51.100.0/24"), gateway="isp", isp=(1, "to_carol"), carol=20)
        self.addWire(Subnet("93.184.216.0/24"), gateway="isp", isp=(1, "to_website"), website=34)
        self.addWire(Subnet(OFFICE), gateway="gw", gw=(1, "lan"), intranet=80)
        self.addRouter("isp")


scenario = Scenario(
    topo=RemoteAccess,
    chapter=6,
    requires=[NFTABLES, TUN, *map(program, ("openvpn", "ovs-vswitchd", "dnsmasq", "dig", "nginx", "curl"))],
    claims=[
        pooled(("alice", "bob"), POOL),
        fixed("carol", "10.10.10.5"),
        *(fetches(user, f"http://{INTRANET}/", shows="intranet at your service") for user in USERS),
        seen_as("website", "alice", HOTEL),
        seen_as("website", "bob", COMPANY),
        resolves("alice", "intranet.example", INTRANET),
        never_carries("hotel:wan", "port 53", during=resolves("alice", "intranet.example", INTRANET), but_at="gw:lan"),
        never_carries("isp", "host 192.168.1.80", during=fetches("bob", f"http://{INTRANET}/"), but_at="gw:lan"),
        never_carries("gw:wan", "tcp port 80", during=fetches("alice", f"http://{WEBSITE}/"), but_at="hotel:wan"),
        never_carries("hotel:wan", "tcp port 80", during=fetches("bob", f"http://{WEBSITE}/"), but_at="gw:wan"),
        revoked("carol", other="alice", server="gw", target=INTRANET),
    ],
    look=[
        Look("hotel:wan", "host 192.0.2.2", "bob's whole day is one conversation with port 1194; alice's is not"),
        Look("gw:lan", "host 192.168.1.80", "what comes out of the tunnel: addresses of the pool, and 10.10.10.5"),
    ],
    faults=[
        Fault("alice_revoked", "alice is locked out, and bob beside her is not", layer="tunnel",
              inject=in_turn(lambda net: revoke(net, "gw", "alice"), lambda net: resume(net, "tunnel", "alice")),
              repair=in_turn(lambda net: readmit(net, "gw", "alice"), lambda net: resume(net, "tunnel", "alice")),
              injected=lambda net: "alice" in server_of(net, "gw").authority.revoked,
              breaks=["each of alice", "alice fetches http://192", "alice resolves", "alice stays in"],
              hints=("The hotel is fine: ask bob.", "Does the gateway hear alice call? What does it answer?",
                     "Look at the gateway's log: tail /var/log/gw/tunnel.log.")),
        Fault("no_names", "people in the office find nothing by name", layer="service",
              inject=lambda net: halt(net, "dns", "intranet"), repair=lambda net: resume(net, "dns", "intranet"),
              injected=lambda net: not any(each.name == "dns" for each in net["intranet"].daemons),
              breaks=["alice resolves"],
              hints=("The page is there, by its address.", "Whom does alice ask for names?",
                     "Look at 'ss -uln' on intranet.")),
        Fault("not_shared", "bob is in the office, and nowhere else", layer="filter",
              inject=lambda net: halt(net, "sharing", "gw"), repair=lambda net: resume(net, "sharing", "gw"),
              injected=lambda net: not has_rules(net, "gw", "ip sharing postrouting"),
              breaks=["website sees bob", "while bob fetches http://93"],
              hints=("Which way do bob's packets for the website go?", "Listen at gw:wan. Who would get the answer?",
                     "Look at 'nft list ruleset' on gw.")),
    ],
)

topos = {"vpn_remote_access": RemoteAccess}
