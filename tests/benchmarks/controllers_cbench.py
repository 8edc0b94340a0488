"""A switch in a few lines that asks a controller about new hosts as fast as it answers: cbench for OpenFlow 1.3.

The measure is RFC 8456's reactive path provisioning rate: new hosts for which a rule comes back, per second.
"""

import socket
import struct
import time

HELLO, ECHO_REQUEST, FEATURES_REQUEST, PACKET_OUT, FLOW_MOD = 0, 2, 5, 13, 14
MULTIPART_REQUEST, BARRIER_REQUEST, PORT_DESC = 18, 20, 13
ECHO_REPLY, FEATURES_REPLY, PACKET_IN, PORT_STATUS, MULTIPART_REPLY, BARRIER_REPLY = 3, 6, 10, 12, 19, 21
DPID, PORTS = 1, 4
HEADER = struct.Struct("!BBHI")


class Switch:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.rules = self.packets_out = 0
        self._send(HELLO)

    def serve(self, until, within: float = 10.0) -> bool:
        """Answer what is asked until `until()` holds; whether it came to."""
        deadline = time.monotonic() + within
        while not until() and time.monotonic() < deadline:
            self._socket.settimeout(max(0.001, min(0.05, deadline - time.monotonic())))
            try:
                data = self._socket.recv(1 << 18)
            except TimeoutError:
                continue
            self._buffer += data
            self._take()
        return until()

    def packet_in(self, number: int) -> None:
        """A frame from a host nobody has seen, to the one host that is known."""
        frame = b"\2" + bytes(5) + b"\2\1" + number.to_bytes(4) + b"\x08\0" + bytes(46)
        self._packet_in(1 + number % (PORTS - 1), frame)

    def teach(self) -> None:
        """The one host that is known."""
        self._packet_in(PORTS, b"\xff" * 6 + b"\2" + bytes(5) + b"\x08\0" + bytes(46))

    def _packet_in(self, port: int, frame: bytes) -> None:
        match = struct.pack("!HHII", 1, 12, 0x80000004, port) + bytes(4)
        body = struct.pack("!IHBBQ", 0xFFFFFFFF, len(frame), 0, 2, 0) + match + bytes(2) + frame
        self._send(PACKET_IN, body)

    def _take(self) -> None:
        while len(self._buffer) >= 8:
            _, kind, length, xid = HEADER.unpack_from(self._buffer)
            if len(self._buffer) < length:
                return
            body, self._buffer = self._buffer[8:length], self._buffer[length:]
            self._answer(kind, xid, body)

    def _answer(self, kind: int, xid: int, body: bytes) -> None:
        if kind == ECHO_REQUEST:
            self._send(ECHO_REPLY, body, xid)
        elif kind == FEATURES_REQUEST:
            self._send(FEATURES_REPLY, struct.pack("!QIBBxxII", DPID, 0, 254, 0, 0x4F, 0), xid)
        elif kind == BARRIER_REQUEST:
            self._send(BARRIER_REPLY, b"", xid)
        elif kind == MULTIPART_REQUEST:
            about, = struct.unpack_from("!H", body)
            entries = _ports() if about == PORT_DESC else b""
            self._send(MULTIPART_REPLY, struct.pack("!HHxxxx", about, 0) + entries, xid)
        self.rules += kind == FLOW_MOD and body[17] == 0
        self.packets_out += kind == PACKET_OUT

    def _send(self, kind: int, body: bytes = b"", xid: int = 0) -> None:
        self._socket.sendall(HEADER.pack(4, kind, 8 + len(body), xid) + body)


def _ports() -> bytes:
    ports = [(number, f"s1-eth{number}") for number in range(1, PORTS + 1)]
    return b"".join(struct.pack("!I4x6s2x16sII24x", number, bytes([2, 2, 0, 0, 0, number]), name.encode(), 0, 0)
                    for number, name in ports)


def provisioning_rate(port: int, hosts: int = 2000, window: int = 32) -> float:
    """New hosts per second for which rules come back, with so many questions under way."""
    switch = Switch(port)
    switch.serve(lambda: False, within=1.0)  # the handshake, and until ports are open
    switch.teach()
    switch.serve(lambda: False, within=0.2)
    before, asked, began = switch.rules, 0, time.monotonic()
    per_host = _rules_per_host(switch)
    before, began = switch.rules, time.monotonic()
    while asked < hosts:
        done = (switch.rules - before) / per_host
        while asked < hosts and asked - done < window:
            switch.packet_in(asked + 10)
            asked += 1
        if not switch.serve(lambda now=switch.rules: switch.rules > now, within=5):
            return 0.0
    switch.serve(lambda: switch.rules - before >= hosts * per_host)
    return (switch.rules - before) / per_host / (time.monotonic() - began)


def _rules_per_host(switch: Switch) -> int:
    before = switch.rules
    switch.packet_in(1)
    switch.serve(lambda: switch.rules > before, within=2)
    switch.serve(lambda: False, within=0.1)
    return max(1, switch.rules - before)
