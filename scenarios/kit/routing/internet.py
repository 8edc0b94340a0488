"""An Internet as a matter of business: who holds which addresses, who pays whom, who meets where.

    transit     a customer pays a provider, and is carried to everywhere
    peering     two networks carry each other's customers, settlement-free
    exchange    many networks on one LAN, peering through a route server

Pure data. The rest (tier, cone, sessions, filters) follows from these three.
"""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network
from itertools import combinations, pairwise
from typing import Annotated, NamedTuple

import networkx as nx
from pydantic import BaseModel, ConfigDict, Field

from .data_file import Misfit
from .relation import Role

Asn = Annotated[int, Field(ge=1, le=4294967294)]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AutonomousSystem(Record):
    name: str = ""
    prefixes: tuple[IPv4Network, ...] = ()


class Exchange(Record):
    asn: Asn  # of the route server; members never see it in a path
    lan: IPv4Network
    members: tuple[Asn, ...]


class Session(NamedTuple):
    """Two ASes that speak BGP, and what each is to the other (RFC 9234, section 3)."""

    a: int
    b: int
    a_role: Role
    b_role: Role


class Internet(Record):
    ases: dict[Asn, AutonomousSystem]
    transit: dict[Asn, tuple[Asn, ...]] = {}
    peering: tuple[tuple[Asn, Asn], ...] = ()
    exchanges: dict[str, Exchange] = {}

    @property
    def links(self) -> Iterator[Session]:
        """The private interconnections: one wire and one session each."""
        for provider, customers in self.transit.items():
            for customer in customers:
                yield Session(provider, customer, Role.PROVIDER, Role.CUSTOMER)
        for a, b in self.peering:
            yield Session(a, b, Role.PEER, Role.PEER)

    def customers(self, asn: int) -> tuple[int, ...]:
        return self.transit.get(asn, ())

    def providers(self, asn: int) -> tuple[int, ...]:
        return self._providers.get(asn, ())

    def peers(self, asn: int) -> tuple[int, ...]:
        """Private peers, then those met at exchanges; each once, in order."""
        private = (b if a == asn else a for a, b in self.peering if asn in (a, b))
        met = (member for ix in self.exchanges.values() if asn in ix.members for member in ix.members)
        return tuple(peer for peer in dict.fromkeys([*private, *met]) if peer != asn)

    def tier(self, asn: int) -> int:
        """1 for who pays nobody, else one more than the best provider's."""
        return self._tiers[asn]

    def cone(self, asn: int) -> frozenset[int]:
        """The AS, its customers, their customers, and so on."""
        return self._cones[asn]

    def cone_prefixes(self, asn: int) -> tuple[IPv4Network, ...]:
        """What an AS may announce to a provider or peer: the addresses of its customer cone, in order."""
        if asn not in self._cone_prefixes:
            held = (prefix for member in self.cone(asn) for prefix in self.ases[member].prefixes)
            self._cone_prefixes[asn] = tuple(sorted(held, key=lambda each: (int(each.network_address), each.prefixlen)))
        return self._cone_prefixes[asn]

    @cached_property
    def _cone_prefixes(self) -> dict[int, tuple[IPv4Network, ...]]:
        return {}

    @cached_property
    def _providers(self) -> dict[int, tuple[int, ...]]:
        above: dict[int, tuple[int, ...]] = {}
        for provider, customers in self.transit.items():
            for customer in customers:
                above[customer] = (*above.get(customer, ()), provider)
        return above

    @cached_property
    def _hierarchy(self) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(self.ases)
        graph.add_edges_from((p, c) for p, customers in self.transit.items() for c in customers)
        return graph

    @cached_property
    def _tiers(self) -> dict[int, int]:
        tiers: dict[int, int] = {}
        for asn in nx.topological_sort(self._hierarchy):
            tiers[asn] = 1 + min((tiers[provider] for provider in self.providers(asn)), default=0)
        return tiers

    @cached_property
    def _cones(self) -> dict[int, frozenset[int]]:
        cones: dict[int, frozenset[int]] = {}
        for asn in reversed(list(nx.topological_sort(self._hierarchy))):
            cones[asn] = frozenset({asn}).union(*(cones[customer] for customer in self.customers(asn)))
        return cones

    def without_link(self, a: int, b: int) -> "Internet":
        """The same Internet after two ASes lost their private interconnection."""
        transit = {p: tuple(c for c in customers if {p, c} != {a, b}) for p, customers in self.transit.items()}
        return self.model_copy(update={
            "transit": transit, "peering": tuple(pair for pair in self.peering if set(pair) != {a, b}),
        })

    def without_exchange(self, name: str) -> "Internet":
        return self.model_copy(update={"exchanges": {n: ix for n, ix in self.exchanges.items() if n != name}})

    def without_as(self, asn: int) -> "Internet":
        """The same Internet after all routers of an AS failed; its prefixes are gone with it."""
        def rest(numbers):
            return tuple(n for n in numbers if n != asn)
        return self.model_copy(update={
            "ases": {n: a for n, a in self.ases.items() if n != asn},
            "transit": {p: rest(customers) for p, customers in self.transit.items() if p != asn},
            "peering": tuple(pair for pair in self.peering if asn not in pair),
            "exchanges": {n: ix.model_copy(update={"members": rest(ix.members)}) for n, ix in self.exchanges.items()},
        })

    def check(self) -> None:
        """Raise Misfit at the first fact that contradicts another."""
        for find in (self._strangers, self._double_relations, self._payment_cycles, self._double_holders):
            for misfit in find():
                raise misfit

    def _mentions(self) -> Iterator[tuple[tuple, int]]:
        for provider, customers in self.transit.items():
            yield ("transit", str(provider)), provider
            yield from ((("transit", str(provider), n), customer) for n, customer in enumerate(customers))
        for n, pair in enumerate(self.peering):
            yield from ((("peering", n, side), asn) for side, asn in enumerate(pair))
        for name, ix in self.exchanges.items():
            yield from ((("exchanges", name, "members", n), asn) for n, asn in enumerate(ix.members))

    def _strangers(self) -> Iterator[Misfit]:
        for place, asn in self._mentions():
            if asn not in self.ases:
                yield Misfit(place, f"AS {asn} is nowhere in `ases`; add it there, or correct the number")
        for name, ix in self.exchanges.items():
            if ix.asn in self.ases:
                yield Misfit(("exchanges", name, "asn"), f"AS {ix.asn} is a network of its own in `ases`; "
                             "give the route server another number")
            if len(ix.members) + 2 > ix.lan.num_addresses - 2:
                yield Misfit(("exchanges", name, "lan"), f"{ix.lan} is too small for {len(ix.members)} members "
                             "and the route server; take a larger one")

    def _double_relations(self) -> Iterator[Misfit]:
        seen: set[frozenset[int]] = set()
        for session in self.links:
            place = (("transit", str(session.a)) if session.a_role is Role.PROVIDER else ("peering",))
            if session.a == session.b:
                yield Misfit(place, f"AS {session.a} cannot connect to itself; name two ASes")
            if frozenset(session[:2]) in seen:
                yield Misfit(place, f"AS {session.a} and AS {session.b} are related twice; keep one relation")
            seen.add(frozenset(session[:2]))

    def _payment_cycles(self) -> Iterator[Misfit]:
        if not nx.is_directed_acyclic_graph(self._hierarchy):
            cycle = [a for a, _ in nx.find_cycle(self._hierarchy)]
            names = " pays ".join(f"AS {asn}" for asn in reversed([*cycle, cycle[0]]))
            yield Misfit(("transit", str(cycle[0])), f"{names}: nobody would be paid; turn one of them round")

    def _double_holders(self) -> Iterator[Misfit]:
        held = sorted((p, asn) for asn, system in self.ases.items() for p in system.prefixes)
        for (one, a), (other, b) in pairwise(held):
            if one.overlaps(other):
                yield Misfit(("ases", str(b), "prefixes"), f"{other} overlaps {one} of AS {a}; "
                             "addresses have one holder: give it others")
        for (name, ix), (_, second) in combinations(self.exchanges.items(), 2):
            if ix.lan.overlaps(second.lan):
                yield Misfit(("exchanges", name, "lan"), f"{ix.lan} overlaps {second.lan}; give it another")
