"""The learning bridge, on switches in memory."""

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.bridge import Bridge
from controllers.cookie import Owner
from controllers.frames import BROADCAST, Frame, build, parse
from controllers.pipeline import Pipeline
from controllers.settings import SwitchSettings
from controllers.stations import Address
from controllers.topology import Endpoint, Role
from tests.unit.controllers.network import FakeNetwork

KEY = bytes(16)
A, B, C = "00:00:00:00:00:0a", "00:00:00:00:00:0b", "00:00:00:00:00:0c"


def bridge(now: float = 100.0, **settings) -> Bridge:
    chosen = SwitchSettings(**settings)
    events = []
    made = Bridge(chosen, Pipeline(Owner.LEARNING_SWITCH, chosen.vlans()), KEY, now,
                  lambda event, **facts: events.append((event, facts)))
    made.events = events
    return made


def frame(source: str, destination: str, vlan: int | None = None) -> bytes:
    return build(Frame(destination, source, vlan, 0x1234, b"x" * 46))


def single(hosts: int = 3, **settings) -> FakeNetwork:
    network = FakeNetwork(bridge(**settings), hosts=[(1, port) for port in range(1, hosts + 1)])
    network.until_ready()
    return network


def ring(size: int = 4, **settings) -> FakeNetwork:
    """Switches 1..size in a ring (ports 2 and 3), a host on port 1 of each."""
    wires = [((dpid, 2), (dpid % size + 1, 3)) for dpid in range(1, size + 1)]
    network = FakeNetwork(bridge(**settings), wires, [(dpid, 1) for dpid in range(1, size + 1)])
    network.until_ready()
    return network


def test_the_first_frame_to_a_stranger_reaches_everybody_and_the_next_only_its_port():
    network = single()

    network.send((1, 1), frame(A, B))
    assert network.received().keys() == {(1, 2), (1, 3)}

    network.send((1, 2), frame(B, A))
    assert network.received().keys() == {(1, 1)}

    network.send((1, 1), frame(A, B))
    assert network.received().keys() == {(1, 2)}


def test_no_frame_is_lost_or_doubled_while_learning():
    network = single()
    for _ in range(3):
        network.send((1, 1), frame(A, B))
        assert {place: len(frames) for place, frames in network.received().items()} == {(1, 2): 1, (1, 3): 1}


def test_a_station_that_moves_is_found_at_its_new_port_at_once():
    network = single()
    network.send((1, 1), frame(A, BROADCAST))
    network.send((1, 3), frame(A, BROADCAST))
    network.received()

    network.send((1, 2), frame(B, A))

    assert network.received().keys() == {(1, 3)}
    assert ("station_moved", {"mac": A, "vlan": None, "switch": "s1", "port": "s1-eth3"}) in network.bridge.events


def test_a_silent_station_is_forgotten_when_its_rule_expires():
    network = single()
    network.send((1, 1), frame(A, BROADCAST))
    learning = next(flow for flow in network.switches[1].flows.values() if flow.notify)
    assert learning.idle_timeout == 300

    network.expire(1, learning)
    network.received()

    assert not list(network.bridge.stations)
    network.send((1, 2), frame(B, A))
    assert network.received().keys() == {(1, 1), (1, 3)}


def test_a_station_is_forgotten_when_its_port_goes_down():
    network = single()
    network.send((1, 1), frame(A, BROADCAST))

    network.set_wire(Endpoint(1, 1), up=False)

    assert not list(network.bridge.stations)
    assert not [flow for flow in network.switches[1].flows.values() if A in dict(flow.match).values()]


def test_a_multicast_source_is_neither_learned_nor_forwarded():
    network = single()
    network.send((1, 1), frame("01:00:00:00:00:01", B))
    assert not network.received()
    assert not list(network.bridge.stations)


def test_frames_for_the_nearest_bridge_are_not_forwarded():
    network = single()
    network.send((1, 1), frame(A, "01:80:c2:00:00:00"))
    assert not network.received()


def test_too_many_stations_behind_a_port_are_forwarded_but_not_learned():
    network = single(max_stations=2)
    for last in range(10):
        network.send((1, 1), frame(f"00:00:00:00:01:{last:02x}", B))
    assert len(list(network.bridge.stations)) == 2
    assert len(network.received()[1, 2]) == 10
    assert len([event for event, _ in network.bridge.events if event == "quarantine"]) == 1


def test_a_port_is_closed_until_it_is_known_what_is_behind_it():
    network = FakeNetwork(bridge(), hosts=[(1, 1), (1, 2)])
    network.send((1, 1), frame(A, BROADCAST))
    assert not network.received()

    network.until_ready()
    network.send((1, 1), frame(A, BROADCAST))
    assert network.received()


def test_a_port_of_a_slow_switch_stays_closed_for_longer():
    """What it has not sent yet cannot have been heard: on a busy machine a link must not be taken for an edge."""
    network = FakeNetwork(bridge(), hosts=[(1, 1), (1, 2)])
    network.hold(1)
    network.tick(100)
    assert network.bridge.topology.role(Endpoint(1, 1)) is Role.PENDING
    network.release(1)
    network.until_ready()
    assert network.bridge.topology.role(Endpoint(1, 1)) is Role.EDGE


def test_without_loops_a_port_is_open_at_once():
    network = FakeNetwork(bridge(loops=False), hosts=[(1, 1), (1, 2)])
    network.send((1, 1), frame(A, BROADCAST))
    assert network.received()


def test_ready_is_not_said_before_links_have_had_time_to_show():
    """A host whose first frame crosses a link that nobody knows yet is taken for one behind that link."""
    wires = [((1, 2), (2, 2)), ((2, 3), (3, 2))]
    network = FakeNetwork(bridge(loops=False), wires, [(1, 1), (3, 1)], connect=False)
    network.connect(1)
    network.connect(2)
    assert "ready" not in dict(network.bridge.events)

    network.connect(3)
    network.until_ready()
    told = [event for event, _ in network.bridge.events]
    assert told.count("ready") == 3
    assert told.count("link") == 2
    assert told.index("ready") > max(number for number, event in enumerate(told) if event == "link")


@pytest.mark.parametrize("loops", [True, False])
def test_ready_is_said_once_of_every_switch(loops):
    network = ring(5, loops=loops)
    ready = [facts["dpid"] for event, facts in network.bridge.events if event == "ready"]
    assert sorted(ready) == [f"{dpid:016x}" for dpid in range(1, 6)]


def test_a_host_cannot_invent_a_link():
    network = single()
    network.send((1, 1), build(Frame("01:80:c2:00:00:0e", A, None, 0x88CC, forged_announcement())))
    assert network.bridge.topology.role(Endpoint(1, 1)) is Role.EDGE
    assert not network.bridge.topology.links


def forged_announcement() -> bytes:
    from controllers import lldp
    return parse(lldp.announce(b"another key", 1, 2)).payload


@st.composite
def networks(draw):
    """A connected network with loops: switches, links between them, and each one's host."""
    size = draw(st.integers(2, 7))
    links = {(draw(st.integers(1, new - 1)), new) for new in range(2, size + 1)}
    spare = st.tuples(st.integers(1, size), st.integers(1, size)).filter(lambda pair: pair[0] < pair[1])
    return size, sorted(links | draw(st.sets(spare, max_size=6)))


def build_network(size: int, links, made: Bridge) -> FakeNetwork:
    free = {dpid: iter(range(2, 100)) for dpid in range(1, size + 1)}
    wires = [((one, next(free[one])), (other, next(free[other]))) for one, other in links]
    return FakeNetwork(made, wires, [(dpid, 1) for dpid in range(1, size + 1)])


@settings(max_examples=20, deadline=None)
@given(networks())
def test_one_copy_of_a_broadcast_reaches_every_other_host_in_any_network(drawn):
    size, links = drawn
    network = build_network(size, links, bridge())
    network.until_ready()

    network.send((1, 1), frame(A, BROADCAST))

    assert {place: len(frames) for place, frames in network.received().items()} == {
        (dpid, 1): 1 for dpid in range(2, size + 1)}


@settings(max_examples=20, deadline=None)
@given(networks(), st.data())
def test_unicast_takes_a_shortest_path_and_reaches_only_its_target(drawn, data):
    size, links = drawn
    network = build_network(size, links, bridge())
    network.until_ready()
    start, target = data.draw(st.permutations(range(1, size + 1)))[:2]
    network.send((start, 1), frame(A, BROADCAST))
    network.send((target, 1), frame(B, BROADCAST))
    network.received()

    network.carried = 0
    network.send((start, 1), frame(A, B), choose=data.draw(st.integers(0, 5)))

    assert network.received() == {(target, 1): [frame(A, B)]}
    assert network.carried == 1 + networkx.shortest_path_length(networkx.Graph(links), start, target)


@settings(max_examples=20, deadline=None)
@given(networks(), st.data())
def test_broadcasts_stay_single_through_cuts_and_repairs(drawn, data):
    size, links = drawn
    network = build_network(size, links, bridge())
    network.until_ready()
    for _ in range(data.draw(st.integers(1, 5))):
        end = data.draw(st.sampled_from(sorted(network.wires)))
        network.set_wire(end, up=end.port in network.switches[end.dpid].down)
        network.send((1, 1), frame(A, BROADCAST))
        assert all(len(frames) == 1 for frames in network.received().values())
        network.until_ready()

        network.send((1, 1), frame(A, BROADCAST))

        counts = {place: len(frames) for place, frames in network.received().items()}
        assert counts == {(dpid, 1): 1 for dpid in reached(network, 1) - {1}}


def reached(network: FakeNetwork, start: int) -> set[int]:
    graph = networkx.Graph()
    graph.add_nodes_from(network.switches)
    graph.add_edges_from((end.dpid, far.dpid) for end, far in network.wires.items()
                         if end.port not in network.switches[end.dpid].down)
    return networkx.node_connected_component(graph, start)


@settings(max_examples=20, deadline=None)
@given(networks(), st.data())
def test_a_restarted_controller_relearns_without_anyone_noticing(drawn, data):
    size, links = drawn
    network = build_network(size, links, bridge())
    network.until_ready()
    for dpid in network.switches:
        network.send((dpid, 1), frame(f"00:00:00:00:01:{dpid:02x}", BROADCAST))
    before = {dpid: dict(switch.flows) for dpid, switch in network.switches.items()}
    groups = {dpid: dict(switch.groups) for dpid, switch in network.switches.items()}
    places = dict(network.bridge.stations)

    network.take_over(bridge(now=5000.0))
    for dpid in data.draw(st.permutations(sorted(network.switches))):
        network.connect(dpid)
        everyone_reaches_everyone(network, size)
    network.until_ready()

    assert {dpid: dict(switch.flows) for dpid, switch in network.switches.items()} == before
    assert {dpid: dict(switch.groups) for dpid, switch in network.switches.items()} == groups
    assert dict(network.bridge.stations) == places


def everyone_reaches_everyone(network: FakeNetwork, size: int) -> None:
    for start in range(1, size + 1):
        for target in set(range(1, size + 1)) - {start}:
            network.received()
            data = frame(f"00:00:00:00:01:{start:02x}", f"00:00:00:00:01:{target:02x}")
            network.send((start, 1), data)
            assert network.received() == {(target, 1): [data]}


def test_the_network_goes_on_while_the_controller_is_gone():
    network = ring()
    network.send((1, 1), frame(A, BROADCAST))
    network.send((3, 1), frame(B, A))
    for dpid in network.switches:
        network.disconnect(dpid)
    network.received()

    network.send((1, 1), frame(A, B))
    network.send((2, 1), frame(C, A))

    assert {place: len(frames) for place, frames in network.received().items()} == {(3, 1): 1, (1, 1): 1}


def test_a_cut_is_survived_by_the_switch_itself():
    """Between a link's failure and the controller's answer, fast failover and select groups avoid it."""
    network = ring()
    network.send((1, 1), frame(A, BROADCAST))
    network.send((3, 1), frame(B, BROADCAST))
    network.received()
    network.lost |= set(network.switches)  # nobody hears of it
    for end in (Endpoint(1, 2), network.wires[Endpoint(1, 2)]):
        network.switches[end.dpid].down.add(end.port)

    for choice in range(4):
        network.send((1, 1), frame(A, B), choice)

    assert len(network.received()[3, 1]) == 4


def test_a_link_that_goes_silent_is_given_up_and_stays_closed():
    network = ring(3)
    silent = Endpoint(1, 2)
    far = network.wires.pop(silent)
    del network.wires[far]  # the carrier stays

    network.tick(int((network.bridge.settings.lost + 3) / network.bridge.pace))

    assert silent not in network.bridge.topology.links
    assert network.bridge.topology.role(silent) is Role.PENDING
    network.send((1, 1), frame(A, BROADCAST))
    assert network.received().keys() == {(2, 1), (3, 1), silent} - {silent}


def test_a_switch_that_is_slow_to_answer_keeps_its_links():
    """On a busy machine announcements may not come for a while; that is no reason to cut a network in two."""
    network = ring(3)
    network.hold(1)

    network.tick(int(20 / network.bridge.pace))
    network.release(1)

    assert len(network.bridge.topology.links) == 2 * 3


def test_a_clock_that_jumps_costs_no_link():
    network = ring(3)
    network.now += 3600
    network.tick(2)
    assert len(network.bridge.topology.links) == 2 * 3


def test_a_cable_from_a_switch_to_itself_is_closed():
    network = FakeNetwork(bridge(), [((1, 2), (1, 3))], [(1, 1), (1, 4)])
    network.until_ready()
    network.send((1, 1), frame(A, BROADCAST))
    assert {place: len(frames) for place, frames in network.received().items()} == {(1, 4): 1}
    assert network.bridge.topology.role(Endpoint(1, 2)) is Role.LOOPED


PORTS = {"s1-eth1": {"access": 10}, "s1-eth2": {"access": 20}, "s1-eth3": {"trunk": [10, 20], "native": 30},
         "s2-eth1": {"access": 10}, "s2-eth2": {"access": 20}, "s2-eth3": {"trunk": [20]}}


def vlans() -> FakeNetwork:
    hosts = [(dpid, port) for dpid in (1, 2) for port in (1, 2, 3)]
    network = FakeNetwork(bridge(ports=PORTS), [((1, 9), (2, 9))], hosts)
    network.until_ready()
    return network


@pytest.mark.parametrize(("place", "tag", "expected"), [
    ((1, 1), None, {(1, 3): 10, (2, 1): None}),
    ((1, 2), None, {(1, 3): 20, (2, 2): None, (2, 3): 20}),
    ((1, 3), 10, {(1, 1): None, (2, 1): None}),
    ((1, 3), 20, {(1, 2): None, (2, 2): None, (2, 3): 20}),
    ((1, 3), None, {}),
    ((2, 3), 10, {}),
    ((2, 3), None, {}),
    ((1, 1), 10, {}),
])
def test_a_broadcast_stays_in_its_vlan_and_is_tagged_as_each_port_wants(place, tag, expected):
    network = vlans()
    network.send(place, frame(A, BROADCAST, tag))
    assert {end: parse(frames[0]).vlan for end, frames in network.received().items()} == expected


def test_equal_addresses_in_two_vlans_are_two_stations():
    network = vlans()
    network.send((1, 1), frame(A, BROADCAST))
    network.send((2, 2), frame(A, BROADCAST))
    network.received()
    assert dict(network.bridge.stations) == {Address(10, A): (1, 1), Address(20, A): (2, 2)}

    network.send((2, 1), frame(B, A))
    network.send((1, 2), frame(C, A))

    assert {end: parse(frames[0]).source for end, frames in network.received().items()} == {(1, 1): B, (2, 2): C}
