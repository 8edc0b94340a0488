from contextlib import contextmanager

import pytest

from scenarios.kit import fetches
from scenarios.kit.actions import forwarding
from scenarios.kit.claims.nat import answered_only_by, mapped, seen_as, stopped, told_apart
from scenarios.kit.services import Nftables
from scenarios.kit.services.nftables import has_rules
from scenarios.nat import DEVICES, EDGE, PUBLIC, scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_without_translation_the_server_hears_private_addresses_and_cannot_answer(net):
    with without(net, "oifname wan"):
        seen = once(seen_as("server", "laptop", PUBLIC), net)

    assert "nothing" in seen
    assert "its wire 192.168.1.10" in seen
    seen_as("server", "laptop", PUBLIC).verify(net)


def test_without_the_drop_of_the_forward_chain_a_stranger_comes_in(net):
    with without(net, "    counter drop\n", "policy drop"):
        assert "it went on" in once(stopped("neighbour", "laptop", **EDGE), net)


def test_what_is_sent_to_the_router_itself_needs_no_forwarding_to_be_dropped(net):
    forwarding(net, "router", on=False)
    try:
        assert not once(stopped("server", PUBLIC, **EDGE), net)
    finally:
        forwarding(net, "router")


def test_a_stranger_uses_an_open_port_when_translation_is_a_full_cone(net):
    full_cone = "iifname wan udp dport 1024-65535 dnat to 192.168.1.10\n  }\n  chain postrouting"

    with changed(net, "}\n  chain postrouting", full_cone):
        assert "1 intrusions" in once(answered_only_by("laptop", "server", "neighbour", **EDGE), net)


def test_without_the_hairpin_the_forward_works_from_outside_only(net):
    outside, inside = (fetches(each, f"http://{PUBLIC}:8080/") for each in ("server", "laptop"))

    with without(net, "ct status dnat masquerade"):
        assert not once(outside, net)
        assert once(inside, net)
    inside.verify(net)


def test_without_the_forward_the_port_is_shut(net):
    with without(net, "dnat to 192.168.1.30"):
        assert once(fetches("server", f"http://{PUBLIC}:8080/"), net)


def test_a_mixed_up_answer_would_be_seen(net):
    """Two devices that come out of one: the phone has taken over the laptop's address."""
    net["phone"].setIP("192.168.1.10/24")
    try:
        assert once(mapped("router", DEVICES, "server"), net)
    finally:
        net["phone"].setIP("192.168.1.11/24")
        net["phone"].setDefaultRoute("via 192.168.1.1")
    told_apart("server", DEVICES).verify(net)


def test_rules_can_be_looked_at(net):
    assert has_rules(net, "router", "ip nat postrouting")


@contextmanager
def without(net, *parts):
    """The router's rules without the lines that contain a part; "policy drop" alone is softened."""
    rules = net["router"].services[0].rules(net["router"])
    if "policy drop" in parts:
        rules, parts = rules.replace("policy drop", "policy accept"), [each for each in parts if each != "policy drop"]
    kept = [line for line in rules.splitlines(keepends=True) if not any(part in line for part in parts)]
    with loaded(net, "".join(kept)):
        yield


@contextmanager
def changed(net, old, new):
    rules = net["router"].services[0].rules(net["router"])
    assert old in rules
    with loaded(net, rules.replace(old, new)):
        yield


@contextmanager
def loaded(net, rules):
    supervisor = net["router"].supervisor
    supervisor.start(Nftables(rules, name="nat"))
    try:
        yield
    finally:
        supervisor.restart("nat")


def once(claim, net):
    return claim.ask(net, 0).seen


@pytest.fixture(autouse=True)
def _mended(net):
    yield
    assert seen_as("server", "tv", PUBLIC).ask(net).held
