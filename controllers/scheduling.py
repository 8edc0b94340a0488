"""Which server gets the next connection. Pure: candidates in, a choice out; chance is passed in."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

Server = str
Choose = Callable[[Sequence[Server]], Server]


class RoundRobin:
    """Each in turn, by weight, and as evenly as can be (the smooth way: never one server's whole share in a row).

    >>> turn = RoundRobin({"a": 2, "b": 1})
    >>> [turn(["a", "b"]) for _ in range(6)]
    ['a', 'b', 'a', 'a', 'b', 'a']
    """

    def __init__(self, weights: dict[Server, int]) -> None:
        self._weights = weights
        self._credit: Counter[Server] = Counter()

    def __call__(self, candidates: Sequence[Server]) -> Server:
        for server in candidates:
            self._credit[server] += self._weights[server]
        chosen = max(candidates, key=lambda server: self._credit[server])
        self._credit[chosen] -= sum(self._weights[server] for server in candidates)
        return chosen


class Chance:
    def __init__(self, weights: dict[Server, int], random: Random) -> None:
        self._weights, self._random = weights, random

    def __call__(self, candidates: Sequence[Server]) -> Server:
        return self._random.choices(candidates, [self._weights[server] for server in candidates])[0]


class LeastConnections:
    """The one with the fewest connections for its weight; of equals, the one that has had the fewest so far."""

    def __init__(self, weights: dict[Server, int], open_connections: Counter[Server]) -> None:
        self._weights, self._open = weights, open_connections
        self._given: Counter[Server] = Counter()

    def __call__(self, candidates: Sequence[Server]) -> Server:
        chosen = min(candidates, key=self._load)
        self._given[chosen] += 1
        return chosen

    def _load(self, server: Server) -> tuple[float, float]:
        return self._open[server] / self._weights[server], self._given[server] / self._weights[server]


def scheduler(spread: str, weights: dict[Server, int], open_connections: Counter[Server], random: Random) -> Choose:
    if spread == "random":
        return Chance(weights, random)
    return LeastConnections(weights, open_connections) if spread == "least-connections" else RoundRobin(weights)
