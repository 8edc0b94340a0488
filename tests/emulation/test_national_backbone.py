from scenarios.kit.providers.looking_glass import routes
from scenarios.national_backbone import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_the_route_servers_number_is_in_no_path(net):
    for router in "as110", "as120", "n1", "s3":
        assert not {64512, 64513} & {asn for route in routes(net, router) for asn in route.path}


def test_ospf_stays_inside(net):
    """A route that OSPF knows is no route for BGP: no other AS hears of a router's own cables."""
    assert not [route for route in routes(net, "as110") if route.prefix.startswith("100.64.")]
