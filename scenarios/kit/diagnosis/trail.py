"""Where a packet came to, read from its sightings; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..capture import Packet
from ..drawing import Drawing
from ..facts import World

BROADCAST = "ff:ff:ff:ff:ff:ff"


@dataclass(frozen=True)
class Stop:
    """The last node that had the packet. ``came`` and ``left`` are its interfaces' short names, or None.

    ``left`` is None when the packet did not leave, or has never arrived anywhere else for another reason.
    """

    node: str
    came: str | None
    left: str | None
    packet: Packet | None
    nodes: tuple[str, ...]


def place(packet: Packet) -> tuple[str, str]:
    """Node and interface of a sighting."""
    node, _, interface = packet.where.partition(":")
    return node, interface


def follow(drawing: Drawing, world: World, start: str, sightings: Sequence[Packet]) -> Stop:
    """Go with the packet from node to node; switches pass it on, and are not counted."""
    node, came, left, last, nodes = start, None, None, None, [start]
    for packet in sightings:
        here, interface = place(packet)
        if drawing.is_switch(here) or here not in world:
            continue
        if packet.sent and here == node:
            left, last = interface, packet
        elif not packet.sent and here != node and is_for(world, here, packet):
            node, came, left, last = here, interface, None, packet
            nodes.append(here)
    return Stop(node, came, left, last, tuple(nodes))


def is_for(world: World, node: str, packet: Packet) -> bool:
    """Whether a frame that a node heard was addressed to its card; what has no frame always is."""
    if packet.raw_ip:
        return True
    own = {row.get("address") for row in world[node].links} - {"00:00:00:00:00:00"}
    return packet.eth_dst in own or packet.eth_dst == BROADCAST or int(packet.eth_dst[:2], 16) & 1 == 1


def looped(drawing: Drawing, sightings: Sequence[Packet]) -> list[str]:
    """The routers that passed the same packet on more than once."""
    left = [place(packet)[0] for packet in sightings if packet.sent and not drawing.is_switch(place(packet)[0])]
    return sorted({node for node in left if left.count(node) > 2})
