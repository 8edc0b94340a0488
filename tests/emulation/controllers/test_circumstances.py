"""The learning switch in circumstances of their own: each test builds its network."""

import pytest

from scenarios.kit import Topo, waiting
from scenarios.kit.actions import carrier, move, plug, pull
from scenarios.kit.command import run
from scenarios.kit.openflow import controller_view
from tests.emulation.controllers.networks import (
    LAN,
    Switches,
    answers,
    copies_of_a_broadcast,
    events,
    everyone_is_known,
    everyone_reaches_everyone,
    few_lost,
    mesh,
    ring,
    running,
    wait_for_event,
)


@pytest.mark.lab
def test_equal_paths_are_used_and_a_switch_survives_a_cut_on_its_own():
    """With the controller dead, groups that watch their ports are all there is."""
    with running(Switches(**mesh(4))) as net:
        everyone_is_known(net)
        net["c0"].kill()
        with few_lost(net, "h1", "h2", control=("h3", "h4")):
            pull(net, "s1-s2")
            assert answers(net, "h1", "h2")
            plug(net, "s1-s2")
        net["c0"].start()
        assert net.waitConnected()


@pytest.mark.lab
def test_a_link_that_falls_silent_is_found_out_and_gone_around():
    """Both ends keep their carrier: only announcements that do not come tell."""
    with running(Switches(**ring(3)), settings={"announce": 0.2}) as net:
        everyone_is_known(net)
        for end in "s1-eth2", "s2-eth2":
            run(net["s1"], "tc", "qdisc", "replace", "dev", end, "root", "pfifo", "limit", "0")
        assert wait_for_event(net, "link_lost")["ends"] == ["s1-eth2", "s2-eth2"]
        everyone_reaches_everyone(net)
        assert carrier(net, "s1:s1-eth2")


class Room(Topo):
    """Three hosts on one switch."""

    def build(self, mode: str = "secure"):
        self.addSwitch("s1", failMode=mode)
        self.addLan("s1", LAN, a=1, b=2, c=3)


@pytest.mark.lab
@pytest.mark.parametrize("mode", ["secure", "standalone"])
def test_without_a_controller_a_new_port_is_open_only_on_a_standalone_switch(mode):
    with running(Room(mode=mode), settings={"loops": False}) as net:
        a, b, c = net.hosts
        everyone_is_known(net)
        uuid = run(net["s1"], "ovs-vsctl", "get", "bridge", "s1", "controller").strip("[]\n")
        run(net["s1"], "ovs-vsctl", "set", "controller", uuid, "inactivity_probe=1000")  # it gives up after three
        net["c0"].kill()
        if mode == "standalone":
            waiting.until(lambda: "NORMAL" in hidden_flows(net["s1"]), within=30, what="the switch to act alone")
        move(net, "c", "s1", 9)
        assert all(net.reach([a, b]).values()), "the others go on"
        assert set(net.reach([a, c], within=1).values()) == {mode == "standalone"}
        net["c0"].start()
        assert net.waitConnected()
        everyone_reaches_everyone(net)


def hidden_flows(switch) -> str:
    """All rules, also those that Open vSwitch makes for itself."""
    return run(switch, "ovs-appctl", "bridge/dump-flows", switch.name)


@pytest.mark.lab
def test_silent_stations_are_forgotten_and_learned_again():
    with running(Switches(**ring(3)), settings={"idle_timeout": 1}) as net:
        everyone_reaches_everyone(net)
        wait_for_event(net, "station_forgotten", mac=net["h1"].MAC())
        everyone_reaches_everyone(net)
        assert len(events(net, "station_learned")) > 3


@pytest.mark.lab
def test_a_cable_that_closes_a_loop_later_does_no_harm():
    with running(Switches(size=2, links=[(1, 2)])) as net:
        everyone_reaches_everyone(net)
        link = net.addLink(net["s1"], net["s2"])
        net["s1"].attach(link.intf1)
        net["s2"].attach(link.intf2)
        waiting.until(lambda: len(controller_view(net, "links")) == 2, within=10, what="the second link")
        copies = copies_of_a_broadcast(net, "h1")
        assert copies == {"h2": 1}
