"""The words a scenario is written in."""

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
