"""BIRD 2 configuration from a router's own facts. Pure: a Speaker in, text out."""

from collections.abc import Sequence
from ipaddress import IPv4Network

from .speaker import BOGONS, LONGEST_PREFIX, Neighbour, Speaker
from .template import render

ROLES = {"provider": "provider", "customer": "customer", "peer": "peer", "rs": "rs_server", "rs-client": "rs_client"}


def config(speaker: Speaker, fib: Sequence[IPv4Network] | None = None) -> str:
    """What goes into bird.conf (BIRD 2.0.11 and later, for RFC 9234).

    ``fib`` restricts what goes into the kernel's table: the kernel tells each change of any table to every daemon of
    the machine, which a thousand daemons feel.
    """
    return render("bird.conf.j2", me=speaker, fib=fib, bogons=BOGONS, longest=LONGEST_PREFIX, roles=ROLES,
                  protocol=protocol, export=export)


def protocol(neighbour: str) -> str:
    """What the session with a neighbour is called. Not by its name alone: ``as4`` is a word of BIRD's own."""
    return "with_" + "".join(char if char.isalnum() else "_" for char in neighbour)


def export(neighbour: Neighbour) -> str:
    """Which filter decides what a neighbour hears."""
    return "to_customer" if neighbour.leaks or neighbour.role == "provider" else "to_anybody_else"
