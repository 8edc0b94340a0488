"""The engine under every scenario: networks of all sizes, built, asked, changed and taken apart."""

import os
import re
import socket
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from mininet import log
from mininet.topo import LinearTopo, SingleSwitchTopo, Topo
from mininet.topolib import TreeTopo

from scenarios.kit import ovs, vswitchd, waiting
from scenarios.kit.errors import LabError
from scenarios.kit.links import TCLink
from scenarios.kit.net import Net
from scenarios.kit.nodes import Bridge, Host, Node
from scenarios.kit.vswitchd import RUN

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def build():
    """Start a network; it is stopped when the test ends."""
    nets = []

    def started(topo, **options):
        nets.append(Net(topo, **{"switch": Bridge, **options}))
        nets[-1].start()
        return nets[-1]

    yield started
    for net in nets:
        net.stop()


def switch_daemon() -> str:
    """The process number of the one that runs."""
    return (RUN / "ovs-vswitchd.pid").read_text()


def unreachable(net, **options) -> list[tuple[str, str]]:
    return [pair for pair, answered in net.reach(**options).items() if not answered]


class TestReachability:
    def test_every_pair_of_a_tree_answers(self, build):
        assert unreachable(build(TreeTopo(2, 4))) == []

    def test_over_ipv6_as_well(self, build):
        topo = SingleSwitchTopo(3)
        for number, name in enumerate(topo.hosts(), 1):
            topo.setlinkInfo(name, "s1", topo.linkInfo(name, "s1") | {"params1": {"ip6": f"2001:db8::{number}/64"}})

        assert unreachable(build(topo), family=6) == []

    def test_a_host_that_is_cut_off_is_missed_by_all_and_nobody_else_is(self, build):
        net = build(SingleSwitchTopo(4))
        net.configLinkStatus("h3", "s1", "down")

        assert sorted(unreachable(net, within=0.5)) == sorted(
            pair for other in ("h1", "h2", "h4") for pair in [("h3", other), (other, "h3")])

        net.configLinkStatus("h3", "s1", "up")
        assert unreachable(net) == []

    def test_the_report_reads_like_mininets(self, build, monkeypatch):
        net = build(SingleSwitchTopo(2))
        printed = []
        monkeypatch.setattr(log, "output", printed.append)

        assert net.pingAll() == 0
        assert "".join(printed) == ("*** Ping: testing ping reachability\nh1 -> h2 \nh2 -> h1 \n"
                                    "*** Results: 0% dropped (2/2 received)\n")


class TestSize:
    def test_a_switch_with_a_thousand_ports_serves_all_of_them(self, build):
        net = build(SingleSwitchTopo(1000))

        first, middle, last = net.get("h1", "h500", "h1000")
        assert unreachable(net, hosts=[first, middle, last]) == []

    def test_a_host_has_no_process_until_one_is_asked_for(self, build):
        before = processes()
        net = build(SingleSwitchTopo(20))

        assert set((processes() - before).elements()) <= {"ovsdb-server", "ovs-vswitchd"}
        assert net["h1"].cmd("echo yes").strip() == "yes"
        assert (processes() - before)["bash"] == 1

    def test_a_cable_has_one_queue_each_way_for_more_would_take_time_to_be_undone(self, build):
        net = build(SingleSwitchTopo(2))

        for told in net["h1"].cmd("ip -d link show h1-eth0"), net["s1"].cmd("ip -d link show s1-eth1"):
            assert "numtxqueues 1 numrxqueues 1 " in told

    def test_switches_made_one_by_one_are_started_together(self, build, monkeypatch):
        asked = []
        transact = ovs.transact
        monkeypatch.setattr(ovs, "transact", lambda operations, **options:
                            asked.append(operations) or transact(operations, **options))
        net = build(None, switch=partial(Bridge, datapath="user"))
        for number in range(1, 5):
            net.addLink(net.addHost(f"h{number}"), net.addSwitch(f"s{number}"))
        net.start()

        made = [sum(row["op"] == "insert" and row["table"] == "Bridge" for row in operations) for operations in asked]
        assert [number for number in made if number] == [4]


class TestTwoNetworks:
    @pytest.fixture
    def stopped(self, build):
        """A network that was stopped while another runs, and that other one."""
        first = build(SingleSwitchTopo(2))
        topo = Topo()
        topo.addSwitch("s9")
        for number in 1, 2:
            topo.addLink(topo.addHost(f"x{number}", ip=f"10.9.0.{number}/8"), "s9")
        second = build(topo)
        first.stop()
        return first, second

    def test_stopping_one_leaves_the_others_cables(self, stopped):
        assert unreachable(stopped[1]) == []

    def test_and_none_of_its_own(self, stopped):
        assert {name for _, name in socket.if_nameindex() if name.startswith("s")} == {"s9", "s9-eth1", "s9-eth2"}


class TestManyNamespaces:
    """While very many namespaces appear, the switch daemon had better not be there."""

    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch):
        monkeypatch.setattr(vswitchd, "MANY", 2)

    def test_it_is_another_afterwards(self, build):
        ovs.start()
        before = switch_daemon()

        assert unreachable(build(SingleSwitchTopo(4))) == []
        assert switch_daemon() != before

    def test_unless_it_has_a_bridge_to_forward_for(self, build):
        first = build(SingleSwitchTopo(2))
        before = switch_daemon()
        topo = Topo()
        for number in range(3):
            topo.addHost(f"x{number}")
        build(topo)

        assert switch_daemon() == before
        assert unreachable(first) == []


class TestShell:
    def test_it_is_in_the_hosts_own_network(self, build):
        net = build(SingleSwitchTopo(2))

        assert "h1-eth0" in net["h1"].cmd("ip link")
        assert "h2-eth0" not in net["h1"].cmd("ip link")
        assert net["h1"].cmd("hostname").strip() == "h1"

    def test_a_shell_whose_command_ignores_the_hangup_is_killed(self, build):
        host = build(SingleSwitchTopo(2))["h1"]
        host.cmd("trap '' HUP")
        host.sendCmd("sh -c 'trap \"\" HUP; exec sleep 60'")
        pid = host.pid

        host.terminate()

        assert not Path(f"/proc/{pid}").exists()

    @pytest.mark.parametrize("way_out", ["exit", "exit 3", "sleep 60 & exit"])
    def test_one_that_is_left_is_followed_by_another(self, build, way_out):
        host = build(SingleSwitchTopo(2))["h1"]
        left = host.pid

        assert "exit" in host.cmd(way_out).split()
        assert host.cmd("hostname").strip() == "h1"
        assert host.pid != left

    def test_end_of_input_that_no_command_reads_is_no_end_of_the_host(self, build):
        host = build(SingleSwitchTopo(2))["h1"]
        host.sendCmd("true")
        host.write("\x04")
        host.waitOutput()
        host.cmd("true")  # which the shell may take its leave instead of

        assert host.cmd("hostname").strip() == "h1"


class TestChange:
    def test_a_host_added_to_a_running_network_is_reached(self, build):
        net = build(SingleSwitchTopo(2))
        link = net.addLink(net.addHost("h9", ip="10.0.0.9/8"), net["s1"])
        net["h9"].configDefault()
        net["s1"].attach(link.intf2)

        assert unreachable(net) == []

    def test_a_cable_that_is_deleted_leaves_no_interface(self, build):
        net = build(LinearTopo(2))
        net.delLinkBetween(net["s1"], net["s2"])

        assert not {"s1-eth2", "s2-eth2"} & {name for _, name in socket.if_nameindex()}
        assert unreachable(net, within=0.5)

    def test_a_new_address_takes_the_place_of_the_old(self, build):
        net = build(SingleSwitchTopo(2))
        net["h1"].setIP("10.0.0.77/8")

        assert "10.0.0.1/8" not in net["h1"].cmd("ip address")
        assert unreachable(net) == []


class TestStop:
    def test_nothing_is_left_and_the_names_are_free(self):
        for _ in range(2):
            net = Net(TreeTopo(2, 3), switch=Bridge)
            net.start()
            assert unreachable(net) == []
            net.stop()

        ours = re.compile(r"s\d+(-eth\d+)?")
        gone = waiting.poll(lambda: not any(ours.fullmatch(name) for _, name in socket.if_nameindex()), within=5)
        assert gone, socket.if_nameindex()

    def test_no_descriptor_is_left(self):
        Net(SingleSwitchTopo(2), switch=Bridge).stop()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            net = Net(SingleSwitchTopo(5), switch=Bridge)
            net.start()
            net["h1"].cmd("true")
            net.stop()

        waiting.poll(lambda: len(os.listdir("/proc/self/fd")) <= before + 1, within=5)  # packet sockets being closed
        assert len(os.listdir("/proc/self/fd")) <= before + 1

    def test_the_switch_daemon_comes_back_for_the_next_network(self, build):
        first = Net(SingleSwitchTopo(2), switch=Bridge)
        first.start()
        pid = switch_daemon()
        first.stop()

        assert unreachable(build(SingleSwitchTopo(2))) == []
        assert switch_daemon() != pid


class TestComplaints:
    def test_a_name_that_is_too_long(self):
        topo = Topo()
        topo.addLink(topo.addHost("h1"), topo.addHost("h2"), intfName1="a-name-of-16-chars")

        with pytest.raises(LabError, match="'a-name-of-16-chars' is longer than the kernel's 15 characters"):
            Net(topo)

    def test_an_address_that_is_none(self):
        topo = Topo()
        topo.addLink(topo.addHost("h1", ip="10.0.0.300/8"), topo.addHost("h2"))

        with pytest.raises(LabError, match=r"h1-eth0: '10\.0\.0\.300/8' does not appear to be"):
            Net(topo)

    def test_a_route_that_the_kernel_refuses(self):
        topo = Topo()
        topo.addLink(topo.addHost("h1", defaultRoute="via 192.0.2.1"), topo.addHost("h2"))

        with pytest.raises(LabError, match="h1: the kernel refused a route: Network is unreachable"):
            Net(topo)

    def test_a_network_that_could_not_be_built_is_in_nobodys_way(self, build):
        topo = SingleSwitchTopo(2)
        topo.setNodeInfo("h1", {"defaultRoute": "via 192.0.2.1"})
        with pytest.raises(LabError, match="h1: the kernel refused a route"):
            Net(topo, switch=Bridge)

        assert unreachable(build(SingleSwitchTopo(2))) == []

    def test_a_network_whose_names_are_taken_leaves_the_other_alone(self, build):
        net = build(SingleSwitchTopo(2))
        with pytest.raises(LabError, match="the kernel refused the interface s1-eth1: File exists"):
            Net(SingleSwitchTopo(2), switch=Bridge)

        assert unreachable(net) == []


class TestUserspaceChecksums:
    @pytest.mark.parametrize("link", [None, TCLink], ids=["plain", "shaped"])
    def test_tcp_passes_a_userspace_switch(self, build, link):
        net = build(SingleSwitchTopo(2), **({"link": link} if link else {}))

        with net["h1"].place.run(_listen) as listener, net["h2"].place.run(_connect, net["h1"].IP()) as client:
            client.sendall(b"hello")
            with listener.accept()[0] as accepted:
                assert accepted.recv(5) == b"hello"


def test_a_class_of_the_users_own_configures_itself_when_its_addresses_are_there(build):
    class Curious(Host):
        def config(self, **params):
            super().config(**params)
            self.seen = self.cmd("ip -br address")

    net = build(SingleSwitchTopo(2), host=Curious)

    assert "10.0.0.1/8" in net["h1"].seen


def test_a_node_in_the_labs_own_namespace_shares_its_interfaces(build):
    build(SingleSwitchTopo(2))
    root = Node("root", inNamespace=False)

    assert "s1-eth1" in root.cmd("ip link")
    root.terminate()


def processes() -> Counter[str]:
    """How many there are of each name; one that has ended does not count."""
    states = [path.read_text().rpartition(") ") for path in Path("/proc").glob("[0-9]*/stat")]
    return Counter(head.partition("(")[2] for head, _, state in states if state[0] not in "ZX")


def _listen() -> socket.socket:
    return socket.create_server(("", 9000))


def _connect(address: str) -> socket.socket:
    return socket.create_connection((address, 9000), timeout=5)
