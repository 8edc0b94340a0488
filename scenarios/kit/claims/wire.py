"""What crosses a wire, heard there."""

from ..capture import tap, taps
from ..command import run
from ..expect import CannotAsk, Claim, claims

SETTLE = 0.2  # seconds that a packet may need from the stimulus to the tap


def carries(where: str, filter: str, during: Claim, at_least: int = 1) -> Claim:
    """While ``during`` is asked (and holds), packets that match the filter cross the interface or wire."""

    def probe(net) -> str | None:
        with tap(net, where, filter=filter) as heard:
            _hold(during, net)
            seen = len(heard.wait(at_least, SETTLE))
        return None if seen >= at_least else f"{seen} packets of {filter!r} were heard at {where}"

    return Claim(f"{where} carries {filter!r} while {during}", probe, during.within, "carries", {"during": during})


def never_carries(where: str, filter: str, during: Claim, but_at: str) -> Claim:
    """While ``during`` is asked (and holds), no packet that matches crosses ``where``, though some cross ``but_at``.

    ``but_at`` is the positive control: the same filter hears the packets there.
    """

    def probe(net) -> str | None:
        with taps(net, where, but_at, filter=filter) as (heard, control):
            _hold(during, net)
            if not control.wait(1, SETTLE):
                raise CannotAsk(f"the control failed: {but_at} carries no {filter!r} either")
            strays = heard.packets()
        return f"{len(strays)} did, the first: {strays[0]}" if strays else None

    return Claim(f"{where} carries no {filter!r} while {during}", probe, during.within, "never_carries",
                 {"during": during})


def _hold(during: Claim, net) -> None:
    """Ask once; whoever asks the outer claim asks again."""
    verdict = during.ask(net, 0)
    if not verdict.held:
        raise CannotAsk(f"what should cause the packets failed: {verdict}")


@claims("an HTTP request from {client} to {server} wears the headers of every layer")
def layers(net, client: str, server: str, port: int) -> str | None:
    """On the wire: Ethernet between the two cards, IP between the two hosts, TCP to the port, and GET inside."""
    with tap(net, server, filter=f"tcp dst port {port}") as heard:
        run(net[client], "curl", "-s", "--max-time", "3", f"http://{net[server].IP()}:{port}/")
        request = next((packet for packet in heard.wait(4) if packet.tcp.data.startswith(b"GET ")), None)
    if request is None:
        return "no packet with a GET was heard"
    seen = (request.eth_src, request.eth_dst, request.src, request.dst, request.tcp.dport)
    told = (net[client].MAC(), net[server].MAC(), net[client].IP(), net[server].IP(), port)
    return None if seen == told else f"it wore {seen}, not {told}"
