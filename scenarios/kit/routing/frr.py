"""FRRouting configuration from a router's own facts: one file for each daemon. Pure: a Speaker in, text out."""

from .relation import Role, Source
from .speaker import BOGONS, LONGEST_PREFIX, Neighbour, Speaker
from .template import render


def config(speaker: Speaker) -> dict[str, str]:
    """Configuration by daemon (FRR 8.4 and later, for RFC 9234): zebra, and of ospfd and bgpd those it needs."""
    wanted = {"zebra": True, "ospfd": bool(speaker.ospf_ports), "bgpd": speaker.asn is not None}
    return {daemon: render(f"{daemon}.conf.j2", me=speaker, bogons=BOGONS, longest=LONGEST_PREFIX, Role=Role,
                           Source=Source, inbound=inbound, outbound=outbound)
            for daemon, needed in wanted.items() if needed}


def inbound(neighbour: Neighbour) -> str:
    """The route map for what a neighbour tells; one of its own if its announcements are filtered by prefix."""
    return f"FROM-{neighbour.name}"


def outbound(neighbour: Neighbour) -> str:
    """The route map that decides what a neighbour hears."""
    return "TO-CUSTOMER" if neighbour.leaks or neighbour.role is Role.PROVIDER else "TO-ANYBODY-ELSE"
