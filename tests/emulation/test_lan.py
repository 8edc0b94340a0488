from scenarios.lan import scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)
