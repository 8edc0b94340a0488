"""The pure parts of the kit."""

import doctest
import importlib

import pytest

from scenarios.kit.addressing import Subnet
from scenarios.kit.capture import Packet, compile_filter, describe, search
from scenarios.kit.claims.application import spelled_out
from scenarios.kit.errors import LabError
from scenarios.kit.topo import Topo
from scenarios.kit.waiting import TimedOut, poll, until


@pytest.mark.parametrize("module", ["addressing", "capture", "expect", "netlink", "ovs", "pinger"])
def test_examples_in_docstrings(module):
    assert doctest.testmod(importlib.import_module(f"scenarios.kit.{module}")).failed == 0


def test_a_lan_is_described_once():
    topo = Topo()
    topo.addRouter("router")
    topo.addLan("s1", Subnet("192.168.1.0/24"), router=(1, "lan"), laptop=10, gateway="router")

    assert topo.hosts() == ["laptop", "router"]
    assert topo.nodeInfo("laptop")["defaultRoute"] == "via 192.168.1.1"
    assert "defaultRoute" not in topo.nodeInfo("router")
    info = {info["node1"]: info for *_, info in topo.links(withInfo=True)}
    assert info["router"]["intfName1"] == "lan"
    assert info["laptop"]["params1"] == {"ip": "192.168.1.10/24"}


def test_a_wire_has_two_ends():
    with pytest.raises(ValueError, match="a wire has two ends, not 3"):
        Topo().addWire(Subnet("10.0.0.0/30"), a=1, b=2, c=3)


def test_waiting_ends_with_the_name_of_what_did_not_come():
    with pytest.raises(TimedOut, match=r"waited 0\.01 s for the moon, in vain"):
        until(lambda: False, within=0.01, what="the moon")


def test_waiting_returns_what_came():
    answers = iter([0, 0, 7])

    assert until(lambda: next(answers), within=5, what="a number") == 7


def test_a_poll_asks_at_least_once():
    assert poll(lambda: "now", within=0) == "now"


def test_a_filter_is_compiled_and_a_wrong_one_told():
    assert len(compile_filter("tcp port 80")) % 8 == 0
    with pytest.raises(LabError, match=r"the filter 'tcp prot 80' is malformed: .*pcap-filter"):
        compile_filter("tcp prot 80")


SYN = bytes.fromhex("0200000000020200000000010800"
                    "4500002800010000400600000a0000010a000002"
                    "c3500050000000010000000050022000000000006869")


def test_a_packet_is_taken_apart():
    packet = Packet(0.0, "a:eth0", True, SYN)

    assert (packet.src, packet.dst, packet.ttl) == ("10.0.0.1", "10.0.0.2", 64)
    assert (packet.eth_src, packet.eth_dst) == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    assert describe(packet) == "10.0.0.1:50000 > 10.0.0.2:80 TCP SYN, 56 bytes"
    assert str(packet).startswith("a:eth0 > ")


def test_a_packet_without_ethernet():
    assert Packet(0.0, "a:tun0", True, SYN[14:], raw_ip=True).dst == "10.0.0.2"


def test_a_payload_is_found():
    packets = [Packet(0.0, "a:eth0", True, SYN)]

    assert search(packets, b"hi") == packets
    assert not search(packets, b"secret")


class Net(dict):
    pass


def test_a_url_with_an_unknown_host_stays_as_it_is():
    assert spelled_out(Net(), "http://www.example.com:8080/x") == "http://www.example.com:8080/x"


def test_every_word_of_the_kit_is_there():
    from scenarios import kit

    assert sorted(kit.__all__) == sorted(kit._HOME)
    assert all(getattr(kit, word) for word in kit.__all__)


def test_the_command_line_starts_without_the_engine():
    import subprocess
    import sys

    seen = subprocess.run([sys.executable, "-P", "-c", "import sys, scenarios.__main__; print(*sys.modules)"],
                          capture_output=True, text=True, check=True).stdout.split()

    assert not {"mininet", "pydantic", "rich", "dpkt", "networkx"} & set(seen)
