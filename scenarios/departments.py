r"""Departments, each a subnet of its own, and a policy that says who may speak to whom.

     ivy .10  ian .11     fay .10  finn .11     hal .10  hope .11     dan .10  dora .11
         IT                  Finance                 HR                 Developers
     192.168.1.0/24       192.168.2.0/24        192.168.3.0/24        192.168.4.0/24
           |                    |                     |                     |
          s1                   s2                    s3                    s4
           +--------------------+------- s5 ----------+---------------------+
                                          |  192.168.5.0/24             :
                                        wiki .10                       c0: Ryu, router

There is no router to be seen: every switch is a part of one. The controller gives them rules by which a packet for
another department gets new Ethernet addresses and one hop less to live, at the switch where it enters. Which packets
may pass is written in scenarios/data/departments.yaml; change that file while the network runs, and it follows.
"""

from scenarios.kit import Fault, Look, Scenario, Topo, fetches, path, ryu
from scenarios.kit.actions import carrier, plug, pull
from scenarios.kit.capability import OVS_ZONES, program
from scenarios.kit.catalogue import DATA
from scenarios.kit.claims.forwarding import broadcast_stays
from scenarios.kit.claims.nat import stopped
from scenarios.kit.claims.policies import as_permitted, shown, stops_live, under
from scenarios.kit.policy import Policy
from scenarios.kit.services import Web

FILE = DATA / "departments.yaml"
POLICY = Policy.read(FILE)
MEMBERS = {"it": {"ivy": 10, "ian": 11}, "finance": {"fay": 10, "finn": 11}, "hr": {"hal": 10, "hope": 11},
           "developers": {"dan": 10, "dora": 11}, "servers": {"wiki": 10}}
PEOPLE, PORTS = tuple(name for members in MEMBERS.values() for name in members), (80, 22)
ALONE, OPENED = POLICY.changed([]), POLICY.changed([
    {"from": "developers", "to": "hr", "action": "allow", "protocol": "tcp", "ports": [22]}, *POLICY.rules()])
SLIP = POLICY.changed([{"from": "finance", "to": "hr", "action": "allow"}, *POLICY.rules()])
OTHERS = tuple(name for name in PEOPLE if name not in MEMBERS["finance"])


class Departments(Topo):
    """A switch for each department, and the servers' in the middle."""

    def build(self):
        for name, members in MEMBERS.items():
            network = POLICY.networks[name]
            for member in members:
                services = [Web()] if member == "wiki" else []
                self.addHost(member, defaultRoute=f"via {network.gateway}", services=services)
            self.addLan(network.ports[0], network.plan, **members)
        for switch in ("s1", "s2", "s3", "s4"):
            self.addLink(switch, "s5")


scenario = Scenario(
    topo=Departments,
    chapter=2,
    controller=ryu("router", FILE),
    requires=[OVS_ZONES, *map(program, ("ovs-vswitchd", "nginx", "curl"))],
    table=POLICY.table(),
    claims=[
        as_permitted(FILE, PEOPLE, PORTS),
        fetches("dan", "http://wiki/", shows="wiki at your service"),
        path("ivy", "192.168.1.1", "fay", within=3),
        broadcast_stays("fay", near=("finn",), far=OTHERS),
        stopped("fay", "ivy", outside="s2:eth1", inside="s1:eth1"),
        shown(POLICY),
        stops_live("ivy", "hope", "c0", forbidding=ALONE),
        under(ALONE, "c0", "with no exceptions nothing passes", PEOPLE, PORTS),
        under(OPENED, "c0", "developers are let into HR's port 22", PEOPLE, PORTS),
    ],
    look=[
        Look("fay", "icmp", "while ivy pings fay: TTL 63, from 0e:00:00:00:00:01, a card that no machine has"),
        Look("hal", "icmp", "while dan pings hal: nothing; the switch where dan is drops his question"),
    ],
    faults=[
        Fault("policy_slip", "somebody in Finance reads what HR writes", layer="filter",
              inject=lambda net: net["c0"].reconfigure(SLIP.text()), repair=lambda net: net["c0"].reconfigure(None),
              injected=lambda net: not net["c0"].settings.is_symlink(), breaks=["every pair"],
              hints=("Cables, addresses and routes are right.", "Who reaches whom that should not?",
                     "Compare the controller's policy, /tmp/c0/departments.yaml in the lab, with what was agreed.")),
        Fault("cable_out", "HR is cut off", layer="link",
              inject=lambda net: pull(net, "s3-s5"), repair=lambda net: plug(net, "s3-s5"),
              injected=lambda net: not carrier(net, "s5:s5-eth4"), breaks=["every pair", "stream", "HR's"],
              hints=("hal and hope still see each other.", "What do they share with nobody else?",
                     "Look at the ports of s3: ovs-ofctl -O OpenFlow13 show s3.")),
    ],
)

topos = {"departments": Departments}
