r"""A private network without a middle: everybody talks to everybody directly, where that can be done.

                                       ada 203.0.113.10 (10.9.0.1), the one whom all know
                                        |
   ben 198.51.100.20 (10.9.0.2) ------ isp ------ 192.0.2.2 box_c -- cat 192.168.1.10 (10.9.0.3)
                                        |
                                        +-------- 192.0.2.6 box_d -- dan 192.168.2.10 (10.9.0.4)

Who is behind a NAT can call and cannot be called. ada tells two peers of each other's outside addresses, both send, and
each opens its own NAT for the other's answer. box_d spoils that: it takes a new outside port for every conversation,
so that cat knocks at the wrong one; dan and cat meet by ada, who passes on what she cannot read. With plain WireGuard
(-o mesh=wireguard) nobody introduces anybody: who is hidden must call first, and the detour by ada is a route.
"""

from scenarios.kit import Fault, Look, Scenario, Subnet, Topo
from scenarios.kit.actions import carrier, install, plug, pull, uninstall
from scenarios.kit.capability import NFTABLES, TUN, program
from scenarios.kit.claims.mesh import direct, relayed, unharmed
from scenarios.kit.keys import Keyring
from scenarios.kit.services import Nat, Nftables
from scenarios.kit.services.nebula import Nebula, NebulaAuthority
from scenarios.kit.services.nftables import has_rules
from scenarios.kit.services.wireguard import CAPABLE, full_mesh

PEERS = {"ada": "10.9.0.1", "ben": "10.9.0.2", "cat": "10.9.0.3", "dan": "10.9.0.4"}
PUBLIC = {"ada": "203.0.113.10", "ben": "198.51.100.20"}
HIDDEN = ("cat", "dan")
NO_UDP = Nftables("""table inet no_udp { chain forward { type filter hook forward priority filter - 1
  meta l4proto udp counter drop
}\n}""", "no_udp")


def with_nebula() -> dict:
    authority = NebulaAuthority()
    return {name: Nebula(f"{address}/24", (PEERS["ada"], PUBLIC["ada"]), authority, hidden=name in HIDDEN)
            for name, address in PEERS.items()}


def with_wireguard() -> dict:
    return full_mesh(PEERS, PUBLIC, relay="ada", keys=Keyring())


class Mesh(Topo):
    """Four peers: two in the open, two behind NAT."""

    def build(self, mesh: str = "nebula"):
        services = {"nebula": with_nebula, "wireguard": with_wireguard}[mesh]()
        for name in PEERS:
            self.addRouter(name, services=[services[name]]) if name == "ada" else self.addHost(
                name, services=[services[name]])
        self.addRouter("box_c", services=[Nat()])
        self.addRouter("box_d", services=[Nat(symmetric=True)])
        self.addRouter("isp")
        self.addWire(Subnet("203.0.113.0/24"), gateway="isp", isp=(1, "to_ada"), ada=10)
        self.addWire(Subnet("198.51.100.0/24"), gateway="isp", isp=(1, "to_ben"), ben=20)
        for name, outside, inside in ("c", "192.0.2.0/30", "192.168.1.0/24"), ("d", "192.0.2.4/30", "192.168.2.0/24"):
            peer, box = {"c": "cat", "d": "dan"}[name], f"box_{name}"
            self.addWire(Subnet(outside), gateway="isp", isp=(1, f"to_{name}"), **{box: (2, "wan")})
            self.addWire(Subnet(inside), gateway=box, **{box: (1, "lan"), peer: 10})


scenario = Scenario(
    topo=Mesh,
    chapter=6,
    options={"mesh": ["nebula", "wireguard"]},
    requires=[program("nebula"), program("nebula-cert"), NFTABLES, CAPABLE, TUN],
    claims=[
        *(direct(src, dst, hub="ada") for src, dst in (
            ("dan", "ada"), ("cat", "ada"), ("ben", "ada"), ("dan", "ben"), ("cat", "ben"),
            ("ada", "dan"), ("ada", "cat"), ("ada", "ben"), ("ben", "dan"), ("ben", "cat"))),
        relayed("cat", "dan", hub="ada"),
        relayed("dan", "cat", hub="ada"),
        unharmed("ben", ("ada", "cat", "dan"), wire="isp:to_ben"),
        *(unharmed("ada", ("ben", peer), wire="isp:to_ada") for peer in HIDDEN),
    ],
    look=[
        Look("box_d:wan", "udp", "dan's conversations, each from a port of its own"),
        Look("ada", "udp and greater 900", "silence, but for ./lab exec vpn_mesh cat ping -s 900 10.9.0.4"),
    ],
    faults=[
        Fault("ada_gone", "some talk on, some are cut off", layer="link",
              inject=lambda net: pull(net, "isp:to_ada"), repair=lambda net: plug(net, "isp:to_ada"),
              injected=lambda net: not carrier(net, "ada"), breaks=["ada directly", "ada talks", "by ada", "without"],
              hints=("Who talks to whom directly?", "What do the pairs that are cut off have in common?",
                     "Listen to what cat sends while it calls dan, and ask for ada's cable.")),
        Fault("no_udp", "dan is cut off from the mesh, and the rest of his Internet works", layer="filter",
              inject=lambda net: install(net, NO_UDP, "box_d"), repair=lambda net: uninstall(net, NO_UDP, "box_d"),
              injected=lambda net: has_rules(net, "box_d", "inet no_udp forward"), breaks=["dan"],
              hints=("dan reaches 203.0.113.10.", "What are the mesh's own packets? Listen at box_d, on both sides.",
                     "Look at 'nft list ruleset' on box_d.")),
    ],
)

topos = {"vpn_mesh": Mesh}
