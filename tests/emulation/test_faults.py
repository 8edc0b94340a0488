"""Every fault of every scenario: it is injected, its claims notice and no others, and repair makes all hold again."""

import pytest

from scenarios.kit import catalogue, waiting
from scenarios.kit.expect import Verdict
from scenarios.kit.trouble import SHOWING
from scenarios.pytest_plugin import skip_without

PATIENCE = 0.5  # seconds for a claim that must fail
NOTICING = 10  # seconds until it fails: neighbours and routing daemons remember for a while what was

CASES = [(name, fault.name) for name in catalogue.names() for fault in catalogue.find(name).faults]


@pytest.fixture(scope="module")
def network():
    """One network after another: each scenario's is built once, holds, and is used for all its faults."""
    running: dict[str, object] = {}

    def get(scenario):
        if scenario.name not in running:
            for net in running.values():
                net.stop()
            running.clear()
            running[scenario.name] = scenario.start()
            assert_all_hold(scenario.ask(running[scenario.name]))
        return running[scenario.name]

    yield get
    for net in running.values():
        net.stop()


@pytest.mark.parametrize(("name", "fault"), CASES, ids=[f"{name}-{fault}" for name, fault in CASES])
def test_fault(lab, network, name, fault):
    scenario = catalogue.find(name)
    skip_without(scenario)
    fault, = (each for each in scenario.faults if each.name == fault)
    net = network(scenario)

    fault.inject(net)
    try:
        assert waiting.poll(lambda: fault.injected(net), SHOWING), "it was not injected"
        verdicts = once_noticed(net, scenario, fault)
    finally:
        fault.repair(net)

    assert [str(each.claim) for each in verdicts if each.held and fault.hits(str(each.claim))] == [], "unnoticed"
    assert_all_hold(each for each in verdicts if not fault.hits(str(each.claim)))
    assert waiting.poll(lambda: not fault.injected(net), SHOWING), "it was not repaired"
    assert_all_hold(scenario.ask(net))


def assert_all_hold(verdicts):
    assert [str(verdict) for verdict in verdicts if not verdict.held] == []


def once_noticed(net, scenario, fault) -> list[Verdict]:
    """What becomes of all claims, asked in their order, once those that must fail do, or there is nothing to come."""
    verdicts: list[Verdict] = []

    def noticed() -> bool:
        verdicts[:] = [claim.ask(net, PATIENCE if fault.hits(str(claim)) else None) for claim in scenario.claims]
        return not any(each.held and fault.hits(str(each.claim)) for each in verdicts)

    waiting.poll(noticed, NOTICING)
    return verdicts
