"""The best path between any two ASes, computed from business alone, without BGP: an oracle for the running network.

Gao and Rexford, "Stable Internet routing without global coordination", 2001. Towards one destination, routes

    1. climb     from customer to provider,
    2. cross     one peering,
    3. descend   from provider to customer,

and never climb or cross again: *valley-free*. An AS prefers what it hears from a customer over a peer over a
provider; then the shortest path; then the lowest identifier of the BGP speaker it heard it from (RFC 4271, section
9.1.2.2 f), which is the AS number here. Nothing in this module reads a router's configuration.
"""

from collections import defaultdict
from functools import cache, cached_property
from typing import NamedTuple

from .internet import Internet
from .relation import Source


class Hop(NamedTuple):
    """One AS's choice towards a destination: whom it learned it from, AS path length, and the next AS."""

    source: Source
    length: int
    via: int


class BestPaths:
    """What every AS of an Internet must choose towards every other.

    >>> BestPaths(internet).path(1100, 1300)  # doctest: +SKIP
    (110, 10, 20, 130, 1300)
    """

    def __init__(self, internet: Internet):
        self.internet = internet
        self.towards = cache(self._towards)

    def path(self, src: int, dst: int) -> tuple[int, ...] | None:
        """The AS path as ``src`` would show it: from its neighbour to the origin. None: not reachable."""
        hops, path, here = self.towards(dst), [], src
        if src not in hops:
            return None
        while here != dst:
            here = hops[here].via
            path.append(here)
        return tuple(path)

    def _towards(self, dst: int) -> dict[int, Hop]:
        """Every AS that can reach ``dst``, and its choice."""
        hops = self._climb(dst)
        hops |= self._cross(hops)
        return self._descend(hops)

    def _climb(self, dst: int) -> dict[int, Hop]:
        """Customer routes, shortest first; of equals the lowest AS, for it is visited first."""
        hops, level, length = {dst: Hop(Source.OWN, 0, dst)}, [dst], 0
        while level:
            length += 1
            above = []
            for asn in sorted(level):
                for provider in self._above[asn]:
                    if provider not in hops:
                        hops[provider] = Hop(Source.CUSTOMER, length, asn)
                        above.append(provider)
            level = above
        return hops

    def _cross(self, customer_routes: dict[int, Hop]) -> dict[int, Hop]:
        """Peer routes, for those who have no customer route: shortest, then lowest speaker."""
        offers: dict[int, tuple[int, int, int]] = {}
        for asn, hop in customer_routes.items():
            for peer, speaker in self._beside[asn]:
                if peer not in customer_routes:
                    offer = (hop.length + 1, speaker, asn)
                    offers[peer] = min(offers.get(peer, offer), offer)
        return {asn: Hop(Source.PEER, length, via) for asn, (length, _, via) in offers.items()}

    def _descend(self, hops: dict[int, Hop]) -> dict[int, Hop]:
        """Provider routes, for the rest: whatever the provider chose, one longer."""
        levels: dict[int, list[int]] = defaultdict(list)
        for asn, hop in hops.items():
            levels[hop.length].append(asn)
        length = 0
        while length <= max(levels):
            for asn in sorted(levels[length]):
                for customer in self.internet.transit.get(asn, ()):
                    if customer not in hops:
                        hops[customer] = Hop(Source.PROVIDER, length + 1, asn)
                        levels[length + 1].append(customer)
            length += 1
        return hops

    @cached_property
    def _above(self) -> dict[int, list[int]]:
        above: dict[int, list[int]] = defaultdict(list)
        for provider, customers in self.internet.transit.items():
            for customer in customers:
                above[customer].append(provider)
        return above

    @cached_property
    def _beside(self) -> dict[int, list[tuple[int, int]]]:
        """Each AS's peers, with the speaker that the peer hears: the AS itself, or a route server for it."""
        beside: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for a, b in self.internet.peering:
            beside[a].append((b, a))
            beside[b].append((a, b))
        for exchange in self.internet.exchanges.values():
            for member in exchange.members:
                beside[member].extend((other, exchange.asn) for other in exchange.members if other != member)
        return beside


def is_valley_free(internet: Internet, path: tuple[int, ...]) -> bool:
    """Whether a chain of ASes climbs, crosses at most one peering, and descends: a second opinion on any path."""
    directions = []
    for a, b in zip(path, path[1:], strict=False):
        if b in internet.providers(a):
            directions.append(0)
        elif b in internet.customers(a):
            directions.append(2)
        elif b in internet.peers(a):
            directions.append(1)
        else:
            return False
    return directions == sorted(directions) and directions.count(1) <= 1 and len(set(path)) == len(path)
