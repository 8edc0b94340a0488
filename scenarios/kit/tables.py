"""What a node's kernel knows: addresses, routes and neighbours; read as JSON, changed as an administrator would."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network, ip_address, ip_interface
from typing import Any

from .command import ask, run


def addresses(net, node: str) -> list[str]:
    """Every address of a node, with its prefix length: "192.168.1.1/24"."""
    rows: list[dict[str, Any]] = ask(net[node], "ip", "-j", "addr")
    return [f"{info['local']}/{info['prefixlen']}" for row in rows for info in row.get("addr_info", ())]


def neighbours(net, node: str) -> dict[str, str]:
    """The node's ARP and neighbour table: address to hardware address, of entries that have one."""
    return {row["dst"]: row["lladdr"] for row in ask(net[node], "ip", "-j", "neigh") if "lladdr" in row}


def forget_neighbours(net, *nodes: str) -> None:
    """Empty neighbour tables, so that the next packet must ask again."""
    for node in nodes:
        run(net[node], "ip", "neigh", "flush", "all")


def believe(net, node: str, address: str, hardware: str) -> None:
    """Write down for a node at which card an address is; it will not ask for it any more."""
    run(net[node], "ip", "neigh", "replace", address, "lladdr", hardware, "dev", net[node].defaultIntf().name,
        "nud", "permanent")


def disbelieve(net, node: str, address: str) -> None:
    """Strike that out."""
    run(net[node], "ip", "neigh", "del", address, "dev", net[node].defaultIntf().name)


def take(net, node: str, address: str) -> None:
    """Give a node's first interface one more address, with its prefix length; ``leave`` takes it away."""
    run(net[node], "ip", "addr", "add", address, "dev", net[node].defaultIntf().name)


def leave(net, node: str, address: str) -> None:
    """Take an address away from a node's first interface."""
    run(net[node], "ip", "addr", "del", address, "dev", net[node].defaultIntf().name)


def readdress(net, node: str, address: str) -> None:
    """Give a node's first interface this address instead of the one it has."""
    net[node].setIP(address)


def gateway(net, node: str) -> str | None:
    """The address to which a node sends what is for elsewhere (its default route), or None."""
    return next((row.get("gateway") for row in ask(net[node], "ip", "-j", "route", "show", "default")), None)


def regateway(net, node: str, via: str | None) -> None:
    """Give a node another default gateway, or take away the one it has."""
    if via:
        run(net[node], "ip", "route", "replace", "default", "via", via)
    elif gateway(net, node):
        run(net[node], "ip", "route", "del", "default")


def reroute(net, node: str, prefix: str, neighbour: str | None) -> None:
    """Write down a route by a neighbour, which comes before what a daemon has learned; None: strike it out."""
    if neighbour:
        via = next(intf.far.IP() for intf in net[node].intfList() if intf.far and intf.far.node.name == neighbour)
        run(net[node], "ip", "route", "add", prefix, "via", via)
    else:
        run(net[node], "ip", "route", "del", prefix, "proto", "boot")


def rerouted(net, node: str, prefix: str) -> bool:
    """Whether a route to the prefix was written down by hand."""
    return bool(ask(net[node], "ip", "-j", "route", "show", prefix, "proto", "boot"))


def remask(net, node: str, length: int) -> None:
    """Give a node's address another prefix length; its gateway stays, if it can still be reached directly."""
    intf, via = net[node].defaultIntf(), gateway(net, node)
    address = ip_interface(f"{intf.IP()}/{length}")
    run(net[node], "ip", "addr", "flush", "dev", intf.name)
    run(net[node], "ip", "addr", "add", str(address), "brd", "+", "dev", intf.name)
    if via and ip_address(via) in address.network:
        regateway(net, node, via)


@contextmanager
def remasked(net, node: str, length: int) -> Iterator[None]:
    """A node with another prefix length for as long as the ``with`` block lasts."""
    before, via = net[node].defaultIntf().prefixLen, gateway(net, node)
    remask(net, node, length)
    try:
        yield
    finally:
        remask(net, node, before)
        regateway(net, node, via)


def routes(net, node: str, inside: str = "0.0.0.0/0") -> dict[str, str]:
    """The node's routes to prefixes that lie in ``inside``: prefix to gateway, or to interface if it is a neighbour."""
    rows = ask(net[node], "ip", "-j", "route")
    found = {row["dst"]: row.get("gateway") or row["dev"] for row in rows if row["dst"] != "default"}
    return {prefix: via for prefix, via in found.items() if IPv4Network(prefix).subnet_of(IPv4Network(inside))}


def has_length(net, node: str, length: int) -> bool:
    """Whether the node's own address has this prefix length, by its kernel's account."""
    return f"{net[node].IP()}/{length}" in addresses(net, node)


def connections(net, node: str, port: int) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """The TCP connections that a port of a node has: own end and peer, each an address and a port (ss(8))."""
    listed = run(net[node], "ss", "-Hnt", "state", "established", f"( sport = :{port} )")
    return [(_end(local), _end(peer)) for _, _, local, peer, *_ in map(str.split, listed.splitlines())]


def _end(written: str) -> tuple[str, int]:
    address, _, port = written.rpartition(":")
    return address.strip("[]").removeprefix("::ffff:"), int(port)
