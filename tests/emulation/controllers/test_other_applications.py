"""Any Ryu application can be run, by its module's name."""

import pytest

from scenarios.kit import Topo
from tests.emulation.controllers.networks import LAN, everyone_reaches_everyone, running


class Room(Topo):
    def build(self):
        self.addLan("s1", LAN, a=1, b=2, c=3)


@pytest.mark.lab
@pytest.mark.parametrize("application", ["ryu.app.simple_switch_13", "ryu.app.simple_switch"])
def test_ryus_own_switches_run_and_say_when_they_are_ready(application):
    with running(Room(), application) as net:
        assert net["c0"].serves(net["s1"])
        everyone_reaches_everyone(net)
