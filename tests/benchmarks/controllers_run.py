"""One run with one controller, in a sandbox and a process of its own; prints one line of JSON."""

import json
import sys
import tempfile
import urllib.request
from statistics import median

from scenarios.kit import Bridge, Subnet, Topo, ovs, sandbox, waiting
from scenarios.kit.command import run
from scenarios.kit.controller import RyuApp
from scenarios.kit.net import Net
from scenarios.kit.nodes import Switch
from scenarios.kit.probes import ping
from scenarios.kit.services.service import listening
from scenarios.kit.waiting import Stopwatch

from .controllers_cbench import provisioning_rate

STREAM = "16M"  # bytes: short, so that what else the machine does meets both sides of a turn
PORTS = 5201, 5202  # by turns, for a server takes a moment to be ready for the next client
LAN, OTHER = Subnet("10.0.0.0/24"), Subnet("10.0.1.0/24")
ROUTED = """\
networks:
  near: {subnet: 10.0.0.0/24, ports: [s1-eth1]}
  far: {subnet: 10.0.1.0/24, ports: [s1-eth2]}
loops: false
"""
OURS = {"learning_switch": "loops: false\n", "router": ROUTED}


class Beside(Topo):
    """A switch without a controller, and two hosts, to compare with."""

    def build(self):
        self.addSwitch("s9", cls=Bridge)
        self.addLan("s9", LAN, n1=1, n2=2)


class Lan(Beside):
    def build(self, n: int = 2, normal: bool = False):
        super().build()
        self.addSwitch("s1", cls=Bridge if normal else Switch)
        self.addLan("s1", LAN, **{f"h{number}": number for number in range(1, n + 1)})


class Row(Topo):
    def build(self, n: int = 20):
        for number in range(1, n + 1):
            self.addSwitch(f"s{number}")
            if number > 1:
                self.addLink(f"s{number - 1}", f"s{number}")
        self.addLan("s1", LAN, h1=1)
        self.addLan(f"s{n}", LAN, h2=2)


class Rooms(Beside):
    def build(self):
        super().build()
        self.addHost("h1", defaultRoute=f"via {LAN.member(1).ip}")
        self.addHost("h2", defaultRoute=f"via {OTHER.member(1).ip}")
        self.addLan("s1", LAN, h1=10)
        self.addLan("s1", OTHER, h2=10)


def main(what: str, app: str, size: int) -> None:
    sandbox.enter("benchmark")
    ovs.start()
    figures = {"lan": lan, "row": row, "rate": rate, "rules": rules, "routed": routed}[what](app, size)
    print(json.dumps(figures), flush=True)


def up(topo: Topo, app: str, settings: str | None = None) -> tuple[Net, dict[str, float]]:
    """The network with its controller, and how long that took: until it listens, until every switch is ready."""
    figures: dict[str, float] = {}
    controller = None
    if app:
        given = (settings or OURS[app]) if app in OURS else None
        controller = RyuApp("c0", app, config=_written(given) if given else None, rest=8080 if "rest" in app else None)
        watch = Stopwatch()
        controller.start()
        figures["listens after, s"] = watch.seconds
    net = Net(topo, controller=controller, build=False)
    net.build()
    watch = Stopwatch()
    net.start()
    if app:
        net.waitConnected()
    return net, figures | {"ready after, s": watch.seconds}


def _written(text: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write(text)
    return file.name


def lan(app: str, rounds: int) -> dict[str, float]:
    net, figures = up(Lan(normal=not app), app)
    return figures | first_and_later(net) | throughput(net, rounds)


def first_and_later(net) -> dict[str, float]:
    """The first with all that it has to wait for; the others afterwards, so that they do not wait behind it."""
    first, later = (ping(net, "h1", "h2", count=count, wait=5).times for count in (1, 20))
    return {"first ping, ms": first[0] * 1e3, "later pings, ms": median(later) * 1e3}


def throughput(net, rounds: int) -> dict[str, float]:
    """TCP streams in Mbit/s, in turns with the switch beside; who is first alternates."""
    pairs = [("h1", "h2"), ("n1", "n2")]
    servers = [net[target].popen(["iperf3", "-s", "-p", str(port)]) for _, target in pairs for port in PORTS]
    waiting.until(lambda: all(listening(net[target], port) for _, target in pairs for port in PORTS), within=5,
                  what="iperf3 to listen")
    turns = [{pair[0]: stream(net, *pair, PORTS[number % 2]) for pair in pairs[::(-1) ** number]}
             for number in range(rounds)]
    for server in servers:
        server.kill()
        server.wait()
    return {"Mbit/s": median(turn["h1"] for turn in turns),
            "share of NORMAL": median(turn["h1"] / turn["n1"] for turn in turns)}


def stream(net, source: str, target: str, port: int) -> float:
    told = json.loads(run(net[source], "iperf3", "-c", net[target].IP(), "-p", str(port), "-n", STREAM, "-J"))
    return told["end"]["sum_received"]["bits_per_second"] / 1e6


def row(app: str, size: int) -> dict[str, float]:
    net, figures = up(Row(n=size), app, settings="{}")  # with loops in mind, as a network of switches should be
    return figures | first_and_later(net)


def rate(app: str, hosts: int) -> dict[str, float]:
    controller = RyuApp("c0", app, config=_written("loops: false\nmax_stations: 100000\n") if app in OURS else None,
                        rest=None)
    controller.start()
    figure = provisioning_rate(controller.port, hosts)
    controller.kill()
    return {"new hosts per second": figure}


def rules(app: str, hosts: int) -> dict[str, float]:
    net, _ = up(Lan(n=hosts), app)
    assert all(net.reach([host for host in net.hosts if host.name.startswith("h")]).values())
    listed = run(net["s1"], "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "s1").splitlines()
    return {"rules": float(sum("actions=" in line for line in listed))}


def routed(app: str, rounds: int) -> dict[str, float]:
    net, figures = up(Rooms(), app)
    if "rest" in app:
        for address in (LAN.member(1), OTHER.member(1)):
            net["c0"].place.run(_tell_ryu, str(address))
    return figures | first_and_later(net) | throughput(net, rounds)


def _tell_ryu(address: str) -> None:
    """Ryu's own router takes its addresses over HTTP."""
    request = urllib.request.Request("http://127.0.0.1:8080/router/0000000000000001",
                                     json.dumps({"address": address}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        answer.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
