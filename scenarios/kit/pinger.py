"""Echo requests between all pairs at once: raw ICMP sockets, one for each host, and one loop over them.

Mininet starts a ping(8) for every pair, one after another. Here a request that stays unanswered is sent again until
the time is up, so that a frame lost while addresses are learned does not count as unreachable.
"""

import os
import selectors
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mininet import log

from .waiting import Deadline

PATIENCE = 2.0  # seconds from the first request to the verdict
AGAIN = 0.25  # seconds without progress after which unanswered requests are sent again
AT_ONCE = 128  # requests under way: more would overflow the queues of a small machine
ECHO_REQUEST, ECHO_REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}

Pair = tuple[str, str]


@dataclass
class _Prober:
    """One host's socket, and the destinations it asks, by sequence number."""

    name: str
    socket: socket.socket
    family: int
    targets: list[tuple[str, str]]
    identifier: int = field(default_factory=lambda: os.getpid() & 0xFFFF)

    def ask(self, number: int) -> None:
        packet = echo(self.family, self.identifier, number)
        try:
            self.socket.sendto(packet, (self.targets[number][1], 0))
        except OSError:
            pass  # no route, or not yet: it stays unanswered

    def answers(self) -> Iterator[int]:
        while True:
            try:
                data, sender = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            body = data[(data[0] & 15) * 4:] if self.family == 4 else data
            kind, _, _, identifier, number = struct.unpack_from("!BBHHH", body)
            ours = kind == ECHO_REPLY[self.family] and identifier == self.identifier
            if ours and number < len(self.targets) and self.targets[number][1] == sender[0].partition("%")[0]:
                yield number


def matrix(hosts: Sequence, family: int = 4, within: float = PATIENCE) -> dict[Pair, bool]:
    """Whether each host gets an answer from each other, by first address of the family; ``within`` is in seconds."""
    addresses = {host.name: _address(host, family) for host in hosts}
    probers = [_prober(host, family, addresses) for host in hosts]
    try:
        answered = _collect(probers, within)
    finally:
        for prober in probers:
            prober.socket.close()
    return {(prober.name, target): (prober.name, target) in answered
            for prober in probers for target, _ in prober.targets}


def report(hosts: Sequence, answered: dict[Pair, bool]) -> float:
    """Print a matrix in the words of Mininet's pingAll, and return the loss in percent."""
    for src in hosts:
        log.output(f"{src.name} -> ")
        for dst in hosts:
            if src is not dst:
                log.output(f"{dst.name} " if answered.get((src.name, dst.name)) else "X ")
        log.output("\n")
    sent, received = len(answered), sum(answered.values())
    if not sent:
        log.output("*** Warning: No packets sent\n")
        return 0
    loss = 100.0 * (sent - received) / sent
    log.output(f"*** Results: {int(loss)}% dropped ({received}/{sent} received)\n")
    return loss


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


def _collect(probers: list[_Prober], within: float) -> set[Pair]:
    """Send a window of requests, refill it as answers come, and repeat what stays unanswered."""
    deadline = Deadline(within)
    answered: set[Pair] = set()
    queue = [(prober, number) for number in range(max((len(p.targets) for p in probers), default=0))
             for prober in probers if number < len(prober.targets)]
    with selectors.DefaultSelector() as selector:
        for prober in probers:
            selector.register(prober.socket, selectors.EVENT_READ, prober)
        while queue and deadline.left:
            _round(selector, queue, answered, deadline)
            queue = [(p, n) for p, n in queue if (p.name, p.targets[n][0]) not in answered]
    return answered


def _round(selector, queue, answered: set[Pair], deadline: Deadline) -> None:
    waiting_to_go = iter(queue)
    under_way = 0
    exhausted = False
    while deadline.left:
        while under_way < AT_ONCE and not exhausted:
            prober, number = next(waiting_to_go, (None, 0))
            if prober is None:
                exhausted = True
            else:
                prober.ask(number)
                under_way += 1
        ready = selector.select(min(AGAIN, deadline.left))
        if not ready:
            under_way = 0  # whatever is still out is lost: make room, or end the round
            if exhausted:
                return
        for key, _ in ready:
            for number in key.data.answers():
                answered.add((key.data.name, key.data.targets[number][0]))
                under_way -= 1
        if exhausted and under_way <= 0:
            return


def _prober(host, family: int, addresses: dict[str, str | None]) -> _Prober:
    targets = [(name, address) for name, address in addresses.items() if name != host.name and address]
    return _Prober(host.name, host.place.run(_open, family), family, targets)


def _open(family: int) -> socket.socket:
    if family == 4:
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    else:
        opened = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    opened.setblocking(False)
    return opened


def _address(host, family: int) -> str | None:
    intf = host.defaultIntf()
    return intf.IP() if family == 4 else getattr(intf, "ip6", None)
