r"""A wall with doors: who may open what stands in a policy, and everything else is dropped.

   anyone 198.51.100.7 --+                                +-- dmz -- server 192.0.2.10
   admin 1.2.3.4 --------+-- isp -- 203.0.113.0/30 -- fw --+            (a wall of its own, too)
   blocked 203.0.113.66 -+                                +-- lan -- pc 192.168.1.10

The policy is in data/firewall.yaml; another file will do (-o policy=FILE). A firewall with memory lets answers pass
because it saw the question. One without (-o filter=stateless) needs a second rule for each direction, and must believe
every packet that looks like an answer. The server does not rely on the router: it has the same policy itself.
"""

from scenarios.kit import Fault, Look, Scenario, Subnet, Topo, fetches, filtered
from scenarios.kit.actions import halt, install, resume, uninstall
from scenarios.kit.capability import NFTABLES, program
from scenarios.kit.claims.filtering import (
    accounted,
    as_allowed,
    both_directions,
    limited,
    scanned,
    stands_alone,
    unasked,
)
from scenarios.kit.services import Nftables, Web
from scenarios.kit.services.echo import Echo
from scenarios.kit.services.firewall import Firewall, policy_from
from scenarios.kit.services.nftables import has_rules

OUTSIDE = {"anyone": ("198.51.100.0/24", 7), "admin": ("1.2.3.0/24", 4), "blocked": ("203.0.113.64/26", 2)}
EVERYBODY = (*OUTSIDE, "server", "pc")
PORTS = (22, 80, 443, 5432, 8080)
OVERZEALOUS = Nftables("""table inet overzealous { chain forward { type filter hook forward priority filter - 1
  tcp dport 80 counter drop
}\n}""", "overzealous")


class Walls(Topo):
    """A company with a public server, and three who come from outside."""

    def build(self, filter: str = "stateful", policy: str = "firewall.yaml"):
        rules, memory = policy_from(policy), filter == "stateful"
        self.addRouter("fw", services=[Firewall(rules, "forward", memory)])
        self.addHost("server", services=[Web(), Echo((22, 443, 5432, 8080)), Firewall(rules, "input", memory)])
        self.addHost("anyone", services=[Web()])
        self.addRouter("isp", routes=[(prefix, "203.0.113.2") for prefix in ("192.0.2.0/24", "192.168.1.0/24")])
        self.addWire(Subnet("203.0.113.0/30"), gateway="isp", isp=(1, "to_fw"), fw=(2, "wan"))
        for name, (subnet, number) in OUTSIDE.items():
            self.addWire(Subnet(subnet), gateway="isp", isp=(1, f"to_{name}"), **{name: number})
        self.addWire(Subnet("192.0.2.0/24"), gateway="fw", fw=(1, "dmz"), server=10)
        self.addWire(Subnet("192.168.1.0/24"), gateway="fw", fw=(1, "lan"), pc=10)


scenario = Scenario(
    topo=Walls,
    chapter=6,
    options={"filter": ["stateful", "stateless"], "policy": []},
    requires=[NFTABLES, *map(program, ("tcpdump", "nmap", "socat", "nginx", "curl"))],
    claims=[
        as_allowed(EVERYBODY, "fw", PORTS, same=tuple(OUTSIDE)),
        fetches("anyone", "http://server/", shows="server at your service"),
        fetches("pc", "http://anyone/", shows="anyone at your service"),
        filtered("blocked", "server", 80, control=("anyone", "server")),
        limited("admin", "server", 22, times=3),
        both_directions("anyone", "server", "fw", 80),
        unasked("anyone", "pc", "fw", outside="fw:wan", inside="fw:lan"),
        scanned("anyone", "server", "fw"),
        scanned("admin", "server", "fw"),
        stands_alone("server", "fw", EVERYBODY, PORTS),
        accounted("anyone", "server", "fw", 8080),
    ],
    look=[
        Look("fw:wan", "tcp", "./lab exec firewall anyone nmap -Pn 192.0.2.10: many questions, few answers"),
        Look("server", "tcp port 80", "./lab exec firewall anyone curl 192.0.2.10: what is let in"),
    ],
    faults=[
        Fault("web_blocked", "the page is gone, and the server is well", layer="filter",
              inject=lambda net: install(net, OVERZEALOUS, "fw"), repair=lambda net: uninstall(net, OVERZEALOUS, "fw"),
              injected=lambda net: has_rules(net, "fw", "inet overzealous forward"),
              breaks=["between", "fetches", "blocked hears", "scan of", "directions", "still"],
              hints=("Ask the server itself: curl 127.0.0.1.", "Listen at fw:wan, then at fw:dmz.",
                     "Which rule of 'nft list ruleset' on fw counts up while you try?")),
        Fault("wide_open", "all works: too much of it", layer="filter",
              inject=lambda net: halt(net, "firewall", "fw"), repair=lambda net: resume(net, "firewall", "fw"),
              injected=lambda net: not has_rules(net, "fw", "inet firewall forward"),
              breaks=["between", "that nobody asked", "directions", "counts and logs"],
              hints=("Everything that should work works.", "What can anyone reach that he should not? Try pc.",
                     "Look at 'nft list ruleset' on fw.")),
    ],
)

topos = {"firewall": Walls}
