"""A marked packet sent through the network, and everything that was seen of it on the way.

It is followed by its mark, for addresses and ports may be rewritten: an echo request by its payload, a SYN by its
sequence number, a datagram by its payload. Nothing here judges; ``diagnosis`` and ``trace`` read what was seen.
"""

import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dpkt

from . import probes, waiting
from .capture import Packet
from .ears import everywhere
from .facts import World
from .links import place_of
from .verdicts import Ruling, witnesses

ANSWER = 1.0  # seconds; a way across a whole Internet takes a few milliseconds, a controller's first flow some tens
ECHO, ECHO_REPLY, ERRORS = {8, 128}, {0, 129}, {1, 2, 3, 4, 11, 12}
MARK = b"lab-probe-"
FORWARD, BACK, ERROR = "there", "back", "error"
SILENT = "silence"


@dataclass(frozen=True)
class Ask:
    """A question: can ``src`` talk to ``dst``, an address? ``port`` of "tcp" or "udp"; None for an echo request.

    ``name`` is what the asker called the destination: a node, an address, a URL.
    """

    src: str
    dst: str
    protocol: str = "icmp"
    port: int | None = None
    name: str = ""
    url: str = ""
    size: int = 0

    def __str__(self) -> str:
        if not self.src:
            return self.name
        where = self.url or (self.name or self.dst) + (f":{self.port}" if self.port else "")
        return f"{self.src} to {where}"


@dataclass(frozen=True)
class Journey:
    """What was seen. ``outcome`` is "answered", "refused", "silence", or the error that the sender was told.

    ``there`` and ``back`` are the packet and its answer, each time they crossed an interface, in order of time;
    ``errors`` are ICMP messages about it; ``counters`` what each node's kernel counted meanwhile (/proc/net/snmp).
    """

    ask: Ask
    outcome: str
    there: tuple[Packet, ...] = ()
    back: tuple[Packet, ...] = ()
    errors: tuple[Packet, ...] = ()
    arps: tuple[Packet, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    counters: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def arrived(self) -> bool:
        return self.outcome in ("answered", "refused")


@dataclass(frozen=True)
class Mark:
    """By which the packet is known again: bytes of its payload, or a TCP sequence number."""

    payload: bytes = b""
    sequence: int | None = None

    def direction(self, packet: Packet) -> str | None:
        """There, back, an error about it, or None: it is something else."""
        if self.sequence is not None:
            return _direction_of_segment(packet, self.sequence)
        place = packet.data.find(self.payload) if self.payload else -1
        if place < 0 or packet.tcp:  # a switch and its controller talk of it
            return None
        if packet.udp and packet.udp.data.startswith(self.payload):
            return FORWARD
        if packet.ip is not None and _icmp_type(packet) in ERRORS:
            return ERROR
        kind = packet.data[place - 8] if place >= 8 else -1  # the ICMP header, perhaps inside other headers
        return FORWARD if kind in ECHO else BACK if kind in ECHO_REPLY else FORWARD


def travel(net, ask: Ask, world: World, wait: float = ANSWER) -> Journey:
    """Send the packet, and watch every interface and every packet filter meanwhile."""
    families = {name: {row["table"]["name"]: row["table"]["family"] for row in facts.ruleset if "table" in row}
                for name, facts in world.items() if any(facts.chains())}
    before = _counters(net)
    with everywhere(net) as ears, witnesses(net, families, _match(ask)) as filters:
        outcome, mark = _SENDERS[ask.protocol](net, ask, wait)
        heard = sorted(ears.packets(), key=lambda packet: packet.time)
        rulings = tuple(ruling for each in filters for ruling in each.rulings())
    if isinstance(mark, int):
        mark = Mark(sequence=_sequence(heard, ask, mark))
    ways = [(mark.direction(packet), packet) for packet in heard]
    there, back, errors = (tuple(packet for way, packet in ways if way == wanted) for wanted in (FORWARD, BACK, ERROR))
    return Journey(ask, outcome, there, back, errors,
                   arps=tuple(packet for packet in heard if packet.arp), rulings=rulings,
                   counters=_grown(before, _counters(net)))


def _send_echo(net, ask: Ask, wait: float) -> tuple[str, Mark]:
    version, mark = ip_address(ask.dst).version, Mark(MARK + secrets.token_hex(8).encode())
    payload = mark.payload + b"." * max(0, ask.size - len(mark.payload))
    with opened(net, ask.src, lambda: icmp_socket(version, bool(ask.size))) as ear:
        try:
            ear.sendto(echo_request(version, payload), (ask.dst, 0))
        except OSError as error:
            return error.strerror or str(error), mark
        answer = waiting.poll(lambda: next(_heard(ear, mark), None), wait)
    return answer or SILENT, mark


def _heard(ear: socket.socket, mark: Mark) -> Iterator[str]:
    """Answers to our echo request, and errors about it, that came to the sender."""
    while True:
        try:
            data, (sender, *_) = ear.recvfrom(65535)
        except BlockingIOError:
            return
        except OSError as error:
            yield error.strerror or str(error)
            return
        body = data[(data[0] & 15) * 4:] if ear.family == socket.AF_INET else data
        if mark.payload in data and body[0] in ECHO_REPLY:
            yield "answered"
        elif mark.payload in data and body[0] in ERRORS:
            yield f"{sender} says {_error_words(body[0], body[1])}"


def _send_syn(net, ask: Ask, wait: float) -> tuple[str, int]:
    family = socket.AF_INET if ip_address(ask.dst).version == 4 else socket.AF_INET6
    with opened(net, ask.src, lambda: socket.socket(family, socket.SOCK_STREAM)) as client:
        client.bind(("", 0))
        port = client.getsockname()[1]
        try:
            outcome = probes.attempt_connection(client, ask.dst, ask.port or 0, wait)
        except OSError as error:
            return error.strerror or str(error), port
        words = {"open": "answered", "filtered": SILENT, "unreachable": "unreachable"}
        return words.get(outcome, str(outcome)), port


def _send_datagram(net, ask: Ask, wait: float) -> tuple[str, Mark]:
    mark = Mark(MARK + secrets.token_hex(8).encode())
    with probes.datagram_socket(net, ask.src, family=ip_address(ask.dst).version) as client:
        try:
            client.settimeout(wait)
            client.connect((ask.dst, ask.port or 0))
            client.send(mark.payload)
            client.recv(65535)
        except TimeoutError:
            return SILENT, mark
        except ConnectionRefusedError:
            return "refused", mark
        except OSError as error:
            return error.strerror or str(error), mark
    return "answered", mark


Sender = Callable[[Any, Ask, float], tuple[str, Mark | int]]  # net, question, seconds: outcome; mark, or TCP port
_SENDERS: dict[str, Sender] = {"icmp": _send_echo, "tcp": _send_syn, "udp": _send_datagram}


def _sequence(heard: list[Packet], ask: Ask, port: int) -> int:
    """The sequence number with which the kernel opened the connection; -1 when nothing was sent."""
    for packet in heard:
        segment = packet.tcp
        if segment and (segment.sport, segment.dport) == (port, ask.port) and segment.flags & dpkt.tcp.TH_SYN:
            return segment.seq
    return -1


def _direction_of_segment(packet: Packet, sequence: int) -> str | None:
    segment = packet.tcp
    if segment and segment.seq == sequence and segment.flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_ACK) == dpkt.tcp.TH_SYN:
        return FORWARD
    answers = segment and segment.flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_RST)
    if answers and segment.ack == (sequence + 1) & 0xFFFFFFFF and segment.flags & dpkt.tcp.TH_ACK:
        return BACK
    if packet.ip is not None and _icmp_type(packet) in ERRORS and struct.pack("!I", sequence) in packet.data:
        return ERROR
    return None


def _icmp_type(packet: Packet) -> int | None:
    inner = packet.ip.data
    return inner.type if isinstance(inner, (dpkt.icmp.ICMP, dpkt.icmp6.ICMP6)) else None


def _error_words(kind: int, code: int) -> str:
    if kind == 11:
        return "time exceeded in transit"
    codes = {0: "network unreachable", 1: "host unreachable", 3: "port unreachable", 4: "fragmentation needed",
             9: "prohibited", 10: "prohibited", 13: "prohibited"}
    return codes.get(code, f"unreachable (code {code})") if kind == 3 else f"ICMP error {kind}, code {code}"


def _match(ask: Ask) -> str:
    """The packets whose way through the filters is to be told, both directions, in nft(8)'s words."""
    if ask.protocol == "icmp":
        return "meta l4proto { icmp, ipv6-icmp }"
    return f"meta l4proto {ask.protocol} th dport {ask.port} meta nftrace set 1; " \
           f"meta l4proto {ask.protocol} th sport {ask.port}"


def icmp_socket(version: int, dont_fragment: bool) -> socket.socket:
    """A raw socket for ICMP, or for ICMPv6; to be opened where it shall be."""
    if version == 4:
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP)
        opened.setsockopt(socket.IPPROTO_IP, 10, 2 if dont_fragment else 0)  # IP_MTU_DISCOVER: do, or don't
        return opened
    return socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMPV6)


def echo_request(version: int, payload: bytes) -> bytes:
    """An echo request with an identifier and a number by lot (RFC 792, RFC 4443)."""
    identifier, number = secrets.randbelow(1 << 16), secrets.randbelow(1 << 16)
    if version == 4:
        return bytes(dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(id=identifier, seq=number, data=payload)))
    return struct.pack("!BBHHH", 128, 0, 0, identifier, number) + payload  # the kernel adds the checksum


@contextmanager
def opened(net, node: str, opener) -> Iterator[socket.socket]:
    """A socket that was opened on a node, for as long as the ``with`` block lasts."""
    with place_of(net[node]).run(opener) as opened:
        yield opened


def _counters(net) -> dict[str, dict[str, int]]:
    return {node.name: place_of(node).run(_counted) for node in net.hosts if node.inNamespace}


def _counted() -> dict[str, int]:
    """Names and values of /proc/net/snmp and /proc/net/netstat: pairs of lines, first the names."""
    found: dict[str, int] = {}
    for name in "snmp", "netstat":
        lines = Path("/proc/thread-self/net", name).read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            group = names.split(":")[0]
            pairs = zip(names.split()[1:], values.split()[1:], strict=False)
            found |= {group + key: int(value) for key, value in pairs}
    return found


def _grown(before: dict, after: dict) -> dict[str, dict[str, int]]:
    return {node: {name: value - before[node].get(name, 0) for name, value in counted.items()
                   if value != before[node].get(name, 0)} for node, counted in after.items()}


def again(ask: Ask, **changes) -> Ask:
    """The same question with something changed."""
    return replace(ask, **changes)
