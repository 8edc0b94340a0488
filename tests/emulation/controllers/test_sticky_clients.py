"""A load balancer that remembers its clients, also while it is not there itself."""

import pytest

from scenarios.kit.probes import open_stream
from tests.emulation.controllers.networks import running
from tests.emulation.controllers.test_load_balancer import FRONT, Shop, all_up, fetches, settings


@pytest.mark.lab
def test_a_client_sticks_to_its_server():
    with running(Shop(), "load_balancer", settings(sticky=60)) as net:
        all_up(net)
        assert len(fetches(net, 10)) == 1


@pytest.mark.lab
def test_connections_outlive_the_controller():
    with running(Shop(), "load_balancer", settings()) as net:
        all_up(net)
        with open_stream(net, "client", FRONT, 80) as talk:
            net["c0"].kill()
            net["c0"].start()
            assert net.waitConnected()
            all_up(net)
            talk.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"at your service" in talk.recv(4096)
