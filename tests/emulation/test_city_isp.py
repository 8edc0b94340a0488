from scenarios.city_isp import scenario  # noqa: F401
from scenarios.kit import isolated
from scenarios.kit.actions import pulled


def test_claim(net, claim):
    claim.verify(net)


def test_no_way_leads_round_the_provider(net):
    with pulled(net, "isp-routera"):
        isolated("axel", "berta", control=("axel", "anna")).verify(net)
