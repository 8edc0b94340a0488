"""A scenario: a topology, what it needs of the machine, what is claimed of it, and what can go wrong."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import cleandoc

from .capability import NAME, Capability
from .errors import CannotRun, LabError
from .expect import Claim, Verdict
from .faults import Fault
from .net import Net
from .nodes import Host, Switch
from .topo import Topo
from .waiting import Stopwatch


@dataclass(frozen=True)
class Look:
    """Something to see by hand: where, with which filter of tcpdump(1), and what one sees."""

    where: str
    filter: str
    sees: str

    def command(self, lab: str) -> str:
        return f"./lab capture {lab} {self.where} '{self.filter}'"


@dataclass(frozen=True)
class Scenario:
    """One network, one lesson."""

    topo: Callable[..., Topo]
    claims: Sequence[Claim]
    chapter: int = 0
    controller: object = None
    requires: Sequence[Capability] = ()
    look: Sequence[Look] = ()
    faults: Sequence[Fault] = ()
    options: dict[str, Sequence[str]] = field(default_factory=dict)
    table: str = ""  # what the drawing has no room for: a plan, a policy, computed from the scenario's data
    shared_addresses: Sequence[str] = ()  # those that several nodes may have, each where the others are not seen

    @property
    def module(self):
        return sys.modules[getattr(self.topo, "__module__", "__main__")]

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    @property
    def argument(self) -> str:
        """What ``./lab run`` is given: the name, or for a scenario of one's own the file."""
        return self.name if self.module.__name__.startswith("scenarios.") else str(self.module.__file__)

    @property
    def text(self) -> str:
        return cleandoc(self.module.__doc__ or "")

    @property
    def lesson(self) -> str:
        """The first line of the docstring."""
        return self.text.partition("\n")[0]

    @property
    def drawing(self) -> str:
        """The map in the docstring: its indented paragraphs."""
        return "\n\n".join(part for part in self.text.split("\n\n") if part.startswith(" ")).rstrip()

    @property
    def missing(self) -> list[Capability]:
        """What this machine lacks for it."""
        return [each for each in self.requires if not each.present]

    def check_machine(self) -> None:
        """Raise CannotRun, in one line, when something is missing."""
        if self.missing:
            lacks = "; ".join(f"{each} ({each.remedy.replace(NAME, self.argument)})" for each in self.missing)
            raise CannotRun(f"{self.name}: this machine lacks {lacks}")

    @contextmanager
    def running(self, **choices: str) -> Iterator[Net]:
        """The network, up for as long as the ``with`` block lasts. Raises CannotRun, LabError."""
        net = self.start(choices)
        try:
            yield net
        finally:
            net.stop()

    def start(self, choices: dict[str, str] | None = None, timings: dict[str, float] | None = None,
              onlooker: Callable[[Net], object] | None = None) -> Net:
        """Build and start the network; whoever starts it stops it. ``timings`` receives seconds by phase.

        ``onlooker`` is called when the cables are laid, before anything runs.
        """
        self.check_machine()
        timings = {} if timings is None else timings
        watch = Stopwatch()
        topo = self.topo(**self.chosen(choices or {}))
        if any(issubclass(topo.nodeInfo(name).get("cls", Switch), Switch) for name in topo.switches()):
            Switch.checkSetup()
        net = Net(topo, controller=self.controller, build=False)
        net.scenario, net.onlooker = self, onlooker
        try:
            for phase, step in (("build", net.build), ("start", net.start)):
                step()
                timings[phase] = watch.seconds - sum(timings.values())
            if net.controllers and not net.waitConnected():
                raise LabError(f"{self.name}: not every switch reached its controller")
            timings["connect"] = watch.seconds - sum(timings.values())
        except BaseException:
            net.stop()
            raise
        return net

    def chosen(self, choices: dict[str, str]) -> dict[str, str]:
        """The options with their values. Raises LabError for one that is not offered."""
        for name, value in choices.items():
            if name not in self.options:
                raise LabError(f"{self.name} has no option {name!r}; it has: {', '.join(self.options) or 'none'}")
            if self.options[name] and value not in self.options[name]:
                raise LabError(f"{self.name}: {name} is one of {', '.join(self.options[name])}, not {value!r}")
        return {name: values[0] for name, values in self.options.items() if values} | choices

    def ask(self, net: Net, patience: float | None = None) -> Iterator[Verdict]:
        """Ask every claim, in order; none for longer than ``patience`` seconds."""
        return (claim.ask(net, patience) for claim in self.claims)

    def check(self, net: Net) -> None:
        """For Mininet's own runner: print what holds, and raise Unmet at the first claim that does not."""
        for claim in self.claims:
            claim.verify(net)
            print(f"held      {claim}")


def dead_daemons(net: Net) -> list[str]:
    """Services that have ended, each with its last line."""
    return [str(daemon) for node in net.hosts if isinstance(node, Host)
            for daemon in node.daemons if not daemon.alive]


