from scenarios.kit import isolated, reachable
from scenarios.kit.actions import carrier, pulled
from scenarios.kit.capture import tap
from scenarios.kit.expect import Outcome
from scenarios.kit.tables import forget_neighbours, neighbours, readdress
from scenarios.two_computers import arp_first, scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_a_known_neighbour_is_not_asked_for(net):
    reachable("a", "b").verify(net)

    with tap(net, "a", filter="arp") as heard:
        reachable("a", "b").verify(net)
        asked = [packet for packet in heard.packets() if packet.sent and packet.eth_dst == "ff:ff:ff:ff:ff:ff"]

    assert not asked


def test_without_arp_nobody_is_reached(net):
    net["b"].place.netlink(lambda index: link_arp(index("b-eth0"), False))
    forget_neighbours(net, "a", "b")
    try:
        assert not arp_first.ask(net).held
        assert not neighbours(net, "a")
    finally:
        net["b"].place.netlink(lambda index: link_arp(index("b-eth0"), True))

    arp_first.verify(net)


def test_a_pulled_cable_is_seen_at_both_ends(net):
    with pulled(net, "a-b"):
        assert not carrier(net, "a")
        assert not carrier(net, "b")

    reachable("b", "a").verify(net)


def test_isolation_is_not_claimed_when_the_other_is_dead(net):
    """The control: b must answer itself, or nothing is proved by its silence to a."""
    readdress(net, "a", "192.168.2.1/24")
    net["b"].setDefaultRoute("dev b-eth0")
    try:
        isolated("a", "b").verify(net)
        with pulled(net, "b:lo"):
            assert isolated("a", "b", within=0).ask(net).outcome is Outcome.UNASKED
    finally:
        readdress(net, "a", "192.168.1.1/24")


def link_arp(index: int, on: bool) -> bytes:
    """Switch address resolution of an interface on or off (IFF_NOARP)."""
    import socket
    import struct

    from scenarios.kit import netlink

    noarp = 0x80
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0 if on else noarp, noarp)
    return netlink._request(netlink.RTM_NEWLINK, 0, body)
