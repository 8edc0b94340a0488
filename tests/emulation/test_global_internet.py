import json

from scenarios.global_internet import WORLD, scenario  # noqa: F401
from scenarios.kit import capability, probes, reachable
from scenarios.kit.command import run
from scenarios.kit.expect import Outcome
from scenarios.kit.providers.detours import cables
from scenarios.kit.providers.distance_claims import distances_match_the_map, round_trip
from scenarios.kit.providers.world import quickest

BIG = 1_000_000  # bytes


def test_claim(net, claim):
    claim.verify(net)


def test_cables_pass_on_big_segments_and_finish_checksums(net):
    """TCP's large segments and unfinished checksums survive a cable that is a program."""
    assert len(run(net["reader"], "curl", "-sS", "http://20.1.0.10/big")) == BIG


def test_cables_are_netem_where_doctor_says_so(net):
    kinds = {each["kind"] for each in json.loads(run(net["atlantic"], "tc", "-j", "qdisc"))}

    assert ("netem" in kinds) == capability.NETEM.present
    assert [daemon.alive for daemon in net["atlantic"].daemons] == [True] * (not capability.NETEM.present)


def test_nothing_outruns_light(net):
    """A claim of less than physics allows is not held."""
    way, delay = quickest(WORLD, "nyc", "lon")

    assert way == ("nyc", "lon")
    assert round_trip("nyc", "20.2.0.1", least=0, most=2 * delay, within=0.5).ask(net).outcome is Outcome.NOT_HELD


def test_the_distances_change_when_a_cable_is_cut(net):
    with cables("channel:eth0", "channel:eth1")(net):
        reachable("lon", "20.3.0.1", within=20).verify(net)
        assert distances_match_the_map(within=0).ask(net).outcome is Outcome.NOT_HELD
        echo = probes.ping(net, "lon", "20.3.0.1", 3, wait=3.0)
        assert min(echo.times) * 1000 >= 2 * quickest(WORLD, "lon", "mrs", without=("channel",))[1]
    distances_match_the_map().verify(net)
