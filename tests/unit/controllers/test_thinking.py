"""The small pure modules: topology, routes, neighbours, the ledger, health, tokens, the journal."""

import doctest
import importlib
import json
import os
import pkgutil
from io import StringIO
from ipaddress import ip_address, ip_network

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import controllers
from controllers import cookie
from controllers.cookie import Cookie, Kind, Owner
from controllers.journal import Journal
from controllers.ledger import Ledger
from controllers.neighbours import ATTEMPTS, NeighbourTable, Origin, Waiting
from controllers.routes import Route, RouteTable
from controllers.rules import Bucket, Delete, DeleteGroup, Flow, Group, ModifyGroup, Output, ToGroup, match
from controllers.topology import Endpoint, Role, Switch, SwitchPort, Topology
from tests.unit.controllers.test_bridge import networks

PURE = [module.name for module in pkgutil.iter_modules(controllers.__path__)
        if module.name not in {"__main__", "application", "launcher", "learning_switch", "load_balancer", "openflow",
                               "resources", "router", "witness"}]


@pytest.mark.parametrize("name", PURE)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"controllers.{name}")).failed == 0


def drawn_topology(size: int, links) -> tuple[Topology, networkx.Graph]:
    topology, free = Topology(), {dpid: iter(range(1, 100)) for dpid in range(1, size + 1)}
    for dpid in free:
        topology.switches[dpid] = Switch(dpid, f"s{dpid}")
    for one, other in links:
        ends = [Endpoint(dpid, next(free[dpid])) for dpid in (one, other)]
        for end in ends:
            topology.switches[end.dpid].ports[end.port] = SwitchPort(end.port, str(end), f"s{end.dpid}", Role.PENDING)
        topology.connect(*ends)
        topology.use(ends[0])
    return topology, networkx.Graph(links)


@settings(max_examples=30, deadline=None)
@given(networks(), st.data())
def test_paths_are_shortest(drawn, data):
    topology, graph = drawn_topology(*drawn)
    start, target = data.draw(st.permutations(sorted(graph)))[:2]
    path = topology.path(start, target)
    assert len(path) - 1 == networkx.shortest_path_length(graph, start, target)
    assert networkx.is_path(graph, path)
    hops = {topology.links[Endpoint(start, port)].dpid for port in topology.next_hops(start, target)}
    assert hops == {path[1] for path in networkx.all_shortest_paths(graph, start, target)}


@settings(max_examples=30, deadline=None)
@given(networks())
def test_the_tree_spans_and_has_no_loop(drawn):
    topology, graph = drawn_topology(*drawn)
    topology.grow_tree()
    edges = {frozenset((end.dpid, topology.links[end].dpid)) for end in topology.tree}
    assert networkx.is_tree(networkx.Graph([tuple(edge) for edge in edges]))
    assert {dpid for edge in edges for dpid in edge} == set(graph)


@settings(max_examples=30, deadline=None)
@given(networks(), st.data())
def test_a_tree_that_is_whole_does_not_change_when_links_come_back(drawn, data):
    topology, _ = drawn_topology(*drawn)
    topology.grow_tree()
    end = data.draw(st.sampled_from(sorted(topology.links)))
    far = topology.disconnect(end)
    topology.grow_tree()
    before = set(topology.tree)
    topology.connect(end, far)
    topology.use(end)
    topology.grow_tree()
    assert topology.tree >= before


@settings(max_examples=30, deadline=None)
@given(networks(), st.data())
def test_an_alternate_never_leads_back(drawn, data):
    """From the alternate's neighbour, no shortest path to the target goes through the switch that fell back on it."""
    topology, graph = drawn_topology(*drawn)
    here, target = data.draw(st.permutations(sorted(graph)))[:2]
    for port in topology.alternates(here, target):
        neighbour = topology.links[Endpoint(here, port)].dpid
        assert all(here not in path for path in networkx.all_shortest_paths(graph, neighbour, target))


prefixes = st.one_of(
    st.builds(lambda address, length: ip_network((int(address) >> 32 - length << 32 - length, length)),
              st.ip_addresses(v=4), st.integers(0, 32)),
    st.builds(lambda address, length: ip_network((int(address) >> 128 - length << 128 - length, length)),
              st.ip_addresses(v=6), st.integers(0, 128)))


@settings(max_examples=50, deadline=None)
@given(st.lists(prefixes, max_size=30), st.ip_addresses(), st.data())
def test_the_longest_prefix_matches(known, address, data):
    if known and data.draw(st.booleans()):
        address = data.draw(st.sampled_from(known))[0]
    found = RouteTable(map(Route, known)).lookup(str(address))
    fitting = [prefix for prefix in known if prefix.version == address.version and address in prefix]
    assert (found.to if found else None) == max(fitting, key=lambda prefix: prefix.prefixlen, default=None)


ORIGIN = Origin(1, "it", "00:00:00:00:00:01")


def test_a_neighbour_is_asked_for_three_times_and_then_given_up_for_a_while():
    table, waiting = NeighbourTable(age=60), Waiting(b"packet", ORIGIN)
    assert table.want("10.0.0.1", "it", 0.0, waiting)
    assert not table.want("10.0.0.1", "it", 0.0)
    asked, now = 1, 0.0
    while not (verdict := table.tick(now)).lost:
        asked, now = asked + len(verdict.ask), now + 0.1
    assert asked == ATTEMPTS
    assert verdict.lost == [("10.0.0.1", [waiting])]
    assert table.absent("10.0.0.1")
    table.tick(now + 4)
    assert not table.absent("10.0.0.1")


def test_packets_wait_for_a_neighbour_and_only_the_latest_are_kept():
    table = NeighbourTable(age=60)
    for number in range(10):
        table.want("10.0.0.1", "it", 0.0, Waiting(bytes([number]), ORIGIN))
    news, queue = table.heard("10.0.0.1", "it", "00:00:00:00:00:09", 1.0)
    assert news
    assert [waiting.packet for waiting in queue] == [b"\7", b"\10", b"\11"]
    assert table.heard("10.0.0.1", "it", "00:00:00:00:00:09", 2.0) == (False, [])


def test_a_neighbour_is_asked_again_at_two_thirds_of_its_age():
    table = NeighbourTable(age=60)
    table.heard("10.0.0.1", "it", "00:00:00:00:00:09", 0.0)
    assert not table.tick(39.9).ask
    assert table.tick(40.1).ask == ["10.0.0.1"]


flows = st.builds(lambda table, port, target: Flow(table, 1, match(in_port=port), (Output(target),)),
                  st.integers(0, 1), st.integers(1, 3), st.integers(1, 3))
steps = st.lists(st.tuples(st.sampled_from("abc"), st.lists(flows, max_size=4)), max_size=8)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_a_switch_that_does_as_the_ledger_says_holds_what_was_entered(drawn):
    ledger, switch = Ledger(), {}
    for scope, wanted in drawn:
        wanted = [Flow(flow.table, flow.priority, match(**dict(flow.match), eth_type="abc".index(scope)), flow.actions)
                  for flow in wanted]
        for message in ledger.replace(scope, wanted):
            if isinstance(message, Delete):
                del switch[message.flow.key]
            else:
                switch[message.key] = message
        assert switch == {flow.key: flow for flow in ledger.flows}


def test_nothing_is_sent_twice():
    ledger = Ledger()
    flow = Flow(0, 1, match(in_port=1), (Output(2),))
    assert ledger.replace("ports", [flow]) == [flow]
    assert ledger.replace("ports", [flow]) == []
    assert ledger.replace("ports", []) == [Delete(flow)]


def test_groups_come_before_the_flows_that_use_them_and_go_after():
    ledger = Ledger()
    one, other = (Group(number, "all", (Bucket((Output(1),)),)) for number in (1, 2))
    assert ledger.replace_groups([one]) == ([one], [])
    assert ledger.replace_groups([other]) == ([other], [DeleteGroup(1)])
    changed = Group(2, "all", ())
    assert ledger.replace_groups([changed]) == ([ModifyGroup(changed)], [])


def test_a_switch_from_before_is_overwritten_in_place_and_then_cleaned():
    ledger = Ledger()
    flow, stale = Flow(0, 1, match(in_port=1), (ToGroup(1),)), Flow(0, 1, match(in_port=9))
    ledger.replace("ports", [flow])
    ledger.replace_groups([Group(1, "all", ())])
    assert ledger.reconcile([flow, stale], [1, 7], []) == [
        ModifyGroup(Group(1, "all", ())), flow, Delete(stale), DeleteGroup(7)]


@given(st.sampled_from(Owner), st.sampled_from(Kind), st.integers(0, 2**40 - 1))
def test_a_cookie_says_who_why_and_what(owner, kind, number):
    assert cookie.read(int(Cookie(owner, kind, number))) == (owner, kind, number)


@given(st.integers(0, 2**64 - 1))
def test_any_cookie_can_be_read(value):
    cookie.read(value)


def test_the_journal_never_waits_for_its_reader():
    reader, writer = os.pipe()
    journal = Journal(writer, StringIO())
    for _ in range(10_000):
        journal.record("ready", dpid="0000000000000001")
    first = json.loads(os.read(reader, 1 << 20).split(b"\n")[0])
    assert first == {"event": "ready", "dpid": "0000000000000001"}
    os.close(reader)
    os.close(writer)


def test_the_journal_tells_programs_only_what_they_wait_for():
    reader, writer = os.pipe()
    stream = StringIO()
    Journal(writer, stream).record("station_learned", mac="00:00:00:00:00:01")
    os.close(writer)
    assert os.read(reader, 100) == b""
    assert json.loads(stream.getvalue())["event"] == "station_learned"
    os.close(reader)


def test_addresses_of_both_versions_can_be_looked_up_side_by_side():
    table = RouteTable([Route(ip_network("0.0.0.0/0")), Route(ip_network("::/0"))])
    assert table.lookup(str(ip_address("192.0.2.1"))).to.version == 4
    assert table.lookup("2001:db8::1").to.version == 6
