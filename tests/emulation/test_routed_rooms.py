from scenarios.kit import never_carries, reachable, unreachable_at_once, waiting
from scenarios.kit.actions import forwarding
from scenarios.kit.claims.forwarding import broadcast_stays, forwarded
from scenarios.kit.command import run
from scenarios.kit.tables import regateway
from scenarios.routed_rooms import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_with_a_gateway_lost_is_found(net):
    regateway(net, "lost", "192.168.1.1")
    try:
        reachable("lost", "c").verify(net)
        assert not unreachable_at_once("lost", "c").ask(net, 0).held
    finally:
        regateway(net, "lost", None)
    unreachable_at_once("lost", "c").verify(net)


def test_a_detour_within_the_room_would_be_heard_at_the_router(net):
    run(net["b"], "ip", "route", "add", "192.168.1.10", "via", "192.168.1.1")
    try:
        seen = never_carries("router", "icmp", during=reachable("b", "a"), but_at="b").ask(net, 0).seen
    finally:
        run(net["b"], "ip", "route", "del", "192.168.1.10")

    assert "did, the first: router:room1" in seen


def test_a_neighbour_is_not_taken_for_somebody_behind_the_router(net):
    assert "it left with TTL 64" in forwarded("a", "b", "router").ask(net, 0).seen


def test_a_cable_between_the_switches_makes_one_room_of_two(net):
    s1, s2 = net["s1"], net["s2"]
    cable = net.addLink(s1, s2)
    s1.attach(cable.intf1)
    s2.attach(cable.intf2)
    claim = broadcast_stays("a", near=("b",), far=("c", "router:room2"))
    try:
        waiting.until(lambda: claim.ask(net, 0).seen == "not heard at none, heard at c, router:room2", 10,
                      "the other room to hear it")
    finally:
        s1.detach(cable.intf1)
        s2.detach(cable.intf2)
        net.delLink(cable)
    claim.verify(net)


def test_a_router_that_does_not_forward_is_a_host(net):
    forwarding(net, "router", on=False)
    try:
        reachable("a", "192.168.2.1").verify(net)
        assert not reachable("a", "c").ask(net, 0).held
    finally:
        forwarding(net, "router")
