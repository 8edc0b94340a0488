"""The router on a triangle of switches, with two Linux routers outside and a DHCP server inside."""

import pytest

from scenarios.kit import Subnet, Subnet6, Topo, waiting
from scenarios.kit.actions import install, plug, pull, uninstall
from scenarios.kit.capture import taps
from scenarios.kit.command import run
from scenarios.kit.inject import send_frame
from scenarios.kit.openflow import controller_view
from scenarios.kit.probes import datagram_socket, hops, ping
from scenarios.kit.services.dhcp import DhcpServer, Udhcpc
from scenarios.kit.tables import addresses
from tests.emulation.controllers.networks import (
    answers,
    few_lost,
    heard,
    packed,
    rules_of,
    running,
    send,
    wait_for_event,
)

IT, FINANCE, OUTSIDE = Subnet("192.168.1.0/24"), Subnet("192.168.2.0/24"), Subnet("10.0.0.0/24")
IT6, FINANCE6 = Subnet6("2001:db8:1::/64"), Subnet6("2001:db8:2::/64")
FAR, SPARE = "172.16.0.1", "172.17.0.1"  # both of the routers outside have both
SETTINGS = {
    "networks": {
        "it": {"subnet": ["192.168.1.0/24", "2001:db8:1::/64"], "ports": ["s1"], "dhcp_relay": "192.168.2.67"},
        "finance": {"subnet": ["192.168.2.0/24", "2001:db8:2::/64"], "ports": ["s2"], "limit": 1000},
        "outside": {"subnet": "10.0.0.0/24", "ports": ["s3"]},
    },
    "routes": [{"to": "172.16.0.0/16", "via": ["10.0.0.11", "10.0.0.12"]},
               {"to": "172.17.0.0/16", "via": "10.0.0.11", "backup": "10.0.0.12"}],
    "neighbour_age": 3.0,
}


class Company(Topo):
    """Two departments, and a way out by two routers."""

    def build(self):
        for name in "ann", "abe":
            self.addHost(name, defaultRoute=f"via {IT.member(1).ip}")
        for name in "fay", "dhcp":
            self.addHost(name, defaultRoute=f"via {FINANCE.member(1).ip}")
        for name in "r1", "r2":
            self.addRouter(name, defaultRoute=f"via {OUTSIDE.member(1).ip}")
        self.addHost("new", ip=None)
        self.addLan("s1", IT, subnet6=IT6, ann=10, abe=11)
        self.addLan("s2", FINANCE, subnet6=FINANCE6, fay=10, dhcp=(67, "lan"))
        self.addLan("s3", OUTSIDE, r1=11, r2=12)
        self.addLink("new", "s1")
        for one, other in ("s1", "s2"), ("s2", "s3"), ("s3", "s1"):
            self.addLink(one, other)


@pytest.fixture(scope="module")
def net():
    with running(Company(), "router", SETTINGS) as running_net:
        for router in "r1", "r2":
            for address in FAR, SPARE:
                run(running_net[router], "ip", "addr", "add", f"{address}/32", "dev", "lo")
        for host, gateway in ("ann", IT6), ("fay", FINANCE6):
            run(running_net[host], "ip", "-6", "route", "replace", "default", "via", str(gateway.member(1).ip))
        yield running_net


@pytest.mark.lab
def test_not_even_the_first_packet_is_lost(net):
    assert len(ping(net, "ann", "fay", count=4).times) == 4
    assert len(ping(net, "fay", "abe", count=4).times) == 4


@pytest.mark.lab
def test_traceroute_shows_the_router(net):
    assert hops(net, "ann", "fay") == ["192.168.1.1", "192.168.2.10"]
    assert hops(net, "ann", "2001:db8:2::a") == ["2001:db8:1::1", "2001:db8:2::a"]


@pytest.mark.lab
def test_ipv6_is_routed(net):
    assert answers(net, "ann", "2001:db8:2::a")


@pytest.mark.lab
@pytest.mark.parametrize("gateway", ["192.168.1.1", "192.168.2.1", "2001:db8:1::1", "2001:db8:2::1"])
def test_the_router_answers_pings(net, gateway):
    assert answers(net, "ann", gateway)


@pytest.mark.lab
def test_who_is_not_there_is_told_to_be_unreachable(net):
    assert "unreachable" in str(ping(net, "ann", "192.168.2.99", wait=4.5, every=9)).lower()
    assert "unreachable" in str(ping(net, "ann", "198.51.100.1", wait=1)).lower()


@pytest.mark.lab
def test_a_broadcast_stays_in_its_department(net):
    with taps(net, "abe", "fay", "r1", filter="ether proto 0x88b5") as (abe, *others):
        send(net, "ann", "ff:ff:ff:ff:ff:ff")
        waiting.until(lambda: heard(abe), within=3, what="the broadcast to reach the neighbour")
        assert not [packet for ear in others for packet in heard(ear)]


@pytest.mark.lab
def test_equal_ways_get_equal_shares_of_conversations(net):
    """Open vSwitch tells conversations apart by addresses, and by TCP ports, but not by UDP ports."""
    assert answers(net, "ann", FAR)
    with (taps(net, "r1", "r2", filter="udp dst port 4000") as ears, datagram_socket(net, "ann") as speaker):
        for number in range(1, 41):
            speaker.sendto(b"x", (f"172.16.0.{number}", 4000))
        waiting.until(lambda: sum(len(heard(ear)) for ear in ears) == 40, within=5, what="all forty datagrams")
        shares = [len(heard(ear)) for ear in ears]
    assert min(shares) >= 8, shares


@pytest.mark.lab
def test_the_backup_takes_over_when_a_cable_is_pulled(net):
    assert answers(net, "ann", SPARE)
    with few_lost(net, "ann", SPARE, control=("ann", "r2")):
        pull(net, "s3:eth1")
        assert answers(net, "ann", SPARE)
        plug(net, "s3:eth1")
        wait_for_event(net, "neighbour", count=2, address="10.0.0.11")
        assert answers(net, "ann", SPARE)


@pytest.mark.lab
def test_a_dhcp_client_gets_its_address_through_the_relay(net):
    server = DhcpServer("192.168.1.100-192.168.1.120", interface="lan", router="192.168.1.1")
    install(net, server, "dhcp")
    install(net, Udhcpc(), "new")
    try:
        waiting.until(lambda: answers(net, "new", "fay"), within=20, what="an address, and then a way out")
        assert any(one.startswith("192.168.1.1") for one in addresses(net, "new"))
    finally:
        uninstall(net, Udhcpc(), "new")
        uninstall(net, server, "dhcp")


@pytest.mark.lab
def test_a_host_that_knows_nothing_is_told_its_network_by_the_router(net):
    """Stateless autoconfiguration (RFC 4862): an address in the advertised prefix, and the router as the way out."""
    conf = f"net/ipv6/conf/{net['new'].defaultIntf().name}"
    net["new"].place.sysctl({f"{conf}/accept_ra": 1, f"{conf}/autoconf": 1, f"{conf}/disable_ipv6": 0})
    try:
        waiting.until(lambda: any(one.startswith("2001:db8:1:") for one in addresses(net, "new")), within=10,
                      what="an address in the advertised prefix")
        assert answers(net, "new", "2001:db8:2::a")
    finally:
        net["new"].place.sysctl({f"{conf}/disable_ipv6": 1})


@pytest.mark.lab
def test_a_limited_network_gets_no_more_than_its_share(net):
    """Five megabits in a hurry: from the limited network many are lost, from the other hardly any."""
    assert answers(net, "ann", "r2")
    assert answers(net, "fay", "r2")
    assert hurried(net, "ann", "r2") > 570
    assert 100 <= hurried(net, "fay", "r2") < 500


def hurried(net, sender: str, target: str) -> int:
    """How many of 600 datagrams of a kilobyte arrive, sent as fast as a switch without a limit passes them on."""
    with (datagram_socket(net, sender) as speaker, taps(net, target, filter="udp dst port 4001") as (tap,)):
        for sent in range(20, 620, 20):
            for _ in range(20):
                speaker.sendto(bytes(1000), (net[target].defaultIntf().ip, 4001))
            waiting.poll(lambda sent=sent: len(heard(tap)) == sent, within=0.02)
        waiting.poll(lambda: len(heard(tap)) == 600, within=1)
        return len(heard(tap))


@pytest.mark.lab
def test_a_killed_router_comes_back_and_nobody_notices(net):
    for target in "fay", FAR:
        assert answers(net, "ann", target)
    before = {switch.name: rules_of(switch) for switch in net.switches}
    with few_lost(net, "ann", "fay", control=("abe", "ann")):
        net["c0"].kill()
        assert answers(net, "ann", "fay")
        net["c0"].start()
        assert net.waitConnected()
        assert answers(net, "ann", "fay")
    assert {switch.name: rules_of(switch) for switch in net.switches} == before


@pytest.mark.lab
def test_who_claims_the_routers_address_is_reported_and_does_no_harm(net):
    intf = net["abe"].defaultIntf()
    mac, mine = packed(intf.MAC()), bytes([192, 168, 1, 1])
    claim = b"\0\1\x08\0\6\4\0\1" + mac + mine + bytes(6) + mine
    send_frame(net, f"abe:{intf.name}", b"\xff" * 6 + mac + b"\x08\x06" + claim + bytes(18))
    wait_for_event(net, "address_conflict", address="192.168.1.1", mac=net["abe"].MAC())
    assert answers(net, "ann", "fay")


@pytest.mark.lab
def test_the_view_shows_neighbours_and_routes(net):
    assert answers(net, "ann", "fay")
    neighbours = {row["address"]: row["mac"] for row in controller_view(net, "neighbours")}
    assert neighbours["192.168.2.10"] == net["fay"].MAC()
    routes = {row["to"]: row["via"] for row in controller_view(net, "routes")}
    assert routes["172.16.0.0/16"] == ["10.0.0.11", "10.0.0.12"]
    owners = {flow["owner"] for flow in controller_view(net, "flows")}
    assert {owner.split("/")[0] for owner in owners} == {"router"}
