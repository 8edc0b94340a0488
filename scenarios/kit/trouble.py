"""What is broken on purpose in a running lab, and how far whoever looks for it has been helped."""

import random
from dataclasses import dataclass, field

from . import waiting
from .errors import LabError
from .expect import Verdict
from .faults import Fault, named
from .quoting import quote
from .scenario import Scenario
from .waiting import Stopwatch

SHOWING = 10  # seconds until what was injected can be seen to be there: a daemon may have to be told
HEALING = 20  # seconds until what was repaired works again: a tunnel has to be called anew
AT_ONCE = 0.5  # seconds to ask a claim that may still fail
LARGEST_SEED = 9999  # short enough to be told to a neighbour


class NothingBroken(LabError):
    """There is nothing to be found, hinted at or repaired."""

    def __init__(self, lab: str):
        super().__init__(f"nothing is broken in {lab}; break something with ./lab break {lab} --random")


@dataclass
class Search:
    """One fault that is in the network. ``secret`` when whoever looks for it has not chosen it."""

    fault: Fault
    secret: bool
    seed: int | None = None
    hinted: int = 0
    solved: bool = False
    clock: Stopwatch = field(default_factory=Stopwatch)


class Trouble:
    """The faults of one running network; at most one is in it at a time."""

    def __init__(self, lab: str, scenario: Scenario, net):
        self.lab, self.scenario, self.net = lab, scenario, net
        self.search: Search | None = None

    def inject(self, name: str | None = None, seed: int | None = None) -> Search:
        """Break something: the fault of that name, or one that is drawn by lot. Raises LabError, NoSuchThing."""
        if self.search:
            raise LabError(f"{self.lab} is broken already; find out what it is, or mend it: ./lab restore {self.lab}")
        if not self.scenario.faults:
            raise LabError(f"nobody has written down yet what can break in {self.scenario.name}")
        if name is None and seed is None:
            seed = random.randint(0, LARGEST_SEED)
        fault = named(self.scenario.faults, name) if name else drawn(self.scenario, seed)
        self._inject(fault)
        self.search = Search(fault, secret=name is None, seed=seed)
        return self.search

    def _inject(self, fault: Fault) -> None:
        fault.inject(self.net)
        if not waiting.poll(lambda: fault.injected(self.net), SHOWING):
            fault.repair(self.net)
            raise LabError("the fault could not be injected: the network does not show it")

    def hint(self) -> tuple[int, str]:
        """The next hint, and its number; the last one again when there are no more."""
        search = self.current()
        search.hinted = min(search.hinted + 1, len(search.fault.hints))
        return search.hinted, search.fault.hints[search.hinted - 1]

    def solve(self) -> dict:
        """All there is to know about the fault that is in the network."""
        search = self.current()
        search.solved = True
        fault = search.fault
        return {"name": fault.name, "symptom": fault.symptom, "layer": fault.layer, "hints": list(fault.hints),
                "breaks": [str(claim) for claim in self.scenario.claims if fault.hits(str(claim))],
                "cause": quote(fault.inject), "repair": quote(fault.repair), "present": fault.injected(self.net)}

    def restore(self) -> None:
        """Repair what is broken, unless somebody has; ``check`` afterwards whether all is well."""
        fault = self.current().fault
        if fault.injected(self.net) or not self._healed(fault):
            fault.repair(self.net)
            waiting.poll(lambda: self._healed(fault), HEALING)
        if fault.injected(self.net):
            raise LabError(f"the repair did not help; start the lab anew: ./lab stop {self.lab}")
        self.search = None

    def _healed(self, fault: Fault) -> bool:
        return all(claim.ask(self.net, AT_ONCE).held for claim in self.scenario.claims if fault.hits(str(claim)))

    def progress(self, verdicts: list[Verdict]) -> dict:
        """How the search stands after the claims were asked: fixed or not, and nothing about what it is.

        It is over when every claim holds and the cause is gone.
        """
        search = self.current()
        held = bool(verdicts) and all(verdict.held for verdict in verdicts)
        present = search.fault.injected(self.net)
        told = {"fixed": held and not present, "held": held, "cause gone": not present, "hints": search.hinted,
                "solved": search.solved, "seconds": round(search.clock.seconds, 1)}
        if told["fixed"]:
            self.search = None
        return told

    def current(self) -> Search:
        if self.search is None:
            raise NothingBroken(self.lab)
        return self.search


def drawn(scenario: Scenario, seed: int | None) -> Fault:
    """A fault by lot; the same for the same seed."""
    return random.Random(seed).choice(list(scenario.faults))
