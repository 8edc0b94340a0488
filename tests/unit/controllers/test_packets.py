"""What we read and write on the wire, against dpkt, and against any bytes at all."""

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import dhcp, frames, gateway, inet, lldp, ndp, slow_path, tcp
from controllers.frames import Frame
from controllers.inet import Arp, Icmp, Ipv4, Udp
from controllers.tcp import Tcp

macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.ip_addresses(v=6).map(str)
ports = st.integers(0, 65535)
payloads = st.binary(max_size=60)


ethertypes = st.integers(0x0600, 0xFFFF).filter(lambda ethertype: ethertype != frames.VLAN)


@settings(max_examples=25, deadline=None)
@given(macs, macs, st.none() | st.integers(0, 4095), ethertypes, payloads)
def test_frames_survive_the_wire(destination, source, vlan, ethertype, payload):
    frame = Frame(destination, source, vlan, ethertype, payload)
    assert frames.parse(frames.build(frame)) == frame


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2), macs, ipv4, macs, ipv4)
def test_arp_is_as_dpkt_reads_it(operation, sender_mac, sender_ip, target_mac, target_ip):
    arp = Arp(operation, sender_mac, sender_ip, target_mac, target_ip)
    read = dpkt.arp.ARP(inet.build_arp(arp))
    assert (read.op, read.sha.hex(":"), inet.text(read.spa), inet.text(read.tpa)) == (
        operation, sender_mac, sender_ip, target_ip)
    assert inet.parse_arp(bytes(read)) == arp


@settings(max_examples=25, deadline=None)
@given(ipv4, ipv4, payloads, st.integers(1, 255))
def test_ipv4_is_as_dpkt_writes_it(source, destination, payload, ttl):
    packet = Ipv4(source, destination, 253, payload, ttl)
    read = dpkt.ip.IP(inet.build_ipv4(packet))
    read.sum = 0
    assert bytes(read) == inet.build_ipv4(packet), "dpkt computes the same checksum"
    assert inet.parse_ipv4(bytes(read)) == packet


@settings(max_examples=25, deadline=None)
@given(ipv4, ipv4, ports, ports, payloads)
def test_udp_and_its_checksum_are_as_dpkt_writes_them(source, destination, sport, dport, payload):
    packet = inet.build_ipv4(Ipv4(source, destination, inet.UDP,
                                  inet.build_udp(Udp(sport, dport, payload), source, destination)))
    assert bytes(recomputed(packet)) == packet
    assert inet.parse_udp(packet[20:]) == Udp(sport, dport, payload)


@settings(max_examples=25, deadline=None)
@given(ipv4, ipv4, ports, ports, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 63))
def test_tcp_and_its_checksum_are_as_dpkt_writes_them(source, destination, sport, dport, sequence, acknowledged, flags):
    segment = Tcp(sport, dport, sequence, acknowledged, flags)
    packet = inet.build_ipv4(Ipv4(source, destination, inet.TCP, tcp.build(segment, source, destination)))
    assert bytes(recomputed(packet)) == packet
    assert tcp.parse(packet[20:]) == segment


@settings(max_examples=25, deadline=None)
@given(ipv4, ipv4, ipv4, ports, payloads, st.booleans())
def test_a_readdressed_packet_has_the_right_checksums(source, destination, other, port, payload, is_tcp):
    above = (tcp.build(Tcp(1, 2), source, destination) + payload if is_tcp
             else inet.build_udp(Udp(1, 2, payload), source, destination))
    packet = inet.build_ipv4(Ipv4(source, destination, inet.TCP if is_tcp else inet.UDP, above))
    changed = tcp.readdressed(packet, destination=(other, port))
    assert bytes(recomputed(changed)) == changed
    assert (inet.text(dpkt.ip.IP(changed).dst), dpkt.ip.IP(changed).data.dport) == (other, port)


def recomputed(packet: bytes) -> dpkt.ip.IP:
    """The packet with checksums by dpkt."""
    read = dpkt.ip.IP(packet)
    read.sum = read.data.sum = 0
    return read


@settings(max_examples=25, deadline=None)
@given(payloads)
def test_an_echo_is_answered_in_kind(payload):
    echo = inet.build_icmp(Icmp(inet.ECHO_REQUEST, 0, b"\1\2\3\4" + payload))
    answer = dpkt.ip.IP(gateway.answer(inet.build_ipv4(Ipv4("10.0.0.1", "10.0.0.2", inet.ICMP, echo))))
    assert (inet.text(answer.dst), answer.data.type, bytes(answer.data.data)) == ("10.0.0.1", 0, b"\1\2\3\4" + payload)
    assert inet.checksum(bytes(answer.data)) == 0


@settings(max_examples=25, deadline=None)
@given(ipv6, ipv6.filter(lambda address: not address.startswith("ff")), macs)
def test_a_solicitation_is_as_dpkt_reads_it(source, target, mac):
    read = dpkt.ip6.IP6(ndp.solicitation(source, mac, target))
    before = read.data.sum
    read.data.sum = 0
    assert dpkt.icmp6.ICMP6(bytes(read)[40:]).sum == before, "dpkt computes the same checksum"
    told = ndp.parse_neighbour(ndp.parse_icmpv6(bytes(read)[40:]))
    assert (told.target, told.mac, read.hlim) == (target, mac, 255)


@pytest.mark.parametrize(("protocol", "payload", "source", "answered"), [
    (inet.UDP, bytes(8), "10.0.0.1", True),
    (inet.ICMP, bytes([8]) + bytes(7), "10.0.0.1", True),
    (inet.ICMP, bytes([3]) + bytes(7), "10.0.0.1", False),
    (inet.ICMP, bytes([11]) + bytes(7), "10.0.0.1", False),
    (inet.UDP, bytes(8), "224.0.0.1", False),
    (inet.UDP, bytes(8), "0.0.0.0", False),
])
def test_icmp_errors_are_sent_only_where_rfc_1812_lets_them(protocol, payload, source, answered):
    offender = inet.build_ipv4(Ipv4(source, "10.0.0.2", protocol, payload))
    error = inet.icmp_error(inet.TIME_EXCEEDED, 0, "10.0.0.254", offender)
    assert (error is not None) == answered
    if error:
        assert error[28:] == offender[:28], "it quotes the header and 8 bytes"


def test_a_later_fragment_gets_no_error():
    offender = inet.build_ipv4(Ipv4("10.0.0.1", "10.0.0.2", inet.UDP, bytes(8), fragment=100))
    assert inet.icmp_error(inet.TIME_EXCEEDED, 0, "10.0.0.254", offender) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(1, 2**31), st.binary(min_size=16, max_size=16))
def test_an_announcement_is_understood_by_who_has_the_key(dpid, port, key):
    frame = lldp.announce(key, dpid, port)
    assert lldp.heard(key, frame) == (dpid, port)
    assert lldp.heard(key + b"x", frame) is None


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([*range(14, 32), *range(42, 58)]), st.integers(0, 7))
def test_a_changed_announcement_is_not_believed(place, bit):
    """Neither its switch and port, nor its seal."""
    frame = bytearray(lldp.announce(b"key", 1, 2))
    frame[place] ^= 1 << bit
    assert lldp.heard(b"key", bytes(frame)) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 255), st.booleans(), ipv4, macs)
def test_a_relay_marks_requests_and_counts_hops(hops, broadcast, relay, mac):
    flags = b"\x80\0" if broadcast else b"\0\0"
    message = bytes([1, 1, 6, hops]) + bytes(6) + flags + bytes(16) + inet.mac(mac) + bytes(202) + dhcp.MAGIC + b"\xff"
    relayed = dhcp.relayed(message, relay)
    if hops >= dhcp.MAX_HOPS:
        assert relayed is None
        return
    read = dpkt.dhcp.DHCP(relayed)
    assert (read.hops, inet.text(read.giaddr.to_bytes(4)), read.chaddr.hex(":")) == (hops + 1, relay, mac)
    assert dhcp.relayed(relayed, "192.0.2.1") is None or dhcp.parse(dhcp.relayed(relayed, "192.0.2.1")).relay in (
        relay, "192.0.2.1")


READERS = [frames.parse, inet.parse_arp, inet.parse_ipv4, inet.parse_udp, inet.parse_icmp, ndp.parse_ipv6,
           ndp.parse_icmpv6, dhcp.parse, tcp.parse, slow_path.destination,
           lambda data: lldp.heard(b"key", data), lambda data: dhcp.relayed(data, "10.0.0.1"),
           lambda data: inet.icmp_error(3, 0, "10.0.0.1", data),
           lambda data: ndp.icmpv6_error(1, 0, "2001:db8::1", data),
           lambda data: data and gateway.answer(data), lambda data: data and gateway.older(data),
           lambda data: tcp.readdressed(data, ("10.0.0.1", 1)),
           lambda data: ndp.option(data, 1)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_a_reader_fail(data):
    for read in READERS:
        read(data)


WHOLE = [lldp.announce(b"key", 1, 2), inet.build_arp(Arp(1, *["00:00:00:00:00:01", "10.0.0.1"] * 2)),
         inet.build_ipv4(Ipv4("10.0.0.1", "10.0.0.2", 17, inet.build_udp(Udp(1, 2, b"x"), "10.0.0.1", "10.0.0.2"))),
         ndp.solicitation("fe80::1", "00:00:00:00:00:01", "fe80::2"), bytes([1, 1, 6]) + bytes(233) + dhcp.MAGIC]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_nothing_cut_short_or_with_a_wrong_byte_makes_a_reader_fail(whole, data):
    cut = bytearray(whole[:data.draw(st.integers(0, len(whole)))])
    if cut:
        cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    for read in READERS:
        read(bytes(cut))
