"""TCP headers, as far as a balancer reads and writes them (RFC 9293)."""

import struct
from typing import NamedTuple

from controllers.inet import TCP, build_ipv4, parse_ipv4, transport_checksum

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
FORM = struct.Struct("!HHIIBBHHH")
WINDOW = 1024

End = tuple[str, int]
"""An address and a port."""


class Tcp(NamedTuple):
    source: int
    destination: int
    sequence: int = 0
    acknowledged: int = 0
    flags: int = 0


def parse(data: bytes) -> Tcp | None:
    if len(data) < FORM.size:
        return None
    source, destination, sequence, acknowledged, _, flags, *_ = FORM.unpack_from(data)
    return Tcp(source, destination, sequence, acknowledged, flags)


def build(segment: Tcp, source: str, destination: str) -> bytes:
    """A segment without options and data; the addresses enter into the checksum."""
    bare = FORM.pack(segment.source, segment.destination, segment.sequence, segment.acknowledged,
                     FORM.size // 4 << 4, segment.flags, WINDOW, 0, 0)
    return bare[:16] + transport_checksum(source, destination, TCP, bare).to_bytes(2) + bare[18:]


def refuses(segment: Tcp, syn: Tcp) -> bool:
    """Whether `segment` is the answer to `syn` that nobody listens (RFC 9293, 3.10.7.1)."""
    expected = (syn.sequence + 1) & 0xFFFFFFFF
    return bool(segment.flags & RST) and segment.sequence == 0 and segment.acknowledged == expected


def readdressed(packet: bytes, source: End | None = None, destination: End | None = None) -> bytes:
    """An IPv4 packet that carries TCP or UDP, between other ends; its checksums are made anew."""
    found = parse_ipv4(packet)
    if found is None or len(found.payload) < 8:
        return packet
    ports = struct.unpack_from("!HH", found.payload)
    source, destination = source or (found.source, ports[0]), destination or (found.destination, ports[1])
    place = 16 if found.protocol == TCP else 6
    bare = struct.pack("!HH", source[1], destination[1]) + found.payload[4:place] + bytes(2) + found.payload[place + 2:]
    total = transport_checksum(source[0], destination[0], found.protocol, bare) or 0xFFFF
    payload = bare[:place] + total.to_bytes(2) + bare[place + 2:]
    return build_ipv4(found._replace(source=source[0], destination=destination[0], payload=payload))
