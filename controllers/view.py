"""What a controller knows, as rows for JSON: switches, ports, links, hosts, tables, paths and rules."""

from collections.abc import Callable, Iterator
from itertools import islice, permutations
from typing import TYPE_CHECKING, Any, NamedTuple

from controllers import cookie
from controllers.bridge import Bridge
from controllers.rules import Flow, Group, Output, Port, SetField, Table, ToGroup
from controllers.topology import Endpoint

if TYPE_CHECKING:  # a switch's view needs neither
    from controllers.balancing import Balancer
    from controllers.routing import Router

MOST_PATHS = 1000

Row = dict[str, Any]
Query = dict[str, str]


class Resource(NamedTuple):
    """One view: what it shows, in a line, and how it is asked. The query only spares work that it makes needless."""

    shows: str
    ask: Callable[[Query], list[Row]]


Resources = dict[str, Resource]


def resource(look: Callable[[Any], list[Row]], subject: Any) -> Resource:
    """A function of what is known."""
    return Resource(first_line(look), lambda query: look(subject))


def first_line(function: Callable) -> str:
    return (function.__doc__ or "").partition("\n")[0]


def switches(bridge: Bridge) -> list[Row]:
    """Every switch, and whether it is connected."""
    return [{"switch": switch.name, "dpid": f"{switch.dpid:016x}", "connected": switch.connected,
             "ports": len(switch.ports)} for _, switch in sorted(bridge.topology.switches.items())]


def ports(bridge: Bridge) -> list[Row]:
    """Every port of a switch: what is behind it, and whether it floods on to other switches."""
    return [{"switch": switch.name, "port": port.name, "number": port.number, "role": port.role.value,
             "floods": Endpoint(switch.dpid, port.number) in bridge.topology.tree}
            for _, switch in sorted(bridge.topology.switches.items()) for port in switch.ports.values()]


def links(bridge: Bridge) -> list[Row]:
    """Every link between two switches, and whether it is on the tree along which broadcasts go."""
    found = bridge.topology.links.items()
    return [{"ends": [bridge.discovery.name(end), bridge.discovery.name(far)], "floods": end in bridge.topology.tree}
            for end, far in sorted(found) if end < far]


def hosts(bridge: Bridge) -> list[Row]:
    """Every station, and the switch port it lives behind."""
    return [bridge.describe(address, place) for address, place in sorted(bridge.stations, key=str)]


def tables(bridge: Bridge) -> list[Row]:
    """Each switch's MAC table: by which ports frames for an address leave."""
    return [{"switch": switch.name, "mac": address.mac, "vlan": address.vlan,
             "ports": _ways(bridge, switch.dpid, place)} for _, switch in sorted(bridge.topology.switches.items())
            for address, place in sorted(bridge.stations, key=str)]


def _ways(bridge: Bridge, dpid: int, place: Endpoint) -> list[str]:
    found = [place.port] if place.dpid == dpid else bridge.topology.next_hops(dpid, place.dpid)
    return [bridge.discovery.name(Endpoint(dpid, port)) for port in found]


def paths(bridge: Bridge, query: Query) -> list[Row]:
    """The switches on a shortest path from each station to each other (from=MAC to=MAC; else the first thousand)."""
    known = sorted(bridge.stations, key=str)
    pairs = ((one, other) for one, other in permutations(known, 2)
             if query.get("from", one[0].mac) == one[0].mac and query.get("to", other[0].mac) == other[0].mac)
    return [{"from": one.mac, "to": other.mac, "switches": _path(bridge, here.dpid, there.dpid)}
            for (one, here), (other, there) in islice(pairs, MOST_PATHS)]


def _path(bridge: Bridge, start: int, target: int) -> list[str]:
    return [bridge.topology.switches[dpid].name for dpid in bridge.topology.path(start, target)]


def neighbours(router: "Router") -> list[Row]:
    """Who has which IP address, and where."""
    return [{"address": address, "mac": mac, "network": network} for address, network, mac in router.neighbours]


def routes(router: "Router") -> list[Row]:
    """The routing table, longest prefixes first; `up` are the next hops that are there."""
    return [{"to": str(route.to), "network": route.network, "via": list(route.via), "backup": list(route.backup),
             "up": [hop for hop in route.hops if router.neighbours.mac(hop)]} for route in router.routes]


def services(balancer: "Balancer") -> list[Row]:
    """Each service's servers: whether they are well, and how many connections they have."""
    return [{"service": name, **server} for name, pool in balancer.pools.items()
            for server in pool.report(balancer.reachable())]


def flow(rule: Flow) -> Row:
    mark = cookie.read(rule.cookie)
    fields = {name: port(value) if name == "in_port" else value for name, value in rule.match}
    return {"table": Table(rule.table).name, "priority": rule.priority, "match": fields,
            "does": does(rule), "owner": str(mark) if mark else f"{rule.cookie:#x}"}


def group(entry: Group) -> Row:
    return {"group": entry.number, "name": entry.name, "kind": entry.kind,
            "buckets": [", ".join(map(word, bucket.actions)) for bucket in entry.buckets]}


def does(rule: Flow) -> str:
    """What a rule does, in a line."""
    words = [word(action) for action in rule.actions]
    if rule.goto is not None:
        words.append(f"goto {Table(rule.goto).name}")
    return ", ".join(words) or "drop"


def word(action: Any) -> str:
    match action:
        case Output(number):
            return f"output {port(number)}"
        case ToGroup(number):
            return f"group {number}"
        case SetField(field, value):
            return f"{field}={value}"
    return type(action).__name__


def port(number: int) -> int | str:
    """A reserved port by its name."""
    return Port(number).name if number in Port.__members__.values() else number


def asked(rows: list[Row], query: Query) -> Iterator[Row]:
    """The rows that have what a query wants in its columns.

    >>> list(asked([{"switch": "s1", "port": 1}, {"switch": "s2", "port": 1}], {"switch": "s2", "port": "1"}))
    [{'switch': 's2', 'port': 1}]
    """
    return (row for row in rows if all(_fits(row.get(column), value) for column, value in query.items()))


def _fits(found: Any, wanted: str) -> bool:
    return wanted in map(str, found) if isinstance(found, list) else str(found) == wanted
