"""Asks servers, again and again, whether they accept connections: a SYN, and a RST to whoever answers it."""

from collections.abc import Callable, Iterator
from itertools import count

from controllers.pool import Pool
from controllers.tcp import ACK, RST, SYN, End, Tcp

FIRST_PORT, PORTS = 40000, 20000  # our end of the checks


class Checker:
    """`send(service, server, segment)` has one leave in a service's name; `changed(service, server, up)` is told."""

    def __init__(self, pools: dict[str, Pool], send: Callable[[str, End, Tcp], None],
                 changed: Callable[[str, End, bool], None]) -> None:
        self._pools, self._send, self._changed = pools, send, changed
        self._asked: dict[tuple[str, End], tuple[float, Tcp | None]] = {}  # when, and what has not been answered
        self._numbers = count()

    def tick(self, now: float, reachable: set[str]) -> None:
        for name, end in list(self._due(now)):
            _, unanswered = self._asked.get((name, end), (0.0, None))
            is_there = end[0] in reachable
            if unanswered is not None or not is_there:
                self._failed(name, end)
            elif self._pools[name].service.protocol == "udp":
                self._succeeded(name, end)
            self._ask(name, end, now, is_there)

    def _due(self, now: float) -> Iterator[tuple[str, End]]:
        for name, pool in self._pools.items():
            for end in pool.health:
                asked, _ = self._asked.setdefault((name, end), (now - pool.service.check.interval, None))
                if now - asked >= pool.service.check.interval:
                    yield name, end

    def _ask(self, name: str, end: End, now: float, is_there: bool) -> None:
        segment = None
        if is_there and self._pools[name].service.protocol == "tcp":
            number = next(self._numbers)
            segment = Tcp(FIRST_PORT + number % PORTS, end[1], number & 0xFFFFFFFF, 0, SYN)
            self._send(name, end, segment)
        self._asked[name, end] = now, segment

    def answered(self, name: str, end: End, segment: Tcp) -> bool:
        """A server has answered; whether that was to one of our questions."""
        asked, question = self._asked.get((name, end), (0.0, None))
        if question is None or segment.destination != question.source:
            return False
        self._asked[name, end] = asked, None
        if segment.flags & (SYN | ACK) == SYN | ACK:
            self._send(name, end, Tcp(question.source, end[1], segment.acknowledged, 0, RST))
            self._succeeded(name, end)
        else:
            self.refused(name, end)
        return True

    def refused(self, name: str, end: End) -> None:
        """Nobody listens there: that needs no second opinion."""
        self._failed(name, end, self._pools[name].service.check.fall)

    def _failed(self, name: str, end: End, times: int = 1) -> None:
        if self._pools[name].health[end].failed(times):
            self._changed(name, end, False)

    def _succeeded(self, name: str, end: End) -> None:
        if self._pools[name].health[end].succeeded():
            self._changed(name, end, True)
