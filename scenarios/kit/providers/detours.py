"""A cable fails, and packets take another way: measured while it happens."""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

from ..expect import CannotAsk, Claim, Measured
from ..waiting import poll
from .daemons import daemon_of
from .facts import loopback
from .failures import unplugged
from .outage import Stream
from .telling import PATIENCE, settled
from .ways import traced

Cut = Callable[[object], AbstractContextManager]


def cables(*wires: str) -> Cut:
    """Cables, or single ends of them, that are out for a while."""
    return lambda net: unplugged(net, list(wires))


def session(router: str, neighbour: str) -> Cut:
    """A BGP session that its router closes for a while; the cable stays."""
    @contextmanager
    def closed(net):
        node = net[router]
        daemon_of(node).shut(node, neighbour, True)
        try:
            yield
        finally:
            daemon_of(node).shut(node, neighbour, False)

    return closed


def detour(what: str, cut: Cut, *nodes: str) -> Claim:
    """Without what ``cut`` takes away, packets from the first to the last of ``nodes`` cross just those between.

    The figure tells how long the way was dark. Afterwards the usual way is the way again.
    """
    src = nodes[0]

    def probe(net) -> str | None:
        dst = lasting_address(net[nodes[-1]])
        usual = traced(net, src, dst)
        if usual == list(nodes) or usual[-1] != nodes[-1]:
            raise CannotAsk(f"before {what} fails, packets go by {', '.join(usual)}")
        with Stream(net, src, dst) as stream:
            stream.begin()
            with cut(net):
                stream.mark()
                poll(lambda: stream.flows() and traced(net, src, dst) == list(nodes), PATIENCE)
                figure, seen = stream.outage, traced(net, src, dst)
        settled(f"packets to go by {', '.join(usual)} again", lambda: traced(net, src, dst) == usual)
        return Measured(figure) if seen == list(nodes) else f"it is {', '.join(seen)}"

    return Claim(f"without {what}, the way is {', '.join(nodes)}", probe, within=0)


def lasting_address(node) -> str:
    """Where a node is reached whichever of its cables is out."""
    return str(loopback(node).ip) if "loopback" in node.params else node.IP()
