"""``./lab controller``: what the controller says, as words, and what is wrong with a question, in one line."""

import pytest

from scenarios.command_line.controller import cell, pair, words
from scenarios.kit import openflow
from scenarios.kit.errors import LabError

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
NAMES = {A: "a", B: "b"}
HOSTS = [{"mac": A, "vlan": None, "switch": "s1"}, {"mac": B, "vlan": 10, "switch": "s2"}]


def test_what_all_rows_tell_has_a_column():
    assert words(HOSTS, NAMES) == [["mac", "vlan", "switch"], [f"{A} (a)", "", "s1"], [f"{B} (b)", "10", "s2"]]


def test_what_only_some_rows_tell_stands_at_the_end():
    told = [{"event": "link", "ends": ["s1-eth1", "s2-eth1"]}, {"event": "station_learned", "mac": A, "vlan": None}]

    assert words(told, NAMES) == [["event", ""], ["link", "ends=s1-eth1/s2-eth1"], ["station_learned", f"mac={A} (a)"]]


@pytest.mark.parametrize(("column", "value", "word"), [
    ("switches", ["s1", "s2"], "s1, s2"), ("connected", True, "yes"), ("floods", False, "no"), ("vlan", None, ""),
    ("eth_type", 0x800, "0x800"), ("priority", 0x800, "2048"), ("mac", "02:00:00:00:00:0c", "02:00:00:00:00:0c"),
    ("match", {"eth_type": 0x86DD, "eth_dst": A}, f"eth_type=0x86dd eth_dst={A} (a)"),
    ("match", {"ct_state": [0, 32], "ipv4_dst": ["10.0.0.0", "255.0.0.0"]},
     "ct_state=0x0/0x20 ipv4_dst=10.0.0.0/255.0.0.0"),
])
def test_values_are_words(column, value, word):
    assert cell(value, NAMES, column) == word


def test_a_wish_names_a_column():
    assert pair("switch=s1") == ("switch", "s1")
    assert pair("owner=router/policy/2=x") == ("owner", "router/policy/2=x")
    with pytest.raises(LabError, match="'s1' is not COLUMN=VALUE, such as switch=s1"):
        pair("s1")


@pytest.mark.parametrize(("status", "body", "complaint"), [
    (404, b'{"error": "there is no view; choose from: hosts"}', "the controller says: there is no view; choose from"),
    (404, b"<h1>Not Found</h1>", "the controller says: '<h1>Not Found</h1>'"),
    (200, b'{"a": 1}', "the controller says: "),
])
def test_an_answer_that_is_none_is_told_in_a_line(status, body, complaint):
    with pytest.raises(LabError, match=complaint) as caught:
        openflow.rows(status, body)
    assert "\n" not in str(caught.value)
