"""The scenarios in the order in which they build on each other, and where somebody is among them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import catalogue
from .errors import LabError, NoSuchThing
from .scenario import Scenario

CHAPTERS = {1: "one room", 2: "addresses", 3: "providers", 4: "names, load and content",
            5: "one machine full of machines", 6: "private roads and walls"}


@dataclass(frozen=True)
class Stop:
    """One scenario on the way. ``new`` are the words that no earlier stop used: kinds of nodes, services, claims."""

    scenario: Scenario
    number: int
    of: int
    new: tuple[str, ...]


def stops() -> list[Stop]:
    """All of them: by chapter, and in a chapter from the smallest network to the largest."""
    found = sorted(map(catalogue.find, catalogue.names()), key=_place)
    known: set[str] = set()
    way = []
    for number, scenario in enumerate(found, 1):
        words = list(dict.fromkeys(word for word in _words(scenario) if word not in known))
        known |= set(words)
        way.append(Stop(scenario, number, len(found), tuple(words)))
    return way


def chapter(number: int) -> str:
    return f"Chapter {number}" + (f": {CHAPTERS[number]}" if number in CHAPTERS else "")


def _place(scenario: Scenario) -> tuple:
    return scenario.chapter, len(_topo(scenario).nodes()), len(scenario.claims), scenario.name


def _topo(scenario: Scenario):
    return scenario.topo(**scenario.chosen({}))


def _words(scenario: Scenario) -> Iterator[str]:
    topo = _topo(scenario)
    for name in topo.nodes():
        info = topo.nodeInfo(name)
        if "cls" in info:
            yield info["cls"].__name__
        yield from (type(service).__name__ for service in info.get("services", ()))
    yield from (f"claim '{claim.family}'" for claim in scenario.claims if claim.family)


class Progress:
    """Where one is, kept in a file, so that another day goes on there (XDG Base Directory Specification)."""

    def __init__(self, path: Path | None = None):
        self.path = path or _state_file()

    def at(self, way: list[Stop]) -> Stop:
        """The stop that was reached; the first one at first."""
        try:
            name = json.loads(self.path.read_text())["at"]
        except (OSError, ValueError, KeyError, TypeError):
            name = ""
        return next((stop for stop in way if stop.scenario.name == name), way[0])

    def go(self, stop: Stop) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"at": stop.scenario.name}) + "\n")
        except OSError as error:
            raise LabError(f"{self.path}: {error.strerror}; the tour cannot remember where you are") from None


def named(way: list[Stop], name: str) -> Stop:
    """The stop of that name. Raises NoSuchThing."""
    for stop in way:
        if stop.scenario.name == name:
            return stop
    raise NoSuchThing("stop of the tour", name, (stop.scenario.name for stop in way))


def beside(way: list[Stop], stop: Stop, step: int) -> Stop:
    """The stop before or after; at the ends, the same."""
    return way[min(max(stop.number - 1 + step, 0), len(way) - 1)]


def _state_file() -> Path:
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return home / "internet-from-scratch" / "tour.json"
