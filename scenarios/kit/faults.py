"""Things that go wrong on purpose: a scenario's named faults, to be found by hand.

A fault knows how it is injected and undone, how to see that it was injected, which claims it must break, and three
hints, from a nudge to nearly the answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .errors import NoSuchThing

Action = Callable[..., object]


@dataclass(frozen=True)
class Fault:
    """One thing that is broken. ``layer`` is where a diagnosis should end: link, address, route, filter, service …

    ``breaks`` holds a part of the sentence of each claim that must fail; every other claim must hold.
    """

    name: str
    symptom: str
    inject: Action
    repair: Action
    injected: Callable[..., bool]
    breaks: Sequence[str]
    hints: tuple[str, str, str]
    layer: str = ""

    def hits(self, sentence: str) -> bool:
        """Whether a claim with this sentence must fail."""
        return any(part in sentence for part in self.breaks)


def named(faults: Sequence[Fault], name: str) -> Fault:
    """The fault of that name. Raises NoSuchThing with the names there are."""
    for fault in faults:
        if fault.name == name:
            return fault
    raise NoSuchThing("fault", name, (fault.name for fault in faults))
