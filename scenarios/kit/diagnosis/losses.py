"""A way on which some packets come through and others do not: between which two interfaces they are lost."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from .. import waiting
from ..capture import Packet
from ..ears import everywhere
from ..journey import BACK, MARK, Ask, Mark, echo_request, icmp_socket, opened
from .finding import Finding

BURST = 20  # packets
PATIENCE = 0.5  # seconds for answers on a way that was just used
DIGITS = 4

Sighting = tuple[str, bool]  # where, and whether it was sent there


def lossy(net, ask: Ask) -> Finding | None:
    """Where packets between two are lost, if that happens in two bursts in a row; None when all come, or none."""
    found = None
    for _ in range(2):
        found = judged(ask, seen(net, ask))
        if found is None:
            return None
    return found


def seen(net, ask: Ask) -> list[tuple[Sighting, set[int]]]:
    """A burst of echo requests: which of them, or of their answers, came by each interface, in the order of the way."""
    mark, version = MARK + secrets.token_hex(8).encode(), ip_address(ask.dst).version
    with everywhere(net) as ears, opened(net, ask.src, lambda: icmp_socket(version, False)) as socket:
        for number in range(BURST):
            with suppress(OSError):
                socket.sendto(echo_request(version, mark + f"{number:0{DIGITS}}".encode()), (ask.dst, 0))
        heard: list[Packet] = []

        def all_back() -> bool:
            heard.extend(ears.packets())
            return _answered(heard, ask.src, mark) == BURST

        waiting.poll(all_back, PATIENCE)
    return by_place(sorted(heard, key=lambda packet: packet.time), mark)


def by_place(heard: Iterable[Packet], mark: bytes) -> list[tuple[Sighting, set[int]]]:
    """Numbers by place, way there and way back apart, in the order in which the first came by; pure."""
    places: dict[tuple[bool, Sighting], set[int]] = {}
    for packet in heard:
        direction = Mark(mark).direction(packet)
        if direction:
            places.setdefault((direction == BACK, (packet.where, packet.sent)), set()).add(_number(packet, mark))
    return [(where, numbers) for (_, where), numbers in sorted(places.items(), key=lambda item: item[0][0])]


def judged(ask: Ask, places: Sequence[tuple[Sighting, set[int]]]) -> Finding | None:
    """Some came back, and not all: the two places between which the most are missing; pure."""
    answered = len(places[-1][1]) if places and places[-1][0] == (places[0][0][0], False) else 0
    if not 0 < answered < BURST:
        return None
    steps = zip(places, places[1:], strict=False)
    (before, had), (after, has) = max(steps, key=lambda step: len(step[0][1] - step[1][1]))
    (here, sent), (there, _) = before, after
    way = f"between {here} and {there}" if sent else f"at {here}, where they came in"
    node, _, interface = here.partition(":")
    return Finding("link", f"of {len(had)} packets on the way from {ask.src} to {ask.name or ask.dst}, "
                   f"{len(had - has)} are lost {way}", node, ("ip", "-s", "link"), shows=(interface,))


def _answered(heard: Iterable[Packet], node: str, mark: bytes) -> int:
    return len({_number(packet, mark) for packet in heard if not packet.sent and packet.where.startswith(f"{node}:")
                and Mark(mark).direction(packet) == BACK})


def _number(packet: Packet, mark: bytes) -> int:
    place = packet.data.find(mark) + len(mark)
    return int(packet.data[place:place + DIGITS])
