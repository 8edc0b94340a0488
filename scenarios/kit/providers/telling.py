"""Routers that say something else for a while: how they are told to, and how one knows that all have heard it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from ..errors import LabError
from ..expect import patience
from ..routing.gao_rexford import BestPaths
from ..routing.internet import Internet
from ..waiting import TimedOut, poll
from . import looking_glass
from .daemons import retell, retell_link
from .facts import far_ends

Paths = dict[int, dict[str, tuple[int, ...]]]
PATIENCE = 90.0  # seconds: FRR lets a neighbour that was cut off in again after a minute, and never sooner
USUAL = {"filtered": True, "limited": True, "speaks_roles": True, "leaks": False}


def internet_of(net) -> Internet:
    """The business of a running Internet."""
    return net.topo.internet


@contextmanager
def telling(net, **routers: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """Routers that say something else while the ``with`` block lasts: ``as1={"announces": ("24.0.0.0/24",)}``.

    They ``announces`` or ``withdraws`` prefixes; afterwards all is as it was.
    """
    before = all_paths(net)
    for router, facts in routers.items():
        retell(net, router, **facts)
    try:
        yield
    finally:
        for router, facts in routers.items():
            retell(net, router, **dict.fromkeys(facts, ()))
        restored(net, before)


@contextmanager
def telling_link(net, router: str, neighbour: str, **facts) -> Iterator[None]:
    """A router that behaves otherwise towards one neighbour (``leaks``, ``filtered`` …) for a while."""
    usual = USUAL | next(intf.params for intf in net[router].intfList()
                         if any(far.node.name == neighbour for far in far_ends(intf)))
    before = all_paths(net)
    retell_link(net, router, neighbour, **facts)
    try:
        yield
    finally:
        retell_link(net, router, neighbour, **{name: usual[name] for name in facts})
        restored(net, before)


def heard_everywhere(net, router: str) -> None:
    """Return when all that a router has told up to now was heard by everybody who would hear it.

    It withdraws its own first prefix and announces it again. BGP tells in order: when that has come to all, so has
    what was told before.
    """
    internet, asn = internet_of(net), net[router].params["asn"]
    own, before = str(internet.ases[asn].prefixes[0]), net[router].params.get("withdraws", ())
    others = [f"as{other}" for other in internet.ases if other != asn]

    def heard(known: bool) -> bool:
        return all(bool(looking_glass.best(net, other, own)) is known for other in others)

    for withdrawn in (own,), before:
        retell(net, router, withdraws=withdrawn)
        settled(f"all to hear {router}", partial(heard, own not in withdrawn))


def restored(net, before: Paths) -> None:
    """Return when every router uses the paths that it used before, or those it should."""
    best = BestPaths(internet_of(net))
    settled("the network to be as it was", lambda: best_paths_are(net, best) is None or all_paths(net) == before)


def all_paths(net) -> Paths:
    """Every AS's best paths, by prefix."""
    return {asn: used_paths(net, asn) for asn in internet_of(net).ases}


def used_paths(net, asn: int) -> dict[str, tuple[int, ...]]:
    return {route.prefix: route.path for route in looking_glass.routes(net, f"as{asn}") if route.best}


def settled(what: str, probe: Callable[[], object]) -> None:
    """Wait for what routing must bring about; a daemon that does not answer yet is waited for, too. Raises TimedOut."""
    trouble = ""

    def holds() -> object:
        nonlocal trouble
        try:
            return probe()
        except LabError as error:
            trouble = f" ({error})"
            return False

    if not poll(holds, patience(PATIENCE)):
        raise TimedOut(f"waited {PATIENCE:g} s for {what}, in vain{trouble}")


def best_paths_are(net, best: BestPaths) -> str | None:
    """None when every router's best paths are the computed ones; else the first that is not."""
    holders = {str(prefix): asn for asn, system in best.internet.ases.items() for prefix in system.prefixes}
    for src in best.internet.ases:
        used = used_paths(net, src)
        for prefix, dst in holders.items():
            if used.get(prefix) != best.path(src, dst):
                return (f"AS {src} reaches {prefix} of AS {dst} by {spelled(used.get(prefix))}, "
                        f"but should by {spelled(best.path(src, dst))}")
    return None


def spelled(path: tuple[int, ...] | None) -> str:
    """An AS path for people."""
    return "no path" if path is None else " ".join(map(str, path)) or "itself"
