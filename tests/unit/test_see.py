"""What is shown of a lab: tables, drawings, traces and counters, from facts; no network is needed."""

from xml.etree import ElementTree

import pytest

from scenarios.command_line.see import aligned
from scenarios.kit import graph, look, trace, watch
from tests.unit.test_diagnosis import DRAWING, MACS, WORLD, B, changed, frame, link

PROC_NET_DEV = """\
Inter-|   Receive | Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0
a-eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0
"""
SVG = "{http://www.w3.org/2000/svg}"


def test_interfaces_tell_their_state():
    off = changed("b", links=(link("b-eth0", "10.0.2.2/24", flags=()),))["b"]
    dark = changed("b", links=(link("b-eth0", "10.0.2.2/24", flags=("UP", "NO-CARRIER")),))["b"]

    assert [look.interfaces(facts).rows[-1][1] for facts in (WORLD["b"], off, dark)] == ["up", "off", "no carrier"]
    assert look.interfaces(WORLD["b"]).rows[-1] == ("b-eth0", "up", MACS["b-eth0"], "1500", "10.0.2.2/24")


def test_a_long_table_of_routes_is_cut_and_says_so():
    many = changed("r", routes=tuple({"dst": f"10.{number}.0.0/16", "dev": "r-eth1"} for number in range(100)))["r"]

    table = look.routes(many)

    assert (len(table.rows), table.title) == (look.MOST_ROUTES, "routes (the first 60 of 100)")


def test_columns_are_as_wide_as_their_widest_word():
    assert aligned([["a", "bc"], ["abc", "d"]]) == ["  a    bc", "  abc  d"]


def test_the_drawing_as_text_marks_what_is_not_as_drawn():
    lines = graph.as_text(DRAWING, WORLD | changed("b", links=(link("b-eth0", "10.0.2.9/24"),)))

    assert "10.0.1.0/24 by a wire" in lines
    assert any(f"{B.name}  10.0.2.9/24 (drawn: 10.0.2.2/24)" in line for line in lines)


def test_the_picture_has_every_node_and_address_and_no_two_nodes_in_one_place():
    picture = ElementTree.fromstring(graph.as_svg(DRAWING, WORLD, "a < b"))
    texts = {each.text for each in picture.iter(f"{SVG}text")}
    places = graph.places(DRAWING.graph)

    assert {"a", "r", "b", "10.0.1.2/24", "10.0.2.1/24"} <= texts
    assert picture.find(f"{SVG}title").text == "a < b"
    assert len(set(places.values())) == 3


def test_a_large_network_is_placed_without_two_nodes_in_one_place():
    import networkx

    places = graph.places(networkx.random_labeled_tree(120, seed=1))

    assert len(set(places.values())) == 120


def test_a_trace_goes_from_node_to_node():
    sightings = [frame(place) for place in ("a>", "r<", "r>", "b<")]

    assert [(node, bool(came), bool(left)) for node, came, left in trace.visits(DRAWING, WORLD, sightings)] == [
        ("a", False, True), ("r", True, True), ("b", True, False)]


def test_a_trace_ends_where_the_packet_was_lost():
    assert [each[0] for each in trace.visits(DRAWING, WORLD, [frame("a>"), frame("r<")])] == ["a", "r"]


def test_copies_that_a_switch_floods_do_not_hide_the_one_that_arrived():
    sightings = [frame("a>"), frame("r<"), frame("r>"), frame("b<"), frame("r>>")]

    assert [each[0] for each in trace.visits(DRAWING, WORLD, sightings)] == ["a", "r", "b"]


def test_what_was_rewritten():
    assert list(trace.rewritten(frame("r<"), frame("r>"))) == []
    assert list(trace.rewritten(frame("r<"), frame("r>", back=True))) == [
        "source 10.0.1.2 > 10.0.2.2", "destination 10.0.2.2 > 10.0.1.2"]


def test_counters_are_read_by_their_columns():
    assert dict(watch.parse(PROC_NET_DEV)) == {"a-eth0": {
        "rx_bytes": 1000, "rx_packets": 10, "rx_errors": 1, "rx_drops": 2,
        "tx_bytes": 2000, "tx_packets": 20, "tx_errors": 3, "tx_drops": 4}}


@pytest.mark.parametrize(("seconds", "bits"), [(1.0, 8000.0), (2.0, 4000.0)])
def test_rates_are_bits_in_a_second_and_losses_in_all(seconds, bits):
    before = {"a:eth0": dict.fromkeys(watch.FIELDS, 0)}
    now = {"a:eth0": {**dict(watch.parse(PROC_NET_DEV))["a-eth0"]}, "new:eth0": dict.fromkeys(watch.FIELDS, 7)}

    rate, = watch.rates(before, now, seconds)

    assert (rate.rx_bits, rate.lost) == (bits, 10)
