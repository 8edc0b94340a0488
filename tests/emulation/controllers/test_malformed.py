"""Thousands of malformed frames, from a host that means no good: no controller crashes, stops, or forgets its work."""

import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import pytest

from scenarios.kit import Subnet, Topo, waiting
from scenarios.kit.command import run
from scenarios.kit.openflow import controller_view
from tests.emulation.controllers.networks import answers, packed, running

LAN = Subnet("192.168.1.0/24")
NETWORKS = {"it": {"subnet": ["192.168.1.0/24", "2001:db8:1::/64"], "ports": ["s1"], "dhcp_relay": "192.168.1.20"}}
SERVICES = {"web": {"address": "192.168.1.100", "port": 80, "servers": [{"address": "192.168.1.20"}]}}
APPS = {"learning_switch": {}, "router": {"networks": NETWORKS}, "load_balancer": {"services": SERVICES}}
CURIOUS = {"max_stations": 10_000, "packet_in_rate": 10_000}  # the controller wants to see it all
NEAREST_BRIDGE = "0180c200000e"
TARGETS = ["0e0000000001", "0e0000000002", "ffffffffffff", "333300000001", NEAREST_BRIDGE]  # where somebody listens
COUNT = 4000


class Room(Topo):
    """Two decent hosts and a rogue."""

    def build(self):
        self.addLan("s1", LAN, ann=10, abe=20, rogue=66)


def seeds(mac: bytes, inner: Callable[[bytes], bytes]) -> list[bytes]:
    """Well-formed frames, from the ethertype on, of every kind that a controller reads; ``inner`` spoils what is inside
    headers that are right, so that a reader comes to read it.
    """
    ann, gateway, front = (bytes([192, 168, 1, last]) for last in (10, 1, 100))
    arp = b"\x08\x06" + inner(b"\0\1\x08\0\6\4\0\1" + mac + ann + bytes(6) + gateway)
    discover = b"\1\1\6\0\1\2\3\4\0\0\x80\0" + bytes(16) + mac + bytes(202) + b"\x63\x82\x53\x63\xff"
    dhcp = ipv4(17, bytes(4), b"\xff" * 4, udp(68, 67, inner(discover)))
    echo = ipv4(1, ann, gateway, inner(b"\x08\0\0\0\0\1\0\1" + bytes(8)))
    syn = ipv4(6, ann, front, inner(b"\x10\0\0\x50\0\0\0\1\0\0\0\0\x50\2\4\0\0\0\0\0"))
    neighbour = inner(b"\x87\0\0\0\0\0\0\0\x20\1\x0d\xb8\0\1" + bytes(9) + b"\1\1\1" + mac)
    solicitation = (b"\x86\xdd\x60\0\0\0" + len(neighbour).to_bytes(2) + b"\x3a\xff" + bytes(16) + b"\xff\2"
                    + bytes(13) + b"\1" + neighbour)
    lldp = b"\x88\xcc" + inner(b"\2\x09\7" + bytes(7) + b"\1\4\5\7\0\0\0\1\6\2\0\4\xfe\x14\0\x26\xe1\x5e" + bytes(18))
    tagged = [b"\x81\0\0\x0a" + arp, b"\x81\0\xff\xff" + echo, b"\x88\xa8\0\1" + lldp]
    return [arp, dhcp, echo, syn, solicitation, lldp, *tagged]


def ipv4(protocol: int, source: bytes, target: bytes, payload: bytes) -> bytes:
    length = (20 + len(payload)).to_bytes(2)
    return b"\x08\0\x45\0" + length + b"\0\0\0\0\x40" + bytes([protocol]) + b"\0\0" + source + target + payload


def udp(source: int, target: int, payload: bytes) -> bytes:
    return source.to_bytes(2) + target.to_bytes(2) + (8 + len(payload)).to_bytes(2) + b"\0\0" + payload


def spoilt(frame: bytes, random: Random) -> bytes:
    """With some wrong bytes, and perhaps cut short."""
    changed = bytearray(frame)
    for _ in range(random.randrange(6)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed[:random.randrange(2, len(changed) + 1)] if random.random() < 0.5 else changed)


def mouth(interface: str) -> socket.socket:
    """A socket that says any frame at all."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.bind((interface, 0))
    return opened


def say(net, frames) -> None:
    """Have the rogue say them all, no faster than the switch can hear."""
    before = taken(net)
    with net["rogue"].place.run(mouth, net["rogue"].defaultIntf().name) as rogue:
        for number, frame in enumerate(frames, 1):
            rogue.send(frame)
            if number % 50 == 0:
                waiting.poll(lambda number=number: taken(net) - before >= number, within=0.05)
    assert taken(net) - before > COUNT * 0.9, "the switch has heard most of them"


def taken(net) -> int:
    """Frames that have come in by the rogue's port."""
    return controller_view(net, "counters", port="s1-eth3")[0]["rx_packets"]


def nonsense(mac: bytes) -> Iterator[bytes]:
    """Spoilt frames of every kind, to whoever reads that kind; most of them from an address of their own."""
    random = Random(7)
    spoil, leave = partial(spoilt, random=random), bytes
    for number in range(COUNT):
        within, around = (spoil, leave) if number % 2 else (leave, spoil)
        kind = random.choice(seeds(mac, within))
        target = NEAREST_BRIDGE if kind.startswith(b"\x88\xcc") else random.choice(TARGETS)
        source = b"\2" + random.randbytes(5) if number % 4 else mac
        yield bytes.fromhex(target) + source + around(kind)


@pytest.mark.lab
@pytest.mark.parametrize("application", APPS)
def test_malformed_frames_do_no_harm(application):
    with running(Room(), application, APPS[application] | CURIOUS) as net:
        assert answers(net, "ann", "abe")
        say(net, nonsense(packed(net["rogue"].MAC())))
        waiting.until(lambda: shown(net) > COUNT / 2, within=10, what="the controller to be shown most of it")
        assert answers(net, "ann", "abe")
        assert answers(net, "abe", "ann")
        assert [row["connected"] for row in controller_view(net, "switches")] == [True]


def shown(net) -> int:
    """Frames that the rules have shown the controller."""
    return sum(row["packets"] for row in controller_view(net, "flows") if "CONTROLLER" in row["does"])


@pytest.mark.lab
@pytest.mark.parametrize("application", APPS)
def test_a_flood_of_strangers_keeps_nobody_from_talking(application):
    """Each frame from another address: the controller learns some, and then lets the port be."""
    random = Random(8)
    with running(Room(), application, APPS[application] | {"max_stations": 50}) as net:
        say(net, (b"\xff" * 6 + b"\2" + random.randbytes(5) + b"\x88\xb5" + bytes(46) for _ in range(COUNT)))
        assert answers(net, "ann", "abe")
        assert len(controller_view(net, "hosts", port="s1-eth3")) <= 50


@pytest.mark.lab
def test_the_controller_is_shown_no_more_than_its_share():
    """What a switch would have to show is metered there; nobody else notices."""
    with running(Room(), settings={"packet_in_rate": 100}) as net:
        forged = packed("01:80:c2:00:00:0e") + packed(net["rogue"].MAC()) + b"\x88\xcc" + bytes(46)
        say(net, (forged for _ in range(COUNT)))
        assert answers(net, "ann", "abe")
        waiting.until(lambda: withheld(net) > COUNT / 2, within=5, what="the switch to tell what it has withheld")


def withheld(net) -> int:
    """Frames that a switch has not shown, because there were too many."""
    told = run(net["s1"], "ovs-ofctl", "-O", "OpenFlow13", "meter-stats", "s1", "meter=controller")
    found = re.search(r"bands:\s*0: packet_count:(\d+)", told)
    assert found, told
    return int(found[1])
