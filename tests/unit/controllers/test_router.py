"""The router between its own networks, on switches and hosts in memory."""

from ipaddress import ip_address

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import dhcp, inet, ndp
from controllers.cookie import Owner
from controllers.frames import BROADCAST, Frame, build, parse
from controllers.inet import Icmp, Ipv4, Udp
from controllers.pipeline import Pipeline
from controllers.router_settings import RouterSettings
from controllers.routing import Router
from controllers.rules import Table
from controllers.topology import Endpoint
from tests.unit.controllers.network import FakeHost, FakeNetwork

ROUTER = "0e:00:00:00:00:01"
A, B, C, G, H = (f"00:00:00:00:00:{last:02x}" for last in range(10, 15))
NETWORKS = {
    "it": {"subnet": ["192.168.1.0/24", "2001:db8:1::/64"], "ports": ["s1"]},
    "finance": {"subnet": ["192.168.2.0/24", "2001:db8:2::/64"], "ports": ["s2"]},
}


def router(now: float = 100.0, **chosen) -> Router:
    given = RouterSettings.model_validate({"networks": NETWORKS, "loops": False, **chosen})
    events: list = []
    made = Router(given, Pipeline(Owner.ROUTER, given.vlans(), Table.POLICY, Table.CLASSIFY), bytes(16), now,
                  lambda event, **facts: events.append((event, facts)))
    made.events = events
    return made


class Office:
    """Two departments on two switches, with a third switch between them."""

    def __init__(self, made: Router | None = None, **chosen) -> None:
        self.network = FakeNetwork(made or router(**chosen), [((1, 9), (3, 1)), ((2, 9), (3, 2))],
                                   [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)])
        self.a = FakeHost(self.network, (1, 1), A, "192.168.1.10", "2001:db8:1::10")
        self.b = FakeHost(self.network, (2, 1), B, "192.168.2.10", "2001:db8:2::10")
        self.network.until_ready()
        self.network.received()
        for host in (self.a, self.b):
            host.received()

    @property
    def router(self) -> Router:
        return self.network.bridge


def udp(source: str, target: str, data: bytes = b"hello", ttl: int = 64, port: int = 9) -> bytes:
    return inet.build_ipv4(Ipv4(source, target, inet.UDP, inet.build_udp(Udp(1000, port, data), source, target), ttl))


def udp6(source: str, target: str, limit: int = 64) -> bytes:
    return ndp.build_ipv6(ndp.Ipv6(source, target, 17, inet.build_udp(Udp(1000, 9, b"hi"), source, target), limit))


def ping(source: str, target: str) -> bytes:
    echo = inet.build_icmp(Icmp(inet.ECHO_REQUEST, 0, b"\0\1\0\1payload!"))
    return inet.build_ipv4(Ipv4(source, target, inet.ICMP, echo))


def said(packet: bytes) -> tuple:
    """An ICMP message as (source, type, code)."""
    parsed = dpkt.ip.IP(packet)
    return inet.text(parsed.src), parsed.data.type, parsed.data.code


def test_the_first_packet_to_a_new_neighbour_waits_and_arrives_once():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    packet, = office.b.received()
    assert dpkt.ip.IP(packet).ttl == 63
    assert bytes(dpkt.ip.IP(packet)) == packet, "the checksum is right"


def test_later_packets_do_not_come_to_the_controller():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    office.b.send(udp("192.168.2.10", "192.168.1.10"))
    office.network.lost |= {1, 2, 3}
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    assert [dpkt.ip.IP(packet).ttl for packet in office.b.received()] == [63, 63]


def test_ipv6_is_routed_too():
    office = Office()
    for _ in range(2):
        office.a.send(udp6("2001:db8:1::10", "2001:db8:2::10"))
    packets = [packet for packet in office.b.received() if packet[6] == 17]
    assert [packet[7] for packet in packets] == [63, 63]


def test_packets_for_someone_absent_are_answered_with_host_unreachable():
    office = Office()
    for _ in range(5):
        office.a.send(udp("192.168.1.10", "192.168.2.99"))
    assert not office.a.received()
    office.network.tick(70)
    assert [said(packet) for packet in office.a.received()] == [("192.168.1.1", 3, 1)] * 3, "those that waited"

    office.a.send(udp("192.168.1.10", "192.168.2.99"))
    assert [said(packet) for packet in office.a.received()] == [("192.168.1.1", 3, 1)], "at once"


def test_packets_for_nowhere_are_answered_with_net_unreachable():
    office = Office()
    office.a.send(udp("192.168.1.10", "10.9.9.9"))
    assert said(office.a.received()[0]) == ("192.168.1.1", 3, 0)


def test_a_packet_that_is_too_old_is_answered_with_time_exceeded():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    office.b.received()
    for target in "192.168.2.10", "192.168.2.77":
        office.a.send(udp("192.168.1.10", target, ttl=1))
        assert said(office.a.received()[0]) == ("192.168.1.1", 11, 0)
    assert not office.b.received()


def test_hop_limits_too():
    office = Office()
    office.a.send(udp6("2001:db8:1::10", "2001:db8:2::10"))
    office.a.received()
    office.a.send(udp6("2001:db8:1::10", "2001:db8:2::10", limit=1))
    answer = dpkt.ip6.IP6(office.a.received()[0])
    assert (inet.text(answer.src), answer.data.type) == ("2001:db8:1::1", 3)


@pytest.mark.parametrize("address", ["192.168.1.1", "192.168.2.1"])
def test_the_router_answers_pings_to_all_its_addresses(address):
    office = Office()
    office.a.send(ping("192.168.1.10", address))
    answer = dpkt.ip.IP(office.a.received()[0])
    assert (inet.text(answer.src), answer.data.type, bytes(answer.data.data.data)) == (address, 0, b"payload!")


def test_the_router_has_no_services():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.1.1"))
    assert said(office.a.received()[0]) == ("192.168.1.1", 3, 3)


def test_an_error_is_not_answered_with_an_error():
    office = Office()
    error = inet.icmp_error(inet.TIME_EXCEEDED, 0, "192.168.1.10", udp("10.9.9.9", "192.168.1.10"))
    office.a.send(error)
    assert not office.a.received()


def test_errors_are_limited():
    office = Office(icmp_rate=5)
    for _ in range(50):
        office.a.send(udp("192.168.1.10", "10.9.9.9"))
    assert len(office.a.received()) == 5


def test_the_router_answers_arp_for_its_address_and_nobody_else_hears_the_question():
    office = Office()
    question = inet.Arp(inet.REQUEST, A, "192.168.1.10", "00:00:00:00:00:00", "192.168.1.1")
    office.a.send_frame(Frame(BROADCAST, A, None, 0x0806, inet.build_arp(question)))
    received = office.network.received()
    assert received.keys() == {(1, 1)}
    answer = inet.parse_arp(parse(received[1, 1][0]).payload)
    assert answer == inet.Arp(inet.REPLY, ROUTER, "192.168.1.1", A, "192.168.1.10")


def test_a_broadcast_stays_in_its_department():
    office = Office()
    office.network.send((1, 1), build(Frame(BROADCAST, A, None, 0x1234, b"x" * 46)))
    assert office.network.received().keys() == {(1, 2)}


def test_a_host_that_claims_the_gateways_address_is_reported_and_not_heard():
    office = Office()
    claim = inet.Arp(inet.REQUEST, A, "192.168.1.1", "00:00:00:00:00:00", "192.168.1.1")
    office.a.send_frame(Frame(BROADCAST, A, None, 0x0806, inet.build_arp(claim)))
    assert not office.network.received()
    assert "address_conflict" in dict(office.router.events)


def test_a_frame_that_pretends_to_come_from_the_router_is_dropped():
    office = Office()
    office.network.send((1, 1), build(Frame(BROADCAST, ROUTER, None, 0x1234, b"x" * 46)))
    assert not office.network.received()


def test_an_address_from_another_subnet_is_not_learned():
    office = Office()
    stranger = inet.Arp(inet.REQUEST, A, "192.168.2.50", "00:00:00:00:00:00", "192.168.1.1")
    office.a.send_frame(Frame(BROADCAST, A, None, 0x0806, inet.build_arp(stranger)))
    assert office.router.neighbours.mac("192.168.2.50") is None


def test_a_host_that_changes_its_mac_address_is_followed():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    office.b.mac = H
    office.b.announce()
    office.b.received()

    office.a.send(udp("192.168.1.10", "192.168.2.10"))

    assert len(office.b.received()) == 1


def test_a_neighbour_that_falls_silent_is_asked_and_then_given_up():
    office = Office(neighbour_age=3.0)
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    office.network.tick(200)
    assert office.router.neighbours.mac("192.168.2.10") == B, "it has answered"

    office.b.answering = False
    office.network.tick(200)

    assert office.router.neighbours.mac("192.168.2.10") is None
    flows = office.network.switches[1].flows.values()
    assert not [flow for flow in flows if "192.168.2.10" in dict(flow.match).values()]


def test_router_advertisements_are_sent_when_asked_for_and_from_time_to_time():
    office = Office()
    solicitation = ndp.icmpv6("fe80::1", ndp.ALL_ROUTERS, ndp.Icmpv6(ndp.ROUTER_SOLICITATION, 0, bytes(4)), 255)
    office.network.send((1, 1), build(Frame("33:33:00:00:00:02", A, None, 0x86DD, solicitation)))
    heard = [parse(data).payload for data in office.network.received()[1, 1]]
    told = [packet for packet in heard if packet[40] == ndp.ROUTER_ADVERTISEMENT]
    assert ip_address("2001:db8:1::").packed in told[0]

    office.network.tick(700)

    assert office.network.received().keys() >= {(1, 1), (1, 2), (2, 1)}


RELAY = {"networks": {**NETWORKS, "it": {**NETWORKS["it"], "dhcp_relay": "192.168.2.10"}}}


def discover(broadcast: bool = True, hops: int = 0) -> bytes:
    flags = b"\x80\0" if broadcast else b"\0\0"
    fixed = bytes([1, 1, 6, hops]) + b"\1\2\3\4" + b"\0\0" + flags + bytes(16) + inet.mac(A) + bytes(10 + 64 + 128)
    return fixed + dhcp.MAGIC + b"\x35\x01\x01\xff"


def test_a_dhcp_request_is_relayed_and_its_answer_comes_back():
    office = Office(**RELAY)
    broadcast = inet.build_ipv4(Ipv4("0.0.0.0", "255.255.255.255", inet.UDP,
                                     inet.build_udp(Udp(68, 67, discover()), "0.0.0.0", "255.255.255.255")))
    office.network.send((1, 1), build(Frame(BROADCAST, A, None, 0x0800, broadcast)))

    request, = office.b.received()
    assert (1, 2) not in office.network.received(), "only the server hears it"
    packet = dpkt.ip.IP(request)
    assert (inet.text(packet.src), packet.data.dport) == ("192.168.1.1", 67)
    asked = dhcp.parse(bytes(packet.data.data))
    assert (asked.relay, asked.hops, asked.client_mac) == ("192.168.1.1", 1, A)

    answer = b"\2" + bytes(packet.data.data)[1:]
    reply = inet.build_udp(Udp(67, 67, answer), "192.168.2.10", "192.168.1.1")
    office.b.send(inet.build_ipv4(Ipv4("192.168.2.10", "192.168.1.1", inet.UDP, reply)))
    received = dpkt.ip.IP(office.a.received()[-1])
    assert (inet.text(received.src), received.data.dport, bytes(received.data.data)) == ("192.168.1.1", 68, answer)


def test_only_the_configured_server_is_believed():
    office = Office(**RELAY)
    answer = inet.build_udp(Udp(67, 67, b"\2" + discover()[1:24] + inet.packed("192.168.1.1") + discover()[28:]),
                            "192.168.2.66", "192.168.1.1")
    office.b.send(inet.build_ipv4(Ipv4("192.168.2.66", "192.168.1.1", inet.UDP, answer)))
    assert not office.a.received()


def test_several_networks_share_a_port_by_their_tags():
    trunk = {"it": {"subnet": "192.168.1.0/24", "tagged": ["s1-eth1"], "vlan": 10},
             "finance": {"subnet": "192.168.2.0/24", "tagged": ["s1-eth1"], "vlan": 20}}
    network = FakeNetwork(router(networks=trunk), hosts=[(1, 1)])
    network.until_ready()
    network.received()
    for tag, mac, address in ((10, A, "192.168.1.10"), (20, B, "192.168.2.10")):
        FakeHost(network, (1, 1), mac, address, tag=tag).announce()
    network.people.clear()
    network.received()

    network.send((1, 1), build(Frame(ROUTER, A, 10, 0x0800, udp("192.168.1.10", "192.168.2.10"))))

    frame, = map(parse, network.received()[1, 1])
    assert (frame.destination, frame.source, frame.vlan) == (B, ROUTER, 20)


def test_a_limited_network_is_metered():
    limited = {"it": {**NETWORKS["it"], "limit": 1000}, "finance": NETWORKS["finance"]}
    office = Office(networks=limited)
    meters = [meter for meter in office.network.switches[1].meters.values() if meter.unit == "kbps"]
    assert [meter.rate for meter in meters] == [1000]
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    assert len(office.b.received()) == 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.sampled_from([0x0806, 0x0800, 0x86DD, 0x88CC, 0x8100]), st.booleans())
def test_no_frame_breaks_the_router(payload, ethertype, to_router):
    office = WORN
    data = build(Frame(ROUTER if to_router else BROADCAST, A, None, ethertype, payload))
    for table in (Table.ADMIT, Table.LEARN, Table.CLASSIFY, Table.ROUTE4, Table.ROUTE6):
        tagged = build(parse(data)._replace(vlan=office.router.settings.vlan("it"))) if parse(data) else data
        office.router.frame_received(Endpoint(1, 1), tagged, table)
    office.network.run()
    office.a.send(ping("192.168.1.10", "192.168.1.1"))
    assert office.a.received(), "it still answers"


WORN = Office(**RELAY)
