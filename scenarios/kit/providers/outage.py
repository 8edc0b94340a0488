"""How long a way is dark, and how much is lost on it: an echo request every few milliseconds, while things happen."""

import itertools
import os
import socket
import struct
import threading
from dataclasses import dataclass

from .. import probes
from ..pinger import ECHO_REPLY, echo
from ..waiting import Deadline, Stopwatch, poll, until

EVERY = 0.005  # seconds between two requests
AT_FIRST = 2.0  # seconds to learn a neighbour's hardware address and send the first packets
LATE = 1.0  # seconds after the last request in which answers still count


@dataclass(frozen=True)
class Outage:
    """``dark`` is the longest time, in seconds, between the sending of two answered requests."""

    sent: int
    lost: int
    dark: float

    def __str__(self) -> str:
        if not self.lost:
            return f"none of {self.sent} packets lost, at one every {EVERY * 1000:g} ms"
        return f"{self.dark * 1000:.0f} ms dark, {self.lost} of {self.sent} packets lost"


class Stream:
    """Echo requests from ``src`` to ``dst`` for as long as the ``with`` block lasts; then ``outage`` tells.

    >>> with Stream(net, "h1", "h2") as stream:      # doctest: +SKIP
    ...     pull(net, "r1-r2")
    >>> print(stream.outage)                         # doctest: +SKIP
    120 ms dark, 12 of 300 packets lost
    """

    def __init__(self, net, src: str, dst: str):
        self._target = probes.address(net, dst)
        self._ear = net[src].place.run(_raw_icmp)
        self._identifier = (os.getpid() ^ 0x5555) & 0xFFFF
        self._sent: dict[int, float] = {}
        self._answered: set[int] = set()
        self._mark = 0
        self._over = threading.Event()
        self._worker = threading.Thread(target=self._run, name=f"stream {src} {dst}", daemon=True)

    def __enter__(self) -> "Stream":
        self._worker.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._worker.join()
        poll(self._listen_once, LATE)
        self._ear.close()

    def begin(self) -> None:
        """Wait until traffic flows. Raises TimedOut when it does not to begin with."""
        until(self.flows, AT_FIRST, "traffic to flow, before anything is taken away")

    def mark(self) -> None:
        """From now on ``flows`` is about what is sent from now on."""
        self._mark = len(self._sent)

    def flows(self, count: int = 5) -> bool:
        """Whether so many requests in a row, up to the latest that was answered, are answered."""
        last = max(self._answered, default=-1)
        return last - count + 1 >= self._mark and self._answered.issuperset(range(last - count + 1, last + 1))

    @property
    def outage(self) -> Outage:
        return outage(self._sent, self._answered)

    def _run(self) -> None:
        watch = Stopwatch()
        for number in itertools.count():
            if self._over.is_set() or number > 0xFFFF:
                return
            self._sent[number] = watch.seconds
            try:
                self._ear.sendto(echo(4, self._identifier, number), (self._target, 0))
            except OSError:
                pass  # no route: as lost as any
            pause = Deadline(EVERY)
            while pause.left:
                self._listen(pause.left)

    def _listen_once(self) -> bool:
        self._listen(0.05)
        return len(self._answered) == len(self._sent)

    def _listen(self, wait: float) -> None:
        if probes.readable(self._ear, wait):
            data = self._ear.recv(2048)
            kind, _, _, identifier, number = struct.unpack_from("!BBHHH", data, (data[0] & 15) * 4)
            if kind == ECHO_REPLY[4] and identifier == self._identifier:
                self._answered.add(number)


def _raw_icmp() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    opened.setblocking(False)
    return opened


def outage(sent: dict[int, float], answered: set[int]) -> Outage:
    """What was lost, by the time at which each request was sent and the set of those answered."""
    light = [sent[number] for number in sorted(answered)]
    moments = [min(sent.values(), default=0.0), *light, max(sent.values(), default=0.0)]
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    lost = len(sent) - len(answered)
    return Outage(len(sent), lost, max(gaps) if lost else 0.0)
