"""Who has which IP address: questions asked, packets that wait for the answer, and when to ask again.

ARP and Neighbour Discovery alike (RFC 1122, 2.3.2; RFC 4861, 7.3): the address family is in the addresses.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

QUEUE = 3
"""Packets that wait for one address; older ones give way (RFC 1122 asks for at least the latest)."""
ATTEMPTS = 3
"""Questions before an address counts as absent."""
RETRY = 1.0
"""Seconds between questions."""
ABSENT = 3.0
"""Seconds that an absent address is not asked for again."""


class Origin(NamedTuple):
    """Where a packet entered the router, for answers to who sent it."""

    dpid: int
    network: str
    mac: str


class Waiting(NamedTuple):
    """A packet that cannot be sent yet."""

    packet: bytes
    origin: Origin


@dataclass
class Neighbour:
    network: str
    mac: str | None = None
    asked: int = 0  # questions since it was last heard
    due: float = 0.0  # when to do the next thing about it
    queue: deque[Waiting] = field(default_factory=lambda: deque(maxlen=QUEUE))


class Verdict(NamedTuple):
    """What is to be done now about addresses."""

    ask: list[str] = []
    lost: list[tuple[str, list[Waiting]]] = []  # with the packets that waited in vain


class NeighbourTable:
    """`age` is how long, in seconds, an address is trusted after it was heard; it is asked again at two thirds."""

    def __init__(self, age: float) -> None:
        self._age = age
        self._known: dict[str, Neighbour] = {}

    def __iter__(self):
        return ((address, entry.network, entry.mac) for address, entry in self._known.items() if entry.mac)

    def __len__(self) -> int:
        return len(self._known)

    def mac(self, address: str) -> str | None:
        entry = self._known.get(address)
        return entry.mac if entry else None

    def network(self, address: str) -> str | None:
        entry = self._known.get(address)
        return entry.network if entry else None

    def want(self, address: str, network: str, now: float, waiting: Waiting | None = None) -> bool:
        """A packet is for `address`, or a route leads over it. Whether to ask for it now."""
        entry = self._known.setdefault(address, Neighbour(network))
        if waiting is not None and entry.mac is None and entry.asked <= ATTEMPTS:
            entry.queue.append(waiting)
        if entry.mac is not None or entry.asked:
            return False
        entry.asked, entry.due = 1, now + RETRY
        return True

    def absent(self, address: str) -> bool:
        """Whether `address` has been asked for in vain just now."""
        entry = self._known.get(address)
        return entry is not None and entry.mac is None and entry.asked > ATTEMPTS

    def heard(self, address: str, network: str, mac: str, now: float) -> tuple[bool, list[Waiting]]:
        """`address` has shown itself: whether that is news, and the packets that waited for it."""
        entry = self._known.setdefault(address, Neighbour(network))
        news = (entry.mac, entry.network) != (mac, network)
        entry.mac, entry.network, entry.asked, entry.due = mac, network, 0, now + self._age * 2 / 3
        queue, entry.queue = list(entry.queue), deque(maxlen=QUEUE)
        return news, queue

    def forget(self, network: str, mac: str) -> list[str]:
        """A station is gone, and with it its addresses, which are returned."""
        gone = [address for address, entry in self._known.items() if (entry.network, entry.mac) == (network, mac)]
        for address in gone:
            del self._known[address]
        return gone

    def tick(self, now: float) -> Verdict:
        verdict = Verdict([], [])
        for address, entry in list(self._known.items()):
            if entry.due <= now:
                self._due(address, entry, now, verdict)
        return verdict

    def _due(self, address: str, entry: Neighbour, now: float, verdict: Verdict) -> None:
        if entry.asked < ATTEMPTS:
            entry.asked, entry.due = entry.asked + 1, now + RETRY
            verdict.ask.append(address)
        elif entry.asked == ATTEMPTS:
            verdict.lost.append((address, list(entry.queue)))
            entry.queue.clear()
            entry.mac, entry.asked, entry.due = None, ATTEMPTS + 1, now + ABSENT
        else:
            del self._known[address]
