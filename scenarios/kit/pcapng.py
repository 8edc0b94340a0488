"""Packets of many interfaces in one file: pcapng (draft-ietf-opsawg-pcapng), written block by block; pure.

A file that was cut off at any moment, the lab killed for instance, can still be read up to there.
"""

import struct

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
BYTE_ORDER, ANY_LENGTH = 0x1A2B3C4D, -1
ETHERNET, RAW = 1, 101  # link types
NAME, RESOLUTION, FLAGS, APPLICATION = 2, 9, 2, 4  # options of their blocks
NANOSECONDS = 9
INBOUND, OUTBOUND = 1, 2
SNAPLEN = 65535


class Pcapng:
    """Turns packets into blocks; an interface is introduced when it is first heard."""

    def __init__(self):
        self.interfaces: dict[str, int] = {}

    def header(self) -> bytes:
        body = struct.pack("=IHHq", BYTE_ORDER, 1, 0, ANY_LENGTH)
        return _block(SECTION, body + _option(APPLICATION, b"internet-from-scratch") + _option(0, b""))

    def packet(self, where: str, time: float, data: bytes, sent: bool, raw_ip: bool = False) -> bytes:
        """A packet of the interface ``where``; ``time`` in seconds since the epoch."""
        introduction = b""
        if where not in self.interfaces:
            self.interfaces[where] = len(self.interfaces)
            introduction = self._interface(where, RAW if raw_ip else ETHERNET)
        high, low = divmod(round(time * 1e9), 1 << 32)
        body = struct.pack("=IIIII", self.interfaces[where], high, low, len(data), len(data)) + _padded(data)
        flags = struct.pack("=I", OUTBOUND if sent else INBOUND)
        return introduction + _block(PACKET, body + _option(FLAGS, flags) + _option(0, b""))

    def _interface(self, name: str, link_type: int) -> bytes:
        body = struct.pack("=HHI", link_type, 0, SNAPLEN)
        return _block(INTERFACE, body + _option(NAME, name.encode()) + _option(RESOLUTION, bytes([NANOSECONDS]))
                      + _option(0, b""))


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("=I", len(body) + 12)
    return struct.pack("=I", kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("=HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
