"""What becomes of traffic when a link, a router, an exchange or a business relation fails.

Each claim finds something that the traffic between two homes needs and could do without, takes it away, waits until
every best path is the one computed for what is left, and tells how long the way was dark.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import permutations
from typing import NamedTuple

from ..actions import plug, pull
from ..expect import Measured, claims
from ..routing.gao_rexford import BestPaths
from ..routing.internet import Internet
from .claims import homes
from .outage import Stream
from .telling import all_paths, best_paths_are, internet_of, restored, settled, spelled
from .ways import traced_ases

NOTHING = "this Internet has nothing of the kind that could fail without cutting homes off"


class Loss(NamedTuple):
    """What fails, what is left, and the two ASes whose traffic must take another way."""

    what: str
    left: Internet
    src: int
    dst: int


@claims("when a link fails, traffic takes the way that is computed for what is left", within=0)
def link_fails(net) -> str | None:
    def cut(loss: Loss):
        return unplugged(net, [loss.what])

    return survived(net, first(needed(internet_of(net), homes(net), link_losses)), cut)


@claims("when a router fails, so it does", within=0)
def router_fails(net) -> str | None:
    """It stops thinking, and its interfaces go dark. At an exchange one notices by the silence: the carrier stays."""
    def cut(loss: Loss):
        return powerless(net, loss.what)

    return survived(net, first(needed(internet_of(net), homes(net), router_losses)), cut)


@claims("when an exchange fails, so it does", within=0)
def exchange_fails(net) -> str | None:
    def cut(loss: Loss):
        return unplugged(net, ends(net, loss.what))

    return survived(net, first(needed(internet_of(net), homes(net), exchange_losses)), cut)


@claims("when two tier-1 networks stop peering, so it does, and their single-homed customers lose each other", within=0)
def tier_one_depeers(net) -> str | None:
    def cut(loss: Loss):
        return unplugged(net, [loss.what])

    return survived(net, first(needed(internet_of(net), homes(net), depeerings)), cut)


def survived(net, loss: Loss | None, cut: Callable[[Loss], AbstractContextManager]) -> str | None:
    """Take something away under traffic; wait for the computed ways; see by traceroute that packets take them."""
    if loss is None:
        return Measured(NOTHING)
    best, before = BestPaths(loss.left), all_paths(net)
    expected = (loss.src, *(best.path(loss.src, loss.dst) or ()))
    with ExitStack() as stack:
        with Stream(net, f"h{loss.src}", f"h{loss.dst}") as stream:
            stream.begin()
            stack.enter_context(cut(loss))
            stream.mark()
            settled(f"the ways without {loss.what}", lambda: best_paths_are(net, best) is None)
            settled("traffic to flow again", stream.flows)
        seen = traced_ases(net, f"h{loss.src}", f"h{loss.dst}")
    restored(net, before)
    if seen != expected:
        return f"without {loss.what} packets went by {spelled(seen)}, not {spelled(expected)}"
    return Measured(f"{loss.what}: {stream.outage}; now by {spelled(seen)}")


@contextmanager
def unplugged(net, cables: list[str]) -> Iterator[None]:
    """Cables that are out for as long as the ``with`` block lasts."""
    for cable in cables:
        pull(net, cable)
    try:
        yield
    finally:
        for cable in cables:
            plug(net, cable)


@contextmanager
def powerless(net, router: str) -> Iterator[None]:
    """A router that is off for a while; it has no time to say goodbye."""
    daemons = [daemon.process.pid for daemon in net[router].daemons]
    for pid in daemons:
        os.killpg(pid, signal.SIGSTOP)
    try:
        with unplugged(net, ends(net, router)):
            yield
    finally:
        for pid in daemons:
            os.killpg(pid, signal.SIGCONT)


def ends(net, node: str) -> list[str]:
    """All interfaces of a node, as selectors."""
    return [f"{node}:{intf.name}" for intf in net[node].intfList() if intf.link]


def needed(internet: Internet, between: list[int], losses: Callable[..., Iterator[Loss]]) -> Iterator[Loss]:
    """Losses that change the way between two homes, and leave one."""
    before = BestPaths(internet)
    for src, dst in permutations(between, 2):
        path = before.path(src, dst)
        if path is None:
            continue
        for loss in losses(internet, src, dst, (src, *path)):
            after = BestPaths(loss.left).path(src, dst)
            if after is not None and after != path:
                yield loss


def link_losses(internet: Internet, src: int, dst: int, way: tuple[int, ...]) -> Iterator[Loss]:
    wired = {frozenset(session[:2]) for session in internet.links}
    for a, b in zip(way, way[1:], strict=False):
        if frozenset((a, b)) in wired:
            yield Loss(f"as{a}-as{b}", internet.without_link(a, b), src, dst)


def router_losses(internet: Internet, src: int, dst: int, way: tuple[int, ...]) -> Iterator[Loss]:
    yield from (Loss(f"as{asn}", internet.without_as(asn), src, dst) for asn in way[1:-1])


def exchange_losses(internet: Internet, src: int, dst: int, way: tuple[int, ...]) -> Iterator[Loss]:
    yield from (Loss(name, internet.without_exchange(name), src, dst) for name in internet.exchanges)


def depeerings(internet: Internet, src: int, dst: int, way: tuple[int, ...]) -> Iterator[Loss]:
    for a, b in internet.peering:
        if internet.tier(a) == internet.tier(b) == 1:
            yield Loss(f"as{a}-as{b}", internet.without_link(a, b), src, dst)


def first(losses: Iterator[Loss]) -> Loss | None:
    return next(losses, None)
