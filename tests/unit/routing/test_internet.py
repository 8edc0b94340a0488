import pytest

from scenarios.kit.routing.data_file import BadData, load
from scenarios.kit.routing.generator import generate
from scenarios.kit.routing.internet import Internet

GOOD = """\
ases:
  10: {prefixes: [20.0.10.0/24]}
  20: {prefixes: [20.0.20.0/24]}
  110: {prefixes: [20.1.10.0/24]}
  1100: {prefixes: [20.11.0.0/24]}
transit:
  10: [110]
  110: [1100]
peering: [[10, 20]]
exchanges:
  ix: {asn: 64512, lan: 23.0.0.0/24, members: [110, 20]}
"""
MISTAKES = [
    ("  10: [110]", "  10: [110, 7]", "internet.yaml:7: transit.10[1]: AS 7 is nowhere in `ases`; add it there, "
                                      "or correct the number"),
    ("[[10, 20]]", "[[10, 20], [110, 10]]", "internet.yaml:9: peering: AS 110 and AS 10 are related twice; "
                                            "keep one relation"),
    ("  110: [1100]", "  110: [1100]\n  1100: [10]", "internet.yaml:7: transit.10: AS 10 pays AS 1100 pays AS 110 "
     "pays AS 10: nobody would be paid; turn one of them round"),
    ("20.11.0.0/24", "20.0.10.0/25", "internet.yaml:5: ases.1100.prefixes: 20.0.10.0/25 overlaps 20.0.10.0/24 of AS "
                                     "10; addresses have one holder: give it others"),
    ("  20: {prefixes", "  10: {prefixes", "internet.yaml:3: 10 stands here twice; keep one of them"),
    ("peering:", "pearing:", "internet.yaml:9: pearing: no such word here; remove it, or correct its spelling"),
    ("64512", "20", "internet.yaml:11: exchanges.ix.asn: AS 20 is a network of its own in `ases`; give the route "
                    "server another number"),
    ("23.0.0.0/24", "23.0.0.0/30", "internet.yaml:11: exchanges.ix.lan: 23.0.0.0/30 is too small for 2 members and "
                                   "the route server; take a larger one"),
    ("[20.1.10.0/24]", "[20.1.10.5/24]", "internet.yaml:4: ases.110.prefixes[0]: Input is not a valid IPv4 network, "
                                         "but it is '20.1.10.5/24'; correct it"),
    ("  10: [110]", "  10: [110", "internet.yaml:8: not YAML: expected ',' or ']', but got ':'; see the examples in "
                                  "scenarios/data"),
]


def read(tmp_path, text: str) -> Internet:
    path = tmp_path / "internet.yaml"
    path.write_text(text)
    return load(path, Internet)


def test_tiers_and_cones_follow_from_who_pays_whom(tmp_path):
    internet = read(tmp_path, GOOD)

    assert [internet.tier(asn) for asn in (10, 20, 110, 1100)] == [1, 1, 2, 3]
    assert internet.cone(10) == {10, 110, 1100}
    assert [str(prefix) for prefix in internet.cone_prefixes(110)] == ["20.1.10.0/24", "20.11.0.0/24"]
    assert internet.peers(20) == (10, 110)


@pytest.mark.parametrize(("good", "bad", "complaint"), MISTAKES, ids=[bad[:30] for _, bad, _ in MISTAKES])
def test_a_mistake_is_one_line_naming_file_place_and_remedy(tmp_path, good, bad, complaint):
    with pytest.raises(BadData) as caught:
        read(tmp_path, GOOD.replace(good, bad, 1))

    assert str(caught.value) == f"{tmp_path}/{complaint}"


def test_what_is_cut_is_gone_and_the_rest_stays():
    internet = generate(60)
    provider, customers = next(iter(internet.transit.items()))

    cut = internet.without_link(provider, customers[0])
    assert customers[0] not in cut.customers(provider)
    assert len(list(cut.links)) == len(list(internet.links)) - 1
    assert provider not in internet.without_as(provider).ases
    assert not internet.without_exchange("ix1").exchanges
    for part in (cut, internet.without_as(provider), internet.without_exchange("ix1")):
        part.check()


@pytest.mark.parametrize("size", [4, 50, 1000])
def test_a_generated_internet_is_sound_and_the_same_for_the_same_seed(size):
    internet = generate(size, seed=7)

    internet.check()
    assert len(internet.ases) == size
    assert internet == generate(size, seed=7) != generate(size, seed=8)


def test_a_generated_internet_has_the_shape_of_the_real_one():
    internet = generate(1000)

    stubs = [asn for asn in internet.ases if not internet.customers(asn)]
    multihomed = [asn for asn in internet.ases if len(internet.providers(asn)) > 1]
    cones = sorted((len(internet.cone(asn)) for asn in internet.ases), reverse=True)
    assert 0.75 < len(stubs) / 1000 < 0.9
    assert 0.4 < len(multihomed) / 1000 < 0.7
    assert cones[0] > 20 * cones[50] > 0
    assert sum(cone == 1 for cone in cones) > 700
    assert len(internet.exchanges) >= 8
