"""The router's routes: shared, backed up, swallowed, changed, and kept over a restart; in memory."""

import dpkt

from controllers import inet
from controllers.router_settings import RouterSettings
from controllers.topology import Endpoint
from tests.unit.controllers.network import FakeHost, FakeNetwork
from tests.unit.controllers.test_router import NETWORKS, A, C, G, H, router, udp

STATIC = {
    "networks": {**NETWORKS, "outside": {"subnet": "10.0.0.0/24", "ports": ["s3"]}},
    "routes": [{"to": "172.16.0.0/12", "via": ["10.0.0.2", "10.0.0.3"]},
               {"to": "0.0.0.0/0", "via": "10.0.0.2", "backup": "10.0.0.3"},
               {"to": "172.20.0.0/16"}],
}


class Edge:
    """A department, and two routers outside."""

    def __init__(self, **more) -> None:
        self.network = FakeNetwork(router(**(STATIC | more)), [((1, 9), (3, 9))], [(1, 1), (3, 1), (3, 2), (3, 3)])
        self.a = FakeHost(self.network, (1, 1), A, "192.168.1.10")
        self.first = FakeHost(self.network, (3, 1), G, "10.0.0.2")
        self.second = FakeHost(self.network, (3, 2), H, "10.0.0.3")
        self.network.until_ready()
        self.network.tick(5)
        self.counts()

    def counts(self) -> tuple[int, int]:
        """Packets at each of the two, since last asked."""
        kept = [[packet for packet in host.received() if dpkt.ip.IP(packet).p == inet.UDP]
                for host in (self.first, self.second)]
        return len(kept[0]), len(kept[1])


def test_equal_routes_share_connections():
    edge = Edge()
    for number in range(6):
        edge.a.send(udp("192.168.1.10", "172.16.0.1", port=number + 1), choose=number)
    assert edge.counts() == (3, 3)


def test_the_longest_prefix_wins_and_a_black_hole_swallows():
    edge = Edge()
    edge.a.send(udp("192.168.1.10", "172.20.0.1"))
    edge.a.send(udp("192.168.1.10", "8.8.8.8"))
    assert edge.counts() == (1, 0)


def test_a_backup_takes_over_when_the_next_hop_is_gone_and_gives_back():
    edge = Edge()
    edge.network.set_wire(Endpoint(3, 1), up=False)
    edge.a.send(udp("192.168.1.10", "8.8.8.8"))
    edge.a.send(udp("192.168.1.10", "172.16.0.1"))
    assert edge.counts() == (0, 2)

    edge.network.set_wire(Endpoint(3, 1), up=True)
    edge.first.announce()
    edge.network.tick(40)
    edge.a.send(udp("192.168.1.10", "8.8.8.8"))
    assert edge.counts() == (1, 0)


def test_a_backup_takes_over_without_the_controller():
    """On the switch that has the next hop's port, at once."""
    edge = Edge()
    inside = FakeHost(edge.network, (3, 3), C, "10.0.0.50")
    edge.network.lost |= {1, 3}
    edge.network.switches[3].down.add(1)
    inside.send(udp("10.0.0.50", "8.8.8.8"))
    assert edge.counts() == (0, 1)


def test_routes_change_while_traffic_flows():
    edge = Edge()
    changed = {**STATIC, "loops": False, "routes": [{"to": "0.0.0.0/0", "via": "10.0.0.3"}]}
    edge.network.bridge.reconfigure(RouterSettings.model_validate(changed))
    edge.network.run()
    edge.a.send(udp("192.168.1.10", "8.8.8.8"))
    assert edge.counts() == (0, 1)
    assert ("settings_applied", {"change": 1}) in edge.network.bridge.events


def test_networks_do_not_change_while_traffic_flows():
    edge = Edge()
    edge.network.bridge.reconfigure(RouterSettings.model_validate({"networks": NETWORKS}))
    assert "networks" in dict(edge.network.bridge.events)["settings_refused"]["reason"]


def test_a_restarted_router_keeps_its_neighbours_and_loses_no_packet():
    edge = Edge()
    edge.a.send(udp("192.168.1.10", "172.16.0.1"))
    edge.counts()
    flows = {dpid: dict(switch.flows) for dpid, switch in edge.network.switches.items()}

    edge.network.take_over(router(now=9000.0, **STATIC))
    for dpid in (3, 1):
        edge.network.connect(dpid)
        edge.a.send(udp("192.168.1.10", "172.16.0.1"))
        assert sum(edge.counts()) == 1
    edge.network.until_ready()

    assert {dpid: dict(switch.flows) for dpid, switch in edge.network.switches.items()} == flows
