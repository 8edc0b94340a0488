"""The learning switch on networks with and without loops."""

import pytest

from scenarios.kit import waiting
from scenarios.kit.capture import taps
from scenarios.kit.openflow import controller_view
from tests.emulation.controllers.networks import (
    Switches,
    clos,
    copies_of_a_broadcast,
    everyone_reaches_everyone,
    heard,
    line,
    mesh,
    packed,
    ring,
    rules_of,
    running,
    send,
    tree,
)

STRANGERS = 20
SHAPES = {"tree": tree(2, 3), "ring": ring(6), "mesh": mesh(5), "clos": clos(2, 4),
          "line": line(50) | {"hosts": range(1, 51, 7)}}


@pytest.fixture(scope="module", params=SHAPES)
def shape(request):
    return SHAPES[request.param]


@pytest.fixture(scope="module")
def network(shape):
    with running(Switches(**shape)) as net:
        yield net


@pytest.mark.lab
def test_everyone_reaches_everyone(network):
    everyone_reaches_everyone(network)


@pytest.mark.lab
def test_one_copy_of_a_broadcast_comes_to_each(network):
    copies = copies_of_a_broadcast(network, network.hosts[0].name)
    assert copies == dict.fromkeys(copies, 1)


@pytest.mark.lab
def test_what_is_for_one_host_comes_to_nobody_else(network):
    everyone_reaches_everyone(network)
    first, *others, last = (host.name for host in network.hosts)
    with taps(network, last, *others, filter="ether proto 0x88b5") as (target, *strangers):
        send(network, first, network[last].MAC(), count=5)
        waiting.until(lambda: len(heard(target)) >= 5, within=5, what="five frames")
        assert [len(heard(ear)) for ear in strangers] == [0] * len(others)
        assert len(heard(target)) == 5


@pytest.mark.lab
def test_no_frame_of_a_stranger_is_lost_or_doubled(network):
    """Each from an address that nobody has seen, faster than the controller can learn it."""
    everyone_reaches_everyone(network)
    first, last = network.hosts[0], network.hosts[-1]
    with taps(network, last.name, filter="ether proto 0x88b5") as (target,):
        for number in range(1, STRANGERS + 1):
            send(network, first.name, last.MAC(), source=f"02:00:00:00:01:{number:02x}")
        waiting.until(lambda: len(heard(target)) >= STRANGERS, within=5, what="a frame of each stranger")
        send(network, first.name, last.MAC())  # whatever still circulates is there before this one
        waiting.until(lambda: heard(target)[-1].frame.src == packed(first.MAC()), within=5, what="the last frame")
        assert len(heard(target)) == STRANGERS + 1


@pytest.mark.lab
def test_every_rule_names_who_made_it_and_why(network):
    everyone_reaches_everyone(network)
    for switch in network.switches[:3]:
        shown = controller_view(network, "flows", switch=switch.name)
        assert len(shown) == len(rules_of(switch))
        assert {row["owner"].split("/")[0] for row in shown} == {"learning_switch"}


@pytest.mark.lab
def test_paths_are_as_short_as_can_be(network, shape):
    import networkx

    everyone_reaches_everyone(network)
    graph = networkx.Graph(shape["links"])
    first, last = network.hosts[0], network.hosts[-1]
    path, = controller_view(network, "paths", **{"from": first.MAC(), "to": last.MAC()})
    assert len(path["switches"]) - 1 == networkx.shortest_path_length(graph, int(first.name[1:]), int(last.name[1:]))


@pytest.mark.lab
def test_the_tree_leaves_out_just_the_links_that_close_loops(network, shape):
    flooding = [link for link in controller_view(network, "links") if link["floods"]]
    assert len(controller_view(network, "links")) == len(shape["links"])
    assert len(flooding) == shape["size"] - 1
