"""The learning switch when cables are cut, hosts move, and the controller dies."""

import pytest

from scenarios.kit import waiting
from scenarios.kit.actions import move, plug, pull
from scenarios.kit.openflow import controller_view, mac_table
from tests.emulation.controllers.networks import (
    Switches,
    copies_of_a_broadcast,
    everyone_is_known,
    everyone_reaches_everyone,
    few_lost,
    ring,
    rules_of,
    running,
)


@pytest.fixture(scope="module")
def net():
    with running(Switches(**ring(4))) as running_net:
        everyone_is_known(running_net)
        yield running_net


def on_the_way(net, one: str, other: str) -> tuple[str, str]:
    """Two neighbouring switches on the path between two hosts."""
    path, = controller_view(net, "paths", **{"from": net[one].MAC(), "to": net[other].MAC()})
    first, second, *_ = path["switches"]
    return first, second


@pytest.mark.lab
def test_a_cut_and_its_repair_cost_few_packets(net):
    first, second = on_the_way(net, "h1", "h3")
    with few_lost(net, "h1", "h3", control=("h3", "h4")):
        pull(net, f"{first}-{second}")
        waiting.until(lambda: len(controller_view(net, "links")) == 3, within=5, what="the cut to be known")
        everyone_reaches_everyone(net)
        plug(net, f"{first}-{second}")
        waiting.until(lambda: len(controller_view(net, "links")) == 4, within=5, what="the repair to be known")
        everyone_reaches_everyone(net)


@pytest.mark.lab
def test_each_cut_in_turn_leaves_all_connected_and_broadcasts_single(net):
    for one, other in ring(4)["links"]:
        pull(net, f"s{one}-s{other}")
        waiting.until(lambda: len(controller_view(net, "links")) == 3, within=5, what="the cut to be known")
        everyone_reaches_everyone(net)
        copies = copies_of_a_broadcast(net, "h1")
        assert copies == dict.fromkeys(copies, 1)
        plug(net, f"s{one}-s{other}")
        waiting.until(lambda: len(controller_view(net, "links")) == 4, within=5, what="the repair to be known")
    copies = copies_of_a_broadcast(net, "h1")
    assert copies == dict.fromkeys(copies, 1)


@pytest.mark.lab
def test_a_host_that_moves_to_another_switch_is_followed(net):
    moved = net["h1"].MAC()
    near = net["h1"].defaultIntf().far
    old, new = net["s1"], net["s3"]
    replug(near, old, new, 9)
    try:
        everyone_is_known(net)
        assert mac_table(net, "s3")[moved] == near.name
    finally:
        replug(near, new, old, 1)
    everyone_is_known(net)
    assert mac_table(net, "s1")[moved] == near.name


def replug(intf, old, new, port: int) -> None:
    """Take a cable's end out of one switch, and plug it into another."""
    old.detach(intf)
    number = old.ports.pop(intf)
    del old.intfs[number], old.nameToIntf[intf.name]
    new.intfs[port], new.ports[intf], new.nameToIntf[intf.name], intf.node = intf, port, intf, new
    new.attach(intf)


@pytest.mark.lab
def test_a_host_that_moves_to_another_port_keeps_talking(net):
    move(net, "h1", "s1", 8)
    try:
        everyone_reaches_everyone(net)
    finally:
        move(net, "h1", "s1", 1)
    everyone_reaches_everyone(net)


@pytest.mark.lab
def test_a_killed_controller_comes_back_and_nobody_notices(net):
    everyone_is_known(net)
    before = {switch.name: rules_of(switch) for switch in net.switches}
    with few_lost(net, "h1", "h3", control=("h2", "h3")):
        net["c0"].kill()
        everyone_reaches_everyone(net)
        net["c0"].start()
        assert net.waitConnected()
        assert len(controller_view(net, "hosts")) == 4, "it has read from the switches who is where"
        everyone_reaches_everyone(net)
    assert {switch.name: rules_of(switch) for switch in net.switches} == before
