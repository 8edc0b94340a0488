"""The oracle is checked against a third way of thinking: enumeration of all valley-free paths of small Internets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.kit.routing.gao_rexford import BestPaths, is_valley_free
from scenarios.kit.routing.generator import generate
from scenarios.kit.routing.internet import AutonomousSystem, Exchange, Internet
from scenarios.kit.routing.relation import Source


def internet(transit=(), peering=(), exchanges=()) -> Internet:
    pairs = [(p, c) for p, customers in dict(transit).items() for c in customers] + list(peering)
    asns = {asn for pair in pairs for asn in pair} | {m for ix in exchanges for m in ix.members}
    return Internet(ases={asn: AutonomousSystem() for asn in sorted(asns)}, transit=dict(transit), peering=peering,
                    exchanges={f"ix{n}": ix for n, ix in enumerate(exchanges)})


def test_a_customer_is_preferred_although_the_way_is_longer():
    best = BestPaths(internet({1: (2,), 2: (3,), 3: (4,)}, [(1, 4)]))

    assert best.path(1, 4) == (2, 3, 4)
    assert best.towards(4)[1].source is Source.CUSTOMER


def test_nobody_gives_transit_between_its_peers():
    best = BestPaths(internet({}, [(1, 2), (2, 3)]))

    assert best.path(1, 2) == (2,)
    assert best.path(1, 3) is None


def test_nobody_gives_transit_between_its_providers():
    assert BestPaths(internet({1: (3,), 2: (3,)})).path(1, 2) is None


def test_of_equal_paths_the_lowest_neighbour_wins():
    assert BestPaths(internet({5: (9,), 4: (9,), 1: (4, 5)})).path(9, 1) == (4, 1)


def test_a_route_server_is_heard_under_its_own_number():
    """Equal peer routes: 9 hears 2's directly, and 1's from the route server, whose number is higher."""
    ix = Exchange(asn=64512, lan="23.0.0.0/24", members=(1, 9))
    assert BestPaths(internet({1: (4,), 2: (4,)}, [(2, 9)], [ix])).path(9, 4) == (2, 4)


def choices(net: Internet, src: int, dst: int) -> list[tuple[int, int]]:
    """(source, length) of every simple valley-free path whose every step is some AS's possible choice."""
    found = []

    def walk(here, path, descending):
        if here == dst:
            found.append(path)
            return
        for there in net.ases:
            if there in path:
                continue
            if there in net.providers(here) and not descending:
                walk(there, [*path, there], False)
            elif (there in net.peers(here) and not descending) or there in net.customers(here):
                walk(there, [*path, there], True)

    walk(src, [src], False)
    return [(first_step(net, path), len(path) - 1) for path in found]


def first_step(net, path):
    if len(path) == 1:
        return Source.OWN
    if path[1] in net.customers(path[0]):
        return Source.CUSTOMER
    return Source.PEER if path[1] in net.peers(path[0]) else Source.PROVIDER


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 9), st.integers(0, 10_000))
def test_the_kind_of_route_is_the_best_that_any_valley_free_path_offers(size, seed):
    net = generate(size, seed)
    best = BestPaths(net)
    for dst in net.ases:
        for src in net.ases:
            possible = choices(net, src, dst)
            hop = best.towards(dst).get(src)
            assert (hop is None) == (not possible)
            if hop:
                assert hop.source == min(source for source, _ in possible)
                assert is_valley_free(net, (src, *best.path(src, dst)))
            if hop and hop.source in (Source.CUSTOMER, Source.PEER):
                assert hop.length == min(length for source, length in possible if source == hop.source)


@pytest.mark.parametrize(("path", "free"), [
    ((3, 1, 2, 4), True), ((1, 3, 2), False), ((3, 5, 4), False), ((3, 1, 3), False), ((3, 4), False), ((3,), True)])
def test_a_valley_is_seen(path, free):
    net = internet({1: (3,), 2: (3, 4)}, [(1, 2), (3, 5), (5, 4)])
    assert is_valley_free(net, path) == free


def test_everybody_reaches_everybody_in_a_generated_internet():
    best = BestPaths(generate(300))
    assert all(len(best.towards(dst)) == 300 for dst in best.internet.ases)
