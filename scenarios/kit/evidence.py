"""What a network looks like at the moment a test fails: nodes, tables, flows, logs, and a second of its wires."""

from collections.abc import Iterator

from . import waiting
from .capture import Tap
from .command import attempt
from .nodes import Host, Switch

LINES = 40  # of each log
LISTEN = 0.5  # seconds of everything that is on the wires


def gather(net) -> Iterator[tuple[str, str]]:
    """Titles and texts; whatever cannot be had is told as such, for this runs when something is wrong already."""
    for node in net.hosts:
        yield f"{node.name}: addresses, routes, neighbours", _addresses(node)
    for switch in (each for each in net.switches if isinstance(each, Switch)):
        dump = attempt(switch, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", switch.name)
        yield f"{switch.name}: flows", dump.stdout or dump.stderr
    yield from _logs(net)
    yield "the wires, for a moment", _wires(net)


def _addresses(node) -> str:
    commands = (["ip", "-br", "addr"], ["ip", "route"], ["ip", "neigh"])
    return "\n".join(done.stdout.rstrip() for done in (attempt(node, *words) for words in commands))


def _logs(net) -> Iterator[tuple[str, str]]:
    daemons = [daemon for host in net.hosts if isinstance(host, Host) for daemon in host.daemons]
    daemons += [each.daemon for each in net.controllers if getattr(each, "daemon", None)]
    for daemon in daemons:
        tail = "\n".join(daemon.output.splitlines()[-LINES:])
        yield str(daemon), tail or "(it printed nothing)"


def _wires(net) -> str:
    taps = [Tap(net, host.name) for host in net.hosts if host.intfList()]
    try:
        waiting.poll(lambda: False, LISTEN)
        packets = sorted((packet for each in taps for packet in each.packets()), key=lambda packet: packet.time)
    finally:
        for each in taps:
            each.close()
    return "\n".join(map(str, packets[:200])) or "(silence)"
