"""Why a packet came no further: from where it was seen last, the layers are checked from the bottom up; pure."""

from collections.abc import Iterator
from itertools import chain

from ..drawing import End
from ..facts import ROUTING
from . import layers
from .case import Case, is_private
from .finding import Finding
from .trail import Stop, follow, looped


def explain(case: Case) -> Finding | None:
    """The broken layer of a question that was not answered; None when it was, or when nothing can be seen."""
    found = _explained(case)
    if found and found.layer == "route":
        return next(chain(_dead(case, found.node), _never_told(case, found.node)), found)
    return found


def _dead(case: Case, node: str) -> Iterator[Finding]:
    """A route may be missing because the daemon is that should bring it."""
    dead = (layers.daemons(case, each) for each in dict.fromkeys((node, case.ask.src)))
    return (each for each in dead if each and each.layer == "service")


def _never_told(case: Case, node: str) -> Iterator[Finding]:
    """A router that is told its routes may lack one because the way is broken further on."""
    if any(row["name"] in ROUTING for row in case.world[node].daemons):
        drawn = case.drawing.owner(case.ask.dst)
        for far in (*([drawn.node] if drawn else []), case.ask.src):
            for end in case.drawing.along(node, far):
                yield from filter(None, (layers.link(case, end), end.node in case.world and layers.address(case, end)))


def _explained(case: Case) -> Finding | None:
    journey = case.journey
    if journey.outcome == "answered":
        return None
    if journey.outcome == "refused":
        return _refused(case)
    if journey.back:
        start = journey.back[0].where.partition(":")[0]
        if start in case.world:
            stop = follow(case.drawing, case.world, start, journey.back)
            return _untranslated(case, stop) or _stopped(case, stop, journey.back[-1].dst, answering=True)
    stop = follow(case.drawing, case.world, case.ask.src, journey.there)
    return _loop(case) or _stopped(case, stop, stop.packet.dst if stop.packet and stop.packet.dst else case.ask.dst)


def _refused(case: Case) -> Finding | None:
    first = case.journey.back[0].where.partition(":")[0] if case.journey.back else None
    node = first if first in case.world else next(iter(case.holders(case.ask.dst)), None)
    if node is None:
        return None
    return _taken(case, node) or layers.packet_filter(case, node) or layers.service(case, node)


def _taken(case: Case, node: str) -> Finding | None:
    """Whoever refused has an address that is another's in the drawing."""
    drawn = case.drawing.owner(case.ask.dst)
    if drawn is None or drawn.node == node or not case.world[node].holds(case.ask.dst):
        return None
    return layers.address(case, drawn)


def _loop(case: Case) -> Finding | None:
    nodes = looped(case.drawing, case.journey.there)
    if not nodes:
        return None
    for node in nodes:
        for end in _ways_out(case, node, case.ask.dst):
            if found := layers.link(case, end) or layers.address(case, end):
                return found
    return Finding("route", f"the packet goes round and round between {' and '.join(nodes)}", nodes[0], ("ip", "route"))


def _untranslated(case: Case, stop: Stop) -> Finding | None:
    """An answer that nobody can deliver, because the question went out with an address that means nothing outside."""
    asker = case.journey.there[-1].src if case.journey.there else ""
    if not asker or not is_private(asker) or is_private(case.ask.dst) or case.world[stop.node].route_to(asker):
        return None
    border = _border(case)
    if border is None:
        return None
    return Finding("filter", f"{border} sends {asker} out as it is: no rule translates the address, so {stop.node} "
                   "knows no way back", border, ("nft", "list", "ruleset"), shows=("postrouting", "masquerade", "snat"))


def _border(case: Case) -> str | None:
    """Who should have translated: a router that does so for others, or else the last one by which it left as it is."""
    nodes = follow(case.drawing, case.world, case.ask.src, case.journey.there).nodes
    for node in nodes:
        if any(chain["hook"] == "postrouting" and chain.get("type") == "nat" for chain in case.world[node].chains()):
            return node
    left = [packet.where.partition(":") for packet in case.journey.there if packet.sent]
    public = [node for node, _, interface in left if (end := case.end(node, interface)) and node in nodes
              and end.address and not is_private(str(end.address.ip)) and node != case.ask.src]
    return next(iter(public), None)


def _stopped(case: Case, stop: Stop, target: str, answering: bool = False) -> Finding | None:
    node = stop.node
    if node == case.ask.src and case.world[node].holds(target):
        return layers.loopback(case, node) or layers.packet_filter(case, node) or layers.service(case, node)
    if found := layers.packet_filter(case, node):
        return found
    if stop.left:
        return _lost_on_the_wire(case, stop, target)
    if not answering and node != case.ask.src and _is_for(case, node, target):
        return _not_answered(case, stop)
    began = case.journey.back[0].where.partition(":")[0] if answering else case.ask.src
    if node != began and (found := layers.reverse_path(case, node, stop.came) or layers.forwarding(case, node)):
        return found
    return _not_sent(case, node, target)


def _is_for(case: Case, node: str, target: str) -> bool:
    drawn = case.drawing.owner(target)
    return bool(case.world[node].holds(target)) or (drawn is not None and drawn.node == node)


def _not_sent(case: Case, node: str, target: str) -> Finding | None:
    """A node has a packet for the target, and no interface of its carried it away."""
    if found := layers.lease(case, node):
        return found
    facts, ends = case.world[node], _ways_out(case, node, target)
    for end in ends:
        if found := layers.link(case, end):
            return found
    row = facts.route_to(target)
    out = case.end(node, row["dev"]) if row and "dev" in row else None
    if not out or out not in ends:
        for end in ends:
            if found := layers.address(case, end):
                return found
    if found := layers.route(case, node, target):
        return found
    if out is None:
        return _by_something_else(case, node, row or {}, target)
    hop = (row or {}).get("gateway") or (row or {}).get("via", {}).get("host") or target
    return layers.link(case, out) or layers.neighbour(case, out, hop) or layers.unresolved(case, out, hop)


def _ways_out(case: Case, node: str, target: str) -> list[End]:
    """The ends by which a node lies nearest to the target, in the drawing; all of its ends where it has only one."""
    drawn = case.drawing.owner(target)
    towards = case.drawing.towards(node, drawn.node) if drawn and drawn.node != node else []
    own = case.drawing.ends_of(node)
    return towards or (own if len(own) == 1 else [])


def _by_something_else(case: Case, node: str, row: dict, target: str) -> Finding | None:
    """The route leaves by an interface that is not in the drawing: a tunnel's."""
    device = row.get("dev")
    if not device:
        return None
    return Finding("tunnel", f"what {node} sends to {target} should go through {device}, and does not leave it", node,
                   ("ip", "-br", "link", "show"), shows=(device,))


def _not_answered(case: Case, stop: Stop) -> Finding | None:
    """The packet came to whom it was meant for, who does not answer."""
    node, packet = stop.node, stop.packet
    facts, end = case.world[node], case.end(node, stop.came)
    target = packet.dst if packet else case.ask.dst
    if not facts.holds(target) and (drawn := case.drawing.owner(target)):
        return layers.address(case, drawn)
    if facts.settings.get("net/ipv4/icmp_echo_ignore_all") == "1" and case.ask.protocol == "icmp":
        return Finding("filter", f"{node} is told not to answer echo requests", node,
                       ("sysctl", "net.ipv4.icmp_echo_ignore_all"))
    if found := layers.reverse_path(case, node, stop.came) or (end and layers.address(case, end)):
        return found
    asker = packet.src if packet else ""
    return layers.service(case, node) or (_not_sent(case, node, asker) if asker else None)


def _lost_on_the_wire(case: Case, stop: Stop, target: str) -> Finding | None:
    """The packet left by an interface, and came to nobody that it was meant for."""
    end = case.end(stop.node, stop.left)
    if end is None:
        return _lost_in_a_tunnel(case, stop)
    if found := layers.link(case, end):
        return found
    row = case.world[stop.node].route_to(target) or {}
    hop = row.get("gateway") or row.get("via", {}).get("host") or target
    drawn = case.drawing.owner(hop)
    if drawn and drawn in case.drawing.segment(end) and (
            found := layers.link(case, end, drawn) or layers.neighbour(case, end, hop) or layers.address(case, drawn)):
        return found
    if found := layers.neighbour(case, end, hop):
        return found
    return _lost_in_switches(case, end, drawn)


def _lost_in_switches(case: Case, end: End, owner: End | None) -> Finding | None:
    seen = [packet.where for packet in (*case.journey.there, *case.journey.back)
            if case.drawing.is_switch(packet.where.partition(":")[0])]
    far = case.drawing.far[end.name]
    if not case.drawing.is_switch(far.node):
        return Finding("link", f"what leaves {end.name} does not come to {far.name}", end.node,
                       ("ip", "-s", "link", "show", "dev", end.interface))
    last = seen[-1].partition(":")[0] if seen else far.node
    to = f" to {owner.name}" if owner else ""
    return Finding("switch", f"{last} does not pass on what comes from {end.name}{to}", "",
                   ("ovs-ofctl", "-O", "OpenFlow13", "dump-flows", last))


def _lost_in_a_tunnel(case: Case, stop: Stop) -> Finding:
    return Finding("tunnel", f"what {stop.node} sends into the tunnel {stop.left} does not come out at its other end",
                   stop.node, ("ip", "-s", "link", "show", "dev", stop.left or ""))
