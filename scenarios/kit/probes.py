"""Questions asked from inside a node with its own sockets: echo, the way there, a connection, a datagram.

Every probe returns what happened, named as the field names it; deciding whether that is good is the claims' business.
"""

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from . import selector
from .command import addresses_here
from .errors import LabError
from .pinger import ECHO_REPLY, echo
from .waiting import Deadline

ANSWER = 1.0  # seconds that an answer may take before it counts as lost
TIME_EXCEEDED, UNREACHABLE = {4: 11, 6: 3}, {4: 3, 6: 1}
MOST_HOPS = 30
HIGH_PORT = 33434  # where traceroute(8) knocks
IP_RECVERR, IPV6_RECVERR = 11, 25


class Connect(StrEnum):
    """What became of an attempt to open a TCP connection (RFC 9293), as nmap(1) calls it."""

    OPEN = "open"
    REFUSED = "refused"  # a RST came back
    FILTERED = "filtered"  # silence
    UNREACHABLE = "unreachable"  # an ICMP error, or no route


@dataclass(frozen=True)
class Echo:
    """Round-trip times in seconds of the requests that were answered, and errors reported for others."""

    sent: int
    times: tuple[float, ...]
    errors: tuple[str, ...] = ()
    ttls: tuple[int, ...] = ()

    @property
    def answered(self) -> bool:
        return bool(self.times)

    def __str__(self) -> str:
        if self.answered:
            return f"{len(self.times)} of {self.sent} answered, the first after {self.times[0] * 1000:.1f} ms"
        return self.errors[0] if self.errors else f"none of {self.sent} answered"


def address(net, name: str, family: int = 4) -> str:
    """The address of a node, of one of its interfaces (``node:interface``), or an address as it stands."""
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    found = selector.interfaces(net, name)
    addresses = [each.IP() if family == 4 else getattr(each, "ip6", None) for each in found if each.name != "lo"]
    if family == 4 and found and not any(addresses):
        addresses = [address for each in found for address, _ in each.place.run(addresses_here, each.name)]
        if not addresses:
            raise LabError(f"{name} has no address")
    return next((each for each in addresses if each), "127.0.0.1" if family == 4 else "::1")


def ping(net, src: str, dst: str, count: int = 1, wait: float = ANSWER, size: int = 56, ttl: int = 64,
         dont_fragment: bool = False, every: float = 0.02, enough: int | None = None) -> Echo:
    """Send echo requests, ``every`` so many seconds, until ``enough`` are answered or ``wait`` seconds have passed.

    ``enough`` is all of them unless told; ``size`` is the payload in bytes. Errors of the network are part of the
    result.
    """
    target = address(net, dst)
    family = ip_address(target).version
    with _socket(net, src, lambda: _icmp_socket(family, ttl, dont_fragment)) as ear:
        return _exchange(ear, target, _Plan(count, enough or count, every, wait, size))


def hops(net, src: str, dst: str, most: int = MOST_HOPS, tries: int = 3) -> list[str | None]:
    """The addresses that answer on the way, by growing TTL; None for a silent hop.

    Ends at ``dst``, when the same one has answered three times (a loop), or after three silent ones. A hop is asked
    again, unless the one before it was silent, too.
    """
    target = address(net, dst)
    family = ip_address(target).version
    seen: list[str | None] = []
    for ttl in range(1, most + 1):
        answer = None
        for _ in range(1 if seen[-1:] == [None] else tries):
            answer = _who_answers(net, src, target, family, ttl)
            if answer:
                break
        seen.append(answer)
        if answer == target or seen[-3:] == [None] * 3 or (answer and seen.count(answer) == 3):
            break
    return seen


def connect(net, src: str, dst: str, port: int, wait: float = ANSWER, source_port: int = 0) -> Connect:
    """Try to open a TCP connection, and close it again."""
    target = address(net, dst)
    with _socket(net, src, lambda: _stream(target)) as client:
        if source_port:
            client.bind(("", source_port))
        return attempt_connection(client, target, port, wait)


def attempt_connection(client: socket.socket, target: str, port: int, wait: float = ANSWER) -> Connect:
    """Connect a socket, and name the outcome; the socket stays open when it succeeds."""
    client.settimeout(wait)
    try:
        client.connect((target, port))
    except TimeoutError:
        return Connect.FILTERED
    except ConnectionRefusedError:
        return Connect.REFUSED
    except OSError as error:
        if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM):
            return Connect.UNREACHABLE
        raise
    return Connect.OPEN


def open_stream(net, src: str, dst: str, port: int, wait: float = ANSWER) -> socket.socket:
    """A TCP connection from a node. Raises OSError when it does not come about."""
    target = address(net, dst)
    client = net[src].place.run(lambda: _stream(target))
    client.settimeout(wait)
    try:
        client.connect((target, port))
    except OSError:
        client.close()
        raise
    return client


def listen(net, node: str, port: int, family: int = 4) -> socket.socket:
    """A TCP listener on a node, on all its addresses. Raises OSError when the port is taken."""
    def opened() -> socket.socket:
        server = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("", port))
            server.listen(64)
        except OSError:
            server.close()
            raise
        return server

    return net[node].place.run(opened)


def datagram_socket(net, node: str, port: int = 0, family: int = 4) -> socket.socket:
    """A UDP socket on a node, bound to a port or to one of the kernel's choice."""
    def opened() -> socket.socket:
        bound = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        bound.bind(("", port))
        bound.settimeout(ANSWER)
        return bound

    return net[node].place.run(opened)


@dataclass(frozen=True)
class _Plan:
    """How many requests to send, how many answers to await, how often (s), how long (s), how large (bytes)."""

    count: int
    enough: int
    every: float
    wait: float
    size: int


def readable(ear: socket.socket, wait: float) -> bool:
    """Whether something comes in within ``wait`` seconds; also where a thousand files are open, unlike select(2)."""
    poll = select.poll()
    poll.register(ear, select.POLLIN)
    return bool(poll.poll(wait * 1000))


def _exchange(ear: socket.socket, target: str, plan: _Plan) -> Echo:
    identifier, family = os.getpid() & 0xFFFF, ip_address(target).version
    sent_at: list[float] = []
    times: dict[int, tuple[float, int]] = {}
    errors: list[str] = []
    deadline = Deadline(plan.wait)
    while len(times) < plan.enough and deadline.left:
        if len(sent_at) < plan.count and (not sent_at or time.monotonic() >= sent_at[-1] + plan.every):
            sent_at.append(time.monotonic())
            try:
                ear.sendto(echo(family, identifier, len(sent_at) - 1, plan.size), (target, 0))
            except OSError as error:
                return Echo(len(sent_at), (), (os.strerror(error.errno or 0),))
        pause = min(deadline.left, plan.every) if len(sent_at) < plan.count else deadline.left
        for number, ttl in _replies(ear, family, identifier, pause, errors):
            if number < len(sent_at):
                times.setdefault(number, (time.monotonic() - sent_at[number], ttl))
    return Echo(len(sent_at), tuple(each for each, _ in times.values()), tuple(errors),
                tuple(ttl for _, ttl in times.values()))


def _replies(ear: socket.socket, family: int, identifier: int, wait: float, errors: list[str]
             ) -> Iterator[tuple[int, int]]:
    if not readable(ear, wait):
        return
    data, (sender, *_) = ear.recvfrom(65535)
    ttl, body = (data[8], data[(data[0] & 15) * 4:]) if family == 4 else (0, data)
    if body[0] == ECHO_REPLY[family] and struct.unpack_from("!H", body, 4)[0] == identifier:
        yield struct.unpack_from("!H", body, 6)[0], ttl
    elif body[0] in (UNREACHABLE[family], TIME_EXCEEDED[family]):
        kind = "unreachable" if body[0] == UNREACHABLE[family] else "time exceeded"
        errors.append(f"{sender} says {kind} (code {body[1]})")


def _who_answers(net, src: str, target: str, family: int, ttl: int) -> str | None:
    """Send one echo request with this TTL, and tell who answers it (and no other request under way)."""
    identifier = os.getpid() & 0xFFFF
    with _socket(net, src, lambda: _icmp_socket(family, ttl, False)) as ear:
        try:
            ear.sendto(echo(family, identifier, ttl, 8), (target, 0))
        except OSError:
            return None
        deadline = Deadline(ANSWER)
        while readable(ear, deadline.left):
            data, (sender, *_) = ear.recvfrom(65535)
            body = data[(data[0] & 15) * 4:] if family == 4 else data
            if body[0] in (TIME_EXCEEDED[family], UNREACHABLE[family]):
                body = body[8 + (40 if family == 6 else (body[8] & 15) * 4):]  # the request comes back inside
            elif body[0] != ECHO_REPLY[family]:
                continue
            if len(body) >= 8 and struct.unpack_from("!HH", body, 4) == (identifier, ttl):
                return sender
    return None


@contextmanager
def _socket(net, src: str, open_it) -> Iterator[socket.socket]:
    opened = net[src].place.run(open_it)
    try:
        yield opened
    finally:
        opened.close()


def _icmp_socket(family: int, ttl: int, dont_fragment: bool) -> socket.socket:
    if family == 4:
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        opened.setsockopt(socket.IPPROTO_IP, 10, 2 if dont_fragment else 0)  # IP_MTU_DISCOVER: do, or don't
        return opened
    opened = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    return opened


def _stream(target: str) -> socket.socket:
    family = socket.AF_INET if ip_address(target).version == 4 else socket.AF_INET6
    return socket.socket(family, socket.SOCK_STREAM)
