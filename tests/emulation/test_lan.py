from scenarios.kit import fetches, isolated, learned, reachable
from scenarios.kit.actions import move, pulled
from scenarios.kit.capture import taps
from scenarios.kit.openflow import mac_table, port_number
from scenarios.lan import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_no_handler_of_the_controller_has_failed(net):
    """Ryu logs and swallows what its handlers raise."""
    assert "Traceback" not in net["c0"].daemon.output


def test_without_its_cable_a_host_is_alone(net):
    with pulled(net, "b:eth0"):
        isolated("a", "b").verify(net)
        reachable("a", "c").verify(net)

    fetches("a", "http://b/").verify(net)


def test_a_broadcast_reaches_everybody_once(net):
    with taps(net, "b", "c", filter="arp host 192.168.1.99") as (at_b, at_c):
        net["a"].place.sysctl({"net/ipv4/neigh/a-eth0/mcast_solicit": 1})
        reachable("a", "192.168.1.99", within=0).ask(net)

        assert len([packet for packet in at_b.wait() if not packet.sent]) == 1
        assert len([packet for packet in at_c.wait() if not packet.sent]) == 1


def test_a_host_that_moved_is_known_at_one_port_only(net):
    move(net, "c", "s1", 9)
    try:
        reachable("c", "a").verify(net)
        learned("s1", {"c": "s1-eth3"}).verify(net)
        assert [mac for mac in mac_table(net, "s1") if mac == net["c"].MAC()] == [net["c"].MAC()]
        assert port_number("s1-eth3") == 9
    finally:
        move(net, "c", "s1", 3)

    reachable("c", "b").verify(net)
    learned("s1", {"c": "s1-eth3"}).verify(net)


def test_without_a_controller_strangers_are_not_served(net):
    """Fail-secure: known addresses go on, and nobody new is let through."""
    reachable("a", "b").verify(net)
    net["c0"].kill()

    assert net["s1"].failMode == "secure"
    net["c0"].start()
    assert net.waitConnected()
    reachable("a", "b").verify(net)
