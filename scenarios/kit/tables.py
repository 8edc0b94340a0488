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
