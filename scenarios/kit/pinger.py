"""Echo requests between all pairs at once: raw ICMP sockets, one for each host, and one loop over them.

Mininet starts a ping(8) for every pair, one after another. Here a request that stays unanswered is sent again until
the time is up, so that a frame lost while addresses are learned does not count as unreachable.

Each pair would also cost a broadcast, by which one asks for the other's hardware address, and a broadcast reaches
everybody. So the hosts prick up their ears first (an empty entry in the neighbour table makes Linux learn from any
request it hears, RFC 826), and then each of them asks one other.
"""

import errno
import os
import selectors
import socket
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_interface

from mininet import log

from . import netlink
from .errors import CannotRun
from .waiting import Stopwatch

PATIENCE = 2.0  # seconds without any progress after which what is unanswered stays so
AGAIN = 4  # times in that span that an unanswered request is repeated
AT_ONCE = 192  # requests under way: more would overflow the queues of a small machine
AT_MOST = 512  # with those that were long unanswered, and may just be late
SILENT = 0.3  # seconds after which a request makes room for others; an answer still counts when it comes
ECHO_REQUEST, ECHO_REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1
ONLY_REPLIES = {
    4: (SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF & ~(1 << ECHO_REPLY[4]))),
    6: (socket.IPPROTO_ICMPV6, ICMP6_FILTER, b"\xff" * 16 + struct.pack("=I", 0xFFFFFFFF & ~(1 << 1)) + b"\xff" * 12),
}
IP_RECVERR = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
NO_NEIGHBOURS = (
    "the table of neighbours, which all namespaces of this machine share, is full; raise its limit with "
    "'sudo sysctl -w net.ipv4.neigh.default.gc_thresh3=131072 net.ipv6.neigh.default.gc_thresh3=131072'"
)

Pair = tuple[str, str]
Question = tuple["_Prober", int]


@dataclass(eq=False)
class _Prober:
    """One host's socket, and the destinations it asks, by sequence number."""

    name: str
    socket: socket.socket
    family: int
    targets: list[tuple[str, str]]
    identifier: int = field(default_factory=lambda: os.getpid() & 0xFFFF)

    def ask(self, number: int) -> int:
        """Send a request; the error number, or 0. Without a route, or not yet, it just stays unanswered."""
        try:
            self.socket.sendto(echo(self.family, self.identifier, number), (self.targets[number][1], 0))
        except OSError as error:
            return error.errno or 0
        return 0

    def answers(self) -> Iterator[int]:
        while True:
            try:
                data, sender = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            number = answered_number(self.family, self.identifier, data)
            if number is not None and self._address(number) == sender[0].partition("%")[0]:
                yield number

    def _address(self, number: int) -> str | None:
        return self.targets[number][1] if number < len(self.targets) else None

    def out_of_neighbours(self, number: int) -> bool:
        """Whether the kernel cannot even ask who has the address: it says so only to those who want to know."""
        self.socket.setsockopt(*IP_RECVERR[self.family], 1)
        return self.ask(number) == errno.ENOBUFS


def matrix(hosts: Sequence, family: int = 4, within: float = PATIENCE) -> dict[Pair, bool]:
    """Whether each host gets an answer from each other, by first address of the family.

    ``within`` is how many seconds without progress end the asking. Raises CannotRun when the machine's table of
    neighbours is full.
    """
    addresses = {host.name: _address(host, family) for host in hosts}
    probers = [_prober(host, family, addresses) for host in hosts]
    try:
        silent = _ask_all(list(_by_distance(probers)), probers, within)
        if any(prober.out_of_neighbours(number) for prober, number in silent):
            raise CannotRun(NO_NEIGHBOURS)
    finally:
        for prober in probers:
            prober.socket.close()
    return {(prober.name, name): (prober, number) not in silent
            for prober in probers for number, (name, _) in enumerate(prober.targets)}


def _ask_all(questions: list[Question], probers: list[_Prober], within: float) -> dict[Question, None]:
    """Each host asks the next one, and is heard by all; then the first asks everybody; then everybody everybody else.

    Nobody asks the first before it has asked: it may just have moved here, and switches learn of it by what it sends,
    as they do with Mininet. So the last host asks the second instead.
    """
    if not questions:
        return {}
    first, last, second = probers[0], probers[-1], probers[1].name
    ring = [question for question in questions[:len(probers)] if _target(question) != first.name]
    ring += [question for question in questions if question[0] is last and _target(question) == second]
    leading = [question for question in questions if question[0] is first and question not in ring]
    early = {*ring, *leading}
    silent = [*_Survey(ring).run(SILENT), *_Survey(leading).run(SILENT)]
    return _Survey([*silent, *(question for question in questions if question not in early)]).run(within)


def _target(question: Question) -> str:
    """The name of the host that is asked."""
    prober, number = question
    return prober.targets[number][0]


class _Survey:
    """Ask every question until it is answered, some at a time.

    Those long unanswered make room, so that dead hosts among many cost little time; but not without limit, for a
    slow network looks just like a dead one, and must not be flooded. Everything is asked twice at least.
    """

    def __init__(self, questions: Iterable[Question]):
        self._unanswered = dict.fromkeys(questions)
        self._to_ask = deque(self._unanswered)
        self._asked: deque[tuple[float, Question]] = deque()  # when, what: within the last moments
        self._silent = self._repeats = 0
        self._clock = Stopwatch()
        self._progress = self._repeated = 0.0

    def run(self, within: float) -> dict[Question, None]:
        """The questions that stay without answer; ``within`` seconds after the last answer it is over."""
        with selectors.DefaultSelector() as selector:
            for prober in {prober for prober, _ in self._unanswered}:
                selector.register(prober.socket, selectors.EVENT_READ, prober)
            while self._unanswered and not self._given_up(within):
                self._ask_more(within)
                self._listen(selector)
                self._make_room()
        return self._unanswered

    def _given_up(self, within: float) -> bool:
        return bool(self._repeats) and not self._to_ask and self._clock.seconds - self._progress > within

    def _ask_more(self, within: float) -> None:
        if not self._to_ask and self._clock.seconds - self._repeated > within / AGAIN:
            self._to_ask.extend(self._unanswered)
            self._repeated = self._clock.seconds
            self._repeats += 1
        while self._to_ask and len(self._asked) < min(AT_ONCE + self._silent, AT_MOST):
            question = self._to_ask.popleft()
            if question in self._unanswered:
                prober, number = question
                prober.ask(number)
                self._asked.append((self._clock.seconds, question))

    def _listen(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(SILENT / 10):
            for number in key.data.answers():
                if (key.data, number) in self._unanswered:
                    del self._unanswered[key.data, number]
                    self._progress = self._clock.seconds

    def _make_room(self) -> None:
        """Forget what was answered, and what was asked a while ago."""
        now = self._clock.seconds
        while self._asked and (self._asked[0][1] not in self._unanswered or now - self._asked[0][0] > SILENT):
            self._asked.popleft()
        self._silent = max(0, len(self._unanswered) - len(self._to_ask) - len(self._asked))


def report(hosts: Sequence, answered: dict[Pair, bool]) -> float:
    """Print a matrix in the words of Mininet's pingAll, and return the loss in percent."""
    for src in hosts:
        reached = (dst.name if answered.get((src.name, dst.name)) else "X" for dst in hosts if src is not dst)
        log.output(" ".join([f"{src.name} ->", *reached]) + " \n")
    sent, received = len(answered), sum(answered.values())
    if not sent:
        log.output("*** Warning: No packets sent\n")
        return 0
    loss = 100.0 * (sent - received) / sent
    log.output(f"*** Results: {int(loss)}% dropped ({received}/{sent} received)\n")
    return loss


@lru_cache(4096)
def echo(family: int, identifier: int, number: int, size: int = 0) -> bytes:
    """An echo request (RFC 792, RFC 4443) with ``size`` bytes of payload; for IPv6 the kernel fills in the checksum."""
    packet = struct.pack("!BBHHH", ECHO_REQUEST[family], 0, 0, identifier, number) + bytes(size)
    if family == 6:
        return packet
    return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071).

    >>> hex(checksum(bytes.fromhex("0001f203f4f5f6f7")))
    '0x220d'
    """
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answered_number(family: int, identifier: int, data: bytes) -> int | None:
    """The sequence number of an echo reply to ``identifier``; None for any other packet."""
    body = data[(data[0] & 15) * 4:] if family == 4 else data
    kind, _, _, whose, number = struct.unpack_from("!BBHHH", body)
    return number if kind == ECHO_REPLY[family] and whose == identifier else None


def _by_distance(probers: list[_Prober]) -> Iterator[Question]:
    """Each asks the next one, the last the first; then the one after that, and so on."""
    numbers = [{name: number for number, (name, _) in enumerate(prober.targets)} for prober in probers]
    for distance in range(1, len(probers)):
        for place, prober in enumerate(probers):
            target = probers[(place + distance) % len(probers)].name
            if target in numbers[place]:
                yield prober, numbers[place][target]


def _prober(host, family: int, addresses: dict[str, str | None]) -> _Prober:
    targets = [(name, address) for name, address in addresses.items() if name != host.name and address]
    intf = host.defaultIntf()
    if family == 4 and intf.ip:
        near = _on_network(f"{intf.ip}/{intf.prefixLen}", [address for _, address in targets])
        host.place.run(_prick_up_ears, intf.name, near)
    return _Prober(host.name, host.place.run(open_ear, family), family, targets)


def _on_network(interface: str, addresses: Iterable[str]) -> list[str]:
    network = ip_interface(interface).network
    return [address for address in addresses if netlink.parsed(address) in network]


def _prick_up_ears(interface: str, addresses: Iterable[str]) -> None:
    """Have the kernel remember who has these addresses when it hears them ask for anything at all."""
    index = socket.if_nametoindex(interface)
    with suppress(netlink.Refused):  # some it knows already
        netlink.send([netlink.unknown_neighbour(index, address) for address in addresses])


def open_ear(family: int) -> socket.socket:
    """A raw ICMP socket that does not block, in the namespace of the caller."""
    if family == 4:
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    else:
        opened = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    opened.setsockopt(*ONLY_REPLIES[family])
    opened.setblocking(False)
    return opened


def _address(host, family: int) -> str | None:
    intf = host.defaultIntf()
    return intf.IP() if family == 4 else getattr(intf, "ip6", None)
