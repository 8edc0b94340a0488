"""What a router knows of itself: the facts from which BIRD's and FRR's configurations are written.

A Speaker is pure data. Where it comes from (a Mininet node, a test, a generator) is no matter of this module.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from .relation import Role

BOGONS = tuple(map(IPv4Network, (
    # Special-purpose addresses (RFC 6890) and multicast: nobody announces them to another AS.
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
)))
LONGEST_PREFIX = 24  # longer ones are not passed on between ASes (RFC 7454, section 6.1.3)


@dataclass(frozen=True)
class Timers:
    """In seconds. A lost link is noticed at once whatever these are; they are for neighbours that fall silent."""

    hold: int = 3
    keepalive: int = 1
    retry: int = 1
    hello: int = 1
    dead: int = 4
    scan: int = 2  # how often BIRD looks whether the kernel has dropped a route, as it does when a cable is pulled


@dataclass(frozen=True)
class Port:
    """An interface; with a cost, OSPF runs there; passive: OSPF tells of it, but looks for nobody on it."""

    name: str
    address: IPv4Interface
    cost: int | None = None
    passive: bool = False


@dataclass(frozen=True)
class Neighbour:
    """Somebody to speak BGP with. Without a role it is a router of our own AS."""

    name: str
    address: IPv4Address
    asn: int
    role: Role | None = None  # ours
    accepts: tuple[IPv4Network, ...] | None = None  # the prefix filter: None takes what comes
    limit: int | None = None  # max-prefix: more than this and the session closes
    speaks_roles: bool = True
    leaks: bool = False  # tells the neighbour everything, as if it were a customer

    @property
    def internal(self) -> bool:
        return self.role is None


@dataclass(frozen=True)
class RpkiCache:
    """A validator cache that speaks RTR (RFC 8210)."""

    address: IPv4Address
    port: int = 8282


@dataclass(frozen=True)
class Speaker:
    """A router: who it is, where it is connected, whom it speaks to, and what it announces as its own."""

    name: str
    asn: int | None
    router_id: IPv4Address
    ports: tuple[Port, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    originates: tuple[IPv4Network, ...] = ()
    rpki: RpkiCache | None = None
    timers: Timers = field(default_factory=Timers)

    @property
    def is_route_server(self) -> bool:
        """A route server passes on routes, never packets."""
        return any(neighbour.role is Role.RS for neighbour in self.neighbours)

    @property
    def ospf_ports(self) -> tuple[Port, ...]:
        return tuple(port for port in self.ports if port.cost is not None)

    def calls(self, neighbour: Neighbour) -> bool:
        """Who opens the connection, so that two never collide: the customer, the route server, the higher number.

        Where routers start in the order of their numbers, whoever is called listens already.
        """
        if neighbour.internal or neighbour.role is Role.PEER:
            return (self.asn, int(self.router_id)) > (neighbour.asn, int(neighbour.address))
        return neighbour.role in (Role.CUSTOMER, Role.RS)
