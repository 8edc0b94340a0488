from xml.etree import ElementTree

import pytest

from scenarios.isp_tiers import scenario  # noqa: F401
from scenarios.kit import configuration
from scenarios.kit.errors import LabError
from scenarios.kit.expect import Outcome
from scenarios.kit.providers import claims, failures, sights
from scenarios.kit.providers.daemons import given, retell_link
from scenarios.kit.providers.telling import internet_of
from scenarios.kit.routing.gao_rexford import BestPaths


def test_claim(net, claim):
    claim.verify(net)


def test_each_kind_of_failure_has_something_to_fail(net):
    """Else the claims about failures would hold of nothing."""
    kinds = (failures.link_losses, failures.router_losses, failures.exchange_losses, failures.depeerings)
    homes = claims.homes(net)

    assert all(next(failures.needed(internet_of(net), homes, kind), None) for kind in kinds)


def test_depeering_of_the_first_tier_splits_the_internet(net):
    left = internet_of(net).without_link(10, 20)

    assert BestPaths(left).path(110, 130) is None


def test_the_comparison_of_paths_would_notice_one_preference_turned_round(net):
    """as110 takes its peer as120 for a customer, whose routes it then prefers and tells to its provider."""
    related(net, "provider", "customer", filtered=False, speaks_roles=False)
    try:
        seen = claims.follows_the_business(within=3).ask(net)
    finally:
        related(net, "peer", "peer", filtered=True, speaks_roles=True)

    assert seen.outcome is Outcome.NOT_HELD
    assert "but should by" in seen.seen
    claims.follows_the_business().verify(net)


def test_the_picture_shows_the_way_that_packets_go(net):
    claims.packets_follow().verify(net)

    assert sights.as_way(net, "h1100", "h1300") == (1100, 110, 140, 1300)
    assert "way: 1100 > 110 > 140 > 1300" in sights.picture(net, "h1100", "h1300")
    assert ElementTree.fromstring(sights.picture(net, svg=True)).tag.endswith("svg")


@pytest.mark.parametrize(("router", "prefix", "complaint"), [
    ("h1100", None, "h1100 has no routing daemon; these have: as10, as20"),
    ("as110", "20.0.0.1/8", "20.0.0.1/8: neither a prefix nor an address; 20.0.0.1/8 has host bits set"),
    ("as110", "nowhere", "nowhere: neither a prefix nor an address"),
])
def test_what_a_looking_glass_cannot_show_is_one_line(net, router, prefix, complaint):
    with pytest.raises(LabError, match=complaint):
        list(sights.glass(net, router, prefix))


def test_a_configuration_is_shown_as_the_daemon_reads_it(net):
    file, = configuration.files(net["as110"])

    assert (file.service, file.name) == ("bird", "bird.conf")
    assert file.text == given(net, "as110")


def related(net, role, far_role, **facts):
    for _ in range(2):  # each end looks at the other's role
        retell_link(net, "as110", "as120", role=role, **facts)
        retell_link(net, "as120", "as110", role=far_role, **facts)
