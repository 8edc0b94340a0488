"""What a wire gives away: payloads are searched for in every packet, and the same search must find them elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from .. import probes
from ..actions import forwarding, without
from ..capture import Packet, search, tap, taps
from ..expect import CannotAsk, claims
from ..inject import replay
from .reach import reachable

ARRIVAL = 2.0  # seconds that a datagram may need from end to end, where a processor is emulated and busy
CALL = 20.0  # seconds until a daemon that was started has read its files and calls; it takes a fraction of one
SILENCE = 0.3  # seconds to listen for what must not come; what does come takes a few milliseconds
DISCARD = 9  # the port of the discard service (RFC 863), where nobody answers
TUNNEL = "tunnel"  # the name of the service, whichever kind it is
LARGE = 600  # bytes of payload by which a packet of ours is told from a tunnel's own messages


@claims("{outside} does not show what {src} says to {dst}")
def secret(net, src: str, dst: str, inside: str, outside: str) -> str | None:
    """A datagram from ``src`` is read in clear at ``inside``; at ``outside`` packets pass, and none contains it."""
    word = _word()
    with taps(net, inside, outside) as (near, far):
        _say(net, src, dst, word)
        if not near.find(word, ARRIVAL):
            raise CannotAsk(f"the control failed: what {src} said was not heard at {inside} either")
        if not far.wait(1, ARRIVAL):
            raise CannotAsk(f"nothing at all crossed {outside}")
        told = search(far.packets(), word)
    return f"it does: {told[0]}" if told else None


@claims("while the tunnel is down on {gateway}, {src} and {dst} have no path, and nothing leaks in clear", within=0)
def fails_closed(net, src: str, dst: str, gateway: str, near: str, outside: str) -> str | None:
    """With the tunnel gone, what ``src`` says is heard at ``near``, before the gateway, and never at ``outside``."""
    reachable(src, dst).verify(net)
    with without(net, gateway, TUNNEL), taps(net, near, outside) as (before, beyond):
        words = [_word(), _word()]
        _say(net, src, dst, words[0])
        _say(net, dst, src, words[1])
        if not before.find(words[0], ARRIVAL):
            raise CannotAsk(f"the control failed: what {src} said did not even come to {near}")
        answered = probes.ping(net, src, dst, wait=SILENCE).answered
        leaks = [packet for word in words for packet in search(beyond.packets(), word)]
    reachable(src, dst).verify(net)
    if leaks:
        return f"it leaks: {leaks[0]}"
    return f"{src} still reaches {dst}" if answered else None


@claims("{dst} hears a replayed packet of {src} just once")
def replayed(net, src: str, dst: str, sniffer: str, entry: str, exit: str) -> str | None:
    """An encrypted packet is held back at the ``sniffer``, then let go twice at ``exit``: only the first counts.

    ``entry`` is the sniffer's interface where the packet comes in. The first is the control: it must reach ``dst``.
    """
    with taps(net, f"{sniffer}:{entry}", dst, filter=f"greater {LARGE}") as (outer, inner):
        with holding_back(net, sniffer):
            probes.ping(net, src, dst, wait=0.1, size=LARGE)
            held = [packet for packet in outer.wait(1, ARRIVAL) if not packet.sent]
        if not held or inner.packets():
            raise CannotAsk(f"no packet could be held back at {sniffer}")
        replay(net, held[-1], f"{sniffer}:{exit}")
        if not _asked(inner.wait(1, ARRIVAL)):
            raise CannotAsk("the control failed: the packet that was held back was not accepted when it came at last")
        replay(net, held[-1], f"{sniffer}:{exit}")
        inner.wait(len(inner.packets()) + 1, SILENCE)
        times = len(_asked(inner.packets()))
    return None if times == 1 else f"it was heard {times} times"


@claims("{src} of {gateway}, which nobody knows, gets nowhere with {dst}", within=0)
def unknown(net, src: str, dst: str, gateway: str, at: str) -> str | None:
    """A stranger's gateway calls, and is heard calling at ``at``; still no packet of ``src`` gets an answer."""
    host = probes.address(net, f"{gateway}:wan")
    with tap(net, at, filter=f"src host {host}") as calls:
        net[gateway].supervisor.restart(TUNNEL)
        answers = [probes.ping(net, src, dst, wait=SILENCE)]  # some call only when there is something to send
        if not calls.wait(1, CALL):
            raise CannotAsk(f"{gateway} was not heard calling at {at}")
        answers.append(probes.ping(net, src, dst, 2))
    return next((f"it does: {answer}" for answer in answers if answer.answered), None)


@contextmanager
def holding_back(net, router: str) -> Iterator[None]:
    """A router that passes nothing on for as long as the ``with`` block lasts."""
    forwarding(net, router, on=False)
    try:
        yield
    finally:
        forwarding(net, router)


def _word() -> bytes:
    return f"secret {token_hex(16)}".encode()


def _say(net, src: str, dst: str, word: bytes) -> None:
    with probes.datagram_socket(net, src) as mouth:
        mouth.sendto(word, (probes.address(net, dst), DISCARD))


def _asked(packets: list[Packet]) -> list[Packet]:
    return [packet for packet in packets if not packet.sent]
