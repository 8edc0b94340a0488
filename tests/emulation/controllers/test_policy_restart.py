"""A router with a policy of every kind of rule is killed and started: it finds its rules as they were."""

import pytest

from scenarios.kit import Subnet, Topo
from tests.emulation.controllers.networks import answers, rules_of, running

IT, FINANCE = Subnet("192.168.1.0/24"), Subnet("192.168.2.0/24")
RULES = [
    {"from": "it", "to": "any", "action": "allow", "limit": 100000},
    {"from": "finance", "to": "it", "action": "deny", "protocol": "udp"},
    {"from": ["finance", "10.0.0.0/8"], "to": "it", "action": "allow", "protocol": "tcp", "ports": [80, "8000-8010"]},
    {"from": "any", "to": "2001:db8:1::/64", "action": "allow", "protocol": "icmp"},
]


class Rooms(Topo):
    def build(self):
        self.addHost("ann", defaultRoute=f"via {IT.member(1).ip}")
        self.addHost("fay", defaultRoute=f"via {FINANCE.member(1).ip}")
        self.addLan("s1", IT, ann=10)
        self.addLan("s2", FINANCE, fay=10)
        self.addLink("s1", "s2")


@pytest.mark.lab
@pytest.mark.parametrize("stateful", [False, True])
def test_rules_are_found_as_they_were(stateful):
    networks = {"it": {"subnet": ["192.168.1.0/24", "2001:db8:1::/64"], "ports": ["s1"], "limit": 50000},
                "finance": {"subnet": "192.168.2.0/24", "ports": ["s2"]}}
    policy = {"default": "deny", "stateful": stateful, "rules": RULES}
    with running(Rooms(), "router", {"networks": networks, "policy": policy}) as net:
        assert answers(net, "ann", "fay")
        before = {switch.name: rules_of(switch) for switch in net.switches}
        net["c0"].kill()
        net["c0"].start()
        assert net.waitConnected()
        assert answers(net, "ann", "fay")
        assert {switch.name: rules_of(switch) for switch in net.switches} == before
