"""``diagnose`` names the layer of every fault of every scenario, and finds nothing where nothing is wrong.

It is told nothing but the drawing, the claims and what the network was like before; a fault's own ``layer`` is read
only afterwards. The rate is printed, and must be nine in ten.

``DIAGNOSE=all ./lab test tests/emulation/test_diagnosis.py`` scores every scenario, which takes a quarter of an hour,
``DIAGNOSE=nat`` one; a run of the whole suite scores a few, in which every layer from cable to service fails once. What
all of them said when their pages were made is in docs/scenarios/shown, and tests/unit/test_pages.py counts it.
"""

import os

import pytest

from scenarios.kit import catalogue
from scenarios.kit.diagnosis import Diagnosis
from scenarios.kit.facts import gather

GOAL = 0.9
AT_ONCE = 0.5  # seconds for a claim of a network that is broken

pytestmark = pytest.mark.lab
FEW = ("routed_rooms", "tcp_udp", "two_computers")
ASKED = os.environ.get("DIAGNOSE", "").split()
SCENARIOS = catalogue.names() if ASKED == ["all"] else ASKED or FEW
scored: dict[str, tuple[str, str]] = {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_healthy_networks_are_well_and_broken_ones_are_scored(name):
    scenario = catalogue.find(name)
    if scenario.missing:
        pytest.skip(f"this machine lacks {', '.join(map(str, scenario.missing))}; ./lab doctor tells the remedy")
    with scenario.running() as net:
        assert [str(verdict) for verdict in scenario.ask(net) if not verdict.held] == []
        baseline = gather(net, thoroughly=True)
        assert diagnosed(net, baseline) is None
        for fault in scenario.faults:
            scored[f"{name} {fault.name}"] = fault.layer.lower(), layer_of(net, fault, baseline)


def layer_of(net, fault, baseline) -> str:
    fault.inject(net)
    assert fault.injected(net)
    try:
        for claim in net.scenario.claims:
            claim.ask(net, AT_ONCE)
        finding = diagnosed(net, baseline)
    finally:
        fault.repair(net)
    for claim in net.scenario.claims:
        claim.verify(net)
    return finding.layer.lower() if finding else "nothing"


def diagnosed(net, baseline):
    answers = list(Diagnosis(net, net.scenario.claims, baseline).run())
    return answers[-1].finding if answers else None


def test_the_rate(capsys):
    wrong = {case: layers for case, layers in scored.items() if layers[0] != layers[1]}
    rate = 1 - len(wrong) / len(scored) if scored else 0
    with capsys.disabled():
        print(f"\ndiagnose named the right layer of {len(scored) - len(wrong)} of {len(scored)} faults ({rate:.0%})")
        for case, (wanted, got) in wrong.items():
            print(f"  {case}: {wanted}, and it said {got}")

    assert rate >= GOAL
