"""TCP connections of which both ends are ours, so that what one end sees can be compared with the other."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from . import probes

RESET = struct.pack("ii", 1, 0)  # struct linger: close(2) sends a RST, and the ports are free at once


@dataclass(frozen=True)
class Stream:
    """An open connection: ``near`` is the client's socket, ``far`` the server's."""

    near: socket.socket
    far: socket.socket

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the client, as the server sees them."""
        return self.far.getpeername()

    def say(self, data: bytes) -> bytes:
        """Send from the server to the client, and return what came. Raises TimeoutError."""
        self.far.sendall(data)
        return self.near.recv(len(data))


@contextmanager
def stream(net, client: str, server: str, source_port: int = 0) -> Iterator[Stream]:
    """A connection from one node to a port of the kernel's choice on another. Raises OSError."""
    with streams(net, [client], server, source_port) as talks:
        yield talks[client]


@contextmanager
def streams(net, clients: Sequence[str], server: str, source_port: int = 0) -> Iterator[dict[str, Stream]]:
    """A connection from each client to one port of the server, all open at once."""
    with ExitStack() as stack:
        listener = stack.enter_context(probes.listen(net, server, 0))
        listener.settimeout(probes.ANSWER)
        there = probes.address(net, server), listener.getsockname()[1]
        yield {client: _connected(stack, _client(net, client, source_port), listener, there) for client in clients}


def _connected(stack: ExitStack, near: socket.socket, listener: socket.socket, there: tuple[str, int]) -> Stream:
    stack.enter_context(near).connect(there)
    far = stack.enter_context(listener.accept()[0])
    for end in near, far:
        end.settimeout(probes.ANSWER)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    return Stream(near, far)


def _client(net, node: str, port: int) -> socket.socket:
    def opened() -> socket.socket:
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", port))
        client.settimeout(probes.ANSWER)
        return client

    return net[node].place.run(opened)
