"""How far packets go: what a router changes in those that it passes on, and what it keeps to itself."""

import socket

from .. import probes, selector
from ..capture import taps
from ..expect import claims

HEARD = 0.3  # seconds that a broadcast may need to those who should hear it
DISCARD = 9  # the port of RFC 863
SO_BINDTODEVICE = 25


@claims("a packet from {src} to {dst} arrives with its TTL one lower, from {router}'s card")
def forwarded(net, src: str, dst: str, router: str) -> str | None:
    """An echo request, as it leaves ``src`` for the router's card and as it arrives from another card of it."""
    cards = {intf.MAC() for intf in net[router].intfList()}
    with taps(net, src, dst, filter="icmp[icmptype] == icmp-echo") as (leaving, arriving):
        answer = probes.ping(net, src, dst)
        left, came = leaving.wait(1, HEARD), arriving.wait(1, HEARD)
    if not left or not came:
        return f"none arrived: {answer}"
    before, after = left[0], came[0]
    if before.ttl and after.ttl == before.ttl - 1 and before.eth_dst in cards and after.eth_src in cards:
        return None
    return f"it left with TTL {before.ttl} for {before.eth_dst}, and came with TTL {after.ttl} from {after.eth_src}"


@claims("a broadcast by {src} is heard at {near} and not at {far}")
def broadcast_stays(net, src: str, near: tuple[str, ...], far: tuple[str, ...]) -> str | None:
    """A datagram to 255.255.255.255 (RFC 919), listened for at nodes or interfaces."""
    with taps(net, *near, *far, filter=f"ether broadcast and udp dst port {DISCARD}") as heard:
        _broadcast(net, src)
        there = [bool(each.wait(1, HEARD)) for each in heard[:len(near)]]
        beyond = [each for each in heard[len(near):] if each.packets()]
    deaf = [where for where, ok in zip(near, there, strict=True) if not ok]
    if not deaf and not beyond:
        return None
    return f"not heard at {', '.join(deaf) or 'none'}, heard at {', '.join(each.where for each in beyond) or 'none'}"


def _broadcast(net, src: str) -> None:
    card = selector.interface(net, src).name
    with probes.datagram_socket(net, src) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, card.encode())
        sender.sendto(b"is anybody there?", ("255.255.255.255", DISCARD))
