"""What can be configured of the load balancer: services, each an address that several servers answer for."""

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from controllers.settings import FabricSettings, Model, Seconds

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Server(Model):
    address: IPv4Address
    port: PortNumber | None = None
    """The service's own port unless told."""
    weight: PositiveInt = 1
    """Its share, relative to the others'."""
    drain: bool = False
    """Whether it gets no new connections; those it has go on."""


class Check(Model):
    """A TCP server is healthy while it accepts connections, a UDP server while its address answers."""

    interval: PositiveFloat = 1.0
    """Seconds between checks."""
    fall: PositiveInt = 2
    """Failures in a row until it gets no more connections. (A refused connection counts as all of them.)"""
    rise: PositiveInt = 1
    """Successes in a row until it gets some again."""


class Service(Model):
    address: IPv4Address
    """The virtual address that clients use; nobody else may have it."""
    port: PortNumber
    protocol: Literal["tcp", "udp"] = "tcp"
    servers: Annotated[tuple[Server, ...], Field(min_length=1)]
    spread: Literal["round-robin", "random", "least-connections", "hash"] = "round-robin"
    """Who gets the next connection. `hash` leaves it to the switches, which track connections by themselves."""
    sticky: Seconds | None = None
    """Seconds for which a client that comes back gets the server it had."""
    idle: Seconds = 60
    """Seconds after which a silent connection is forgotten."""
    check: Check = Check()

    @model_validator(mode="after")
    def _consistent(self) -> "Service":
        ends = [(server.address, server.port or self.port) for server in self.servers]
        if len(ends) != len(set(ends)):
            raise ValueError("two servers have the same address and port; remove one")
        if any(address == self.address for address, _ in ends):
            raise ValueError(f"{self.address} is the service's own address; a server needs another")
        if self.spread == "hash" and self.sticky:
            raise ValueError("hash cannot be sticky; choose another `spread`, or remove `sticky`")
        return self


class BalancerSettings(FabricSettings):
    services: Annotated[dict[str, Service], Field(min_length=1)]
    mac: Annotated[str, Field(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")] = "0e:00:00:00:00:02"
    """The MAC address of all virtual addresses."""

    @model_validator(mode="after")
    def _distinct(self) -> "BalancerSettings":
        fronts = [(service.address, service.port, service.protocol) for service in self.services.values()]
        if len(fronts) != len(set(fronts)):
            raise ValueError("services: two of them have the same address, port and protocol; change one")
        return self
