"""The words a scenario is written in. Each is imported when it is first used: the command line starts at once."""

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    "addressing": "Subnet Subnet6",
    "claims": "answers carries closed fetches filtered forgotten isolated learned never_carries open_to path reachable "
              "resolves says unreachable_at_once",
    "controller": "RyuApp ryu",
    "expect": "CannotAsk Claim claim",
    "faults": "Fault",
    "nodes": "Bridge Host Router Switch",
    "scenario": "Look Scenario",
    "topo": "Topo",
}
_HOME = {word: module for module, words in _HOMES.items() for word in words.split()}

if TYPE_CHECKING:
    from .addressing import Subnet, Subnet6
    from .claims import (
        answers,
        carries,
        closed,
        fetches,
        filtered,
        forgotten,
        isolated,
        learned,
        never_carries,
        open_to,
        path,
        reachable,
        resolves,
        says,
        unreachable_at_once,
    )
    from .controller import RyuApp, ryu
    from .expect import CannotAsk, Claim, claim
    from .faults import Fault
    from .nodes import Bridge, Host, Router, Switch
    from .scenario import Look, Scenario
    from .topo import Topo

__all__ = [
    "Bridge", "CannotAsk", "Claim", "Fault", "Host", "Look", "Router", "RyuApp", "Scenario", "Subnet",
    "Subnet6", "Switch", "Topo", "answers", "carries", "claim", "closed", "fetches", "filtered",
    "forgotten", "isolated", "learned", "never_carries", "open_to", "path", "reachable", "resolves", "ryu", "says",
    "unreachable_at_once",
]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
