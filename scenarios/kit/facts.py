"""What every node's kernel knows at one moment, as JSON: links, routes, rules, neighbours, filters, sockets, daemons.

Gathering acts; everything that is asked of the result is pure, so that reasoning can be tested without a network.
"""

import json
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

import yaml

from .capability import find
from .errors import LabError
from .links import place_of

Row = dict[str, Any]
IP_BATCH = "address show\nroute show table all\nrule show\nneigh show\n"
TABLES = ("links", "routes", "rules", "neighbours")  # the answers, in that order
SETTINGS = ("net/ipv4/ip_forward", "net/ipv4/icmp_echo_ignore_all", "net/ipv6/conf/all/forwarding")
PER_LINK = ("rp_filter", "arp_ignore", "forwarding")
LISTENS = {"tcp": "0A", "udp": "07"}  # states in /proc/net (include/net/tcp_states.h)
ROUTING = {"bird", "zebra", "ospfd", "bgpd"}  # services that bring routes
AT_A_TIME = 24  # nodes whose programs run at once


@dataclass(frozen=True)
class Listener:
    """A socket that waits: "tcp" or "udp", its local address ("0.0.0.0" or "::" for any), its port."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class Facts:
    """One node. ``links`` as ``ip -j -d address`` prints them, and so on; ``ruleset`` as ``nft -j list ruleset``.

    ``sessions`` are those of BGP, by neighbour, and whether they are established.
    """

    node: str
    links: tuple[Row, ...] = ()
    routes: tuple[Row, ...] = ()
    rules: tuple[Row, ...] = ()
    neighbours: tuple[Row, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()
    ruleset: tuple[Row, ...] = ()
    daemons: tuple[Row, ...] = ()
    nameservers: tuple[str, ...] = ()
    sessions: dict[str, bool] = field(default_factory=dict)

    def link(self, name: str) -> Row | None:
        return next((row for row in self.links if row["ifname"] == name), None)

    def is_up(self, name: str) -> bool:
        """Whether an interface is switched on."""
        return "UP" in (self.link(name) or {"flags": ()})["flags"]

    def has_carrier(self, name: str) -> bool:
        """Whether it is on and sees the other end of its cable."""
        row = self.link(name)
        return row is not None and "UP" in row["flags"] and "NO-CARRIER" not in row["flags"]

    def mac(self, name: str) -> str:
        return (self.link(name) or {}).get("address", "")

    def mtu(self, name: str) -> int:
        return (self.link(name) or {}).get("mtu", 1500)

    def addresses(self, name: str | None = None) -> list:
        """The addresses with prefix lengths of one interface, or of all but the loopback."""
        return [ip_interface(f"{info['local']}/{info['prefixlen']}") for row in self.links
                if (row["ifname"] == name if name else row["ifname"] != "lo") for info in row.get("addr_info", ())
                if "local" in info and info.get("scope") != "link"]

    def holds(self, address: str) -> str | None:
        """The interface that has this address, or None."""
        wanted = ip_address(address)
        return next((row["ifname"] for row in self.links for info in row.get("addr_info", ())
                     if "local" in info and ip_address(info["local"]) == wanted), None)

    def neighbour(self, address: str) -> Row | None:
        return next((row for row in self.neighbours if row.get("dst") == address), None)

    def forwards(self, version: int = 4) -> bool:
        """Whether the kernel passes on what is not its own; True where nobody could tell."""
        name = "net/ipv4/ip_forward" if version == 4 else "net/ipv6/conf/all/forwarding"
        return self.settings.get(name, "1") != "0"

    def listens(self, protocol: str, port: int, address: str | None = None) -> bool:
        """Whether somebody waits at a port, of this address where one is given."""
        anywhere = {"0.0.0.0", "::", address}
        return any((each.protocol, each.port) == (protocol, port) and (address is None or each.address in anywhere)
                   for each in self.listeners)

    def chains(self) -> Iterator[Row]:
        """The base chains of the packet filter: those that the kernel enters by itself."""
        return (each["chain"] for each in self.ruleset if "hook" in each.get("chain", {}))

    def nft_rules(self, table: str, chain: str) -> list[Row]:
        return [each["rule"] for each in self.ruleset
                if each.get("rule", {}).get("table") == table and each["rule"]["chain"] == chain]

    def route_to(self, address: str) -> Row | None:
        """The route of the main and local tables by which a packet leaves: longest prefix, then lowest metric."""
        wanted = ip_address(address)
        fitting = [row for row in self.routes if row.get("table", "main") in ("main", "local")
                   and "linkdown" not in row.get("flags", ())
                   and (net := _network(row["dst"], wanted.version)) is not None and wanted in net]
        return max(fitting, default=None,
                   key=lambda row: (_network(row["dst"], wanted.version).prefixlen, -row.get("metric", 0)))

    def json(self) -> Row:
        return asdict(self)


World = dict[str, Facts]


def gather(net, thoroughly: bool = False) -> World:
    """The facts of all nodes that have a place of their own, which switches have not.

    ``thoroughly`` asks routing daemons for their sessions, and tells of controllers: whether they run, and with which
    settings.
    """
    nodes = [node for node in net.hosts if node.inNamespace]
    world: World = {}
    for first in range(0, len(nodes), AT_A_TIME):
        some = nodes[first:first + AT_A_TIME]
        asked = [(node, _start(place_of(node))) for node in some]
        world |= {node.name: _finish(node, *programs) for node, programs in asked}
    if not thoroughly:
        return world
    spoken = {name: replace(facts, sessions=_sessions(net, name)) for name, facts in world.items()
              if ROUTING & {row["name"] for row in facts.daemons if row["runs"]}}
    return world | spoken | {each.name: _of_controller(each) for each in net.controllers}


def _sessions(net, router: str) -> dict[str, bool]:
    from .providers import looking_glass  # not everybody who looks has a router

    try:
        return looking_glass.sessions(net, router)
    except LabError:
        return {}


def _of_controller(controller) -> Facts:
    daemon, path = getattr(controller, "daemon", None), getattr(controller, "settings", None)
    settings = yaml.safe_load(path.read_text()) if path and path.exists() else None
    return Facts(controller.name, daemons=({"name": "controller", "process": True, "filters": False, "last": "",
                                            "runs": bool(daemon and daemon.alive), "settings": settings or {}},))


def of_lab(net) -> Facts:
    """The facts of the lab's own namespace, where switches live."""
    return Facts("", **_tables(_ask_ip(place_of(None)).communicate()[0]))


def _start(place) -> tuple[subprocess.Popen, ...]:
    """Ask the programs; both run in the node's network namespace, and need nothing else of it."""
    nft = find("nft")
    return (_ask_ip(place), *([place.run(_popen, [nft, "-j", "list", "ruleset"], subprocess.DEVNULL)] if nft else []))


def _ask_ip(place) -> subprocess.Popen:
    asked = place.run(_popen, [find("ip") or "ip", "-j", "-d", "-batch", "-"], subprocess.PIPE)
    asked.stdin.write(IP_BATCH)
    asked.stdin.close()
    asked.stdin = None
    return asked


def _popen(command: list[str], stdin: int) -> subprocess.Popen:
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            start_new_session=True)


def _finish(node, ip: subprocess.Popen, nft: subprocess.Popen | None = None) -> Facts:
    tables = _tables(ip.communicate()[0])
    ruleset = json.loads(nft.communicate()[0] or "{}").get("nftables", []) if nft else []
    settings, listeners = place_of(node).run(_read, [row["ifname"] for row in tables["links"]])
    return Facts(node.name, **tables, settings=settings, listeners=listeners,
                 ruleset=tuple(row for row in ruleset if "metainfo" not in row), daemons=tuple(_daemons(node)),
                 nameservers=_nameservers(node))


def _tables(text: str) -> dict[str, Any]:
    """The answers to IP_BATCH by the names of their fields; none to a command after one that failed."""
    return dict(zip(TABLES, _split(text), strict=False))


def _split(text: str) -> tuple[tuple[Row, ...], ...]:
    """The documents that ``ip -j -batch`` prints one after the other; one that failed prints none."""
    decoder, rest, found = json.JSONDecoder(), text.lstrip(), []
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(tuple(row for row in document if row))
        rest = rest[end:].lstrip()
    return tuple(found)


def _read(interfaces: list[str]) -> tuple[dict[str, str], tuple[Listener, ...]]:
    names = [*SETTINGS, *(f"net/ipv4/conf/{name}/{kind}" for name in ("all", *interfaces) for kind in PER_LINK)]
    settings = {name: text for name in names if (text := _text(Path("/proc/sys", name)))}
    return settings, tuple(_listeners())


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _listeners() -> Iterator[Listener]:
    return (Listener(protocol, *local) for protocol, local, _, state in sockets() if state == LISTENS[protocol])


def sockets() -> Iterator[tuple[str, tuple[str, int], tuple[str, int], str]]:
    """Protocol, own and other end, and state (include/net/tcp_states.h) of each, in the namespace of the caller."""
    for protocol in LISTENS:
        for family in protocol, f"{protocol}6":
            for row in _text(Path("/proc/thread-self/net", family)).splitlines()[1:]:
                _, local, remote, state, *_ = row.split()
                yield protocol, _local(local), _local(remote), state


def _local(text: str) -> tuple[str, int]:
    """Address and port of /proc/net/tcp: words of the machine's byte order, in hexadecimal.

    >>> _local("0100007F:0050")
    ('127.0.0.1', 80)
    """
    address, _, port = text.partition(":")
    words = [int(address[place:place + 8], 16) for place in range(0, len(address), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed), int(port, 16)


def _daemons(node) -> Iterable[Row]:
    """The services that a node should run, and whether their processes do."""
    running = getattr(node, "daemons", [])
    for service in getattr(node, "services", ()):
        own = [each for each in running if each.name == service.name]
        wanted = bool(service.commands(node))
        alive = all(each.alive for each in own) and (bool(own) or not wanted)
        yield {"name": service.name, "runs": alive, "process": wanted,
               "filters": hasattr(service, "rules"), "files": _digest(node, service),
               "last": own[-1].last_line if own and not alive else ""}


def _digest(node, service) -> str:
    """A fingerprint of the files that the service reads, as they are now."""
    paths = (node.supervisor.directory / name for name in sorted(service.files(node)))
    return sha256(b"".join(path.read_bytes() for path in paths if path.exists())).hexdigest()


def _nameservers(node) -> tuple[str, ...]:
    text = getattr(getattr(node, "place", None), "files", {}).get("/etc/resolv.conf", "")
    return tuple(line.split()[1] for line in text.splitlines() if line.startswith("nameserver "))


def _network(text: str, version: int):
    if text == "default":
        return ip_network("0.0.0.0/0" if version == 4 else "::/0")
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    return found if found.version == version else None
