"""Which way packets go: the kernels' own forwarding tables, followed from router to router, and what answers there."""

import re
import socket
import struct
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .. import probes
from ..expect import CannotAsk
from . import bird_socket
from .daemons import Bird, daemon_of

GATEWAY = 0x2  # RTF_GATEWAY (route(8)): another router is next, not the destination itself
MOST = 64
FIRST_HOP = re.compile(r"(\d[\d.]+/\d+) [^\n]*\n \tvia ([\d.]+)")  # of BIRD's "show route"


def owners(net) -> dict[str, str]:
    """Whose an address is: every interface's, and every loopback."""
    found = {intf.IP(): node.name for node in net.hosts for intf in node.intfList() if intf.IP()}
    return found | {node.params["loopback"].partition("/")[0]: node.name for node in net.hosts
                    if "loopback" in node.params}


def kernel_routes(net, router: str) -> dict[IPv4Network, str]:
    """Prefixes and next hops of a router's kernel (/proc/net/route), those that lead to another router."""
    return net[router].place.run(_read_routes)


def _read_routes() -> dict[IPv4Network, str]:
    rows = (row.split() for row in Path("/proc/thread-self/net/route").read_text().splitlines()[1:])
    return {IPv4Network((_number(row[1]), _number(row[7]).bit_count())): str(IPv4Address(_number(row[2])))
            for row in rows if int(row[3], 16) & GATEWAY}


def _number(word: str) -> int:
    """The kernel prints addresses as the machine's own integers."""
    return socket.ntohl(int(word, 16)) if struct.pack("=H", 1) == struct.pack("<H", 1) else int(word, 16)


def next_hops(net, router: str) -> dict[str, str]:
    """Prefixes and next hops that the daemon has chosen: quick, for tables of a thousand routes."""
    daemon = daemon_of(net[router])
    if not isinstance(daemon, Bird):
        raise CannotAsk(f"{router}: only BIRD is asked for whole tables at once")
    return dict(FIRST_HOP.findall(bird_socket.say(daemon.socket(net[router]), "show route primary")))


def as_way(net, src: int, prefix: IPv4Network) -> tuple[int, ...] | None:
    """The ASes (of one router each) that the kernels' tables lead through to a prefix. None: they lead nowhere."""
    whose, here, way = owners(net), f"as{src}", [src]
    while len(way) <= MOST:
        hop = kernel_routes(net, here).get(prefix)
        if hop is None:
            return tuple(way) if is_home(net, here, prefix) else None
        here = whose[hop]
        way.append(net[here].params["asn"])
    return None


def is_home(net, router: str, prefix: IPv4Network) -> bool:
    """Whether a router has an address of its own in the prefix."""
    return any(IPv4Address(address) in prefix for address, owner in owners(net).items() if owner == router)


def traced(net, src: str, dst: str) -> list[str]:
    """The nodes that answer to packets of growing TTL, from ``src`` to ``dst``; * for silence."""
    whose = owners(net)
    return [src, *(whose.get(hop, hop) if hop else "*" for hop in probes.hops(net, src, dst))]


def traced_ases(net, src: str, dst: str) -> tuple[int, ...]:
    """The ASes of the routers on the way, as their own answers show them; 0 for silence."""
    nodes = traced(net, src, dst)
    return tuple(dict.fromkeys(net[name].params.get("asn", 0) if name in net else 0 for name in nodes[1:-1]))
