"""What is claimed of any Internet whose business is known: the business is the topology's, the evidence the network's.

Expectations come from ``gao_rexford``, the computation; evidence from the daemons' tables, the kernels' tables and
packets. Where a claim needs somebody to misbehave, the first of the right kind is cast.
"""

from functools import partial

from ..expect import CONVERGENCE, CannotAsk, Measured, claims
from ..routing.gao_rexford import BestPaths, is_valley_free
from ..waiting import Stopwatch, poll
from . import looking_glass, ways
from .looking_glass import told
from .telling import (
    best_paths_are,
    heard_everywhere,
    internet_of,
    settled,
    spelled,
    telling,
    telling_link,
)

NOBODYS = "192.168.0.0/16"  # special-purpose addresses (RFC 6890)
AT_REST = 3.0  # seconds for the last of several paths to come in; the leak itself has been heard by then
FLOOD = 50  # prefixes beyond what max-prefix allows


def homes(net) -> list[int]:
    """ASes in which a host lives."""
    return [asn for asn in internet_of(net).ases if f"h{asn}" in net]


@claims("{router} has BGP sessions with {neighbours}", within=CONVERGENCE)
def established(net, router: str, neighbours: tuple[str, ...]) -> str | None:
    down = [name for name in neighbours if not looking_glass.sessions(net, router).get(name)]
    return f"not with {', '.join(down)}" if down else None


@claims("{router} reaches {prefix} by AS path {path}", within=CONVERGENCE)
def uses(net, router: str, prefix: str, path: tuple[int, ...]) -> str | None:
    """The path that the router has chosen, as its looking glass shows it."""
    route = looking_glass.best(net, router, prefix)
    return None if route and route.path == path else f"it is {spelled(route.path if route else None)}"


@claims("every AS uses the path that the business demands, to every other", within=CONVERGENCE)
def follows_the_business(net) -> str | None:
    """The best path of every router for every AS's prefixes is the one that Gao and Rexford's rules give."""
    return best_paths_are(net, BestPaths(internet_of(net)))


@claims("no AS carries traffic between two networks that do not pay it", within=CONVERGENCE)
def valley_free(net) -> str | None:
    """The kernels' tables, followed from every home to every AS, climb, cross at most one peering, and descend."""
    internet = internet_of(net)
    for src in homes(net):
        for dst, system in internet.ases.items():
            way = ways.as_way(net, src, system.prefixes[0])
            if way is None or not is_valley_free(internet, way):
                return f"from AS {src} to AS {dst} packets go by {spelled(way)}"
    return None


@claims("packets between homes take the way that the business demands", within=CONVERGENCE)
def packets_follow(net) -> str | None:
    """Each AS on the way answers to packets of growing TTL (traceroute), and it is the computed way."""
    best = BestPaths(internet_of(net))
    for src in homes(net):
        for dst in homes(net):
            expected = (src, *(best.path(src, dst) or ()))
            if src != dst and (seen := ways.traced_ases(net, f"h{src}", f"h{dst}")) != expected:
                return f"from h{src} to h{dst} answered the ASes {spelled(seen)}, not {spelled(expected)}"
    return None


@claims("a customer announces somebody else's addresses, and nobody believes it", within=0)
def hijack_refused(net) -> str | None:
    """Its providers are told; every best path to the addresses still ends at their holder."""
    internet = internet_of(net)
    attacker, holder = cast(homes(net), 2, "homes")
    prefix = str(internet.ases[holder].prefixes[0])
    with telling(net, **{f"as{attacker}": {"announces": (prefix,)}}):
        all_told(net, attacker, internet.providers(attacker), prefix)
        heard_everywhere(net, f"as{attacker}")
        return next((f"AS {asn} believes AS {attacker}, which announces {prefix} of AS {holder}"
                     for asn in internet.ases if asn != attacker and not ends_at(net, asn, prefix, holder)), None)


@claims("a customer tells one provider what it learned from another, and gets no traffic for it", within=0)
def leak_refused(net) -> str | None:
    """A route leak (RFC 7908, type 1): every best path stays as it was."""
    internet = internet_of(net)
    leaker, = cast([asn for asn in internet.ases if len(internet.providers(asn)) > 1], 1, "customers of two providers")
    provider, leaked = f"as{internet.providers(leaker)[0]}", foreign(internet, leaker)
    with telling_link(net, f"as{leaker}", provider, leaks=True, speaks_roles=False):
        settled(f"AS {leaker} to leak", lambda: told(net, f"as{leaker}", provider) & leaked)
        heard_everywhere(net, f"as{leaker}")
        best = BestPaths(internet)
        poll(lambda: best_paths_are(net, best) is None, AT_REST)
        return best_paths_are(net, best)


@claims("a provider announces private addresses, and no other AS takes them", within=0)
def bogon_refused(net) -> str | None:
    """Special-purpose addresses (RFC 6890) end at the first filter, whoever tells them."""
    internet = internet_of(net)
    provider, = cast(list(internet.transit), 1, "providers")
    with telling(net, **{f"as{provider}": {"announces": (NOBODYS,)}}):
        all_told(net, provider, internet.customers(provider), NOBODYS)
        heard_everywhere(net, f"as{provider}")
        return next((f"AS {asn} took {NOBODYS} from AS {provider}" for asn in internet.ases
                     if asn != provider and looking_glass.best(net, f"as{asn}", NOBODYS)), None)


@claims("a peer that announces far too much is cut off until it comes to its senses", within=0)
def flood_cut_off(net) -> str | None:
    """Max-prefix: a neighbour that tells far more than its customers hold has made a mistake."""
    internet = internet_of(net)
    (a, b), = cast(internet.peering, 1, "peers")
    peer, flooder, count = f"as{b}", f"as{a}", 2 * len(internet.cone_prefixes(a)) + FLOOD
    if not looking_glass.sessions(net, peer)[flooder]:
        raise CannotAsk(f"{peer} has no session with {flooder} to begin with")
    flood = tuple(f"24.{n >> 8}.{n & 255}.0/24" for n in range(count))
    with telling(net, **{flooder: {"announces": flood}}):
        settled(f"{flooder} to flood {peer}",
                lambda: not looking_glass.sessions(net, peer)[flooder] or took(net, peer, flood))
        if looking_glass.sessions(net, peer)[flooder]:
            return f"{peer} took all {count} prefixes"
    settled(f"{peer} to let {flooder} in again", lambda: looking_glass.sessions(net, peer)[flooder])
    return None


@claims("when addresses move from a customer to its provider, every AS follows", within=0)
def origin_moves(net) -> str | None:
    """The figure is how long the last AS took to notice the new origin."""
    internet = internet_of(net)
    old, = cast(homes(net), 1, "homes")
    new, prefix = internet.providers(old)[0], str(internet.ases[old].prefixes[0])
    with telling(net, **{f"as{old}": {"withdraws": (prefix,)}, f"as{new}": {"announces": (prefix,)}}):
        watch = Stopwatch()
        settled(f"{prefix} to move", lambda: all(ends_at(net, asn, prefix, new) for asn in internet.ases))
        seconds = watch.seconds
    return Measured(f"{seconds * 1000:.0f} ms until the last of {len(internet.ases)} ASes knew")


def cast(actors, count: int, what: str):
    """The first of those that could play. Raises CannotAsk when this Internet has not enough."""
    if len(actors) < count:
        raise CannotAsk(f"this Internet has only {len(actors)} {what}, and the claim needs {count}")
    return actors[:count]


def took(net, router: str, prefixes) -> bool:
    """Whether a router has accepted all these prefixes."""
    return set(prefixes) <= {route.prefix for route in looking_glass.routes(net, router)}


def ends_at(net, asn: int, prefix: str, holder: int) -> bool:
    """Whether an AS's best path to a prefix ends at this holder."""
    route = looking_glass.best(net, f"as{asn}", prefix)
    return route is not None and (route.path or (asn,))[-1] == holder


def foreign(internet, asn: int) -> set[str]:
    """Prefixes that are not for an AS to announce."""
    own = internet.cone(asn)
    return {str(prefix) for other, system in internet.ases.items() if other not in own for prefix in system.prefixes}


def all_told(net, teller: int, listeners, prefix: str) -> None:
    """The positive control: the neighbours are indeed told."""
    def is_told(asn: int) -> bool:
        return prefix in told(net, f"as{teller}", f"as{asn}")

    for asn in listeners:
        settled(f"AS {teller} to announce {prefix} to AS {asn}", partial(is_told, asn))
