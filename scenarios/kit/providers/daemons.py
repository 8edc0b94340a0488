"""Routing daemons as services of a node: BIRD, or FRR's zebra, ospfd and bgpd.

    services=routing(registry=internet)                 BIRD
    services=routing("frr", registry=internet)          FRR
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from ..command import run
from ..routing import bird, frr
from ..routing.internet import Internet
from ..routing.speaker import Speaker, Timers
from ..services import Service
from . import bird_socket
from .facts import DEFAULT_TIMERS, far_ends, speaker_of

DAEMONS = ("bird", "frr")
MAKE_DIRECTORY = 'install -d -o frr -g frr "$1" && shift && exec "$@"'  # FRR's daemons run as the user frr


@dataclass(frozen=True)
class RoutingDaemon(Service):
    """A daemon that is configured by what its router knows; ``registry`` tells who may announce what."""

    registry: Internet | None = None
    timers: Timers = DEFAULT_TIMERS
    fib: tuple[IPv4Network, ...] | None = None  # only these go into the kernel's table; None: all

    def speaker(self, node) -> Speaker:
        return speaker_of(node, self.registry, self.timers)

    def write(self, node) -> None:
        for name, text in self.files(node).items():
            (node.supervisor.directory / name).write_text(text)

    def reload(self, node) -> None:
        """Take up facts that have changed."""
        raise NotImplementedError

    def shut(self, node, neighbour: str, down: bool) -> None:
        """Close the session with a neighbour, or allow it again."""
        raise NotImplementedError


@dataclass(frozen=True)
class Bird(RoutingDaemon):
    """bird(8): every protocol in one small process."""

    frugal = True

    def files(self, node):
        return {"bird.conf": bird.config(self.speaker(node), self.fib)}

    def commands(self, node):
        directory = node.supervisor.directory
        return [["bird", "-f", "-c", str(directory / "bird.conf"), "-s", str(self.socket(node))]]

    def reload(self, node):
        self.write(node)
        self.ask(node, "configure")

    def shut(self, node, neighbour, down):
        self.ask(node, f"{'disable' if down else 'enable'} {bird.protocol(neighbour)}")

    def ask(self, node, command: str) -> list[str]:
        """Say something to BIRD, as at the prompt of birdc. Raises BirdSays."""
        return bird_socket.ask(self.socket(node), command)

    def socket(self, node) -> Path:
        return node.supervisor.directory / "bird.ctl"


@dataclass(frozen=True)
class Frr(RoutingDaemon):
    """One of FRR's daemons; zebra comes first, for the others look for it once and then not again for ten seconds."""

    daemon: str = "zebra"

    @property
    def name(self):
        return self.daemon

    def files(self, node):
        text = frr.config(self.speaker(node)).get(self.daemon)
        return {} if text is None else {f"{self.daemon}.conf": text}

    def commands(self, node):
        if self.daemon not in frr.config(self.speaker(node)):
            return []
        directory, sockets = node.supervisor.directory, self.sockets(node)
        module = ["-M", "rpki"] if self.daemon == "bgpd" and "rpki" in node.params else []
        return [["sh", "-c", MAKE_DIRECTORY, self.daemon, str(sockets),
                 f"/usr/lib/frr/{self.daemon}", "-f", str(directory / f"{self.daemon}.conf"),
                 "-i", str(sockets / f"{self.daemon}.pid"), "-z", str(sockets / "zserv.api"),
                 "--vty_socket", str(sockets), "-A", "127.0.0.1", *module]]

    def ready(self, node):
        return not self.commands(node) or (self.sockets(node) / f"{self.daemon}.vty").exists()

    def reload(self, node):
        node.supervisor.restart(self.daemon)

    def shut(self, node, neighbour, down):
        facts = self.speaker(node)
        far = next(each.address for each in facts.neighbours if each.name == neighbour)
        order = f"neighbor {far} shutdown" if down else f"no neighbor {far} shutdown"
        self.ask(node, "configure terminal", f"router bgp {facts.asn}", order)

    def ask(self, node, *commands: str) -> str:
        """Say something to all daemons, as at the prompt of vtysh."""
        words = (word for command in commands for word in ("-c", command))
        return run(node, "vtysh", "--vty_socket", str(self.sockets(node)), *words)

    def sockets(self, node) -> Path:
        return node.supervisor.directory / "frr"


def routing(daemon: str = "bird", **facts) -> list[RoutingDaemon]:
    """The services that make a node a router that speaks OSPF and BGP."""
    if daemon == "bird":
        return [Bird(**facts)]
    return [Frr(daemon=each, **facts) for each in ("zebra", "ospfd", "bgpd")]


def daemon_of(node) -> Bird | Frr:
    """The daemon of a router that knows BGP."""
    return daemons_of(node)[-1]


def daemons_of(node) -> list[Bird | Frr]:
    """The routing daemons of a node; none, if it is no router."""
    return [each for each in node.services if isinstance(each, Bird | Frr)]


def believed(net, router: str, neighbour: str) -> bool:
    """Whether a router's daemon was given no prefix filter for a neighbour."""
    return not any(words in given(net, router) for words in (f"not for {neighbour} to", f"prefix-list OF-{neighbour} "))


def unlimited(net, router: str, neighbour: str) -> bool:
    """Whether it was given no max-prefix for a neighbour."""
    facts = next(each for each in daemon_of(net[router]).speaker(net[router]).neighbours if each.name == neighbour)
    session = given(net, router).partition(f"neighbor {facts.address} as")[2].partition("}")[0]
    return "receive limit" not in session and f"neighbor {facts.address} maximum-prefix" not in given(net, router)


def given(net, router: str) -> str:
    """The configuration with which a router's daemon runs."""
    node = net[router]
    return "".join((node.supervisor.directory / name).read_text() for name in daemon_of(node).files(node))


def retell(net, router: str, **facts) -> None:
    """Change facts of a router (``announces=``…) and let its daemon take them up."""
    node = net[router]
    node.params.update(facts)
    daemon_of(node).reload(node)


def retell_link(net, router: str, neighbour: str, **facts) -> None:
    """Change facts of the router's end of its link to a neighbour, or to the exchange where it meets it."""
    node = net[router]
    for intf in node.intfList():
        if any(far.node.name == neighbour for far in far_ends(intf)):
            intf.params.update(facts)
    daemon_of(node).reload(node)


def shut(net, router: str, neighbour: str, down: bool) -> None:
    """Close a router's session with a neighbour by hand, or allow it again."""
    daemon_of(net[router]).shut(net[router], neighbour, down)


def shut_down(net, router: str, neighbour: str) -> bool:
    """Whether a session was closed by hand."""
    node, daemon = net[router], daemon_of(net[router])
    if isinstance(daemon, Bird):
        return any(line.split()[3] == "down" for line in daemon.ask(node, f"show protocols {bird.protocol(neighbour)}")
                   if line.startswith(bird.protocol(neighbour)))
    return "shutdown" in daemon.ask(node, "show running-config bgpd")
