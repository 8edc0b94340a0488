"""Every fault breaks the claims it names and no other, and its repair mends them all."""

from dataclasses import replace

import pytest

from scenarios.kit import catalogue
from scenarios.kit.scenario import dead_daemons

SCENARIOS = ("nat",)
AT_ONCE = 0.5  # seconds: what a fault breaks is broken now

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def running(request):
    scenario = catalogue.find(request.param)
    with scenario.running() as net:
        yield net


def pytest_generate_tests(metafunc):
    if "fault" in metafunc.fixturenames:
        pairs = [(name, fault) for name in SCENARIOS for fault in catalogue.find(name).faults]
        metafunc.parametrize(("running", "fault"), pairs, ids=[f"{name}-{fault.name}" for name, fault in pairs],
                             indirect=["running"], scope="module")


def test_a_fault_breaks_what_it_says_and_nothing_else(running, fault):
    assert not fault.injected(running)
    fault.inject(running)
    try:
        assert fault.injected(running)
        wrong = [str(verdict) for verdict in verdicts(running, fault) if verdict.held == fault.hits(str(verdict.claim))]
    finally:
        fault.repair(running)
    assert not wrong
    assert not fault.injected(running)
    assert [str(each) for each in running.scenario.ask(running) if not each.held] == []
    assert not dead_daemons(running)


def verdicts(net, fault):
    for claim in net.scenario.claims:
        yield (replace(claim, within=AT_ONCE) if fault.hits(str(claim)) else claim).ask(net)
