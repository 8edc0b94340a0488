"""The JSON view, asked as HTTP servers ask: by WSGI."""

import json

import pytest

from controllers import view
from controllers.cookie import Cookie, Kind, Owner
from controllers.frames import BROADCAST
from controllers.rest import Rest
from controllers.rules import Flow, Output, Port, SetField, Table, ToGroup, match
from controllers.view import Resource
from tests.unit.controllers.test_bridge import A, B, frame, ring, single
from tests.unit.controllers.test_router import Office, udp


def test_the_table_says_by_which_port_each_station_is_reached():
    network = ring(4)
    network.send((1, 1), frame(A, BROADCAST))
    ways = {row["switch"]: row["ports"] for row in view.tables(network.bridge) if row["mac"] == A}
    assert ways["s1"] == ["s1-eth1"]
    assert ways["s3"] == ["s3-eth2", "s3-eth3"], "two ways are equally short"


def test_a_path_names_its_switches():
    network = ring(5)
    network.send((1, 1), frame(A, BROADCAST))
    network.send((3, 1), frame(B, BROADCAST))
    assert view.paths(network.bridge, {"from": A}) == [{"from": A, "to": B, "switches": ["s1", "s2", "s3"]}]
    assert [row["switches"] for row in view.paths(network.bridge, {})] == [["s1", "s2", "s3"], ["s3", "s2", "s1"]]
    assert view.paths(network.bridge, {"to": "00:00:00:00:00:99"}) == []


def test_links_say_which_of_them_flood():
    links = view.links(ring(4).bridge)
    assert [link["floods"] for link in links].count(True) == 3
    assert len(links) == 4


def test_hosts_are_where_they_were_last_seen():
    network = single()
    network.send((1, 2), frame(A, BROADCAST))
    assert view.hosts(network.bridge) == [{"mac": A, "vlan": None, "switch": "s1", "port": "s1-eth2"}]


def test_ports_have_roles():
    roles = {row["port"]: row["role"] for row in view.ports(ring(3).bridge) if row["switch"] == "s1"}
    assert roles == {"s1-eth1": "edge", "s1-eth2": "link", "s1-eth3": "link"}


def test_neighbours_and_routes_are_shown():
    office = Office()
    office.a.send(udp("192.168.1.10", "192.168.2.10"))
    neighbours = {row["address"] for row in view.neighbours(office.router)}
    assert "192.168.2.10" in neighbours
    routes = {row["to"]: row["network"] for row in view.routes(office.router)}
    assert routes["192.168.2.0/24"] == "finance"


@pytest.mark.parametrize(("flow", "words"), [
    (Flow(Table.ADMIT, 1), "drop"),
    (Flow(Table.ADMIT, 1, goto=Table.LEARN), "goto LEARN"),
    (Flow(Table.LEARN, 1, actions=(Output(Port.CONTROLLER),), goto=Table.FORWARD), "output CONTROLLER, goto FORWARD"),
    (Flow(Table.ROUTE4, 1, actions=(SetField("eth_dst", A), ToGroup(5), Output(3))), f"eth_dst={A}, group 5, output 3"),
])
def test_a_rule_is_told_in_words(flow, words):
    assert view.does(flow) == words


def test_a_rule_names_its_owner():
    flow = Flow(Table.POLICY, 1, match(in_port=1), cookie=int(Cookie(Owner.ROUTER, Kind.POLICY, 2)))
    assert view.flow(flow)["owner"] == "router/policy/2"
    assert json.loads(json.dumps(view.flow(flow)))["match"] == {"in_port": 1}


EVENTS = [{"event": "port", "port": "s1-eth1", "time": 1.0}, {"event": "link", "ends": ["s1-eth2", "s2-eth1"]}]


def get(path: str, query: str = "", method: str = "GET") -> tuple[str, list]:
    """An answer of the view over HTTP: its status, and what it says."""
    status: list[str] = []
    rest = Rest({"events": Resource("What happened.", lambda query: EVENTS)})
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    body = rest(environ, lambda told, headers: status.append(told))
    return status[0], json.loads(b"".join(body))


def test_the_index_says_what_each_view_shows():
    assert get("/") == ("200 OK", [{"view": "events", "shows": "What happened."}])


@pytest.mark.parametrize(("query", "rows"), [
    ("", EVENTS), ("event=port", EVENTS[:1]), ("ends=s2-eth1", EVENTS[1:]), ("event=port&port=s9-eth9", []),
    ("nosuch=1", []),
])
def test_a_query_chooses_rows_by_their_columns(query, rows):
    assert get("/events", query) == ("200 OK", rows)


@pytest.mark.parametrize(("path", "method", "status"), [
    ("/nosuch", "GET", "404 Not Found"), ("/events", "POST", "405 Method Not Allowed")])
def test_what_cannot_be_answered_is_told(path, method, status):
    answer, told = get(path, method=method)
    assert answer == status
    assert set(told) == {"error"}


def test_every_view_of_ours_says_what_it_shows():
    for look in (view.switches, view.ports, view.links, view.hosts, view.tables, view.paths, view.neighbours,
                 view.routes, view.services):
        assert view.first_line(look).endswith((".", ")")), look
