"""The load balancer with real web servers behind it."""

from collections import Counter

import pytest
import yaml

from scenarios.kit import Subnet, Topo, waiting
from scenarios.kit.actions import halt, plug, pull, resume
from scenarios.kit.command import attempt
from scenarios.kit.openflow import controller_view
from scenarios.kit.services import Web
from tests.emulation.controllers.networks import running

LAN = Subnet("192.168.1.0/24")
FRONT, SERVERS = "192.168.1.100", {"web1": 10, "web2": 11, "web3": 12}


class Shop(Topo):
    """A client on one switch, three web servers on another."""

    def build(self):
        for name in SERVERS:
            self.addHost(name, services=[Web()])
        self.addLan("s1", LAN, client=1)
        self.addLan("s2", LAN, **SERVERS)
        self.addLink("s1", "s2")


def settings(spread: str = "round-robin", drain: str | None = None, **more) -> dict:
    servers = [{"address": f"192.168.1.{number}", "drain": name == drain} for name, number in SERVERS.items()]
    return {"services": {"web": {"address": FRONT, "port": 80, "spread": spread, "servers": servers, **more}}}


@pytest.fixture(scope="module", params=["round-robin", "least-connections", "random", "hash"])
def net(request):
    with running(Shop(), "load_balancer", settings(request.param)) as running_net:
        running_net.spread = request.param
        all_up(running_net)
        yield running_net


def all_up(net) -> None:
    def well() -> bool:
        return all(server["up"] and server["found"] for server in controller_view(net, "services"))

    waiting.until(well, within=15, what="all servers to be found well")


def out(net, name: str) -> None:
    """Wait until a server gets no more requests."""
    def is_out() -> bool:
        server, = controller_view(net, "services", server=f"192.168.1.{SERVERS[name]}:80")
        return not server["up"]

    waiting.until(is_out, within=15, what=f"{name} to be taken out")


def fetches(net, count: int) -> Counter:
    """Who answers so many requests, one after another; a request that fails counts as nobody's."""
    answers: Counter = Counter()
    for _ in range(count):
        done = attempt(net["client"], "curl", "-s", "-m", "10", f"http://{FRONT}/")
        answers[done.stdout.split()[0] if done.returncode == 0 else "nobody"] += 1
    return answers


@pytest.mark.lab
def test_requests_are_shared(net):
    answers = fetches(net, 30)
    assert sum(answers[name] for name in SERVERS) == 30, answers
    if net.spread in ("round-robin", "least-connections"):
        assert answers == dict.fromkeys(SERVERS, 10)
    else:
        assert min(answers[name] for name in SERVERS) >= 1, answers


@pytest.mark.lab
def test_a_server_that_dies_costs_no_request_and_returns_when_it_heals(net):
    halt(net, "web", "web2")
    try:
        if net.spread == "hash":  # switches know nothing of refusals: only the check takes a server out
            out(net, "web2")
        answers = fetches(net, 20)
        assert answers["web1"] + answers["web3"] == 20, answers
    finally:
        resume(net, "web", "web2")
    all_up(net)
    assert fetches(net, 30)["web2"]


@pytest.mark.lab
def test_a_server_whose_cable_is_pulled_gets_no_more_requests(net):
    pull(net, "s2:eth3")
    try:
        out(net, "web3")
        answers = fetches(net, 12)
        assert answers["web1"] + answers["web2"] == 12, answers
    finally:
        plug(net, "s2:eth3")
    all_up(net)


@pytest.mark.lab
def test_a_draining_server_gets_nothing_new(net):
    net["c0"].reconfigure(yaml.safe_dump(settings(net.spread, drain="web1")))
    try:
        answers = fetches(net, 12)
        assert answers["web2"] + answers["web3"] == 12, answers
    finally:
        net["c0"].reconfigure(yaml.safe_dump(settings(net.spread)))
    assert fetches(net, 30)["web1"]


@pytest.mark.lab
def test_servers_can_still_be_asked_directly(net):
    for name in SERVERS:
        assert attempt(net["client"], "curl", "-s", "-m", "5", f"http://{net[name].IP()}/").stdout.startswith(name)
