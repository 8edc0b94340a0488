"""What a wire carries: packet sockets (packet(7)) in the node's namespace, with tcpdump's filter language.

A tap is ready the moment it is opened, before the next packet; nothing is started and nothing has to be waited for.
"""

import ctypes
import errno
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property

import dpkt

from . import selector, waiting
from .command import executable
from .errors import LabError

ETH_P_ALL = 0x0003
SO_ATTACH_FILTER = 26
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
BUFFER = 16 * 1024 * 1024  # bytes
SNAPLEN = 65535
ETHERNET_DEVICES = 1  # ARPHRD_ETHER
LINK_TYPES = {1: "EN10MB", 772: "EN10MB", 65534: "RAW"}


@dataclass(frozen=True)
class Packet:
    """A frame as it crossed an interface. ``time`` is in seconds since the epoch; ``sent`` tells its direction."""

    time: float
    where: str
    sent: bool
    data: bytes
    raw_ip: bool = False

    @cached_property
    def frame(self) -> dpkt.ethernet.Ethernet:
        if self.raw_ip:
            kind = dpkt.ethernet.ETH_TYPE_IP6 if self.data[0] >> 4 == 6 else dpkt.ethernet.ETH_TYPE_IP
            return dpkt.ethernet.Ethernet(bytes(12) + struct.pack("!H", kind) + self.data)
        return dpkt.ethernet.Ethernet(self.data)

    @property
    def ip(self):
        """The IP packet inside, or None."""
        inner = self.frame.data
        return inner if isinstance(inner, (dpkt.ip.IP, dpkt.ip6.IP6)) else None

    @property
    def arp(self):
        inner = self.frame.data
        return inner if isinstance(inner, dpkt.arp.ARP) else None

    @property
    def tcp(self):
        return self.ip.data if self.ip is not None and isinstance(self.ip.data, dpkt.tcp.TCP) else None

    @property
    def udp(self):
        return self.ip.data if self.ip is not None and isinstance(self.ip.data, dpkt.udp.UDP) else None

    @property
    def src(self) -> str:
        """The source address, of IP or else of ARP."""
        return _address(self.ip.src) if self.ip is not None else _address(self.arp.spa) if self.arp else ""

    @property
    def dst(self) -> str:
        return _address(self.ip.dst) if self.ip is not None else _address(self.arp.tpa) if self.arp else ""

    @property
    def eth_src(self) -> str:
        return self.frame.src.hex(":")

    @property
    def eth_dst(self) -> str:
        return self.frame.dst.hex(":")

    @property
    def ttl(self) -> int | None:
        return getattr(self.ip, "ttl", getattr(self.ip, "hlim", None)) if self.ip is not None else None

    def __str__(self) -> str:
        return f"{self.where} {'>' if self.sent else '<'} {describe(self)}"


class Tap:
    """An open ear on one or more interfaces; ``packets`` returns what has been heard so far."""

    def __init__(self, net, where: str, expression: str = ""):
        self.where, self.expression = where, expression
        self._heard: list[Packet] = []
        self._ears: list[tuple[str, bool, socket.socket]] = []
        for intf in selector.interfaces(net, where):
            name = f"{intf.node.name}:{selector.short(intf.node.name, intf.name)}"
            raw_ip, ear = intf.place.run(open_ear, intf.name, expression)
            self._ears.append((name, raw_ip, ear))

    def packets(self) -> list[Packet]:
        """Everything heard since the tap was opened, in order of time."""
        for name, raw_ip, ear in self._ears:
            self._heard += _drain(name, raw_ip, ear)
        self._heard.sort(key=lambda packet: packet.time)
        return self._heard

    def wait(self, count: int = 1, within: float = 2.0) -> list[Packet]:
        """The packets heard once there are ``count`` of them, or those heard within ``within`` seconds."""
        waiting.poll(lambda: len(self.packets()) >= count, within)
        return self.packets()

    def find(self, payload: bytes, within: float = 2.0) -> list[Packet]:
        """The packets whose bytes contain ``payload`` in clear, once there is one, or else none."""
        return waiting.poll(lambda: search(self.packets(), payload), within)

    def close(self) -> None:
        for _, _, ear in self._ears:
            ear.close()


@contextmanager
def tap(net, where: str, filter: str = "") -> Iterator[Tap]:
    """Listen at a node, an interface or a wire for as long as the ``with`` block lasts.

    ``filter`` is an expression of pcap-filter(7). Raises LabError when it is malformed.
    """
    opened = Tap(net, where, filter)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def taps(net, *wheres: str, filter: str = "") -> Iterator[list[Tap]]:
    """Listen at several places at once, with one filter; a Tap for each."""
    with ExitStack() as stack:
        yield [stack.enter_context(tap(net, where, filter)) for where in wheres]


def search(packets: list[Packet], payload: bytes) -> list[Packet]:
    """The packets whose bytes contain ``payload`` in clear."""
    return [packet for packet in packets if payload in packet.data]


@cache
def compile_filter(expression: str, link_type: str = "EN10MB") -> bytes:
    """A filter as the kernel takes it (struct sock_filter, bpf(4)). Raises LabError with tcpdump's own complaint."""
    done = subprocess.run(executable(["tcpdump", "-ddd", "-s", str(SNAPLEN), "-y", link_type, expression]),
                          capture_output=True, text=True)
    if done.returncode:
        complaint = done.stderr.strip().splitlines()[-1].removeprefix("tcpdump: ")
        raise LabError(f"the filter {expression!r} is malformed: {complaint}; see pcap-filter(7)")
    rows = done.stdout.split("\n")[1:]
    return b"".join(struct.pack("=HBBI", *map(int, row.split())) for row in rows if row)


def describe(packet: Packet) -> str:
    """One line on what a packet is."""
    if packet.arp:
        asks = packet.arp.op == dpkt.arp.ARP_OP_REQUEST
        return f"ARP who has {packet.dst}? {packet.src} asks" if asks else f"ARP {packet.src} is at {packet.eth_src}"
    if packet.ip is None:
        return f"{packet.eth_src} > {packet.eth_dst} type {packet.frame.type:#06x}, {len(packet.data)} bytes"
    if packet.tcp:
        ports, kind = (packet.tcp.sport, packet.tcp.dport), f"TCP {tcp_flags(packet.tcp)}"
    elif packet.udp:
        ports, kind = (packet.udp.sport, packet.udp.dport), "UDP"
    else:
        return f"{packet.src} > {packet.dst} {_protocol(packet)}, TTL {packet.ttl}"
    return f"{packet.src}:{ports[0]} > {packet.dst}:{ports[1]} {kind}, {len(packet.data)} bytes"


def tcp_flags(segment: dpkt.tcp.TCP) -> str:
    """The flags that are set, as RFC 9293 names them: "SYN ACK".

    >>> tcp_flags(dpkt.tcp.TCP(flags=0x12))
    'SYN ACK'
    """
    names = {0x02: "SYN", 0x01: "FIN", 0x04: "RST", 0x08: "PSH", 0x10: "ACK", 0x20: "URG"}
    return " ".join(name for bit, name in names.items() if segment.flags & bit)


def _protocol(packet: Packet) -> str:
    inner = packet.ip.data
    if isinstance(inner, dpkt.icmp.ICMP):
        return {0: "ICMP echo reply", 3: "ICMP unreachable", 8: "ICMP echo request",
                11: "ICMP time exceeded"}.get(inner.type, f"ICMP type {inner.type}")
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(inner).__name__) if not isinstance(inner, bytes) else "IP"


def open_ear(interface: str, expression: str) -> tuple[bool, socket.socket]:
    """A packet socket at an interface of the calling thread's namespace, and whether packets there have no frame."""
    link_type = _link_type(interface)
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    if expression:
        code = compile_filter(expression, link_type)
        program = ctypes.create_string_buffer(code)
        ear.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                       struct.pack("HL", len(code) // 8, ctypes.addressof(program)))
    ear.bind((interface, ETH_P_ALL))
    ear.setblocking(False)
    return link_type == "RAW", ear


def _link_type(interface: str) -> str:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as probe:
        probe.bind((interface, 0))
        return LINK_TYPES.get(probe.getsockname()[3], "RAW")


def _drain(name: str, raw_ip: bool, ear: socket.socket) -> Iterator[Packet]:
    while True:
        try:
            data, ancillary, _, sender = ear.recvmsg(SNAPLEN, 256)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENETDOWN:  # the interface was off for a while: told once, after what was heard
                raise
            continue
        seconds, nanoseconds = struct.unpack("ll", ancillary[0][2][:16])
        yield Packet(seconds + nanoseconds / 1e9, name, sender[2] == PACKET_OUTGOING, data, raw_ip)


def _address(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
