"""What a node's daemons keep account of: addresses that are lent, sessions of BGP, and the routes that it brought."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from ..errors import LabError
from ..providers import looking_glass
from ..providers.daemons import RoutingDaemon, daemon_of
from ..routing.relation import Role
from ..routing.speaker import Neighbour
from ..services.dhcp import DhcpServer, leases_file
from .table import Table, cut

NAMES = {Role.RS: "route server", Role.RS_CLIENT: "client"}


def tables(net, name: str) -> Iterator[Table]:
    node = net[name]
    services = getattr(node, "services", ())
    if any(isinstance(each, DhcpServer) for each in services) and (file := Path(leases_file(node))).exists():
        yield Table(name, "leases", ("address", "hardware", "host", "until"), tuple(leases(file.read_text())))
    if any(isinstance(each, RoutingDaemon) for each in services):
        with suppress(LabError):  # a daemon that does not run is in the table of services
            yield from _bgp(net, name)


def leases(text: str) -> Iterator[tuple[str, ...]]:
    """The rows of dnsmasq's file: seconds since 1970, hardware address, address, name, client's identifier; pure.

    >>> list(leases("0 02:00:00:00:00:50 192.168.1.50 printer *"))
    [('192.168.1.50', '02:00:00:00:00:50', 'printer', 'for ever')]
    """
    for line in text.splitlines():
        until, hardware, address, host, *_ = [*line.split(), "", "", "", ""]
        if until.isdigit() and address:
            end = f"{datetime.fromtimestamp(int(until)):%H:%M:%S}" if int(until) else "for ever"
            yield address, hardware, "" if host == "*" else host, end


def _bgp(net, name: str) -> Iterator[Table]:
    neighbours = daemon_of(net[name]).speaker(net[name]).neighbours
    if neighbours:
        yield Table(name, "BGP sessions", ("neighbour", "address", "AS", "is our", "state"),
                    tuple(sessions(neighbours, looking_glass.sessions(net, name))))
        yield cut(name, "best routes of BGP", ("to", "via", "AS path", "preference", "from"),
                  list(best(looking_glass.rows(net, name))))


def sessions(neighbours: Iterable[Neighbour], established: dict[str, bool]) -> Iterator[tuple[str, ...]]:
    for each in neighbours:
        role = NAMES.get(each.role.far, each.role.far.value) if each.role else "colleague"
        yield (each.name, str(each.address), str(each.asn), role,
               "established" if established.get(each.name) else "down")


def best(routes: Iterable[dict]) -> Iterator[tuple[str, ...]]:
    """Those that are used; one's own have no next hop."""
    for row in sorted(routes, key=lambda row: ip_network(row["prefix"])):
        if row["best"]:
            yield (row["prefix"], row["via"] or "", " ".join(map(str, row["path"])), str(row["local_pref"] or ""),
                   row["from"] or "")
