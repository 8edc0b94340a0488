"""What becomes of packets that are too large for a part of the way (RFC 1191, RFC 6691)."""

import struct

import dpkt

from .. import probes
from ..capture import Packet, taps
from ..command import run
from ..expect import CannotAsk, claims

FULL = 1472  # bytes of payload that fill an Ethernet frame: 1500 less IP (20) and ICMP (8)
HEADERS = 40  # bytes of IPv4 and TCP headers without options
FRAGMENTATION_NEEDED = "unreachable (code 4)"


@claims("a packet of 1,500 bytes from {src} to {dst} that must not be fragmented is refused, by name")
def too_big(net, src: str, dst: str) -> str | None:
    """A router answers "fragmentation needed"; the same packet passes when it may be fragmented."""
    forget_sizes(net, src)
    allowed = probes.ping(net, src, dst, size=FULL)
    if not allowed.answered:
        return f"even in fragments: {allowed}"
    refused = probes.ping(net, src, dst, size=FULL, dont_fragment=True, wait=0.5)
    forget_sizes(net, src)
    told = any(FRAGMENTATION_NEEDED in error for error in refused.errors)
    return None if told and not refused.answered else str(refused)


@claims("TCP between {src} and {dst} is told of the tunnel's size: segments of at most {most} bytes")
def clamped(net, src: str, dst: str, port: int, most: int) -> str | None:
    """The maximum segment size that ``src`` announces is larger where it leaves than where it arrives."""
    with taps(net, src, dst, filter=f"tcp port {port} and tcp[tcpflags] & tcp-syn != 0") as (near, far):
        probes.connect(net, src, dst, port)
        announced, arrived = (segment_size(ear.wait(1)) for ear in (near, far))
    if announced is None or arrived is None:
        raise CannotAsk("no SYN was heard")
    if announced <= most:
        raise CannotAsk(f"{src} announces only {announced} by itself")
    return None if arrived <= most else f"{announced} is announced, and {arrived} arrives"


def segment_size(packets: list[Packet]) -> int | None:
    """The maximum segment size in the first SYN among the packets, bytes."""
    for packet in packets:
        if packet.tcp and packet.tcp.flags & dpkt.tcp.TH_SYN and not packet.tcp.flags & dpkt.tcp.TH_ACK:
            for kind, value in dpkt.tcp.parse_opts(packet.tcp.opts):
                if kind == dpkt.tcp.TCP_OPT_MSS:
                    return struct.unpack("!H", value)[0]
    return None


def forget_sizes(net, *nodes: str) -> None:
    """Empty the caches of path MTUs, so that they must be learned again."""
    for node in nodes:
        run(net[node], "ip", "route", "flush", "cache")
