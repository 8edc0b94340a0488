"""Address plans and what packets really do: every question of every pair, heard where it arrives."""

from collections.abc import Sequence

from ..capture import Packet, Tap, taps
from ..expect import claims
from ..plan import DIRECT, ROUTED, Fate, Pair, Station, fates
from .. import probes, tables

LISTEN = 1.0  # seconds for the questions of all pairs; those that are answered take a few milliseconds


@claims("of all pairs, {count} are neighbours and {others} speak through {router}, as the plan computes", within=2)
def as_planned(net, stations: Sequence[Station], router: str, count: int = 0, others: int = 0) -> str | None:
    return _difference(observed(net, stations, router), fates(stations))
