"""Packets that are too large for a part of the way, when nobody says so (RFC 2923); pure."""

from . import layers
from .case import Case
from .finding import Finding
from .trail import follow


def black_hole(case: Case) -> Finding:
    """Where a full-sized packet, which must not be fragmented, is lost in silence."""
    stop = follow(case.drawing, case.world, case.ask.src, case.journey.there)
    if case.journey.back:
        start = case.journey.back[0].where.partition(":")[0]
        stop = follow(case.drawing, case.world, start, case.journey.back)
    facts = case.world[stop.node]
    target = stop.packet.dst if stop.packet else case.ask.dst
    device = (facts.route_to(target) or {}).get("dev", "")
    silenced = layers.packet_filter(case, stop.node)
    why = f"; the rule '{silenced.shows[0]}' keeps it from saying so" if silenced and silenced.shows else ""
    if stop.left or facts.mtu(device) >= 1500:
        return Finding("MTU", f"packets of 1500 bytes are lost behind {stop.node}, and nobody says so{why}", stop.node,
                       ("ip", "link", "show"), shows=("mtu",))
    return Finding("MTU", f"{stop.node} cannot send 1500 bytes by {device}, which takes {facts.mtu(device)}, and the "
                   f"sender is never told{why}", stop.node, ("ip", "link", "show", "dev", device), shows=("mtu",))
