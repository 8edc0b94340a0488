"""ARP, IPv4, UDP and ICMP as bytes, as far as a router reads and writes them (RFC 826, 791, 768, 792).

Addresses are strings. A `parse` function answers None to what is cut short or malformed, and never raises.
"""

import struct
from ipaddress import IPv4Address, ip_address
from typing import NamedTuple

ICMP, TCP, UDP = 1, 6, 17
REQUEST, REPLY = 1, 2  # ARP operations
ECHO_REPLY, UNREACHABLE, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 8, 11  # ICMP types
NET, HOST, PORT = 0, 1, 3  # codes of UNREACHABLE
ERRORS = {UNREACHABLE, 4, 5, TIME_EXCEEDED, 12}  # never answered with another error (RFC 1122, 3.2.2)
ARP_FORM = struct.Struct("!HHBBH6s4s6s4s")
IPV4_FORM = struct.Struct("!BBHHHBBH4s4s")
TTL = 64


class Arp(NamedTuple):
    operation: int
    sender_mac: str
    sender_ip: str
    target_mac: str
    target_ip: str


class Ipv4(NamedTuple):
    source: str
    destination: str
    protocol: int
    payload: bytes
    ttl: int = TTL
    fragment: int = 0  # flags and offset

    @property
    def is_first(self) -> bool:
        """Whether this is a whole packet, or the first fragment of one."""
        return not self.fragment & 0x1FFF


class Udp(NamedTuple):
    source: int
    destination: int
    payload: bytes


class Icmp(NamedTuple):
    type: int
    code: int
    rest: bytes  # all that follows the checksum


def parse_arp(data: bytes) -> Arp | None:
    if len(data) < ARP_FORM.size:
        return None
    hardware, protocol, *sizes, operation, sha, spa, tha, tpa = ARP_FORM.unpack_from(data)
    if (hardware, protocol, *sizes) != (1, 0x0800, 6, 4):
        return None
    return Arp(operation, sha.hex(":"), text(spa), tha.hex(":"), text(tpa))


def build_arp(arp: Arp) -> bytes:
    return ARP_FORM.pack(1, 0x0800, 6, 4, arp.operation, mac(arp.sender_mac), packed(arp.sender_ip),
                         mac(arp.target_mac), packed(arp.target_ip))


def parse_ipv4(data: bytes) -> Ipv4 | None:
    """The packet in `data`, which may be cut short after its header (a switch shows us only the start)."""
    if len(data) < IPV4_FORM.size:
        return None
    version, _, total, _, fragment, ttl, protocol, _, source, destination = IPV4_FORM.unpack_from(data)
    header = (version & 0xF) * 4
    if version >> 4 != 4 or header < IPV4_FORM.size or header > len(data) or total < header:
        return None
    return Ipv4(text(source), text(destination), protocol, data[header:total], ttl, fragment)


def build_ipv4(packet: Ipv4) -> bytes:
    header = IPV4_FORM.pack(0x45, 0, IPV4_FORM.size + len(packet.payload), 0, packet.fragment, packet.ttl,
                            packet.protocol, 0, packed(packet.source), packed(packet.destination))
    return header[:10] + checksum(header).to_bytes(2) + header[12:] + packet.payload


def parse_udp(data: bytes) -> Udp | None:
    if len(data) < 8:
        return None
    source, destination, length, _ = struct.unpack_from("!HHHH", data)
    return Udp(source, destination, data[8:length]) if length >= 8 else None


def build_udp(udp: Udp, source: str, destination: str) -> bytes:
    """The addresses enter into the checksum."""
    bare = struct.pack("!HHHH", udp.source, udp.destination, 8 + len(udp.payload), 0) + udp.payload
    return bare[:6] + (transport_checksum(source, destination, UDP, bare) or 0xFFFF).to_bytes(2) + bare[8:]


def parse_icmp(data: bytes) -> Icmp | None:
    return Icmp(data[0], data[1], data[4:]) if len(data) >= 8 else None


def build_icmp(icmp: Icmp) -> bytes:
    bare = struct.pack("!BBH", icmp.type, icmp.code, 0) + icmp.rest
    return bare[:2] + checksum(bare).to_bytes(2) + bare[4:]


def icmp_error(kind: int, code: int, source: str, offender: bytes) -> bytes | None:
    """An error about the IPv4 packet `offender`, from `source` to who sent it; None where none may be sent.

    None is sent about errors, fragments but the first, and packets from or to more than one (RFC 1812, 4.3.2.7).
    """
    packet = parse_ipv4(offender)
    if packet is None or not packet.is_first or not _is_one(packet.source) or not _is_one(packet.destination):
        return None
    if packet.protocol == ICMP and (not packet.payload or packet.payload[0] in ERRORS):
        return None
    header = (offender[0] & 0xF) * 4
    quoted = offender[:header] + packet.payload[:8]
    return build_ipv4(Ipv4(source, packet.source, ICMP, build_icmp(Icmp(kind, code, bytes(4) + quoted))))


def _is_one(address: str) -> bool:
    found = IPv4Address(address)
    return not (found.is_multicast or found.is_unspecified or found.is_loopback or int(found) == 0xFFFFFFFF)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071).

    >>> hex(checksum(bytes.fromhex("4500003044224000800600008c7c19acae241e2b")))
    '0x442e'
    """
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport_checksum(source: str, destination: str, protocol: int, data: bytes) -> int:
    """With the pseudo header of IPv4 (RFC 768) or IPv6 (RFC 8200, 8.1)."""
    ends = packed(source) + packed(destination)
    form = "!BBH" if len(ends) == 8 else "!II"
    tail = struct.pack(form, 0, protocol, len(data)) if form == "!BBH" else struct.pack(form, len(data), protocol)
    return checksum(ends + tail + data)


def packed(address: str) -> bytes:
    return ip_address(address).packed


def text(address: bytes) -> str:
    return str(ip_address(address))


def mac(address: str) -> bytes:
    return bytes.fromhex(address.replace(":", ""))
