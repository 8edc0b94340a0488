"""Cookies: every flow names who installed it, why, and for which object.

    0x5e | owner (8 bits) | kind (8 bits) | object (40 bits)

A flow without the mark is not ours and is never touched.
"""

from enum import IntEnum
from typing import NamedTuple

MARK = 0x5E << 56
MARK_MASK = 0xFF << 56
OBJECT_MASK = (1 << 40) - 1


class Owner(IntEnum):
    LEARNING_SWITCH = 1
    ROUTER = 2
    LOAD_BALANCER = 3


class Kind(IntEnum):
    """Why a flow exists; the object is named after the colon."""

    PIPELINE = 1     # what every switch holds: the table
    EDGE = 2         # a port with hosts behind it: the port
    TREE = 3         # a port to a switch, on the flooding tree: the port
    LINK = 4         # a port to a switch, for unicast only: the port
    STATION = 5      # a learned address: its low 40 bits
    QUARANTINE = 6   # a port that has shown too many addresses: the port
    POLICY = 7       # a rule between networks: its line
    GATEWAY = 8      # an address of the router's own: the network
    ROUTE = 9        # a route: its index
    NEIGHBOUR = 10   # a resolved next hop: its low 40 bits
    SERVICE = 11     # a balanced service: its index
    CONNECTION = 12  # one client's connection or stickiness: the client's low 40 bits


class Cookie(NamedTuple):
    owner: Owner
    kind: Kind
    object: int = 0

    def __int__(self) -> int:
        return MARK | self.owner << 48 | self.kind << 40 | self.object & OBJECT_MASK

    def __str__(self) -> str:
        """For people.

        >>> str(Cookie(Owner.ROUTER, Kind.POLICY, 3))
        'router/policy/3'
        """
        return f"{self.owner.name}/{self.kind.name}/{self.object:x}".lower()


def read(value: int) -> Cookie | None:
    """The cookie a flow carries, or None when it is not one of ours.

    >>> read(int(Cookie(Owner.ROUTER, Kind.ROUTE, 7))).object
    7
    """
    if value & MARK_MASK != MARK:
        return None
    try:
        return Cookie(Owner(value >> 48 & 0xFF), Kind(value >> 40 & 0xFF), value & OBJECT_MASK)
    except ValueError:
        return None
