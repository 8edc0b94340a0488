"""What one run of a scenario has shown: figures, packets where one should look, and what diagnose said of each fault.

A run records it, a file keeps it, and the scenario's page shows it; so that a page is the same each time it is made.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from . import waiting
from .capture import Tap, describe, tap
from .diagnosis import Diagnosis, Finding
from .errors import LabError
from .expect import Verdict
from .facts import World, gather
from .faults import Fault
from .scenario import Scenario
from .trouble import AT_ONCE, SHOWING

DIRECTORY = Path(__file__).parents[2] / "docs" / "scenarios" / "shown"
PACKETS = 6  # of a look


@dataclass(frozen=True)
class Shown:
    """By sentence, what a claim measured; by command, the packets at a look; by fault, the lines of its diagnosis."""

    measured: dict[str, str] = field(default_factory=dict)
    packets: dict[str, list[str]] = field(default_factory=dict)
    diagnoses: dict[str, list[str]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)

    def stale(self, scenario: Scenario) -> list[str]:
        """What it tells of that the scenario no longer has; pure."""
        claims, faults = {str(claim) for claim in scenario.claims}, {fault.name for fault in scenario.faults}
        looks = {look.command(scenario.name) for look in scenario.look}
        return [*({*self.measured} - claims), *({*self.packets} - looks), *({*self.diagnoses, *self.layers} - faults)]

    def text(self) -> str:
        return yaml.safe_dump(asdict(self), sort_keys=False, allow_unicode=True, width=110)


def path_of(scenario: Scenario) -> Path:
    return DIRECTORY / f"{scenario.name}.yaml"


def kept(scenario: Scenario) -> Shown:
    """What the last recorded run has shown; nothing where there was none."""
    path = path_of(scenario)
    return Shown(**yaml.safe_load(path.read_text())) if path.exists() else Shown()


def record(scenario: Scenario) -> Shown:
    """Run it, ask its claims with an ear at each look, and then break it in every way. Raises LabError."""
    with scenario.running() as net:
        with ExitStack() as stack:
            ears = {look.command(scenario.name): stack.enter_context(tap(net, look.where, filter=look.filter))
                    for look in scenario.look}
            measured = dict(_measured(scenario.ask(net)))
            packets = {command: list(_lines(ear)) for command, ear in ears.items()}
        baseline = gather(net, thoroughly=True)
        found = {fault.name: diagnosed(net, fault, baseline) for fault in scenario.faults}
    return Shown(measured, packets, {name: told(scenario.name, finding) for name, finding in found.items()},
                 {name: finding.layer if finding else "" for name, finding in found.items()})


def told(lab: str, finding: Finding | None) -> list[str]:
    """A diagnosis as lines: the sentence, the command that shows it, and what that shows; pure."""
    if finding is None:
        return ["nothing is wrong that these questions can show"]
    lines = [f"{finding.layer}: {finding.sentence}"]
    if finding.command:
        lines.append(f"$ {finding.shown_by(lab)}")
    return [*lines, *(f"  {anywhere(line.strip())}" for line in finding.output)]


def anywhere(line: str) -> str:
    """A line that would be the same wherever this checkout lies."""
    return line.replace(sys.executable, "python").replace(f"{Path(__file__).parents[2]}/", "")


def _measured(verdicts: Iterator[Verdict]) -> Iterator[tuple[str, str]]:
    for verdict in verdicts:
        if not verdict.held:
            raise LabError(f"a page shows a run in which every claim held, and not: {verdict}")
        if verdict.seen:
            yield str(verdict.claim), verdict.seen


def _lines(ear: Tap) -> Iterator[str]:
    """The first packets, each kind once."""
    return iter(list(dict.fromkeys(describe(packet) for packet in ear.packets()))[:PACKETS])


def diagnosed(net, fault: Fault, baseline: World) -> Finding | None:
    """What diagnose says of a fault, which is gone afterwards. Raises TimedOut, Unmet."""
    fault.inject(net)
    try:
        waiting.until(lambda: fault.injected(net), SHOWING, f"{fault.name} to show")
        for claim in net.scenario.claims:  # so that what learns has learned
            claim.ask(net, AT_ONCE)
        finding = finding_of(net, baseline)
    finally:
        fault.repair(net)
    for claim in net.scenario.claims:
        claim.verify(net)
    return finding


def finding_of(net, baseline: World) -> Finding | None:
    """What diagnose finds in a network as it is; None: nothing is wrong."""
    answers = list(Diagnosis(net, net.scenario.claims, baseline).run())
    return answers[-1].finding if answers else None
