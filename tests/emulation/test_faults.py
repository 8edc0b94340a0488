"""Every fault of every scenario: it is injected, its claims notice and no others, and repair makes all hold again."""

import pytest

from scenarios.kit import catalogue, waiting

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
    if scenario.missing:
        pytest.skip(f"this machine lacks {', '.join(map(str, scenario.missing))}; ./lab doctor tells the remedy")
    fault, = (each for each in scenario.faults if each.name == fault)
    net = network(scenario)

    fault.inject(net)
    assert fault.injected(net), "it was not injected"
    unnoticed = unmoved(net, [claim for claim in scenario.claims if fault.hits(str(claim))])
    others = [claim.ask(net) for claim in scenario.claims if not fault.hits(str(claim))]
    fault.repair(net)

    assert unnoticed == []
    assert_all_hold(others)
    assert not fault.injected(net), "it was not repaired"
    assert_all_hold(scenario.ask(net))


def assert_all_hold(verdicts):
    assert [str(verdict) for verdict in verdicts if not verdict.held] == []


def unmoved(net, claims) -> list[str]:
    """The claims that hold all the same, once there is nothing left to come."""
    held: list[str] = []

    def noticed() -> bool:
        held[:] = [str(claim) for claim in claims if claim.ask(net, PATIENCE).held]
        return not held

    waiting.poll(noticed, NOTICING)
    return held
