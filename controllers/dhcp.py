"""A DHCP relay's view of DHCP (RFC 2131, 4.1; RFC 1542, 4): it rewrites a few fields, and reads no options."""

import struct
from typing import NamedTuple

from controllers.inet import packed, text

SERVER_PORT, CLIENT_PORT = 67, 68
REQUEST, REPLY = 1, 2
MAX_HOPS = 16
MAGIC = b"\x63\x82\x53\x63"
FIXED = 236  # bytes before the magic cookie
BROADCAST_FLAG = 0x8000


class Dhcp(NamedTuple):
    operation: int
    hops: int
    broadcast: bool  # the client cannot receive unicast yet
    offered: str     # yiaddr
    relay: str       # giaddr
    client_mac: str


def parse(data: bytes) -> Dhcp | None:
    if len(data) < FIXED + len(MAGIC) or data[FIXED:FIXED + 4] != MAGIC or data[1:3] != b"\x01\x06":
        return None
    flags, = struct.unpack_from("!H", data, 10)
    return Dhcp(data[0], data[3], bool(flags & BROADCAST_FLAG), text(data[16:20]), text(data[24:28]),
                data[28:34].hex(":"))


def relayed(data: bytes, relay: str) -> bytes | None:
    """A client's message as it goes on to the server: marked with the relay's address, unless another was first."""
    message = parse(data)
    if message is None or message.operation != REQUEST or message.hops >= MAX_HOPS:
        return None
    giaddr = data[24:28] if message.relay != "0.0.0.0" else packed(relay)
    return data[:3] + bytes([message.hops + 1]) + data[4:24] + giaddr + data[28:]
