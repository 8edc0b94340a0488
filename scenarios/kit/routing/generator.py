"""Internets of any size, grown like the real one, the same for the same seed.

A clique of tier-1 networks; below it, each newcomer buys transit from one to three networks, the more likely the
more customers they have (Barabási and Albert 1999: power-law customer cones); one in four newcomers would sell
transit itself; half of those, and a few of the others, meet at exchanges near their providers.
"""

import random
from bisect import bisect
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import accumulate, combinations

from .internet import AutonomousSystem, Exchange, Internet

FIRST_ASN = 1
ROUTE_SERVERS = 64512  # private AS numbers (RFC 6996): a route server's is never seen in a path
SPACE = IPv4Network("20.0.0.0/8")  # unicast addresses that a real bogon filter lets pass
PEERING_LANS = IPv4Network("23.0.0.0/8")
SELLS_TRANSIT = 1 / 4
PROVIDERS = {1: 45, 2: 40, 3: 15}  # how many, and how often in a hundred
SIZE_OF_EXCHANGE = 12


def generate(size: int, seed: int = 1) -> Internet:
    """An Internet of ``size`` ASes, from 4. Each holds one /24 (up to 65,536 of them)."""
    return Growth(size, random.Random(seed)).internet()


class Growth:
    """One Internet, while it grows."""

    def __init__(self, size: int, chance: random.Random):
        self.chance = chance
        self.asns = range(FIRST_ASN, FIRST_ASN + size)
        clique = min(max(3, size // 40), 12)
        self.tier1 = list(self.asns[:clique])
        self.sellers = list(self.tier1)
        self.customers: dict[int, list[int]] = {asn: [] for asn in self.tier1}
        for newcomer in self.asns[clique:]:
            self.join(newcomer)

    def join(self, newcomer: int) -> None:
        """Buy transit; perhaps sell some."""
        for provider in self.choose_providers():
            self.customers[provider].append(newcomer)
        if self.chance.random() < SELLS_TRANSIT:
            self.sellers.append(newcomer)
            self.customers[newcomer] = []

    def choose_providers(self) -> list[int]:
        """Different sellers, the popular ones more often: the rich get richer."""
        count = self.chance.choices(list(PROVIDERS), list(PROVIDERS.values()))[0]
        weights = list(accumulate(len(self.customers[seller]) + 1 for seller in self.sellers))
        chosen: list[int] = []
        while len(chosen) < min(count, len(self.sellers)):
            seller = self.sellers[bisect(weights, self.chance.random() * weights[-1])]
            if seller not in chosen:
                chosen.append(seller)
        return chosen

    def exchanges(self) -> Iterator[Exchange]:
        """Tier-1 networks stay away; half of the other sellers come, and one in twenty of the rest."""
        sellers = set(self.sellers) - set(self.tier1)
        guests = [asn for asn in self.asns[len(self.tier1):]
                  if self.chance.random() < (0.5 if asn in sellers else 0.05)]
        self.chance.shuffle(guests)
        lans = PEERING_LANS.subnets(new_prefix=24)
        for number, start in enumerate(range(0, len(guests) - 1, SIZE_OF_EXCHANGE)):
            members = sorted(guests[start:start + SIZE_OF_EXCHANGE])
            yield Exchange(asn=ROUTE_SERVERS + number, lan=next(lans), members=self.strangers(members))

    def strangers(self, members: list[int]) -> tuple[int, ...]:
        """Nobody peers with his own provider or customer: the later of such two stays away."""
        kept: list[int] = []
        for asn in members:
            if not any(asn in self.customers.get(k, ()) or k in self.customers.get(asn, ()) for k in kept):
                kept.append(asn)
        return tuple(kept)

    def internet(self) -> Internet:
        prefixes = SPACE.subnets(new_prefix=24)
        return Internet(
            ases={asn: AutonomousSystem(prefixes=(next(prefixes),)) for asn in self.asns},
            transit={provider: tuple(customers) for provider, customers in self.customers.items() if customers},
            peering=tuple(combinations(self.tier1, 2)),
            exchanges={f"ix{n}": ix for n, ix in enumerate(self.exchanges(), start=1) if len(ix.members) > 1},
        )
