"""What a controller knows, as plain data for JSON: switches, links, hosts, tables and paths."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from controllers import cookie
from controllers.bridge import Bridge
from controllers.rules import Flow, Group, Output, Port, SetField, Table, ToGroup
from controllers.topology import Endpoint

if TYPE_CHECKING:  # a switch's view needs neither
    from controllers.balancing import Balancer
    from controllers.routing import Router


def switches(bridge: Bridge) -> list[dict[str, Any]]:
    return [{"switch": switch.name, "dpid": f"{switch.dpid:016x}", "connected": switch.connected,
             "ports": [{"port": port.name, "number": port.number, "role": port.role.value,
                        "floods": Endpoint(switch.dpid, port.number) in bridge.topology.tree}
                       for port in switch.ports.values()]}
            for _, switch in sorted(bridge.topology.switches.items())]


def links(bridge: Bridge) -> list[dict[str, Any]]:
    found = bridge.topology.links.items()
    return [{"ends": [bridge.discovery.name(end), bridge.discovery.name(far)], "floods": end in bridge.topology.tree}
            for end, far in sorted(found) if end < far]


def hosts(bridge: Bridge) -> list[dict[str, Any]]:
    """Every station, and the switch port it lives behind."""
    return [bridge.describe(address, place) for address, place in sorted(bridge.stations, key=str)]


def tables(bridge: Bridge) -> dict[str, list[dict[str, Any]]]:
    """Each switch's MAC table: address -> the port by which frames for it leave."""
    return {switch.name: list(_table(bridge, dpid)) for dpid, switch in sorted(bridge.topology.switches.items())}


def _table(bridge: Bridge, dpid: int) -> Iterator[dict[str, Any]]:
    for address, place in sorted(bridge.stations, key=str):
        ports = [place.port] if place.dpid == dpid else bridge.topology.next_hops(dpid, place.dpid)
        yield {"mac": address.mac, "vlan": address.vlan,
               "ports": [bridge.discovery.name(Endpoint(dpid, port)) for port in ports]}


def path(bridge: Bridge, start: str, target: str) -> list[str]:
    """The switches between two stations, given by MAC address; empty when one of them is not known."""
    places = {address.mac: place for address, place in bridge.stations}
    if start not in places or target not in places:
        return []
    way = bridge.topology.path(places[start].dpid, places[target].dpid)
    return [bridge.topology.switches[dpid].name for dpid in way]


def neighbours(router: "Router") -> list[dict[str, Any]]:
    """Who has which IP address, and where."""
    return [{"address": address, "mac": mac, "network": network} for address, network, mac in router.neighbours]


def routes(router: "Router") -> list[dict[str, Any]]:
    """The routing table, longest prefixes first; `up` are the next hops that are there."""
    return [{"to": str(route.to), "network": route.network, "via": list(route.via), "backup": list(route.backup),
             "up": [hop for hop in route.hops if router.neighbours.mac(hop)]} for route in router.routes]


def services(balancer: "Balancer") -> dict[str, list[dict[str, Any]]]:
    """Each service's servers: whether they are well, and how many connections they have."""
    return {name: pool.report(balancer.reachable()) for name, pool in balancer.pools.items()}


def flow(rule: Flow) -> dict[str, Any]:
    mark = cookie.read(rule.cookie)
    return {"table": Table(rule.table).name, "priority": rule.priority, "match": dict(rule.match),
            "does": does(rule), "owner": str(mark) if mark else f"{rule.cookie:#x}"}


def group(entry: Group) -> dict[str, Any]:
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
        case Output(port):
            return f"output {Port(port).name if port in Port.__members__.values() else port}"
        case ToGroup(number):
            return f"group {number}"
        case SetField(field, value):
            return f"{field}={value}"
    return type(action).__name__
