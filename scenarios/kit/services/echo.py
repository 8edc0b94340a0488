"""The echo service (RFC 862), on any TCP ports."""

from collections.abc import Sequence
from dataclasses import dataclass

from .service import Service, listening


@dataclass(frozen=True)
class Echo(Service):
    """socat(1) at each port, sending back what it gets."""

    ports: Sequence[int] = (7,)

    def commands(self, node):
        return [["socat", f"TCP-LISTEN:{port},fork,reuseaddr", "EXEC:cat"] for port in self.ports]

    def ready(self, node):
        return all(listening(node, port) for port in self.ports)
