"""What this kernel does for a lab: which datapath forwards, and the features that not every kernel has.

In user-mode Linux none of this is skipped: it is a failure there when the datapath is not the kernel's.
"""

import re
from contextlib import contextmanager

import pytest

from scenarios.kit import Bridge, Scenario, Subnet, Topo, capability, uml
from scenarios.kit.command import attempt, run

IN_UML = (capability.NEIGHBOURS, capability.OVS_KERNEL, capability.NETEM, capability.VLAN, capability.VRF,
          capability.GRE, capability.ESP, capability.SIXLOWPAN)
DELAY = 200  # ms; the shortest of three round trips is never that long by itself


class Pair(Topo):
    def build(self):
        self.addSwitch("s1", cls=Bridge)
        self.addLan("s1", Subnet("10.0.0.0/24"), a=1, b=2)


scenario = Scenario(topo=Pair, claims=[])


def needs(feature):
    return pytest.mark.skipif(not feature.present, reason=f"this kernel lacks: {feature}")


@pytest.mark.skipif(not uml.inside(), reason="asks for what user-mode Linux has, and this is another kernel")
@pytest.mark.parametrize("feature", IN_UML, ids=str)
def test_user_mode_linux_has(feature):
    assert feature.present, feature.remedy


def test_frames_take_the_datapath_that_doctor_tells(net):
    kind = "system@ovs-system" if capability.OVS_KERNEL.present else "netdev@ovs-netdev"
    before = hits(net, kind)

    ping(net, "a", "10.0.0.2", "-c5")

    assert hits(net, kind) >= before + 5  # each way there is one frame that the daemon had to see


@needs(capability.OVS_KERNEL)
def test_the_kernel_itself_counts_what_it_forwards(net):
    """ovs-dpctl(8) asks the kernel, and not the daemon."""
    ping(net, "a", "10.0.0.2", "-c5")

    flows = run(net["s1"], "ovs-dpctl", "dump-flows", "system@ovs-system")
    assert re.search(r"eth_type\(0x0800\).* packets:[1-9]", flows)


@needs(capability.NETEM)
def test_netem_delays(net):
    assert round_trip(net) < DELAY
    put, taken = f"tc qdisc add dev a-eth0 root netem delay {DELAY}ms", "tc qdisc del dev a-eth0 root"
    with made(net, {"a": [put]}, {"a": [taken]}):
        assert round_trip(net) >= DELAY


@needs(capability.VLAN)
def test_a_vlan_device_hears_its_own_number_only(net):
    with devices(net, "link a-eth0 name t0 type vlan id 7", "link b-eth0 name t0 type vlan id 7"):
        ping(net, "a", "10.9.0.2")
    with devices(net, "link a-eth0 name t0 type vlan id 7", "link b-eth0 name t0 type vlan id 8"):
        assert not answers(net, "a", "10.9.0.2")


@needs(capability.GRE)
def test_a_gre_tunnel_has_two_ends(net):
    there, back = "name t0 type gre local 10.0.0.1 remote 10.0.0.2", "name t0 type gre local 10.0.0.2 remote 10.0.0.1"
    with devices(net, there, back):
        ping(net, "a", "10.9.0.2")
    with devices(net, there, f"{back} key 5"):
        assert not answers(net, "a", "10.9.0.2")


@needs(capability.VRF)
def test_an_interface_in_a_vrf_is_reached_by_its_table_only(net):
    into = ["ip link add red type vrf table 10", "ip link set red up", "ip link set a-eth0 master red"]
    with made(net, {"a": into}, {"a": ["ip link del red"]}):
        ping(net, "a", "10.0.0.2", "-I", "red")
        assert not answers(net, "a", "10.0.0.2")
    ping(net, "a", "10.0.0.2")


def ping(net, node: str, target: str, *options: str) -> str:
    return run(net[node], "ping", "-n", "-c3", "-i0.2", "-W5", *options, target)


def answers(net, node: str, target: str) -> bool:
    return attempt(net[node], "ping", "-n", "-c1", "-W1", target).returncode == 0


def round_trip(net) -> float:
    """The shortest, in ms."""
    return float(ping(net, "a", "10.0.0.2").rpartition("= ")[2].partition("/")[0])


def hits(net, datapath: str) -> int:
    """Frames for which the datapath knew what to do."""
    found = re.search(r"lookups: hit:(\d+)", run(net["s1"], "ovs-appctl", "dpctl/show", "-s", datapath))
    assert found
    return int(found[1])


@contextmanager
def devices(net, at_a: str, at_b: str):
    """A device t0 at either end, with addresses 10.9.0.1 and 10.9.0.2."""
    commands = {name: [f"ip link add {what}", f"ip addr add 10.9.0.{number}/24 dev t0", "ip link set t0 up"]
                for number, (name, what) in enumerate({"a": at_a, "b": at_b}.items(), 1)}
    with made(net, commands, {name: ["ip link del t0"] for name in commands}):
        yield


@contextmanager
def made(net, commands: dict[str, list[str]], undone: dict[str, list[str]]):
    for name, lines in commands.items():
        for line in lines:
            run(net[name], *line.split())
    try:
        yield
    finally:
        for name, lines in undone.items():
            for line in lines:
                run(net[name], *line.split())
