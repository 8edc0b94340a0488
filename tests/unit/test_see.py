"""What is shown of a lab: tables, drawings, traces and counters, from facts; no network is needed."""

from dataclasses import replace
from ipaddress import IPv4Address
from xml.etree import ElementTree

import pytest

from scenarios.kit import graph, overlay, picture, trace, watch
from scenarios.kit.lines import aligned
from scenarios.kit.look import daemons, kernel, table
from scenarios.kit.routing.relation import Role
from scenarios.kit.routing.speaker import Neighbour
from tests.unit.test_diagnosis import DRAWING, MACS, WORLD, A, B, changed, frame, link

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

    assert [kernel.interfaces(facts).rows[-1][1] for facts in (WORLD["b"], off, dark)] == ["up", "off", "no carrier"]
    assert kernel.interfaces(WORLD["b"]).rows[-1] == ("b-eth0", "up", MACS["b-eth0"], "1500", "10.0.2.2/24")


def test_connections_are_those_that_speak_with_somebody_else():
    here, there, mapped = ("10.0.1.2", 40000), ("10.0.2.2", 80), ("::ffff:10.0.2.2", 22)
    rows = [("tcp", here, there, "01"), ("tcp", here, mapped, "01"), ("tcp", here, ("0.0.0.0", 0), "0A"),
            ("udp", here, ("0.0.0.0", 0), "07"), ("tcp", here, ("10.0.1.2", 1), "01")]

    assert kernel.connections("a", rows).rows == (
        ("tcp", "10.0.1.2:40000", "10.0.2.2:80"), ("tcp", "10.0.1.2:40000", "[::ffff:10.0.2.2]:22"))


def test_a_long_table_of_routes_is_cut_and_says_so():
    many = changed("r", routes=tuple({"dst": f"10.{number}.0.0/16", "dev": "r-eth1"} for number in range(100)))["r"]

    made = kernel.routes(many)

    assert (len(made.rows), made.title) == (table.MOST_ROWS, "routes (the first 60 of 100)")


def test_columns_are_as_wide_as_their_widest_word():
    assert aligned([["a", "bc"], ["abc", "d"]]) == ["  a    bc", "  abc  d"]


def test_the_drawing_as_text_marks_what_is_not_as_drawn():
    lines = graph.as_text(DRAWING, WORLD | changed("b", links=(link("b-eth0", "10.0.2.9/24"),)))

    assert "10.0.1.0/24 by a wire" in lines
    assert any(f"{B.name}  10.0.2.9/24 (drawn: 10.0.2.2/24)" in line for line in lines)


def test_the_picture_has_every_node_and_address_and_no_two_nodes_in_one_place():
    svg = ElementTree.fromstring(picture.as_svg(DRAWING, WORLD, "a < b"))
    texts = {each.text for each in svg.iter(f"{SVG}text")}
    places = picture.places(DRAWING.graph)

    assert {"a", "r", "b", "10.0.1.2/24", "10.0.2.1/24"} <= texts
    assert svg.find(f"{SVG}title").text == "a < b"
    assert len(set(places.values())) == 3


def test_a_large_network_is_placed_without_two_nodes_in_one_place():
    import networkx

    places = picture.places(networkx.random_labeled_tree(120, seed=1))

    assert len(set(places.values())) == 120


def tunnelled(node, address, *routes):
    """A node with one more interface: a tunnel's, by which these prefixes are sent, each perhaps with a gateway."""
    facts, row = WORLD[node], {"ifname": "wg0", "flags": ["UP"], "mtu": 1420, "linkinfo": {"info_kind": "wireguard"},
                               "addr_info": [{"local": address, "prefixlen": 32}]}
    rows = tuple({"dst": dst, "dev": "wg0", **({"gateway": via} if via else {})} for dst, via in routes)
    return {node: replace(facts, links=(*facts.links, row), routes=(*facts.routes, *rows))}


HERE, THERE = tunnelled("a", "10.0.1.2", ("10.0.2.0/24", None)), tunnelled("b", "10.0.2.2", ("10.0.1.2", None))


class TestTunnels:
    def test_two_ends_that_send_to_each_other_are_one_tunnel(self):
        world = WORLD | HERE | THERE

        assert list(map(str, overlay.tunnels(world))) == ["a:wg0 10.0.1.2/32 ==== b:wg0 10.0.2.2/32"]
        assert graph.as_text(DRAWING, world)[-1] == "tunnel a:wg0 10.0.1.2/32 ==== b:wg0 10.0.2.2/32"

    def test_an_end_to_which_nobody_sends_back_is_alone(self):
        world = WORLD | HERE | tunnelled("b", "10.0.2.2", ("10.7.0.0/16", None))

        assert [str(each.far or "?") for each in overlay.tunnels(world)] == ["?", "?"]

    def test_two_who_meet_at_a_third_have_no_tunnel_of_their_own(self):
        world = WORLD | tunnelled("a", "10.9.0.1", ("10.9.0.0/24", None), ("10.8.0.0/16", "10.9.0.3"))
        world |= tunnelled("b", "10.9.0.2", ("10.9.0.0/24", None), ("10.8.0.0/16", "10.9.0.3"))
        world |= tunnelled("r", "10.9.0.3", ("10.9.0.0/24", None))

        assert {(each.near.node, each.far.node) for each in overlay.tunnels(world)} == {("a", "r"), ("b", "r")}

    def test_the_picture_has_a_bow_for_each(self):
        world = WORLD | HERE | THERE
        bows = [each for each in ElementTree.fromstring(picture.as_svg(DRAWING, world, "")).iter(f"{SVG}path")
                if "stroke-dasharray" in each.attrib]

        assert len(bows) == 1


def test_the_drawing_tells_ases():
    drawing = replace(DRAWING, ases={"r": 64500})
    texts = {each.text for each in ElementTree.fromstring(picture.as_svg(drawing, WORLD, "")).iter(f"{SVG}text")}

    assert sum("AS64500" in line for line in graph.as_text(drawing, WORLD)) == 2
    assert "AS64500" in texts


def test_wires_go_around_whoever_stands_between():
    past = picture.Line.between((0, 0), (300, 0), 0.25)

    assert picture._wire({"a": (0, 0), "b": (100, 0)}, A, B).at(0.5)[1] == 0
    assert picture._wire({"a": (0, 0), "b": (400, 0)}, A, B).at(0.5)[1] > picture.TALL
    assert (past.at(0), past.at(1)) == ((0, 0), (300, 0))
    assert abs(past.at(0.5)[1]) > picture.TALL


def test_leases_are_told_by_address():
    text = "1767225600 02:00:00:00:00:0a 192.168.1.100 laptop 01:02\n0 02:00:00:00:00:50 192.168.1.50 * *\nduid 00\n"
    rows = list(daemons.leases(text))

    assert [row[:3] for row in rows] == [("192.168.1.100", "02:00:00:00:00:0a", "laptop"),
                                         ("192.168.1.50", "02:00:00:00:00:50", "")]
    assert (len(rows[0][3]), rows[1][3]) == (8, "for ever")


def test_sessions_of_bgp_are_told_with_what_the_neighbour_is_to_us():
    neighbours = [Neighbour("as1", IPv4Address("10.0.0.1"), 1, Role.CUSTOMER),
                  Neighbour("r2", IPv4Address("10.0.0.2"), 9),
                  Neighbour("rs", IPv4Address("10.0.0.3"), 64512, Role.RS_CLIENT)]

    assert list(daemons.sessions(neighbours, {"as1": True, "r2": False})) == [
        ("as1", "10.0.0.1", "1", "provider", "established"), ("r2", "10.0.0.2", "9", "colleague", "down"),
        ("rs", "10.0.0.3", "64512", "route server", "down")]


def test_only_the_best_routes_of_bgp_are_told_in_order():
    row = {"via": None, "path": (), "local_pref": None, "from": "own"}
    rows = [{**row, "prefix": "20.0.0.0/8", "best": True}, {**row, "prefix": "9.0.0.0/8", "best": True},
            {**row, "prefix": "8.0.0.0/8", "best": False}]

    assert [each[0] for each in daemons.best(rows)] == ["9.0.0.0/8", "20.0.0.0/8"]


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


def test_the_rules_of_a_switch_are_told_in_order_with_what_they_did():
    told = ' 0. in_port=1, priority 9, cookie 0x1\n    goto_table:1\n 1. No match.\n    drop\nFinal flow: unchanged\n'

    assert list(trace.spelled(told)) == ["table 0: in_port=1, priority 9", "table 1: No match.", "drop"]


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
