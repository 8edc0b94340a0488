"""A service's servers: which are well, which get connections, and who had which. Pure."""

from collections import Counter
from collections.abc import Set
from random import Random
from typing import Any

from controllers.balancer_settings import Service
from controllers.balancing_rules import ends
from controllers.connections import Connection
from controllers.health import Health
from controllers.scheduling import scheduler
from controllers.tcp import End


class Pool:
    def __init__(self, service: Service, random: Random) -> None:
        self.service, self._random = service, random
        self.health = {end: Health(service.check.fall, service.check.rise) for end in ends(service)}
        self.open: Counter[str] = Counter()
        self._sticky: dict[str, tuple[End, float]] = {}  # client -> server, and until when
        self.configure(service)

    def configure(self, service: Service) -> None:
        """Take over changed servers, and keep what is known of those that stay."""
        self.service = service
        check = service.check
        self.health = {end: self.health.get(end) or Health(check.fall, check.rise) for end in ends(service)}
        self._ends = {text(end): end for end in ends(service)}
        self.weights = {text(end): server.weight for end, server in zip(ends(service), service.servers, strict=True)}
        self._draining = {end for end, server in zip(ends(service), service.servers, strict=True) if server.drain}
        self._choose = scheduler(service.spread, self.weights, self.open, self._random)

    def candidates(self, reachable: set[str], avoid: Set[End] = frozenset()) -> list[End]:
        """Servers that may get a connection now; `reachable` are the addresses that have been found."""
        return [end for end, health in self.health.items()
                if health.up and end not in self._draining and end not in avoid and end[0] in reachable]

    def choose(self, client: str, now: float, reachable: set[str], avoid: Set[End] = frozenset()) -> End | None:
        """The server for a client's next connection."""
        there = self.candidates(reachable, avoid)
        if not there:
            return None
        kept, until = self._sticky.get(client, (None, 0.0))
        chosen = kept if kept in there and now < until else self._ends[self._choose([text(end) for end in there])]
        if self.service.sticky:
            self._sticky[client] = chosen, now + self.service.sticky
        return chosen

    def opened(self, connection: Connection) -> None:
        connection.counted = True
        self.open[text(connection.server)] += 1

    def closed(self, connection: Connection) -> None:
        """Count a connection's end, once."""
        if connection.counted:
            connection.counted = False
            self.open[text(connection.server)] -= 1

    def report(self, reachable: set[str]) -> list[dict[str, Any]]:
        """For people."""
        return [{"server": text(end), "up": health.up, "found": end[0] in reachable, "drain": end in self._draining,
                 "connections": self.open[text(end)], "weight": self.weights[text(end)]}
                for end, health in self.health.items()]

    def tick(self, now: float) -> None:
        self._sticky = {client: entry for client, entry in self._sticky.items() if entry[1] > now}


def text(end: End) -> str:
    return f"{end[0]}:{end[1]}"
