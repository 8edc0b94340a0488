"""Tunnels: which interfaces are ends of one, and which two belong together, as both sides' routes see it; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import combinations

from .facts import Facts, Row, World

KINDS = {"wireguard", "tun", "gre", "ipip", "sit", "vxlan", "xfrm", "ip6tnl"}


@dataclass(frozen=True)
class Tip:
    """One end of a tunnel: the node, its interface, and the addresses that it has there."""

    node: str
    interface: str
    addresses: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((f"{self.node}:{self.interface}", *self.addresses))


@dataclass(frozen=True)
class Tunnel:
    """Two ends; without ``far``, whoever is at the other one sends nothing back by it."""

    near: Tip
    far: Tip | None = None

    def __str__(self) -> str:
        return f"{self.near} ==== {self.far or '?'}"


def tunnels(world: World) -> list[Tunnel]:
    """Those whose two ends send to each other by them, and then the ends that are alone."""
    ends = [tip for facts in world.values() for tip in tips(facts)]
    pairs = [Tunnel(one, other) for one, other in combinations(ends, 2) if _joined(world, one, other)]
    paired = {tip for pair in pairs for tip in (pair.near, pair.far)}
    return [*pairs, *(Tunnel(tip) for tip in ends if tip not in paired)]


def tips(facts: Facts) -> Iterator[Tip]:
    """The ends of tunnels that a node has, and are on."""
    for row in facts.links:
        if row.get("linkinfo", {}).get("info_kind") in KINDS and "UP" in row["flags"]:
            yield Tip(facts.node, row["ifname"], tuple(map(str, facts.addresses(row["ifname"]))))


def _joined(world: World, one: Tip, other: Tip) -> bool:
    """Each sends to an address of the other by the tunnel, and not both by way of a third."""
    pair = (one, world[other.node]), (other, world[one.node])
    return one.node != other.node and all(_covers(world[tip.node], tip, far) for tip, far in pair) \
        and not all(_by_another(world, tip, far) for tip, far in pair)


def _covers(facts: Facts, tip: Tip, far: Facts) -> bool:
    networks = [_network(row["dst"]) for row in _routes(facts, tip)]
    held = [address.ip for address in far.addresses()]
    return any(network.version == each.version and each in network for network in networks for each in held)


def _by_another(world: World, tip: Tip, far: Facts) -> bool:
    """Whether the routes by a tunnel name a gateway, and it is somebody else than ``far``."""
    gateways = {row["gateway"] for row in _routes(world[tip.node], tip) if "gateway" in row}
    holders = {name for name, facts in world.items() for each in gateways if facts.holds(each)}
    return bool(holders) and far.node not in holders


def _routes(facts: Facts, tip: Tip) -> list[Row]:
    return [row for row in facts.routes if row.get("dev") == tip.interface and row.get("type") != "multicast"
            and not row["dst"].startswith("fe80") and row["dst"] != "multicast"]


def _network(text: str):
    return ip_network("0.0.0.0/0") if text == "default" else ip_network(ip_address(text)) if "/" not in text \
        else ip_network(text, strict=False)
