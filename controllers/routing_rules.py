"""The router's rules, table by table: its own addresses, its neighbours, its routes."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import NamedTuple

from controllers.cookie import Kind
from controllers.frames import ARP, IPV4, IPV6
from controllers.ndp import ADVERTISEMENT, ICMPV6, ROUTER_SOLICITATION, SOLICITATION, link_local
from controllers.pipeline import PREFIX, TO_CONTROLLER, Pipeline, low_bits
from controllers.policy import ETHERTYPES, PolicyCompiler, prefix_match
from controllers.router_settings import RouterSettings
from controllers.routes import Prefix, Route
from controllers.rules import (
    VLAN_PRESENT,
    Action,
    Bucket,
    DecTtl,
    Flow,
    Group,
    Match,
    Meter,
    Output,
    Port,
    Resubmit,
    SetField,
    Table,
    ToGroup,
    match,
)
from controllers.vlans import tag

ROUTE_TABLES = {4: Table.ROUTE4, 6: Table.ROUTE6}
ROUTE_GROUPS = 0x2000000  # + a route's number
NETWORK_METERS = 1  # + VLAN
OWN, NEVER, ROUTES = 3000, 2900, 1000  # priorities in the routing tables
UDP, DHCP_SERVER = 17, 67
NOWHERE = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "fe80::/10", "ff00::/8"]
"""Never forwarded by a router (RFC 6890)."""
GRATUITOUS = Output(Port.CONTROLLER, PREFIX)


class Hop(NamedTuple):
    """A next hop that is there. It is alive while `port` or `group`, by which it is reached, is."""

    mac: str
    vlan: int
    port: int | None = None
    group: int | None = None


class RoutingRules:
    def __init__(self, settings: RouterSettings, pipeline: Pipeline) -> None:
        self._settings, self._cookie = settings, pipeline.cookie
        self._ids = settings.vlan_ids()
        self._numbers = {name: number for number, name in enumerate(settings.networks)}
        self._policy = PolicyCompiler(settings, pipeline.cookie)
        self._mine = {"eth_dst": settings.mac}

    # --- what does not depend on neighbours ---

    def policy(self) -> Iterator[Flow]:
        yield Flow(Table.POLICY, 65000, match(eth_src=self._settings.mac), cookie=self._cookie(Kind.GATEWAY))
        for name, vid, address, subnet in self._gateways():
            yield Flow(Table.POLICY, 63000, match(**self._mine, vlan_vid=vid, eth_type=ETHERTYPES[subnet.version],
                                                  **{f"ipv{subnet.version}_dst": address}),
                       goto=Table.LEARN, cookie=self._cookie(Kind.GATEWAY, self._numbers[name]))
        link = prefix_match(ip_network("fe80::/10"), "dst")
        yield Flow(Table.POLICY, 62900, match(**self._mine, eth_type=IPV6, **link), goto=Table.LEARN,
                   cookie=self._cookie(Kind.GATEWAY))
        yield from self._policy.flows()

    def meters(self) -> list[Meter]:
        limits = [Meter(NETWORK_METERS + self._ids[name], network.limit, "kbps", f"network {name}")
                  for name, network in self._settings.networks.items() if network.limit]
        return limits + self._policy.meters()

    def _gateways(self) -> Iterator[tuple[str, int, str, Prefix]]:
        for name, network in self._settings.networks.items():
            for address, subnet in network.gateways():
                yield name, VLAN_PRESENT | self._ids[name], address, subnet

    def own(self) -> Iterator[Flow]:
        """Frames of the controller's own, and everything that is meant for the router itself."""
        base = self._cookie(Kind.PIPELINE, Table.CLASSIFY)
        yield Flow(Table.ADMIT, 400, match(in_port=Port.CONTROLLER), goto=Table.FORWARD, cookie=base)
        for name, vid, address, subnet in self._gateways():
            yield from self._gateway(self._cookie(Kind.GATEWAY, self._numbers[name]), vid, address, subnet.version)
        yield from self._link_local()
        yield from self._relays()
        yield from self._routed(base)
        yield Flow(Table.CLASSIFY, 150, match(eth_type=ARP), (GRATUITOUS,), goto=Table.FORWARD, cookie=base)
        yield Flow(Table.CLASSIFY, 100, match(**self._mine), cookie=base)
        yield Flow(Table.CLASSIFY, 0, goto=Table.FORWARD, cookie=base)
        yield from self._nowhere()

    def _gateway(self, cookie: int, vid: int, address: str, version: int) -> Iterator[Flow]:
        if version == 4:
            claims, asks = {"eth_type": ARP, "arp_spa": address}, {"eth_type": ARP, "arp_tpa": address}
            yield Flow(Table.CLASSIFY, 320, match(vlan_vid=vid, **claims), (TO_CONTROLLER,), cookie=cookie)
        else:
            asks = {**_icmpv6(SOLICITATION), "ipv6_nd_target": address}
        yield Flow(Table.CLASSIFY, 310, match(vlan_vid=vid, **asks), (TO_CONTROLLER,), cookie=cookie)
        yield Flow(ROUTE_TABLES[version], OWN, match(eth_type=ETHERTYPES[version], **{f"ipv{version}_dst": address}),
                   (TO_CONTROLLER,), cookie=cookie)

    def _link_local(self) -> Iterator[Flow]:
        cookie, address = self._cookie(Kind.GATEWAY), link_local(self._settings.mac)
        yield Flow(Table.CLASSIFY, 300, match(**_icmpv6(SOLICITATION), ipv6_nd_target=address), (TO_CONTROLLER,),
                   cookie=cookie)
        yield Flow(Table.CLASSIFY, 300, match(**_icmpv6(ROUTER_SOLICITATION)), (TO_CONTROLLER,), goto=Table.FORWARD,
                   cookie=cookie)
        yield Flow(Table.CLASSIFY, 300, match(**self._mine, **_icmpv6(ADVERTISEMENT)), (TO_CONTROLLER,), cookie=cookie)
        yield Flow(Table.ROUTE6, OWN, match(eth_type=IPV6, ipv6_dst=address), (TO_CONTROLLER,), cookie=cookie)

    def _relays(self) -> Iterator[Flow]:
        for name, network in self._settings.networks.items():
            if network.dhcp_relay:
                fields = {"eth_type": IPV4, "ip_proto": UDP, "udp_dst": DHCP_SERVER, "ipv4_dst": "255.255.255.255"}
                yield Flow(Table.CLASSIFY, 280, match(vlan_vid=VLAN_PRESENT | self._ids[name], **fields),
                           (TO_CONTROLLER,), cookie=self._cookie(Kind.GATEWAY, self._numbers[name]))

    def _routed(self, cookie: int) -> Iterator[Flow]:
        yield Flow(Table.CLASSIFY, 190, match(**self._mine, eth_type=ARP), (TO_CONTROLLER,), cookie=cookie)
        for version, table in ROUTE_TABLES.items():
            fields = {**self._mine, "eth_type": ETHERTYPES[version]}
            yield Flow(Table.CLASSIFY, 170, match(**fields), goto=table, cookie=cookie)
            for name, network in self._settings.networks.items():
                if network.limit:
                    yield Flow(Table.CLASSIFY, 180, match(**fields, vlan_vid=VLAN_PRESENT | self._ids[name]),
                               goto=table, meter=NETWORK_METERS + self._ids[name], cookie=cookie)

    def _nowhere(self) -> Iterator[Flow]:
        base = self._cookie(Kind.PIPELINE)
        for prefix in map(ip_network, NOWHERE):
            yield Flow(ROUTE_TABLES[prefix.version], NEVER, _to(prefix), cookie=base)
        for table in ROUTE_TABLES.values():
            yield Flow(table, 0, actions=(TO_CONTROLLER,), cookie=base)

    # --- what does ---

    def neighbour(self, address: str, hop: Hop, subnet: Prefix) -> Flow:
        """To a host of a connected subnet that has been found."""
        host = ip_network(address)
        return Flow(ROUTE_TABLES[host.version], priority(subnet) + 5, _to(host),
                    (DecTtl(), *rewrite(self._settings.mac, hop)), goto=Table.FORWARD,
                    cookie=self._cookie(Kind.NEIGHBOUR, low_bits(hop.mac)))

    def route(self, number: int, route: Route, hops: list[Hop]) -> Flow:
        """By the next hops that are there. When there are none, the controller is asked, which finds them."""
        cookie, table, matched = self._cookie(Kind.ROUTE, number), ROUTE_TABLES[route.to.version], _to(route.to)
        if not route.hops and route.network is None:
            return Flow(table, priority(route.to), matched, cookie=cookie)
        if not hops:
            return Flow(table, priority(route.to), matched, (TO_CONTROLLER,), cookie=cookie)
        if len(hops) == 1:
            return Flow(table, priority(route.to), matched, (DecTtl(), *rewrite(self._settings.mac, hops[0])),
                        goto=Table.FORWARD, cookie=cookie)
        return Flow(table, priority(route.to), matched, (DecTtl(), ToGroup(ROUTE_GROUPS + number)), cookie=cookie)

    def route_group(self, number: int, route: Route, via: list[Hop], backup: list[Hop]) -> Group | None:
        """Several next hops: shared among equals, or one with others to fall back on. None for a single one."""
        hops = choice(via, backup)
        if len(hops) < 2:
            return None
        buckets = tuple(Bucket((*rewrite(self._settings.mac, hop), Resubmit(Table.FORWARD)), hop.port, hop.group)
                        for hop in hops)
        return Group(ROUTE_GROUPS + number, "select" if len(via) > 1 else "ff", buckets, f"route {route.to}")


def choice(via: list[Hop], backup: list[Hop]) -> list[Hop]:
    """The next hops to use, of those that are there."""
    return via if len(via) > 1 else via + backup


def rewrite(router_mac: str, hop: Hop) -> Iterable[Action]:
    return SetField("eth_src", router_mac), SetField("eth_dst", hop.mac), tag(hop.vlan)


def priority(prefix: Prefix) -> int:
    """Longer prefixes first, with room between two lengths."""
    return ROUTES + 10 * prefix.prefixlen


def _to(prefix: Prefix) -> Match:
    """What is routed is tagged; switches insist on knowing that before they let a tag be changed."""
    return match(vlan_vid=(VLAN_PRESENT, VLAN_PRESENT), eth_type=ETHERTYPES[prefix.version],
                 **prefix_match(prefix, "dst"))


def _icmpv6(kind: int) -> dict[str, int]:
    return {"eth_type": IPV6, "ip_proto": ICMPV6, "icmpv6_type": kind}
