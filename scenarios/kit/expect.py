"""Claims about a running network. A claim is asked again until it holds, or its time is up.

The answer is one of three: it *held*; it did *not* hold, with what was seen instead; or it *could not be asked*, for
a probe that breaks proves nothing. Evidence is packets, sockets, tables and answers, never our own configuration.
"""

import functools
import inspect
import math
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from . import waiting
from .errors import LabError

SOON = 5.0  # seconds: ARP, a controller's first packet, a daemon's first answer
CONVERGENCE = 60.0  # seconds: routing protocols find each other and agree

Probe = Callable[..., "str | None"]


class Outcome(StrEnum):
    HELD = "held"
    NOT_HELD = "not held"
    UNASKED = "could not be asked"


class Measured(str):
    """What a probe measured while its claim held: a figure to be shown, not judged."""


class CannotAsk(LabError):
    """A probe cannot tell, for instance because its positive control failed."""


@dataclass(frozen=True)
class Verdict:
    """What became of a claim: its outcome, what was ``seen`` instead, and how long it took in seconds."""

    claim: "Claim"
    outcome: Outcome
    seen: str = ""
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        return self.outcome is Outcome.HELD

    def __str__(self) -> str:
        return f"{self.claim}: {self.outcome}" + (f"; {self.seen}" if self.seen else "")


class Unmet(AssertionError):
    """The network did not come to do what was claimed of it, or could not be asked."""


@dataclass(frozen=True)
class Claim:
    """A sentence, and a probe that returns None (or a figure, Measured) while it is true, else what is seen instead.

    ``within`` is how long to go on asking, in seconds; 0 asks once, for what has happened and will not change.
    A claim of a family says which, and what its arguments are.
    """

    sentence: str
    probe: Probe = field(repr=False)
    within: float = SOON
    family: str = ""
    arguments: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def ask(self, net, patience: float | None = None) -> Verdict:
        """Ask until it holds, or for ``within`` seconds, or for ``patience`` where that is less."""
        watch = waiting.Stopwatch()
        patience = _patience.get() if patience is None else patience
        outcome, seen = Outcome.UNASKED, "it was never asked"

        def settled() -> bool:
            nonlocal outcome, seen
            outcome, seen = self._once(net)
            return outcome is Outcome.HELD

        before = _patience.set(patience)  # for the claims, too, that this one rests on
        try:
            waiting.poll(settled, min(patience, self.within))
        finally:
            _patience.reset(before)
        return Verdict(self, outcome, seen, watch.seconds)

    def verify(self, net) -> None:
        """Raise Unmet unless the claim holds in its time."""
        verdict = self.ask(net)
        if not verdict.held:
            raise Unmet(str(verdict))

    def _once(self, net) -> tuple[Outcome, str]:
        try:
            seen = self.probe(net)
        except Unmet as unmet:  # a claim that this one rests on
            return Outcome.NOT_HELD, str(unmet)
        except (LabError, OSError) as error:
            return Outcome.UNASKED, str(error)
        if isinstance(seen, Measured):
            return Outcome.HELD, str(seen)
        return (Outcome.NOT_HELD, seen) if seen else (Outcome.HELD, "")

    def __str__(self) -> str:
        return self.sentence


_patience: ContextVar[float] = ContextVar("patience", default=math.inf)


def patience(otherwise: float) -> float:
    """How long a probe that waits by itself may do so, in seconds: no longer than whoever asks its claim will."""
    return min(_patience.get(), otherwise)


def claim(sentence: str, within: float = SOON) -> Callable[[Probe], Claim]:
    """Make a claim of a function: ``@claim("a broadcast stays in its room")``.

    The function takes the net and returns None, or says what it saw instead.
    """
    return lambda probe: Claim(sentence, probe, within)


def claims(template: str, within: float = SOON) -> Callable[[Probe], Callable[..., Claim]]:
    """Make a family of claims: the function's further arguments fill the sentence.

    >>> @claims("{src} greets {dst}")
    ... def greets(net, src, dst): ...
    >>> str(greets("a", "b"))
    'a greets b'
    """

    def decorate(probe: Probe) -> Callable[..., Claim]:
        signature = inspect.signature(probe)
        parameters = list(signature.parameters.values())[1:]

        @functools.wraps(probe)
        def make(*args, within: float = within, **kwargs) -> Claim:
            bound = signature.replace(parameters=parameters).bind(*args, **kwargs)
            bound.apply_defaults()
            sentence = template.format(**{name: _spoken(value) for name, value in bound.arguments.items()})
            return Claim(sentence, functools.partial(_call, probe, bound), within, probe.__name__,
                         dict(bound.arguments))

        make.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return make

    return decorate


def _call(probe: Probe, bound: inspect.BoundArguments, net) -> str | None:
    return probe(net, *bound.args, **bound.kwargs)


def _spoken(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} at {each}" for key, each in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    return str(value)
