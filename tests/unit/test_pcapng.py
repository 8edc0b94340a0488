"""A file of packets from many interfaces, read back by dpkt, which is not ours."""

import io

import dpkt

from scenarios.kit.pcapng import Pcapng

FRAMES = [bytes(range(60)), b"x" * 61, b"y" * 1514]


def test_packets_times_and_lengths_come_back():
    file = Pcapng()
    written = file.header() + b"".join(file.packet("a:eth0", 1700000000.25 + number, frame, sent=number == 1)
                                       for number, frame in enumerate(FRAMES))

    read = list(dpkt.pcapng.Reader(io.BytesIO(written)))

    assert [frame for _, frame in read] == FRAMES
    assert [round(time, 3) for time, _ in read] == [1700000000.25, 1700000001.25, 1700000002.25]


def test_each_interface_is_introduced_once_by_its_name():
    file = Pcapng()
    blocks = [file.packet(where, 1.0, b"....", sent=False) for where in ("router:wan", "router:lan", "router:wan")]

    assert [b"router:wan" in blocks[0], b"router:lan" in blocks[1], b"router" in blocks[2]] == [True, True, False]
    assert list(file.interfaces) == ["router:wan", "router:lan"]


def test_what_was_cut_off_can_be_read_up_to_there():
    file = Pcapng()
    written = file.header() + file.packet("a:eth0", 1.0, FRAMES[0], sent=True)

    assert [frame for _, frame in dpkt.pcapng.Reader(io.BytesIO(written))] == FRAMES[:1]
