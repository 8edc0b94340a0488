import pytest

from scenarios.isp_tiers import scenario
from scenarios.kit.errors import LabError
from scenarios.kit.providers import claims, sights


def test_a_grown_internet_of_a_hundred_ases(lab):
    with scenario.running(internet="100") as net:
        claims.follows_the_business().verify(net)
        claims.packets_follow().verify(net)
        claims.hijack_refused().verify(net)


@pytest.mark.parametrize("daemon", ["bird", "frr"])
def test_a_hijack_is_refused_by_its_origin_though_the_provider_believes_its_customer(lab, daemon):
    with scenario.running(rpki="on", daemon=daemon) as net:
        claims.follows_the_business().verify(net)
        fault = next(fault for fault in scenario.faults if fault.name == "gullible_provider")
        fault.inject(net)
        assert fault.injected(net)
        claims.hijack_refused().verify(net)


def test_the_looking_glass_shows_the_same_of_both_daemons(lab):
    seen = {}
    for daemon in "bird", "frr":
        with scenario.running(daemon=daemon) as net:
            claims.follows_the_business().verify(net)
            asked = None, "22.130.0.0/20", "22.130.0.9"
            seen[daemon] = [list(sights.glass(net, "as110", prefix)) for prefix in asked]

    everything, one, matching = seen["bird"]
    assert one == matching == [row for row in everything if row["prefix"] == "22.130.0.0/20"]
    assert [(row["best"], row["path"], row["from"]) for row in one] == \
        [(True, (140, 1300), "peer"), (False, (10, 20, 130, 1300), "provider")]
    assert seen["frr"] == seen["bird"]


def test_a_file_that_contradicts_itself_is_one_line(lab, tmp_path):
    (tmp_path / "mine.yaml").write_text("ases:\n  1: {prefixes: [20.0.0.0/24]}\ntransit:\n  1: [2]\n")

    with pytest.raises(LabError, match=r"mine.yaml:4: transit.1\[0\]: AS 2 is nowhere in `ases`"):
        scenario.start({"internet": str(tmp_path / "mine.yaml")})
