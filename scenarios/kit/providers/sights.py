"""What a running Internet shows to other terminals: a looking glass, and the picture of its business."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

from ..errors import LabError
from ..routing import as_graph
from . import looking_glass
from .daemons import daemons_of
from .ways import traced


def glass(net, router: str, prefix: str | None = None) -> Iterator[dict[str, Any]]:
    """A router's routes in BGP: all, those for a prefix, or those that match an address. Raises LabError."""
    if not daemons_of(net[router]):
        raise LabError(f"{router} has no routing daemon; these have: {', '.join(_routers(net))}")
    if net[router].params.get("asn") is None:
        raise LabError(f"{router} speaks no BGP; its routes are in ./lab show")
    yield from sorted(looking_glass.rows(net, router, prefix and _destination(prefix)), key=_in_order)


def picture(net, src: str | None = None, dst: str | None = None, svg: bool = False) -> str:
    """The ASes and their relations; with two nodes the way of a packet from one to the other. Raises LabError."""
    internet = getattr(net.topo, "internet", None)
    if internet is None:
        raise LabError("this network is not drawn as an Internet of ASes; ./lab graph draws its cables")
    way = as_way(net, src, dst) if src and dst else ()
    return (as_graph.svg if svg else as_graph.text)(internet, way)


def as_way(net, src: str, dst: str) -> tuple[int, ...]:
    """The ASes through which packets go, by the answers of the routers on the way."""
    nodes = [*traced(net, src, dst), dst]
    return tuple(dict.fromkeys(asn for name in nodes if name in net and (asn := net[name].params.get("asn"))))


def _routers(net) -> list[str]:
    return [node.name for node in net.hosts if daemons_of(node)]


def _in_order(row: dict[str, Any]) -> tuple:
    return ip_network(row["prefix"]), not row["best"], row["path"]


def _destination(text: str) -> str:
    """A prefix, or an address, in the usual form."""
    try:
        return str(ip_network(text) if "/" in text else ip_address(text))
    except ValueError as error:
        raise LabError(f"{text}: neither a prefix nor an address; {error}") from None
