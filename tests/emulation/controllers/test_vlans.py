"""VLANs of the learning switch: access ports, trunks, and equal addresses."""

import socket
import struct

import pytest

from scenarios.kit import Subnet, Topo, waiting
from scenarios.kit.capture import taps
from scenarios.kit.inject import send_frame
from scenarios.kit.openflow import controller_view
from tests.emulation.controllers.networks import EXPERIMENTAL, heard, packed, running, send

LAN = Subnet("10.0.0.0/24")
TWIN = "02:00:00:00:00:aa"
PORTS = {f"s{switch}-eth{port}": {"access": vlan} for switch in (1, 2) for port, vlan in ((1, 10), (2, 20))}
SOL_PACKET, PACKET_AUXDATA, ETH_P_ALL = 263, 8, 3
TRUNK = {"s1-eth3": {"trunk": [10, 20]}}


class Floors(Topo):
    """Two switches, each with a host in VLAN 10 and one in VLAN 20; on the first a host that hears both, with tags."""

    def build(self):
        for floor in 1, 2:
            self.addLan(f"s{floor}", LAN, **{f"red{floor}": floor, f"blue{floor}": 10 + floor})
        self.addLan("s1", LAN, trunk=99)
        self.addLink("s1", "s2")


@pytest.fixture(scope="module")
def net():
    with running(Floors(), settings={"ports": PORTS | TRUNK}) as running_net:
        yield running_net


@pytest.mark.lab
def test_hosts_reach_each_other_within_their_vlan_only(net):
    hosts = [net[name] for name in ("red1", "red2", "blue1", "blue2")]
    answered = net.reach(hosts, within=1)
    assert {pair for pair, there in answered.items() if there} == {
        (one, other) for one, other in answered if one[:3] == other[:3]}


@pytest.mark.lab
def test_a_trunk_hears_both_vlans_with_their_tags(net):
    with net["trunk"].place.run(ear_for_tags, net["trunk"].defaultIntf().name) as ear:
        for sender in "red2", "blue2":
            send(net, sender, "ff:ff:ff:ff:ff:ff")
        heard_tags = sorted(tag_of(ear) for _ in range(2))
    assert heard_tags == [10, 20]


def ear_for_tags(interface: str) -> socket.socket:
    """Kernels take VLAN tags off before anybody sees a frame; they tell them beside it (PACKET_AUXDATA, packet(7))."""
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    ear.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    ear.bind((interface, ETH_P_ALL))
    ear.settimeout(5)
    return ear


def tag_of(ear: socket.socket) -> int:
    """The VLAN of the next frame of our experiment (struct tpacket_auxdata)."""
    frame = b""
    while frame[12:14] != EXPERIMENTAL.to_bytes(2):
        frame, ancillary, _, _ = ear.recvmsg(2048, 256)
    return struct.unpack("IIIHHHH", ancillary[0][2])[5] & 0xFFF


@pytest.mark.lab
def test_the_same_address_in_two_vlans_is_two_stations(net):
    for host in "red1", "blue2":
        net[host].setMAC(TWIN)
    hosts = [net[name] for name in ("red1", "red2", "blue1", "blue2")]
    answered = net.reach(hosts, within=1)
    assert {pair for pair, there in answered.items() if there} == {
        (one, other) for one, other in answered if one[:3] == other[:3]}
    places = {(row["vlan"], row["switch"]) for row in controller_view(net, "hosts", mac=TWIN)}
    assert places == {(10, "s1"), (20, "s2")}


@pytest.mark.lab
def test_a_frame_that_jumps_into_another_vlan_is_dropped(net):
    """A tag on an access port is not believed."""
    intf = net["red1"].defaultIntf()
    source = packed(intf.MAC())
    forged = b"\xff" * 6 + source + b"\x81\x00\x00\x14\x88\xb5" + bytes(46)
    with taps(net, "blue1", "blue2", "red2", filter="ether proto 0x88b5") as (blue1, blue2, red2):
        send_frame(net, f"red1:{intf.name}", forged)
        send(net, "red1", "ff:ff:ff:ff:ff:ff")
        waiting.until(lambda: heard(red2), within=5, what="the frame that is allowed")
        assert not heard(blue1)
        assert not heard(blue2)
        assert len(heard(red2)) == 1
