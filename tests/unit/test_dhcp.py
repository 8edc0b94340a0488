"""DHCP as text and bytes: the server's configuration, and messages as a capture has them."""

from pathlib import Path
from types import SimpleNamespace

import dpkt

from scenarios.kit.capture import Packet
from scenarios.kit.claims.dhcp import Message
from scenarios.kit.services import DhcpServer

CARD = SimpleNamespace(IP=lambda: "192.168.1.1", prefixLen=24)
NODE = SimpleNamespace(nameToIntf={"lan": CARD}, supervisor=SimpleNamespace(directory=Path("/tmp/router")))


def test_what_a_server_lends():
    lines = DhcpServer("192.168.1.100-192.168.1.101", reserved={"02:00:00:00:00:50": "192.168.1.50"},
                       names={"router": "192.168.1.1"}, lease=300).files(NODE)["dnsmasq.conf"].splitlines()

    assert "dhcp-range=192.168.1.100,192.168.1.101,255.255.255.0,300" in lines
    assert "dhcp-option=option:router,192.168.1.1" in lines
    assert "dhcp-host=02:00:00:00:00:50,192.168.1.50" in lines
    assert "host-record=router.home.arpa,192.168.1.1" in lines


def test_a_server_may_tell_another_gateway():
    text = DhcpServer("192.168.1.100-192.168.1.101", router="192.168.1.254").files(NODE)["dnsmasq.conf"]

    assert "dhcp-option=option:router,192.168.1.254\ndhcp-option=option:dns-server,192.168.1.1\n" in text


def test_an_ack_is_taken_apart():
    body = dpkt.dhcp.DHCP(op=2, xid=7, yiaddr=0xC0A80164, chaddr=bytes.fromhex("020000000050") + bytes(10), opts=(
        (53, b"\x05"), (1, b"\xff\xff\xff\x00"), (3, b"\xc0\xa8\x01\x01"), (6, b"\xc0\xa8\x01\x01")))
    datagram = dpkt.udp.UDP(sport=67, dport=68, data=bytes(body))
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=b"\xc0\xa8\x01\x01", dst=b"\xff" * 4, p=17, data=datagram)
    message = Message.of(Packet(0.0, "router:lan", True, bytes(dpkt.ethernet.Ethernet(data=packet))))

    assert (message.kind, message.client, message.address) == ("ACK", "02:00:00:00:00:50", "192.168.1.100")
    assert (message.told(1), message.told(3), message.told(12)) == ("255.255.255.0", "192.168.1.1", "nothing")
