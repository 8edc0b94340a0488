"""Routes, and the longest prefix that matches (RFC 1812, 5.2.4.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Prefix = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Route:
    """`via` are next hops used together (ECMP); `backup` is used while none of them is there.

    A route with neither leads to `network`, which is connected; one without that, too, drops (a black hole).
    """

    to: Prefix
    via: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()
    network: str | None = None

    @property
    def hops(self) -> tuple[str, ...]:
        return self.via + self.backup


class RouteTable:
    """
    >>> from ipaddress import ip_network
    >>> table = RouteTable([Route(ip_network("10.0.0.0/8")), Route(ip_network("10.1.0.0/16"))])
    >>> table.lookup("10.1.2.3").to
    IPv4Network('10.1.0.0/16')
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, Route]] = {}
        for route in routes:
            prefix = route.to
            level = self._by_length.setdefault((prefix.version, prefix.prefixlen), {})
            level.setdefault(int(prefix.network_address), route)
        self._lengths = sorted(self._by_length, reverse=True)

    def __iter__(self):
        return (route for level in self._lengths for route in self._by_length[level].values())

    def lookup(self, address: str) -> Route | None:
        wanted = ip_address(address)
        for version, length in self._lengths:
            if version == wanted.version:
                found = self._by_length[version, length].get(_cut(wanted, length))
                if found is not None:
                    return found
        return None


def _cut(address: IPv4Address | IPv6Address, length: int) -> int:
    """The first `length` bits."""
    spare = address.max_prefixlen - length
    return int(address) >> spare << spare
