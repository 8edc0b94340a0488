"""The load balancer, on switches and servers in memory."""

from collections import Counter
from random import Random

import dpkt
import pytest

from controllers import inet, tcp
from controllers.balancer_settings import BalancerSettings
from controllers.balancing import Balancer
from controllers.cookie import Owner
from controllers.frames import Frame, build, parse
from controllers.inet import Ipv4
from controllers.pipeline import Pipeline
from controllers.rules import Table
from controllers.tcp import ACK, FIN, RST, SYN, Tcp
from controllers.topology import Endpoint
from controllers.vlans import Vlans
from tests.unit.controllers.network import FakeHost, FakeNetwork

FRONT, MAC = "10.0.0.100", "0e:00:00:00:00:02"
CLIENT = "00:00:00:00:00:01"


def balancer(now: float = 100.0, **chosen) -> Balancer:
    given = settings(**chosen)
    events: list = []
    made = Balancer(given, Pipeline(Owner.LOAD_BALANCER, Vlans(), after_learning=Table.CLASSIFY), bytes(16), now,
                    lambda event, **facts: events.append((event, facts)), Random(1))
    made.events = events
    return made


def settings(**chosen) -> BalancerSettings:
    servers = [{"address": f"10.0.0.{last}", "port": 8080} for last in (11, 12, 13)]
    service = {"address": FRONT, "port": 80, "servers": servers, **chosen}
    return BalancerSettings.model_validate({"loops": False, "services": {"web": service}})


class Server(FakeHost):
    """Accepts every connection to port 8080 while it `listens`, and answers ARP."""

    def __init__(self, network: FakeNetwork, place, number: int) -> None:
        super().__init__(network, place, f"00:00:00:00:00:{number}", f"10.0.0.{number}")
        self.listens = True
        self.seen: list[Tcp] = []

    def receive(self, data: bytes) -> list[bytes]:
        frame = parse(data)
        packet = inet.parse_ipv4(frame.payload) if frame.ethertype == 0x0800 else None
        if packet is None or frame.destination != self.mac:
            return super().receive(data)
        segment = tcp.parse(packet.payload)
        if packet.source != FRONT:
            self.seen.append(segment)
        if not self.answering or segment.flags & SYN == 0:
            return []
        flags = SYN | ACK if self.listens and segment.destination == 8080 else RST | ACK
        reply = Tcp(segment.destination, segment.source, 500 if flags & SYN else 0, segment.sequence + 1, flags)
        return [build(Frame(frame.source, self.mac, None, 0x0800, packet_of(reply, packet.destination, packet.source)))]


def packet_of(segment: Tcp, source: str, target: str) -> bytes:
    return inet.build_ipv4(Ipv4(source, target, inet.TCP, tcp.build(segment, source, target)))


class Cluster:
    def __init__(self, made: Balancer | None = None, **chosen) -> None:
        self.network = FakeNetwork(made or balancer(**chosen), [((1, 9), (2, 9))],
                                   [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)])
        self.client = FakeHost(self.network, (1, 1), CLIENT, "10.0.0.1")
        self.servers = {number: Server(self.network, (2, number - 10), number) for number in (11, 12, 13)}
        self.network.tick(30)
        self.port = 1000

    @property
    def balancer(self) -> Balancer:
        return self.network.bridge

    def speak(self, segment: Tcp) -> list[tuple[str, Tcp]]:
        """The client says something to the service; what it hears."""
        self.client.send(packet_of(segment, "10.0.0.1", FRONT), gateway=MAC)
        return [(dpkt_source(packet), tcp.parse(packet[20:])) for packet in self.client.received()]

    def connect(self, port: int | None = None) -> tuple[str, Tcp]:
        self.port += 1
        heard = self.speak(Tcp(port or self.port, 80, 7000 + self.port, 0, SYN))
        assert len(heard) == 1
        return heard[0]

    def got(self) -> Counter:
        """New connections at each server, since last asked."""
        counts = Counter({number: sum(bool(segment.flags & SYN) for segment in server.seen)
                          for number, server in self.servers.items()})
        for server in self.servers.values():
            server.seen.clear()
        return +counts


def dpkt_source(packet: bytes) -> str:
    return inet.text(dpkt.ip.IP(packet).src)


def test_the_service_answers_in_its_own_name():
    source, answer = Cluster().connect()
    assert (source, answer.source, answer.flags) == (FRONT, 80, SYN | ACK)


def test_the_service_answers_pings():
    cluster = Cluster()
    echo = inet.build_icmp(inet.Icmp(8, 0, b"\0\1\0\1"))
    cluster.client.send(inet.build_ipv4(Ipv4("10.0.0.1", FRONT, inet.ICMP, echo)), gateway=MAC)
    assert dpkt.ip.IP(cluster.client.received()[0]).data.type == 0


@pytest.mark.parametrize("spread", ["round-robin", "least-connections"])
def test_connections_are_shared_equally(spread):
    cluster = Cluster(spread=spread)
    for _ in range(9):
        cluster.connect()
    assert cluster.got() == {11: 3, 12: 3, 13: 3}


def test_chance_reaches_everybody():
    cluster = Cluster(spread="random")
    for _ in range(60):
        cluster.connect()
    assert all(count > 8 for count in cluster.got().values())


def test_weights_are_kept():
    servers = [{"address": "10.0.0.11", "port": 8080, "weight": 3}, {"address": "10.0.0.12", "port": 8080}]
    cluster = Cluster(servers=servers)
    for _ in range(8):
        cluster.connect()
    assert cluster.got() == {11: 6, 12: 2}


def test_a_connection_stays_with_its_server():
    cluster = Cluster()
    cluster.connect(5000)
    server, = cluster.got()
    cluster.network.lost |= {1, 2}
    cluster.speak(Tcp(5000, 80, 8000, 1, ACK))
    cluster.speak(Tcp(5000, 80, 8000, 1, ACK))
    assert [len(one.seen) for number, one in cluster.servers.items() if number == server] == [2]


def test_the_least_loaded_gets_the_next_connection():
    cluster = Cluster(spread="least-connections")
    for port in (5001, 5002, 5003):
        cluster.connect(port)
    cluster.got()
    cluster.servers[12].send(packet_of(Tcp(8080, 5002, 1, 1, FIN | ACK), "10.0.0.12", "10.0.0.1"), gateway=CLIENT)
    assert [segment.flags for _, segment in said(cluster)] == [FIN | ACK], "the end of a connection is passed on"
    cluster.connect()
    assert cluster.got() == {12: 1}


def said(cluster: Cluster) -> list[tuple[str, Tcp]]:
    return [(dpkt_source(packet), tcp.parse(packet[20:])) for packet in cluster.client.received()]


def test_a_client_that_comes_back_gets_the_same_server():
    cluster = Cluster(sticky=60)
    for _ in range(5):
        cluster.connect()
    assert len(cluster.got()) == 1


def test_a_server_that_refuses_costs_no_request():
    cluster = Cluster()
    cluster.servers[12].listens = False
    for _ in range(6):
        assert cluster.connect()[1].flags == SYN | ACK
    assert cluster.got().keys() <= {11, 12, 13}
    for _ in range(6):
        cluster.connect()
    assert cluster.got().keys() == {11, 13}
    assert ("server_down", {"service": "web", "server": "10.0.0.12:8080"}) in cluster.balancer.events


def test_a_server_that_heals_gets_connections_again():
    cluster = Cluster()
    cluster.servers[12].listens = False
    cluster.network.tick(50)
    cluster.got()
    cluster.servers[12].listens = True
    cluster.network.tick(50)
    for _ in range(3):
        cluster.connect()
    assert cluster.got() == {11: 1, 12: 1, 13: 1}


def test_a_server_that_is_silent_fails_its_check():
    cluster = Cluster()
    cluster.servers[12].answering = False
    cluster.network.tick(100)
    for _ in range(4):
        cluster.connect()
    assert cluster.got() == {11: 2, 13: 2}


def test_a_server_whose_cable_is_pulled_is_out_at_once():
    cluster = Cluster()
    cluster.network.set_wire(Endpoint(2, 2), up=False)
    for _ in range(4):
        cluster.connect()
    assert cluster.got() == {11: 2, 13: 2}


def test_without_servers_a_connection_is_refused():
    cluster = Cluster()
    for server in cluster.servers.values():
        server.listens = False
    cluster.network.tick(50)
    source, answer = cluster.connect()
    assert (source, answer.flags) == (FRONT, RST | ACK)


def test_what_belongs_to_no_connection_is_reset():
    cluster = Cluster()
    (_, answer), = cluster.speak(Tcp(5000, 80, 8000, 77, ACK))
    assert (answer.flags, answer.sequence) == (RST, 77)


def test_a_draining_server_keeps_what_it_has_and_gets_nothing_new():
    cluster = Cluster()
    for port in (5001, 5002, 5003):
        cluster.connect(port)
    cluster.got()
    servers = [{"address": f"10.0.0.{last}", "port": 8080, "drain": last == 12} for last in (11, 12, 13)]
    cluster.balancer.reconfigure(settings(servers=servers))
    cluster.network.run()
    for _ in range(4):
        cluster.connect()
    assert cluster.got() == {11: 2, 13: 2}
    for port in (5001, 5002, 5003):
        cluster.speak(Tcp(port, 80, 8000, 1, ACK))
    assert [len(server.seen) for server in cluster.servers.values()] == [1, 1, 1]


def test_an_idle_connection_is_forgotten():
    cluster = Cluster()
    cluster.connect(5000)
    idle = next(flow for flow in cluster.network.switches[1].flows.values()
                if flow.notify and flow.table == Table.CLASSIFY)
    assert idle.idle_timeout == 60
    cluster.network.expire(1, idle)
    assert not list(cluster.balancer.sessions)
    assert not [flow for switch in cluster.network.switches.values() for flow in switch.flows.values()
                if 5000 in dict(flow.match).values()]


def test_a_server_can_still_be_reached_by_its_own_address():
    cluster = Cluster()
    cluster.client.send(packet_of(Tcp(5000, 8080, 1, 0, SYN), "10.0.0.1", "10.0.0.12"), gateway="00:00:00:00:00:12")
    (source, answer), = said(cluster)
    assert (source, answer.flags) == ("10.0.0.12", SYN | ACK)


def test_a_restarted_balancer_keeps_connections():
    cluster = Cluster()
    for port in (5001, 5002, 5003):
        cluster.connect(port)
    cluster.got()
    cluster.network.take_over(balancer(now=9000.0))
    for dpid in (2, 1):
        cluster.network.connect(dpid)
    cluster.network.tick(30)
    for port in (5001, 5002, 5003):
        cluster.speak(Tcp(port, 80, 8000, 1, ACK))
    assert [len(server.seen) for server in cluster.servers.values()] == [1, 1, 1]
    assert sum(cluster.balancer.pools["web"].open.values()) == 3


def test_switches_spread_connections_by_themselves():
    cluster = Cluster(spread="hash")
    cluster.network.lost |= {1, 2}
    for number in range(6):
        cluster.client.send(packet_of(Tcp(6000 + number, 80, 1, 0, SYN), "10.0.0.1", FRONT), gateway=MAC, choose=number)
    assert cluster.got() == {11: 2, 12: 2, 13: 2}


def share_connections(cluster: Cluster) -> None:
    """One machine's switches share a table of connections."""
    cluster.network.switches[2].tracked = cluster.network.switches[1].tracked
    cluster.network.switches[2].translations = cluster.network.switches[1].translations


def test_an_answer_of_a_tracked_connection_comes_in_the_services_name():
    cluster = Cluster(spread="hash")
    share_connections(cluster)
    source, answer = cluster.connect()
    assert (source, answer.source, answer.flags) == (FRONT, 80, SYN | ACK)
    cluster.speak(Tcp(cluster.port, 80, 8000, 501, ACK))
    assert [len(server.seen) for server in cluster.servers.values()].count(2) == 1, "the same server"


def test_udp_services_are_balanced_too():
    servers = [{"address": f"10.0.0.{last}", "port": 8080} for last in (11, 12)]
    cluster = Cluster(protocol="udp", port=53, servers=servers)
    plain = {number: FakeHost(cluster.network, (2, number - 10), f"00:00:00:00:00:{number}", f"10.0.0.{number}")
             for number in (11, 12)}
    for port in (5001, 5002):
        query = inet.build_ipv4(Ipv4("10.0.0.1", FRONT, inet.UDP,
                                     inet.build_udp(inet.Udp(port, 53, b"?"), "10.0.0.1", FRONT)))
        cluster.client.send(query, gateway=MAC)
    assert [len([packet for packet in host.received() if packet[9] == inet.UDP]) for host in plain.values()] == [1, 1]
