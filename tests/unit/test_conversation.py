"""Conversations as a capture has them: numbers that fit, and segments that were sent twice."""

import dpkt

from scenarios.kit.capture import Packet
from scenarios.kit.claims.conversation import _acknowledged, _repeated


def segment(seq, ack, data=b"", sent=True):
    tcp = dpkt.tcp.TCP(sport=40000, dport=80, seq=seq, ack=ack, data=data)
    ip = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=dpkt.ip.IP_PROTO_TCP, data=tcp)
    return Packet(0.0, "a:eth0", sent, bytes(dpkt.ethernet.Ethernet(data=ip)))


SEVEN = [segment(100, 0), segment(500, 101), segment(101, 501), segment(101, 501), segment(501, 102),
         segment(501, 102), segment(102, 502)]


def test_numbers_that_fit():
    assert _acknowledged(SEVEN)


def test_numbers_wrap_around():
    last = 2**32 - 1

    assert _acknowledged([segment(last, 0), segment(500, 0), segment(0, 501), *SEVEN[3:]])


def test_an_acknowledgement_of_something_else():
    assert not _acknowledged([*SEVEN[:4], segment(501, 101), *SEVEN[5:]])


def test_only_data_that_left_twice_were_repeated():
    assert _repeated([segment(1, 1, b"x"), segment(2, 1, b"y"), segment(1, 1, b"x")]) == 1
    assert _repeated([segment(1, 1), segment(1, 1), segment(1, 1, b"x"), segment(1, 1, b"x", sent=False)]) == 0
