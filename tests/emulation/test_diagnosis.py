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
from scenarios.kit.facts import gather
from scenarios.kit.shown import diagnosed, finding_of
from scenarios.pytest_plugin import skip_without

GOAL = 0.9

pytestmark = pytest.mark.lab
FEW = ("routed_rooms", "tcp_udp", "two_computers")
ASKED = os.environ.get("DIAGNOSE", "").split()
SCENARIOS = catalogue.names() if ASKED == ["all"] else ASKED or FEW
scored: dict[str, tuple[str, str]] = {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_healthy_networks_are_well_and_broken_ones_are_scored(name):
    scenario = catalogue.find(name)
    skip_without(scenario)
    with scenario.running() as net:
        assert [str(verdict) for verdict in scenario.ask(net) if not verdict.held] == []
        baseline = gather(net, thoroughly=True)
        assert finding_of(net, baseline) is None
        for fault in scenario.faults:
            scored[f"{name} {fault.name}"] = fault.layer.lower(), layer(diagnosed(net, fault, baseline))


def layer(finding) -> str:
    return finding.layer.lower() if finding else "nothing"


def test_the_rate(capsys):
    wrong = {case: layers for case, layers in scored.items() if layers[0] != layers[1]}
    rate = 1 - len(wrong) / len(scored) if scored else 0
    with capsys.disabled():
        print(f"\ndiagnose named the right layer of {len(scored) - len(wrong)} of {len(scored)} faults ({rate:.0%})")
        for case, (wanted, got) in wrong.items():
            print(f"  {case}: {wanted}, and it said {got}")

    assert rate >= GOAL
