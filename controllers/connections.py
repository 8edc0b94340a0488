"""A balanced connection, and the two rules that make it up. Pure."""

from dataclasses import dataclass
from typing import Any

from controllers.inet import TCP, UDP, Ipv4
from controllers.tcp import End, Tcp


@dataclass
class Connection:
    """A client's connection, and the switch it comes in by. `opening` is its first packet, `syn` what that says."""

    service: str
    client: End
    client_mac: str
    dpid: int
    opening: bytes = b""
    syn: Tcp | None = None
    server: End = ("", 0)
    counted: bool = False

    @property
    def scope(self) -> tuple[str, str, End]:
        return "connection", self.service, self.client


class Halves:
    """Puts connections together again from the rules that a switch, or two, held before a restart.

    Each half gives back the whole when it completes one, with the number the rules' cookies carry.
    """

    def __init__(self) -> None:
        self._forward: dict[End, tuple[str, int]] = {}
        self._backward: dict[End, tuple[End, int]] = {}

    def forward(self, client: End, service: str, dpid: int) -> tuple[Connection, int] | None:
        self._forward[client] = service, dpid
        return self._whole(client)

    def backward(self, client: End, server: End, number: int) -> tuple[Connection, int] | None:
        self._backward[client] = server, number
        return self._whole(client)

    def _whole(self, client: End) -> tuple[Connection, int] | None:
        if client not in self._forward or client not in self._backward:
            return None
        (service, dpid), (server, number) = self._forward.pop(client), self._backward.pop(client)
        return Connection(service, client, "", dpid, server=server), number


def ports(packet: Ipv4) -> tuple[int, int]:
    """Of TCP and UDP alike; 0 where there are none."""
    if packet.protocol not in (TCP, UDP) or len(packet.payload) < 4:
        return 0, 0
    return int.from_bytes(packet.payload[:2]), int.from_bytes(packet.payload[2:4])


def sender_in(fields: dict[str, Any]) -> End:
    """Whom a rule matches as the sender."""
    return fields["ipv4_src"], fields["tcp_src"] if "tcp_src" in fields else fields["udp_src"]


def receiver_in(fields: dict[str, Any]) -> End:
    """Whom a rule matches as the receiver."""
    return fields["ipv4_dst"], fields["tcp_dst"] if "tcp_dst" in fields else fields["udp_dst"]
