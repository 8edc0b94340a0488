"""Waiting for a state, under a name, with a deadline. This is the only module which sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import LabError

T = TypeVar("T")
SHORTEST, LONGEST = 0.002, 0.1  # seconds between two looks: soon at first, gently later
GROWTH = 1.2  # from one to the next: we are late by a fifth of the time at most


class TimedOut(LabError):
    """What was waited for did not come in its time."""


def until(probe: Callable[[], T], within: float, what: str) -> T:
    """Ask ``probe`` until it gives something true, and return that.

    ``within`` is in seconds, ``what`` completes "waited for …". Raises TimedOut.
    """
    answer = poll(probe, within)
    if not answer:
        raise TimedOut(f"waited {within:g} s for {what}, in vain")
    return answer


def poll(probe: Callable[[], T], within: float) -> T:
    """Ask ``probe`` until it gives something true or ``within`` seconds are over; return its last answer."""
    deadline = time.monotonic() + within
    pause = SHORTEST
    while not (answer := probe()) and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST)
    return answer


class Deadline:
    """A moment in the future; ``left`` tells the seconds until then, never below zero."""

    def __init__(self, seconds: float):
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._at - time.monotonic())


class Stopwatch:
    """Seconds since it was made, for figures that are printed and never asserted."""

    def __init__(self):
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since
