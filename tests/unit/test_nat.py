"""Translation as text: the rules of a router, and the rows of its table."""

import doctest
from types import SimpleNamespace

from scenarios.kit.conntrack import Conversation, parse
from scenarios.kit.services import CarrierNat, Nat, Nftables, nat, nftables
from scenarios.kit.services.nat import port_blocks
from scenarios.kit.services.nftables import tables

ROW = """<?xml version="1.0" encoding="utf-8"?>
<conntrack>
<flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>192.168.1.10</src><dst>93.184.216.34</dst>
</layer3><layer4 protonum="6" protoname="tcp"><sport>40000</sport><dport>80</dport></layer4></meta>
<meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>93.184.216.34</src><dst>73.45.123.89</dst></layer3>
<layer4 protonum="6" protoname="tcp"><sport>80</sport><dport>61007</dport></layer4></meta>
<meta direction="independent"><state>ESTABLISHED</state><timeout>431999</timeout><id>1</id><assured/></meta></flow>
</conntrack>
"""
ROUTER = SimpleNamespace(nameToIntf={"wan": SimpleNamespace(IP=lambda: "73.45.123.89")})


def test_a_row_of_the_table():
    assert parse(ROW) == [Conversation("tcp", ("192.168.1.10", 40000), ("93.184.216.34", 80), ("93.184.216.34", 80),
                                       ("73.45.123.89", 61007))]
    assert parse(ROW)[0].translated
    assert str(parse(ROW)[0]) == "tcp 192.168.1.10:40000 93.184.216.34:80 as 73.45.123.89:61007"


def test_a_row_without_ports():
    assert parse(ROW.replace("<sport>40000</sport><dport>80</dport>", ""))[0].source == ("192.168.1.10", 0)


def test_an_empty_table():
    assert parse("") == []


def test_a_forward_names_the_outside_address():
    rules = Nat(forwards={8080: "192.168.1.30:8080"}).rules(ROUTER)

    assert "    ip daddr 73.45.123.89 tcp dport 8080 dnat to 192.168.1.30:8080\n" in rules


def test_a_symmetric_translator_takes_ports_at_random():
    assert "masquerade random,fully-random\n" in Nat(symmetric=True).rules(ROUTER)
    assert "random" not in Nat().rules(ROUTER)


def test_tables_are_replaced_in_the_transaction_that_loads_them():
    ruleset = "table inet filter {\n}\ntable ip6 x{\n}\n"

    assert tables(ruleset) == ["inet filter", "ip6 x"]
    assert Nftables(ruleset).files(None) == {
        "nftables.nft": "table inet filter\ndelete table inet filter\ntable ip6 x\ndelete table ip6 x\n" + ruleset}


def test_each_subscriber_has_a_block_of_ports():
    node = SimpleNamespace(nameToIntf={"core": SimpleNamespace(IP=lambda: "203.0.113.1")})
    rules = CarrierNat(port_blocks(["100.64.0.2", "100.64.0.3"])).rules(node)

    assert "oifname core ip saddr 100.64.0.2 meta l4proto { tcp, udp } snat to 203.0.113.1:10000-10999\n" in rules
    assert "oifname core ip saddr 100.64.0.3 meta l4proto { tcp, udp } snat to 203.0.113.1:11000-11999\n" in rules
    assert "iifname core ct state != { established, related } counter drop\n" in rules


def test_examples_in_docstrings():
    assert doctest.testmod(nat).failed == doctest.testmod(nftables).failed == 0
