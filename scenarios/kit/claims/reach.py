"""Who reaches whom, and by which way."""

from .. import probes
from ..capture import tap
from ..expect import CONVERGENCE, CannotAsk, claims

PROBES = 3  # echo requests that must all stay unanswered
SILENCE = 0.4  # seconds to listen for an answer that must not come; answers that do come take a few milliseconds


@claims("{src} reaches {dst}")
def reachable(net, src: str, dst: str) -> str | None:
    """``src`` gets an answer to an echo request to ``dst``."""
    answer = probes.ping(net, src, dst, count=5, every=0.1, enough=1)
    return None if answer.answered else str(answer)


@claims("{src} does not reach {dst}")
def isolated(net, src: str, dst: str, control: tuple[str, str] | None = None) -> str | None:
    """``src`` gets no answer from ``dst``, though it asks, and though the probe works.

    The positive control: ``control``, a pair that must reach each other, or else that ``dst`` answers itself. And the
    question must have left ``src``, or have been refused there for want of a route.
    """
    asker, answerer = control or (dst, dst)
    if asker in net and not probes.ping(net, asker, answerer).answered:
        raise CannotAsk(f"the control failed: {asker} does not reach {answerer} either")
    with tap(net, src, filter="icmp or icmp6 or arp") as heard:
        answer = probes.ping(net, src, dst, PROBES, SILENCE)
        asked = [packet for packet in heard.packets() if packet.sent]
    if answer.answered:
        return f"it does: {answer}"
    if not asked and not answer.errors:
        raise CannotAsk(f"no question left {src}")
    return None


@claims("{src} cannot even send to {dst}: network unreachable")
def unreachable_at_once(net, src: str, dst: str) -> str | None:
    """The kernel of ``src`` refuses at once: it has no route."""
    answer = probes.ping(net, src, dst)
    return None if "Network is unreachable" in answer.errors else str(answer)


@claims("the way is {nodes}", within=CONVERGENCE)
def path(net, *nodes: str) -> str | None:
    """Packets from the first node to the last cross just the nodes between, as seen by their time-exceeded answers."""
    src, *_, dst = nodes
    owners = {each.IP(): node.name for node in net.hosts for each in node.intfList() if each.IP()}
    seen = [src, *(owners.get(hop, hop) if hop else "*" for hop in probes.hops(net, src, dst))]
    return None if seen == list(nodes) else f"it is {', '.join(seen)}"
