"""Any Ryu application can be run, by its module's name."""

import pytest

from scenarios.kit import Bridge, Topo
from tests.emulation.controllers.networks import LAN, everyone_reaches_everyone, running


class Room(Topo):
    def build(self):
        self.addLan("s1", LAN, a=1, b=2, c=3)


class Neighbours(Topo):
    """A switch with a controller, and one that learns on its own."""

    def build(self):
        self.addSwitch("s2", cls=Bridge)
        self.addLan("s1", LAN, a=1)
        self.addLan("s2", LAN, b=2)
        self.addLink("s1", "s2")


@pytest.mark.lab
def test_a_switch_that_needs_no_controller_is_not_waited_for():
    with running(Neighbours()) as net:
        assert not net["c0"].serves(net["s2"])
        everyone_reaches_everyone(net)


@pytest.mark.lab
@pytest.mark.parametrize("application", ["ryu.app.simple_switch_13", "ryu.app.simple_switch"])
def test_ryus_own_switches_run_and_say_when_they_are_ready(application):
    with running(Room(), application) as net:
        assert net["c0"].serves(net["s1"])
        everyone_reaches_everyone(net)
