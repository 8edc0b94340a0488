"""Which way peers of a mesh talk: told by the packets that leave them, and by what the peer in the middle hears."""

from collections.abc import Sequence

from .. import probes, waiting
from ..actions import pulled
from ..capture import taps
from ..command import ask
from ..expect import CannotAsk, claims

INTERFACE = "mesh0"
LARGE = 900  # bytes of payload by which a packet of ours is told from the mesh's own
MEETING = 15.0  # seconds: a peer that cannot be called is told of us by the lighthouse, and calls back
PASSING = 0.1  # seconds that a packet may need from one tap to the next


@claims("{src} talks to {dst} directly", within=MEETING)
def direct(net, src: str, dst: str, hub: str) -> str | None:
    """No outer packet goes to the ``hub`` (unless it is the other end), and the hub hears none."""
    sent, heard = _conversation(net, src, dst, hub)
    if not sent:
        return f"{src} gets no answer"
    detour = probes.address(net, hub) in sent or heard
    return f"it goes by {hub}" if detour and hub not in (src, dst) else None


@claims("{src} talks to {dst} by {hub}", within=MEETING)
def relayed(net, src: str, dst: str, hub: str) -> str | None:
    """Every outer packet goes to the ``hub``, which passes it on: it hears each of them twice."""
    sent, heard = _conversation(net, src, dst, hub)
    if not sent:
        return f"{src} gets no answer"
    by_hub = sent == {probes.address(net, hub)} and heard >= 4
    return None if by_hub else f"its packets go to {', '.join(sent)}, and {hub} hears {heard}"


@claims("without {lost}, {others} still talk", within=0)
def unharmed(net, lost: str, others: Sequence[str], wire: str) -> str | None:
    """While the ``wire`` of the lost peer is cut, all others get answers from each other, and none from it."""
    gone = address(net, lost)
    if not all(_answers(net, peer, lost) for peer in others):
        raise CannotAsk(f"{lost} is lost already")
    with pulled(net, wire):
        if probes.ping(net, others[0], gone, wait=PASSING).answered:
            raise CannotAsk(f"{lost} still answers")
        cut = [f"{src} to {dst}" for src in others for dst in others if src != dst and not _answers(net, src, dst)]
    if cut:
        return f"these do not: {', '.join(cut)}"
    back = waiting.poll(lambda: all(_answers(net, peer, lost) for peer in others), MEETING)
    return None if back else f"{lost} did not come back"


def address(net, peer: str) -> str:
    """A peer's address in the mesh, by its own kernel's account."""
    rows = ask(net[peer], "ip", "-j", "-4", "addr", "show", "dev", INTERFACE)
    found = [info["local"] for row in rows for info in row.get("addr_info", ())]
    if not found:
        raise CannotAsk(f"{peer} has no address in the mesh")
    return found[0]


def _answers(net, src: str, dst: str) -> bool:
    return probes.ping(net, src, address(net, dst)).answered


def _conversation(net, src: str, dst: str, hub: str) -> tuple[set[str], int]:
    """Where the outer packets of a question go, and how many of question and answer the hub hears; (), without."""
    target = address(net, dst)
    with taps(net, src, hub, filter=f"udp and greater {LARGE}") as (leaving, passing):
        if not probes.ping(net, src, target, size=LARGE).answered:
            return set(), 0
        heard = len(passing.wait(4, PASSING))
        return {packet.dst for packet in leaving.packets() if packet.sent}, heard
