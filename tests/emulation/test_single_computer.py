from scenarios.kit import fetches, reachable, unreachable_at_once
from scenarios.kit.actions import pulled
from scenarios.single_computer import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_without_loopback_it_is_alone_even_from_itself(net):
    with pulled(net, "computer:lo"):
        assert not reachable("computer", "127.0.0.1", within=0).ask(net).held
        assert not fetches("computer", "http://127.0.0.1/", within=0).ask(net).held

    reachable("computer", "127.0.0.1").verify(net)


def test_with_a_route_the_kernel_no_longer_refuses_at_once(net):
    net["computer"].setDefaultRoute("dev lo")

    assert not unreachable_at_once("computer", "192.168.1.1", within=0).ask(net).held
