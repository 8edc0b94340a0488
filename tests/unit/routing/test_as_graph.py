from pathlib import Path
from xml.etree import ElementTree

from scenarios.kit.routing.as_graph import relations, spots, svg, text
from scenarios.kit.routing.data_file import load
from scenarios.kit.routing.gao_rexford import BestPaths
from scenarios.kit.routing.generator import generate
from scenarios.kit.routing.internet import Internet

INTERNET = load(Path(__file__).parents[3] / "scenarios/data/isp_tiers.yaml", Internet)
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_every_as_every_relation_and_the_way():
    way = (1200, *BestPaths(INTERNET).path(1200, 1400))
    drawing = ElementTree.fromstring(svg(INTERNET, way))

    names = [element.text for element in drawing.iter(f"{SVG}text")]
    assert sorted(names) == sorted(f"AS {asn}" for asn in INTERNET.ases)
    assert len(list(drawing.iter(f"{SVG}path"))) == len(relations(INTERNET)) + len(way) - 1


def test_providers_stand_above_their_customers_and_nobody_on_another():
    for internet in INTERNET, generate(200):
        at = spots(internet)
        assert all(at[provider][1] < at[customer][1] for provider, customers in internet.transit.items()
                   for customer in customers if internet.tier(customer) == internet.tier(provider) + 1)
        assert len(set(at.values())) == len(at)


def test_the_text_says_who_pays_whom():
    told = text(INTERNET, way=(1100, 110, 140, 1300)).splitlines()

    assert "  * AS 110    Alpha Regional       pays 10; is paid by 1100; peers with 120, 140" in told
    assert told[-1] == "way: 1100 > 110 > 140 > 1300"
