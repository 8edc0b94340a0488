"""Networks for tests of controllers, and how to look at them. Hosts are h1, h2, …, one on each switch that has one."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from scenarios.kit import Scenario, Subnet, Topo, ryu, waiting
from scenarios.kit.capture import taps
from scenarios.kit.inject import send_frame
from scenarios.kit.openflow import controller_view
from scenarios.kit.probes import ping

LAN = Subnet("10.0.0.0/24")
Links = Sequence[tuple[int, int]]
TOLERATED = 30  # pings 5 ms apart that may be lost while a port's carrier goes


class Switches(Topo):
    """Switches joined by links, given as pairs of numbers; a host on each, or on those in `hosts`."""

    def build(self, links: Links = (), size: int = 1, hosts: Sequence[int] | None = None, **switch_options):
        for number in range(1, size + 1):
            self.addSwitch(f"s{number}", **switch_options)
        for number in hosts or range(1, size + 1):
            self.addLan(f"s{number}", LAN, **{f"h{number}": number})
        for one, other in links:
            self.addLink(f"s{one}", f"s{other}")


def line(size: int) -> dict:
    return {"links": [(number, number + 1) for number in range(1, size)], "size": size}


def ring(size: int) -> dict:
    return {"links": [*line(size)["links"], (size, 1)], "size": size}


def mesh(size: int) -> dict:
    return {"links": [(one, other) for other in range(2, size + 1) for one in range(1, other)], "size": size}


def tree(depth: int, fanout: int) -> dict:
    size = sum(fanout**level for level in range(depth + 1))
    links = [((child - 2) // fanout + 1, child) for child in range(2, size + 1)]
    return {"links": links, "size": size, "hosts": range(size - fanout**depth + 1, size + 1)}


def clos(spines: int, leaves: int) -> dict:
    """Every leaf is joined to every spine; hosts on the leaves."""
    below = range(spines + 1, spines + leaves + 1)
    return {"links": [(spine, leaf) for spine in range(1, spines + 1) for leaf in below], "size": spines + leaves,
            "hosts": below}


@contextmanager
def running(topo: Topo, app: str | None = "learning_switch", settings: dict | None = None) -> Iterator:
    """The network, with a controller that has these settings; afterwards its log must be clean."""
    controller = ryu(app, written(settings)) if app else None
    with Scenario(topo=lambda: topo, claims=[], controller=controller).running() as net:
        yield net
        if app:
            assert_clean(net)


def written(settings: dict | None) -> Path | None:
    """Settings as a file of the lab's own, by a name that no other network of the lab uses."""
    if settings is None:
        return None
    descriptor, path = tempfile.mkstemp(suffix=".yaml")
    with open(descriptor, "w") as file:
        yaml.safe_dump(settings, file)
    return Path(path)


def assert_clean(net) -> None:
    """No handler has failed (Ryu logs and swallows what they raise), and no switch has refused a message."""
    output = net["c0"].daemon.output
    assert "Traceback" not in output
    assert "switch_refused" not in output


def events(net, name: str) -> list[dict]:
    """What the controller has recorded under a name."""
    return controller_view(net, "events", event=name)


def wait_for_event(net, name: str, count: int = 1, **facts) -> dict:
    """The latest of the events with these facts, once there are so many."""
    def matching() -> list[dict]:
        return [event for event in events(net, name) if facts.items() <= event.items()]

    waiting.until(lambda: len(matching()) >= count, within=15, what=f"the controller to record {name} {facts}")
    return matching()[-1]


def everyone_reaches_everyone(net) -> None:
    unreached = [pair for pair, answered in net.reach().items() if not answered]
    assert not unreached, f"{unreached}"


def everyone_is_known(net) -> None:
    """Everybody has talked, and the controller has seen it."""
    everyone_reaches_everyone(net)
    waiting.until(lambda: len(controller_view(net, "hosts")) == len(net.hosts), within=5, what="all hosts to be known")


def copies_of_a_broadcast(net, sender: str) -> dict[str, int]:
    """How often each other host hears one broadcast frame, once the wires are quiet again."""
    others = [host.name for host in net.hosts if host.name != sender]
    with taps(net, *others, filter="ether proto 0x88b5") as ears:
        send(net, sender, "ff:ff:ff:ff:ff:ff", count=1)
        waiting.poll(lambda: all(heard(ear) for ear in ears), within=3)
        send(net, sender, "ff:ff:ff:ff:ff:ff", count=1)  # whatever still circulates is there before the second one
        waiting.poll(lambda: all(len(heard(ear)) >= 2 for ear in ears), within=3)
        return {name: len(heard(ear)) / 2 for name, ear in zip(others, ears, strict=True)}


def heard(ear) -> list:
    return [packet for packet in ear.packets() if not packet.sent]


EXPERIMENTAL = 0x88B5  # an ethertype for experiments (IEEE 802, Local Experimental)


def send(net, sender: str, target: str, count: int = 1, source: str | None = None) -> None:
    """Frames of an experimental type, from a host's first interface, and its address unless another is given."""
    intf = net[sender].defaultIntf()
    raw = packed(target) + packed(source or intf.MAC()) + EXPERIMENTAL.to_bytes(2) + bytes(46)
    for _ in range(count):
        send_frame(net, f"{sender}:{intf.name}", raw)


def packed(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


@contextmanager
def pinging(net, src: str, dst: str, every: float = 0.005) -> Iterator[dict]:
    """Ping for as long as the block lasts; afterwards the dictionary tells how many were `sent` and `lost`."""
    process = net[src].popen(["ping", "-q", "-i", str(every), address(net, dst)])
    told: dict = {}
    try:
        yield told
    finally:
        process.send_signal(2)
        output = process.communicate(timeout=20)[0].decode()
    counts = re.search(r"(\d+) packets transmitted, (\d+) received", output)
    assert counts, output
    sent, received = map(int, counts.groups())
    told.update(sent=sent, lost=sent - received, duplicates="duplicates" in output)


@contextmanager
def few_lost(net, src: str, dst: str, control: tuple[str, str]) -> Iterator[None]:
    """Ping all the while, and lose little; what a pair that is not concerned loses, the machine has lost by itself."""
    with pinging(net, src, dst) as told, pinging(net, *control) as aside:
        yield
    assert told["lost"] <= TOLERATED + 2 * aside["lost"], (told, aside)
    assert not told["duplicates"]


def answers(net, src: str, dst: str) -> bool:
    """Whether one ping of many comes back, sooner or later."""
    return ping(net, src, dst, count=100, wait=10, every=0.1, enough=1).answered


def address(net, host: str) -> str:
    return net[host].IP() if host in net else host


def rules_of(switch) -> set[str]:
    """A switch's rules without what they have counted."""
    listed = switch.dpctl("dump-flows", "--no-stats").splitlines()
    return {line.strip() for line in listed if "actions=" in line}
