"""IPv6, ICMPv6 and Neighbour Discovery as bytes, as far as a router reads and writes them (RFC 8200, 4443, 4861)."""

import struct
from ipaddress import IPv6Address, IPv6Network
from typing import NamedTuple

from controllers.inet import mac, packed, text, transport_checksum

ICMPV6 = 58
UNREACHABLE, TIME_EXCEEDED, ECHO_REQUEST, ECHO_REPLY = 1, 3, 128, 129
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, SOLICITATION, ADVERTISEMENT = 133, 134, 135, 136
NO_ROUTE, ADDRESS, PORT = 0, 3, 4  # codes of UNREACHABLE
ALL_NODES, ALL_ROUTERS, UNSPECIFIED = "ff02::1", "ff02::2", "::"
HOP_LIMIT, ON_LINK = 64, 255  # what Neighbour Discovery sends and insists on: it has crossed no router
FROM_ROUTER, SOLICITED, OVERRIDE = 0x80000000, 0x40000000, 0x20000000
SOURCE_MAC, TARGET_MAC, PREFIX = 1, 2, 3  # options
IPV6_FORM = struct.Struct("!IHBB16s16s")
MINIMUM_MTU = 1280


class Ipv6(NamedTuple):
    source: str
    destination: str
    next_header: int
    payload: bytes
    hop_limit: int = HOP_LIMIT


class Icmpv6(NamedTuple):
    type: int
    code: int
    rest: bytes


class Neighbour(NamedTuple):
    """What a solicitation or an advertisement is about. `mac` is None where it is not told."""

    target: str
    mac: str | None


def parse_ipv6(data: bytes) -> Ipv6 | None:
    if len(data) < IPV6_FORM.size:
        return None
    first, length, header, limit, source, destination = IPV6_FORM.unpack_from(data)
    if first >> 28 != 6:
        return None
    return Ipv6(text(source), text(destination), header, data[40:40 + length], limit)


def build_ipv6(packet: Ipv6) -> bytes:
    return IPV6_FORM.pack(6 << 28, len(packet.payload), packet.next_header, packet.hop_limit,
                          packed(packet.source), packed(packet.destination)) + packet.payload


def parse_icmpv6(data: bytes) -> Icmpv6 | None:
    return Icmpv6(data[0], data[1], data[4:]) if len(data) >= 8 else None


def icmpv6(source: str, destination: str, message: Icmpv6, hop_limit: int = HOP_LIMIT) -> bytes:
    """A whole packet."""
    bare = struct.pack("!BBH", message.type, message.code, 0) + message.rest
    total = transport_checksum(source, destination, ICMPV6, bare)
    return build_ipv6(Ipv6(source, destination, ICMPV6, bare[:2] + total.to_bytes(2) + bare[4:], hop_limit))


def parse_neighbour(message: Icmpv6) -> Neighbour | None:
    """What a solicitation or advertisement says; None when it is malformed."""
    if message.type not in (SOLICITATION, ADVERTISEMENT) or message.code or len(message.rest) < 20:
        return None
    wanted = SOURCE_MAC if message.type == SOLICITATION else TARGET_MAC
    return Neighbour(text(message.rest[4:20]), option(message.rest[20:], wanted))


def option(options: bytes, wanted: int) -> str | None:
    """A MAC address among options."""
    while len(options) >= 8 and options[1]:
        if options[0] == wanted:
            return options[2:8].hex(":")
        options = options[options[1] * 8:]
    return None


def solicitation(source: str, source_mac: str, target: str) -> bytes:
    """"Who has `target`?", to all who might."""
    rest = bytes(4) + packed(target) + _mac_option(SOURCE_MAC, source_mac)
    return icmpv6(source, solicited_node(target), Icmpv6(SOLICITATION, 0, rest), ON_LINK)


def advertisement(source: str, source_mac: str, destination: str) -> bytes:
    """"`source` is me", to one who asked, or to all."""
    asked = 0 if destination == ALL_NODES else SOLICITED
    rest = struct.pack("!I", FROM_ROUTER | asked | OVERRIDE) + packed(source) + _mac_option(TARGET_MAC, source_mac)
    return icmpv6(source, destination, Icmpv6(ADVERTISEMENT, 0, rest), ON_LINK)


def router_advertisement(source: str, source_mac: str, prefixes: list[IPv6Network], lifetime: int,
                         destination: str = ALL_NODES) -> bytes:
    """"Send me what is for elsewhere, and take an address in these"; `lifetime` is in seconds (RFC 4861, 4.2)."""
    head = struct.pack("!BBHII", HOP_LIMIT, 0, lifetime, 0, 0)
    known = b"".join(_prefix(prefix, lifetime) for prefix in prefixes)
    message = Icmpv6(ROUTER_ADVERTISEMENT, 0, head + _mac_option(SOURCE_MAC, source_mac) + known)
    return icmpv6(source, destination, message, ON_LINK)


def icmpv6_error(kind: int, code: int, source: str, offender: bytes) -> bytes | None:
    """An error about the IPv6 packet `offender`; None where none may be sent (RFC 4443, 2.4 e)."""
    packet = parse_ipv6(offender)
    if packet is None or packet.source == UNSPECIFIED or IPv6Address(packet.source).is_multicast:
        return None
    if IPv6Address(packet.destination).is_multicast:
        return None
    if packet.next_header == ICMPV6 and (not packet.payload or packet.payload[0] < ECHO_REQUEST):
        return None
    quoted = offender[:MINIMUM_MTU - 48]
    return icmpv6(source, packet.source, Icmpv6(kind, code, bytes(4) + quoted))


def solicited_node(address: str) -> str:
    """
    >>> solicited_node("2001:db8::1:2:3")
    'ff02::1:ff02:3'
    """
    return text(packed("ff02::1:ff00:0")[:13] + packed(address)[13:])


def multicast_mac(group: str) -> str:
    """
    >>> multicast_mac("ff02::1")
    '33:33:00:00:00:01'
    """
    return (b"\x33\x33" + packed(group)[12:]).hex(":")


def link_local(hardware: str) -> str:
    """
    >>> link_local("0e:00:00:00:00:01")
    'fe80::c00:ff:fe00:1'
    """
    octets = mac(hardware)
    return text(bytes.fromhex("fe80000000000000") + bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:])


def _mac_option(kind: int, hardware: str) -> bytes:
    return struct.pack("!BB", kind, 1) + mac(hardware)


def _prefix(prefix: IPv6Network, lifetime: int) -> bytes:
    on_link_and_autonomous = 0xC0 if prefix.prefixlen == 64 else 0x80
    return struct.pack("!BBBBIII", PREFIX, 4, prefix.prefixlen, on_link_and_autonomous, lifetime, lifetime,
                       0) + prefix.network_address.packed
