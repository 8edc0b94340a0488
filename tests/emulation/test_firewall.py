"""Both kinds of firewall by the same claims; and claims that notice a rule too few, one too many, and no memory."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from scenarios.firewall import EVERYBODY, OUTSIDE, PORTS, scenario
from scenarios.kit.actions import halt, resume
from scenarios.kit.claims.filtering import accounted, as_allowed, limited, scanned, stands_alone, unasked
from scenarios.kit.services.firewall import Rule, firewall_of, load

MATRIX = as_allowed(EVERYBODY, "fw", PORTS, same=tuple(OUTSIDE), within=0)
UNASKED = unasked("anyone", "pc", "fw", outside="fw:wan", inside="fw:lan")


@pytest.fixture(scope="module", params=scenario.options["filter"])
def net(request):
    with scenario.running(filter=request.param) as running:
        yield running


@contextmanager
def enforcing(net, *nodes, rules=None, **changes):
    """Other rules in force than the policy says, which stays as it was."""
    for node in nodes:
        own = firewall_of(net, node)
        policy = own.policy.model_copy(update={"rules": tuple(rules)}) if rules is not None else own.policy
        load(net, node, replace(own, policy=policy, **changes))
    try:
        yield
    finally:
        for node in nodes:
            load(net, node, firewall_of(net, node))


def rules(net):
    return firewall_of(net, "fw").policy.rules


def test_claim(net, claim):
    claim.verify(net)


def test_the_matrix_tells_a_rule_too_few(net):
    with enforcing(net, "fw", rules=rules(net)[1:]):
        seen = MATRIX.ask(net).seen

    assert "anyone to server port 443 is filtered, not open" in seen
    assert "is open, not filtered" not in seen


def test_the_matrix_tells_a_rule_too_many(net):
    open_door = Rule.model_validate({"from": "outside", "to": "inside", "tcp": [22]})
    with enforcing(net, "fw", rules=[*rules(net), open_door]):
        seen = MATRIX.ask(net).seen

    assert "admin to pc port 22 is open, not filtered" in seen
    assert "is filtered, not open" not in seen


def test_a_scan_finds_a_port_too_many(net):
    with enforcing(net, "fw", "server", rules=[*rules(net), Rule.model_validate({"to": "dmz", "tcp": [8080]})]):
        seen = scanned("anyone", "server", "fw", within=0).ask(net).seen

    assert seen == "it finds [80, 443, 8080], not [80, 443]"


def test_without_a_limit_everybody_may_try_for_ever(net):
    with enforcing(net, "fw", "server", rules=[each.model_copy(update={"limit": None}) for each in rules(net)]):
        assert limited("admin", "server", 22, times=3, within=0).ask(net).seen == "they were open, open, open, open"


def test_the_other_kind_of_firewall_treats_unasked_answers_otherwise(net):
    with enforcing(net, "fw", stateful=not firewall_of(net, "fw").stateful):
        assert not UNASKED.ask(net).held

    UNASKED.verify(net)


def test_a_server_that_relies_on_the_router_does_not_stand_alone(net):
    halt(net, "firewall", "server")
    try:
        assert "is open, not filtered" in stands_alone("server", "fw", EVERYBODY, PORTS).ask(net).seen
    finally:
        resume(net, "firewall", "server")


def test_drops_that_nobody_writes_down_are_missed(net):
    log, = (daemon for daemon in net["fw"].daemons if daemon.name == "firewall")
    log.process.terminate()
    log.process.wait()
    try:
        assert "the log says nothing" in accounted("anyone", "server", "fw", 8080, within=0).ask(net).seen
    finally:
        resume(net, "firewall", "fw")
