"""A packet's way, hop by hop, with the reason at each; read from where it was really seen, not from what should be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import dpkt

from . import conntrack
from .capture import Packet
from .command import attempt
from .diagnosis.trail import is_for, place
from .drawing import Drawing
from .errors import LabError
from .facts import World, gather
from .journey import Ask, Journey, travel


@dataclass(frozen=True)
class Hop:
    """One node that the packet crossed. ``reasons`` say what decided there, ``rewrites`` what was changed."""

    node: str
    came: str
    left: str
    reasons: tuple[str, ...]
    rewrites: tuple[str, ...] = ()

    def json(self) -> dict:
        return {"node": self.node, "came": self.came, "left": self.left, "reasons": list(self.reasons),
                "rewrites": list(self.rewrites)}


def trace(net, ask: Ask, world: World) -> tuple[Journey, list[Hop]]:
    """Send a marked packet and tell its way there; its outcome is the journey's."""
    drawing = Drawing.of(net)
    journey = travel(net, ask, world)
    if not journey.there:  # an ARP cache or a controller may have learned by the first
        journey = travel(net, ask, world)
    after = gather(net)  # with the neighbours that the packet has made known
    return journey, [_hop(net, drawing, after, journey, *each) for each in visits(drawing, after, journey.there)]


def visits(drawing: Drawing, world: World, sightings) -> Iterator[tuple[str, Packet | None, Packet | None]]:
    """Node by node: the packet as it came in, and as it went out; pure."""
    node: str | None = None
    came: Packet | None = None
    for number, packet in enumerate(sightings):
        here, _ = place(packet)
        if packet.sent:
            if here == node or number == 0:  # else it is a copy, for a switch floods
                yield here, came, packet
                node, came = None, None
        elif drawing.is_switch(here) or (here in world and is_for(world, here, packet)):
            if node is not None and came is not None and here != node:
                yield node, came, None
            node, came = here, packet
    if node is not None and came is not None:
        yield node, came, None


def _hop(net, drawing: Drawing, world: World, journey: Journey, node: str, came: Packet | None,
         left: Packet | None) -> Hop:
    came_by, left_by = (place(each)[1] if each else "" for each in (came, left))
    if drawing.is_switch(node):
        told = (line for line in _flows(net, node, came) if line != "drop" or left is None)  # else it was a copy's end
        return Hop(node, came_by, left_by, tuple(told))
    reasons = [*_rulings(journey, node), *_conversation(net, world, node, came, left)]
    reasons += _routing(world, node, left) if left else _arrival(world, node, journey, came)
    return Hop(node, came_by, left_by, tuple(reasons), tuple(rewritten(came, left)))


def _routing(world: World, node: str, left: Packet) -> Iterator[str]:
    facts = world[node]
    row = facts.route_to(left.dst)
    if row is None:
        yield f"no route to {left.dst} in the main table: a rule or a policy sent it"
        return
    via = row.get("gateway") or row.get("via", {}).get("host")
    yield f"route {row['dst']}" + (f" via {via}" if via else "") + f" dev {row.get('dev', '?')}"
    known = facts.neighbour(via or left.dst)
    if known and "lladdr" in known:
        yield f"neighbour {via or left.dst} is at {known['lladdr']} ({' '.join(known.get('state', ())).lower()})"


def _arrival(world: World, node: str, journey: Journey, came: Packet | None) -> Iterator[str]:
    facts = world[node]
    held = facts.holds(came.dst) if came else None
    if came and held:
        yield f"{came.dst} is its own address ({held})"
        port = getattr(came.tcp or came.udp, "dport", None)
        if port is not None:
            listens = facts.listens(journey.ask.protocol, port)
            yield f"{'somebody' if listens else 'nobody'} listens at {journey.ask.protocol} port {port}"
    elif came:
        yield f"{came.dst} is not its own, and it went no further"


def _rulings(journey: Journey, node: str) -> Iterator[str]:
    """What the packet filter said of the packet on its way there, each rule once."""
    ends = {(packet.src, packet.dst) for packet in journey.there if packet.ip is not None}
    seen = (each for each in journey.rulings if each.node == node and each.rule and _ends(each.network) in ends)
    return iter(dict.fromkeys(map(str, seen)))


def _ends(header: bytes) -> tuple[str, ...]:
    """Source and destination of an IP header."""
    place, size = (12, 4) if header[:1] and header[0] >> 4 == 4 else (8, 16)
    parts = header[place:place + size], header[place + size:place + 2 * size]
    return tuple(str(ip_address(part)) for part in parts if len(part) == size)


def _conversation(net, world: World, node: str, came: Packet | None, left: Packet | None) -> Iterator[str]:
    packet = left or came
    if not any(world[node].chains()) or packet is None or packet.ip is None:
        return
    try:
        rows = conntrack.table(net, node)
    except LabError:
        return
    sources = {_source(each) for each in (came, left) if each}
    yield from (f"conversation {row}" for row in rows if row.translated and (*row.source, row.protocol) in sources)


def _source(packet: Packet) -> tuple[str, int, str]:
    """Address, port and protocol as the table of conversations has them."""
    segment, protocol = packet.tcp or packet.udp, "tcp" if packet.tcp else "udp" if packet.udp else "icmp"
    return packet.src, segment.sport if segment else 0, protocol


def rewritten(came: Packet | None, left: Packet | None) -> Iterator[str]:
    """What a node changed in a packet that it passed on; pure."""
    if came is None or left is None or came.ip is None or left.ip is None:
        return
    for what, before, after in (("source", _end(came, "src"), _end(left, "src")),
                                ("destination", _end(came, "dst"), _end(left, "dst")),
                                ("TTL", came.ttl, left.ttl), ("MSS", _mss(came), _mss(left))):
        if before != after:
            yield f"{what} {before} > {after}"


def _end(packet: Packet, side: str) -> str:
    address = packet.src if side == "src" else packet.dst
    segment = packet.tcp or packet.udp
    return f"{address}:{segment.sport if side == 'src' else segment.dport}" if segment else address


def _mss(packet: Packet) -> int | None:
    if not packet.tcp:
        return None
    options = dict(dpkt.tcp.parse_opts(packet.tcp.opts))
    return int.from_bytes(options[dpkt.tcp.TCP_OPT_MSS], "big") if dpkt.tcp.TCP_OPT_MSS in options else None


def _flows(net, switch: str, came: Packet | None) -> Iterator[str]:
    """The rules that Open vSwitch applies to this very frame (ovs-appctl(8), ofproto/trace)."""
    if came is None:
        return
    port = net[switch].ports.get(net[switch].nameToIntf.get(f"{switch}-{place(came)[1]}"))
    told = attempt(net[switch], "ovs-appctl", "ofproto/trace", switch, f"in_port={port}", came.data.hex()).stdout
    yield from spelled(told.partition("bridge(")[2])


def spelled(told: str) -> Iterator[str]:
    """The rules, and what each did, in the order in which Open vSwitch tells them; pure."""
    for line in map(str.strip, told.splitlines()):
        rule = re.match(r"(\d+)\. (.*?)(?:, cookie .*)?$", line)
        if rule:
            yield f"table {rule[1]}: {rule[2]}"
        elif line.startswith(("->", "forwarding to", "drop")):
            yield line
