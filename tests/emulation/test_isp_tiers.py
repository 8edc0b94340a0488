from scenarios.isp_tiers import scenario  # noqa: F401
from scenarios.kit.expect import Outcome
from scenarios.kit.providers import claims, failures
from scenarios.kit.providers.daemons import retell_link
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


def related(net, role, far_role, **facts):
    for _ in range(2):  # each end looks at the other's role
        retell_link(net, "as110", "as120", role=role, **facts)
        retell_link(net, "as120", "as110", role=far_role, **facts)
