"""What is wrong, and at which layer: questions are sent as marked packets, and where one is lost, layers are checked.

It knows the drawing, the claims and what it sees; which fault was injected it does not know.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ..command import attempt
from ..drawing import Drawing
from ..expect import Claim
from ..facts import Facts, World, gather, of_lab
from ..journey import SILENT, Ask, Journey, again, travel
from ..links import place_of
from . import application, asks, drift, layers
from .case import Case
from .finding import LAYERS, Finding
from .losses import lossy
from .reasons import explain
from .sizes import black_hole

TRIES = 2  # the first packet may be lost while a controller or an ARP cache learns
SHORT = 0.5  # seconds that an answer may take on a way that was just used
AT_ONCE, SURE = 0.5, 3.0  # seconds to ask a claim: the first time, and when it has just failed
LINES = 6  # of a command's output
FULL = 1472  # bytes of payload that fill an Ethernet frame: 1500 less IP (20) and ICMP (8)


@dataclass(frozen=True)
class Answer:
    """What became of one question: a finding, or nothing: all is well. ``journey`` is its packet's."""

    ask: Ask
    finding: Finding | None
    journey: Journey | None = None


class Diagnosis:
    """One look at a network, at one moment."""

    def __init__(self, net, claims: Sequence[Claim] = (), baseline: World | None = None):
        self.net, self.claims, self.baseline = net, claims, baseline
        self.drawing, self.world = Drawing.of(net), gather(net)
        self.names = asks.Names(self.drawing, self.world)

    def run(self, question: Ask | None = None) -> Iterator[Answer]:
        """Ask one question, or all that the claims imply, until something is found."""
        for answer in self._answers(question):
            yield answer
            if answer.finding:
                return

    def _answers(self, question: Ask | None) -> Iterator[Answer]:
        if question:
            yield from self._about(question)
            return
        asked = asks.of_claims(self.claims, self.names) if self.claims else asks.of_pairs(self.names)
        answered = []
        for ask in asked:
            for answer in self._about(ask, sizes=False):
                yield answer
                answered += [ask] if ask.port is None or ask.url.startswith("http") else []
        yield from self._sizes(answered)
        yield from self._losses(answered)
        yield from self._suspicions()

    def _about(self, ask: Ask, sizes: bool = True) -> Iterator[Answer]:
        journey = self._journey(ask) if ask.dst and not ask.url.startswith("dns:") else None
        finding = self._explained(journey) if journey else None
        if finding is None and ask.url:
            finding = self._application(ask)
        if finding and ask.dst:
            finding = self._beneath(ask) or finding
        yield Answer(ask, self._with_output(finding), journey)
        if sizes and finding is None and ask.dst:
            yield from self._sizes([ask])
            yield from self._losses([ask])

    def _beneath(self, ask: Ask) -> Finding | None:
        """What may be wrong further down, and is asked only when something is: some packets are lost, or large ones."""
        sized = next(self._sizes([ask]), None) if ask.url else None
        return lossy(self.net, Ask(ask.src, ask.dst, name=ask.name)) or (sized.finding if sized else None)

    def _journey(self, ask: Ask) -> Journey:
        for number in range(TRIES):
            journey = travel(self.net, ask, self.world)
            if journey.outcome == "answered" or number == TRIES - 1:
                break
        return journey

    def _explained(self, journey: Journey) -> Finding | None:
        if journey.outcome == "answered":
            return None
        self.world = gather(self.net)  # neighbour tables have learned of the failure
        found = explain(Case(self.drawing, self.world, self.lab, journey))
        if found and found.layer == "route":
            found = drift.tunnel_gone(self.baseline or {}, self.world, journey.ask) or found
        return found or Finding("link" if journey.outcome == SILENT else "service",
                                f"{journey.ask}: {journey.outcome}, and every layer looks well", journey.ask.src,
                                ("ip", "-br", "addr"))

    def _application(self, ask: Ask) -> Finding | None:
        if not ask.url.startswith("dns:"):
            return application.fetch(self.net, ask)
        finding = application.resolve(self.net, self.world, ask)
        silent = finding is not None and finding.layer == "name" and "status:" not in finding.shows
        return self._silent_server(ask, finding.command) if finding and silent else finding

    def _silent_server(self, ask: Ask, words: tuple[str, ...]) -> Finding:
        """A name server that says nothing: it may not run, or not be reached."""
        ask = again(ask, dst=ask.dst or application.name_server(self.net, ask.src))
        finding = application.no_answer(self.world, ask, words)
        if finding.layer == "service" or not ask.dst:
            return finding
        below = self._explained(self._journey(again(ask, protocol="icmp", port=None, url="")))
        return below or self._explained(self._journey(again(ask, url=""))) or finding

    def _sizes(self, asked: Sequence[Ask]) -> Iterator[Answer]:
        """Full-sized packets that must not be fragmented: they pass, or the sender is told why not."""
        for src, dst in _pairs(asked):
            ask = Ask(src, dst, size=FULL, name=f"{dst} with {FULL} bytes")
            journey = travel(self.net, ask, self.world, SHORT)
            if journey.outcome == SILENT and travel(self.net, Ask(src, dst), self.world, SHORT).outcome == "answered":
                case = Case(self.drawing, self.world, self.lab, journey)
                yield Answer(ask, self._with_output(black_hole(case)), journey)

    def _losses(self, asked: Sequence[Ask]) -> Iterator[Answer]:
        """Bursts of packets: all come, or none."""
        for src, dst in _pairs(asked):
            if found := lossy(self.net, Ask(src, dst)):
                yield Answer(Ask(src, dst, name=f"{dst} many times"), self._with_output(found))

    def _suspicions(self) -> Iterator[Answer]:
        """Nothing that was asked failed: then what is not as drawn, or has changed, if a claim minds."""
        changes = drift.compare(self.baseline or {}, gather(self.net, thoroughly=True))
        finding = next(chain(self._as_drawn(), changes), None)
        failing = self._failing(finding) if finding else None
        if failing:
            yield Answer(Ask("", "", name=str(failing)), self._with_output(finding))

    def _failing(self, finding: Finding) -> Claim | None:
        """A claim that fails, and fails again; those first that name the node which is under suspicion."""
        ordered = sorted(self.claims, key=lambda claim: finding.node not in re.findall(r"\w+", str(claim)))
        return next((claim for claim in ordered if not claim.ask(self.net, AT_ONCE).held
                     and not claim.ask(self.net, SURE).held), None)

    def _as_drawn(self) -> Iterator[Finding]:
        """Wires and addresses that are not as in the drawing, used by our questions or not."""
        case = Case(self.drawing, self.world, self.lab, Journey(Ask("", ""), SILENT))
        ends = self.drawing.ends.values()
        yield from filter(None, (layers.link(case, end) for end in ends))
        yield from filter(None, (layers.address(case, end) for end in ends if end.node in self.world))
        yield from filter(None, (layers.daemons(case, node) for node in self.world))

    @property
    def lab(self) -> Facts:
        return of_lab(self.net)

    def _with_output(self, finding: Finding | None) -> Finding | None:
        """The command of a finding is run, and what it shows is quoted."""
        if finding is None or not finding.command:
            return finding
        node = self.net[finding.node] if finding.node else _Lab()
        done = attempt(node, *finding.command)
        lines = [line.rstrip() for line in (done.stdout or done.stderr).splitlines() if line.strip()]
        shown = [line for line in lines if any(word in line for word in finding.shows)]
        return replace(finding, output=tuple((shown or lines)[:LINES]))


def _pairs(asked: Sequence[Ask]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((ask.src, ask.dst) for ask in asked if ask.dst))


class _Lab:
    """The lab's own namespace, as a node on which programs run."""

    name = "lab"
    place = property(lambda self: place_of(None))


__all__ = ["LAYERS", "Answer", "Diagnosis", "Finding", "asks"]
