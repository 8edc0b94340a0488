"""A running lab: a scenario's network under a name, and what a second terminal may ask of it."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from . import capability, control, sandbox
from .errors import LabError
from .expect import Verdict
from .facts import World
from .net import Net
from .record import Recorder
from .scenario import Scenario, dead_daemons
from .sights import Sights
from .trouble import Search, Trouble
from .waiting import Stopwatch

Answers = Iterator[dict[str, Any]]


class Lab:
    """One scenario under way. ``enter`` first, then ``build``; the process ends, and with it the lab."""

    def __init__(self, scenario: Scenario, name: str | None = None):
        self.scenario = scenario
        self.name, self._listener = control.claim_name(name or scenario.name)
        self.net: Net | None = None
        self.timings: dict[str, float] = {}
        self.verdicts: list[Verdict] = []
        self.recorder: Recorder | None = None
        self.baseline: World | None = None
        self._asking = threading.Lock()

    def enter(self, keep: list[str] | None = None) -> None:
        """Move into the sandbox and answer other terminals from there. Raises CannotRun."""
        watch = Stopwatch()
        sandbox.enter(self.name, keep or [])
        self.age = Stopwatch()
        self.timings["sandbox"] = watch.seconds
        control.serve(self._listener, self.operations())

    def build(self, capture: int | None = None, **choices: str) -> Net:
        """Build the network; ``capture`` is an open file to which every packet is written, from the first."""
        watch = Stopwatch()
        phases: dict[str, float] = {}
        self.net = self.scenario.start(choices, phases, self._recorded(capture))
        self.timings |= phases | {"up": watch.seconds + self.timings.get("sandbox", 0.0)}
        self.trouble = Trouble(self.name, self.scenario, self.net)
        return self.net

    def _recorded(self, output: int | None) -> Callable[[Net], None] | None:
        """What makes the recorder, once there are cables."""
        if output is None:
            return None

        def listen(net: Net) -> None:
            self.recorder = Recorder(net, output)

        return listen

    def ask(self, patience: float | None = None) -> Iterator[Verdict]:
        """Ask every claim, one asker at a time; none for longer than ``patience`` seconds."""
        net = self._running()
        with self._asking:
            self.verdicts = []
            for verdict in self.scenario.ask(net, patience):
                self.verdicts.append(verdict)
                yield verdict
            self._remember()

    def _remember(self) -> None:
        """What the network was like when all its claims held, to be compared with later."""
        if self.baseline is None and all(verdict.held for verdict in self.verdicts):
            from .facts import gather

            self.baseline = gather(self._running(), thoroughly=True)

    def break_it(self, fault: str | None = None, seed: int | None = None) -> Search:
        """Inject a fault of that name, or one drawn by lot."""
        trouble = self._trouble()
        with self._asking:
            return trouble.inject(fault, seed)

    def end(self, status: int) -> NoReturn:
        """End the process, and with it everything in the lab: nothing is left to be taken down one by one."""
        if self.recorder:
            self.recorder.close()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def operations(self) -> dict[str, control.Operation]:
        """What other terminals may ask, by name."""
        return {"info": self._info, "enter": self._enter, "check": self._check, "stop": self._stop,
                "resolve": self._resolve, "faults": self._faults, "break": self._break, "hint": self._hint,
                "progress": self._progress, "solve": self._solve, "restore": self._restore,
                "diagnose": self._diagnose, **Sights(self.scenario.lesson, self._running).operations()}

    def _running(self) -> Net:
        if self.net is None:
            raise LabError(f"{self.name} is still being built; try again in a moment")
        return self.net

    def _info(self) -> Answers:
        yield {"name": self.name, "scenario": self.scenario.name, "seconds": round(self.age.seconds, 1),
               "up": self.net is not None, "nodes": list(self.net.keys()) if self.net else [],
               "claims": len(self.scenario.claims), "held": sum(verdict.held for verdict in self.verdicts),
               "asked": len(self.verdicts), "dead": dead_daemons(self.net) if self.net else [],
               "datapath": "kernel" if capability.kernel_datapath() else "userspace"}

    def _enter(self, node: str) -> Iterator:
        """Descriptors in the order in which they must be joined."""
        own = {kind: os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt", "pid", "ipc", "uts")}
        net, *private = self._running().place(node).descriptors()
        if private:
            own["mnt"], own["uts"] = private
        yield control.Descriptors([own["user"], own["ipc"], own["uts"], net, own["pid"], own["mnt"]])

    def _resolve(self, where: str) -> Answers:
        """The node and interfaces that a selector stands for; of a wire, the first end."""
        from . import selector

        net = self._running()
        found = selector.interfaces(net, where)[:None if where in net else 1]
        yield {"node": found[0].node.name if found else where, "interfaces": [intf.name for intf in found],
               "single": ":" in where}

    def _check(self, patience: float | None = None) -> Answers:
        for verdict in self.ask(patience):
            yield {"claim": str(verdict.claim), "outcome": str(verdict.outcome), "seen": verdict.seen,
                   "seconds": round(verdict.seconds, 3)}

    def _faults(self) -> Answers:
        """What can break here; which of them it is, only when that is no secret."""
        search = self._trouble().search
        for fault in self.scenario.faults:
            yield {"name": fault.name, "symptom": fault.symptom,
                   "present": bool(search and not search.secret and search.fault is fault)}

    def _break(self, fault: str | None = None, seed: int | None = None) -> Answers:
        search = self.break_it(fault, seed)
        yield {"secret": search.secret, "seed": search.seed}

    def _hint(self) -> Answers:
        number, text = self._trouble().hint()
        yield {"number": number, "hint": text}

    def _progress(self) -> Answers:
        """After ``check``: whether what was broken is fixed. Nothing when nothing was."""
        trouble = self._trouble()
        if trouble.search:
            with self._asking:
                yield trouble.progress(self.verdicts)

    def _solve(self) -> Answers:
        yield self._trouble().solve()

    def _restore(self) -> Answers:
        with self._asking:
            self._trouble().restore()
        yield from self._check()

    def _diagnose(self, src: str | None = None, dst: str | None = None) -> Answers:
        """Each question that was asked, and at last what was found, if anything was."""
        from . import diagnosis

        with self._asking:
            look = diagnosis.Diagnosis(self._running(), self.scenario.claims, self.baseline)
            question = diagnosis.asks.of_words(src, dst, look.names) if src and dst else None
            for answer in look.run(question):
                yield {"asked": str(answer.ask), "outcome": answer.journey.outcome if answer.journey else "",
                       "finding": answer.finding.json() if answer.finding else None}

    def _trouble(self) -> Trouble:
        self._running()
        return self.trouble

    def _stop(self) -> Answers:
        yield {"stopping": self.name}
        os.kill(os.getpid(), signal.SIGTERM)
