"""Ethernet, as far as a switch looks (IEEE 802.3, 802.1Q)."""

import struct
from typing import NamedTuple

BROADCAST = "ff:ff:ff:ff:ff:ff"
VLAN, LLDP, ARP, IPV4, IPV6 = 0x8100, 0x88CC, 0x0806, 0x0800, 0x86DD


class Frame(NamedTuple):
    destination: str
    source: str
    vlan: int | None  # None when untagged
    ethertype: int
    payload: bytes


def parse(data: bytes) -> Frame | None:
    """The frame in `data`, or None when it is too short to be one."""
    if len(data) < 14:
        return None
    destination, source = data[:6].hex(":"), data[6:12].hex(":")
    ethertype, vlan, start = int.from_bytes(data[12:14]), None, 14
    if ethertype == VLAN:
        if len(data) < 18:
            return None
        tag, ethertype = struct.unpack("!HH", data[14:18])
        vlan, start = tag & 0xFFF, 18
    return Frame(destination, source, vlan, ethertype, data[start:])


def build(frame: Frame) -> bytes:
    tag = b"" if frame.vlan is None else struct.pack("!HH", VLAN, frame.vlan)
    return mac(frame.destination) + mac(frame.source) + tag + frame.ethertype.to_bytes(2) + frame.payload


def mac(text: str) -> bytes:
    """
    >>> mac("00:00:00:00:00:0a")
    b'\\x00\\x00\\x00\\x00\\x00\\n'
    """
    return bytes.fromhex(text.replace(":", ""))


def is_multicast(address: str) -> bool:
    """Whether the group bit is set (broadcast is multicast too)."""
    return bool(int(address[:2], 16) & 1)
