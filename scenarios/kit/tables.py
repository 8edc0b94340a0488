"""What a node's kernel knows: addresses and neighbours; read as JSON, changed as an administrator would."""

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
