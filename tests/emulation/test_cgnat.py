from contextlib import contextmanager

from scenarios.cgnat import BLOCKS, HOME1, PUBLIC, scenario  # noqa: F401
from scenarios.kit import fetches, filtered
from scenarios.kit.actions import resume, substitute
from scenarios.kit.claims.nat import keeps_to_block, seen_as, translated_in_turn
from scenarios.kit.services import CarrierNat, Nat
from scenarios.kit.services.nftables import without_rules


def test_claim(net, claim):
    claim.verify(net)


def test_a_port_that_the_carrier_forwards_too_is_open_to_the_world(net):
    with carrier(net, CarrierNat(BLOCKS, forwards={8080: f"{HOME1}:8080"})):
        fetches("server", f"http://{PUBLIC}:8080/", shows="nas at your service").verify(net)
        assert filtered("server", PUBLIC, 8080, control=("bert", HOME1)).ask(net, 0).seen == "it is open"


def test_without_blocks_nobody_is_told_by_the_port(net):
    with carrier(net, Nat(outside="core", inside="access")):
        assert "the server sees ports" in keeps_to_block("anna", "server", *BLOCKS[HOME1]).ask(net, 0).seen
        seen_as("server", "anna", PUBLIC).verify(net)


def test_a_home_of_one_subscriber_alone_is_one_table_less(net):
    """bert's home hands his packets on as they are: his carrier knows nobody by that address."""
    without_rules(net, "home2", "ip nat postrouting")
    try:
        assert "no connection" in translated_in_turn("bert", "server", ("home2", "carrier")).ask(net, 0).seen
    finally:
        resume(net, "nat", "home2")
    translated_in_turn("bert", "server", ("home2", "carrier")).verify(net)


def test_a_table_that_is_not_on_the_way_is_noticed(net):
    seen = translated_in_turn("anna", "server", ("home2", "carrier")).ask(net, 0).seen

    assert "('nowhere', 0)" in seen


@contextmanager
def carrier(net, translator):
    substitute(net, translator, "carrier")
    try:
        yield
    finally:
        resume(net, "nat", "carrier")
