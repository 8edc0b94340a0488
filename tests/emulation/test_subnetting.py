from scenarios.kit.claims.subnets import as_planned, holds_routes, wrong_mask
from scenarios.kit.command import run
from scenarios.kit.tables import remasked
from scenarios.subnetting import BLOCK, PLAN, scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_a_wrong_mask_is_noticed_in_both_directions(net):
    with remasked(net, "anna", 24):
        seen = as_planned(PLAN, "campus").ask(net, 0).seen

    assert "anna to carl is lost, unanswered instead of routed" in seen
    assert "carl to anna is routed, unanswered instead of routed" in seen
    assert "gus" not in seen
    as_planned(PLAN, "campus").verify(net)


def test_a_router_that_answers_for_everybody_hides_a_wrong_mask(net):
    """Proxy ARP (RFC 1027): what arithmetic says is broken works all the same, and the claim notices."""
    net["campus"].place.sysctl({"net/ipv4/conf/desks/proxy_arp": 1, "net/ipv4/neigh/desks/proxy_delay": 0})
    try:
        assert "anna to carl is routed instead of lost" in wrong_mask(PLAN, "anna", 24, "campus").ask(net, 0).seen
    finally:
        net["campus"].place.sysctl({"net/ipv4/conf/desks/proxy_arp": 0})


def test_a_more_specific_route_beside_the_aggregate_is_seen(net):
    run(net["isp"], "ip", "route", "add", "192.168.2.0/24", "via", "198.51.100.2")
    try:
        seen = holds_routes("isp", BLOCK, (BLOCK,)).ask(net, 0).seen
    finally:
        run(net["isp"], "ip", "route", "del", "192.168.2.0/24")

    assert seen == "it holds 192.168.0.0/16, 192.168.2.0/24"
