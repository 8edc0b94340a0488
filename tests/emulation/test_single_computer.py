from scenarios.single_computer import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)
