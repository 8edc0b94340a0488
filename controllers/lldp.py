"""Link discovery: the few LLDP units a controller sends itself through its switches (IEEE 802.1AB).

Each carries an HMAC, so that a host cannot invent links: what does not verify is ignored.
"""

import hmac
import struct

from controllers.frames import LLDP, Frame, build, parse

DESTINATION = "01:80:c2:00:00:0e"
SOURCE = "0e:5e:00:00:00:01"
LOCALLY_ASSIGNED = b"\x07"
CHASSIS, PORT, TTL, ORGANISATION, END = 1, 2, 3, 127, 0
SEAL = b"\x00\x26\xe1\x5e"  # ONF's OUI and a subtype of our own
SEAL_BYTES = 16


def announce(key: bytes, dpid: int, port: int, ttl: int = 4) -> bytes:
    """The frame that says "you are hearing port `port` of switch `dpid`"; `ttl` is in seconds."""
    claim = _claim(dpid, port)
    payload = claim + _tlv(TTL, struct.pack("!H", ttl)) + _tlv(ORGANISATION, SEAL + _seal(key, claim)) + _tlv(END)
    return build(Frame(DESTINATION, SOURCE, None, LLDP, payload))


def heard(key: bytes, data: bytes) -> tuple[int, int] | None:
    """The switch and port that `data` announces, or None when it is not one of our own announcements."""
    frame = parse(data)
    if frame is None or frame.ethertype != LLDP:
        return None
    fields = dict(_tlvs(frame.payload))
    try:
        dpid, port = struct.unpack("!Q", fields[CHASSIS][1:])[0], struct.unpack("!I", fields[PORT][1:])[0]
        claim = _claim(dpid, port)
        ours = frame.payload.startswith(claim) and hmac.compare_digest(fields[ORGANISATION], SEAL + _seal(key, claim))
        return (dpid, port) if ours else None
    except (KeyError, struct.error):
        return None


def _claim(dpid: int, port: int) -> bytes:
    return (_tlv(CHASSIS, LOCALLY_ASSIGNED + struct.pack("!Q", dpid))
            + _tlv(PORT, LOCALLY_ASSIGNED + struct.pack("!I", port)))


def _seal(key: bytes, claim: bytes) -> bytes:
    return hmac.digest(key, claim, "sha256")[:SEAL_BYTES]


def _tlv(kind: int, value: bytes = b"") -> bytes:
    return struct.pack("!H", kind << 9 | len(value)) + value


def _tlvs(payload: bytes):
    while len(payload) >= 2:
        header = int.from_bytes(payload[:2])
        kind, length = header >> 9, header & 0x1FF
        if kind == END or len(payload) < 2 + length:
            return
        yield kind, payload[2:2 + length]
        payload = payload[2 + length:]
