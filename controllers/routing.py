"""A router made of switches: a bridge for each network, and one gateway to all of them.

Hosts send what is for elsewhere to the router's MAC address; the switch where it enters routes it, all the way to the
port where it leaves. The controller sees a packet only when nobody knows yet where its target is (`slow_path`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address

from controllers import cookie
from controllers.bridge import Bridge
from controllers.cookie import Kind
from controllers.discovery import Record
from controllers.fabric import toward_number
from controllers.frames import ARP, Frame, build, parse
from controllers.gateway import Gateway
from controllers.neighbours import NeighbourTable, Origin
from controllers.pipeline import Pipeline, low_bits
from controllers.router_settings import RouterSettings
from controllers.routes import Prefix, Route, RouteTable
from controllers.routing_rules import Hop, RoutingRules, choice
from controllers.rules import Flow, Group, Output, PacketOut, Port, Table, match
from controllers.slow_path import SlowPath
from controllers.stations import Address
from controllers.topology import Endpoint

ROUTING = (Table.ROUTE4, Table.ROUTE6)


class Router(Bridge):
    settings: RouterSettings
    changeable = frozenset({"policy", "routes", "advertise_every"})

    def __init__(self, settings: RouterSettings, pipeline: Pipeline, key: bytes, now: float, record: Record) -> None:
        super().__init__(settings, pipeline, key, now, record)
        self.gateways = {name: Gateway(name, network, settings) for name, network in settings.networks.items()}
        self.neighbours = NeighbourTable(settings.neighbour_age)
        self._by_vlan = {one.vlan: one for one in self.gateways.values()}
        self._slow_path = SlowPath(self, settings.mac, settings.icmp_rate, self._reply)
        self._advertised = now
        self._silent = True  # hosts have not been told yet that we are here
        self._configure(settings)

    # --- settings ---

    def apply(self, settings: RouterSettings) -> None:
        """Change the policy and the routes while traffic flows; only the difference is sent."""
        self._configure(settings)

    def _configure(self, settings: RouterSettings) -> None:
        self.settings = settings
        self._rules = RoutingRules(settings, self.pipeline)
        connected = [Route(subnet, network=name) for name, network in settings.networks.items()
                     for subnet in network.subnet]
        routes = [*connected, *(static.route() for static in settings.routes)]
        self.routes, self._numbers = RouteTable(routes), {route: number for number, route in enumerate(routes)}
        self.meters, idle = self._rules.meters(), {}
        for dpid, ledger in self.ledgers.items():
            before, idle[dpid] = ledger.replace_meters(self.meters)
            self.send(dpid, before)
        self.everywhere("policy", self._rules.policy())
        self.everywhere("own", self._rules.own())
        for scope in [scope for scope in self.shared if isinstance(scope, tuple) and scope[0] == "route"]:
            self.everywhere(scope, ())
        self._enter_routes(self.routes)
        for dpid, unused in idle.items():
            self.send(dpid, unused)

    # --- what switches show us ---

    def frame_received(self, place: Endpoint, data: bytes, table: int = Table.LEARN, expired: bool = False) -> None:
        super().frame_received(place, data, table, expired)
        frame = parse(data)
        network = self._by_vlan.get(frame.vlan) if frame and frame.vlan is not None else None
        if frame is None or network is None:
            return
        origin = Origin(place.dpid, network.name, frame.source)
        if table in ROUTING or expired:
            self._slow_path.packet(frame.payload, origin, expired)
        elif table == Table.CLASSIFY or frame.ethertype == ARP:
            self._slow_path.control(frame, network, origin)

    def _reply(self, dpid: int, frame: Frame | None) -> None:
        """Send a frame of our own, by way of the tables: they know where its target is."""
        if frame is not None and self.topology.switches[dpid].connected:
            self.outbox[dpid].append(PacketOut(build(frame), (Output(Port.TABLE),)))

    # --- neighbours come and go ---

    def network_of(self, address: str) -> str | None:
        return self.settings.network_of(address)

    def heard(self, address: str, origin: Origin) -> None:
        """A host has shown which MAC address it has."""
        if self.network_of(address) != origin.network or origin.mac == self.settings.mac:
            return
        news, queue = self.neighbours.heard(address, origin.network, origin.mac, self.now)
        if news:
            self.record("neighbour", address=address, mac=origin.mac, network=origin.network)
            self._enter_neighbour(address)
        for waiting in queue:
            self._slow_path.forward(address, waiting)

    def restore(self, dpid: int, flow: Flow) -> None:
        """A neighbour's rule names its address; who has it, among the stations, is told by the cookie."""
        super().restore(dpid, flow)
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or mark.kind is not Kind.NEIGHBOUR:
            return
        address = str(fields.get("ipv4_dst") or fields.get("ipv6_dst"))
        network = self.network_of(address)
        if network is None or self.neighbours.mac(address):
            return
        for station, _ in self.stations:
            if station.vlan == self.gateways[network].vlan and low_bits(station.mac) == mark.object:
                self.neighbours.heard(address, network, station.mac, self.now)
                self._enter_neighbour(address)

    def _enter_neighbour(self, address: str) -> None:
        """Tell every switch how to send to an address, or that it is not there any more."""
        mac, network, subnet = self.neighbours.mac(address), self.neighbours.network(address), self._subnet(address)
        flows: list[Flow] = []
        if mac is not None and network is not None and subnet is not None:
            flows = [self._rules.neighbour(address, Hop(mac, self.gateways[network].vlan), subnet)]
        self.everywhere(("neighbour", address), flows)
        self._enter_routes(route for route in self.routes if address in route.hops)

    def _subnet(self, address: str) -> Prefix | None:
        wanted = ip_address(address)
        return next((route.to for route in self.routes if route.network and wanted in route.to), None)

    def enter_station(self, address: Address, place: Endpoint) -> None:
        """A station that is found, or has moved, may be a next hop."""
        super().enter_station(address, place)
        hops = {ip for ip, network, mac in self.neighbours
                if (self.gateways[network].vlan, mac) == address}
        self._enter_routes(route for route in self.routes if hops & set(route.hops))

    def forget(self, address: Address) -> None:
        super().forget(address)
        network = self._by_vlan.get(address.vlan) if address.vlan is not None else None
        for gone in self.neighbours.forget(network.name, address.mac) if network else ():
            self._enter_neighbour(gone)

    # --- routes ---

    def _enter_routes(self, routes: Iterable[Route]) -> None:
        """Tell every switch which next hops to use: first how to reach them, then to use them."""
        flows = [(self._numbers[route], self._rules.route(self._numbers[route], route, choice(*self._hops(route))))
                 for route in routes]
        unused = {}
        for dpid, ledger in self.ledgers.items() if flows else ():
            before, unused[dpid] = ledger.replace_groups(self.groups(dpid))
            self.send(dpid, before)
        for number, flow in flows:
            self.everywhere(("route", number), [flow])
        for dpid, after in unused.items():
            self.send(dpid, after)

    def groups(self, dpid: int) -> Iterator[Group]:
        yield from super().groups(dpid)
        for route, number in self._numbers.items():
            group = self._rules.route_group(number, route, *self._hops(route, dpid))
            if group is not None:
                yield group

    def _hops(self, route: Route, dpid: int | None = None) -> tuple[list[Hop], list[Hop]]:
        """Of a route's next hops, and of its backups, those that are there, as a switch sees them."""
        via, backup = ([hop for hop in (self._hop(address, dpid) for address in addresses) if hop]
                       for addresses in (route.via, route.backup))
        return via, backup

    def _hop(self, address: str, dpid: int | None) -> Hop | None:
        mac, network = self.neighbours.mac(address), self.neighbours.network(address)
        vlan = self.gateways[network].vlan if network else 0
        place = self.stations.place(Address(vlan, mac)) if mac else None
        if mac is None or place is None:
            return None
        if place.dpid == dpid:
            return Hop(mac, vlan, port=place.port)
        return Hop(mac, vlan, group=toward_number(place.dpid))

    def station_flows(self, dpid: int, address: Address, place: Endpoint) -> Iterable[Flow]:
        """A routed packet may have to leave by the port it came in by, where one port carries several networks."""
        flows = list(super().station_flows(dpid, address, place))
        port = self.topology.port(place)
        if dpid == place.dpid and port and len(self.pipeline.vlans.of(port.switch, port.name).vlans) > 1:
            flows += [replace(flow, priority=110, actions=(*flow.actions[:-1], Output(Port.IN_PORT)),
                              match=match(**dict(flow.match), in_port=place.port, eth_src=self.settings.mac))
                      for flow in flows if flow.table == Table.FORWARD]
        return flows

    # --- time ---

    def tick(self, now: float) -> None:
        super().tick(now)
        self._slow_path.now = now
        speaker = next((dpid for dpid in self.ledgers if self.present(dpid)), None)
        if speaker is None:
            return
        for hop in {hop for route in self.routes for hop in route.hops}:
            self._slow_path.want(hop, speaker)
        self._ask_again(now, speaker)
        self._announce(now, speaker)

    def _ask_again(self, now: float, speaker: int) -> None:
        verdict = self.neighbours.tick(now)
        for address in verdict.ask:
            gateway = self.gateways[self.neighbours.network(address) or ""]
            self._reply(speaker, gateway.ask(address, self.neighbours.mac(address)))
        for address, queue in verdict.lost:
            self._enter_neighbour(address)
            self.record("neighbour_lost", address=address)
            for waiting in queue:
                self._slow_path.refuse("no host", waiting)

    def _announce(self, now: float, speaker: int) -> None:
        """Once everything is ready, and then again and again, tell hosts which router they have."""
        frames: list[Frame] = []
        if self._silent and not self.unready:
            self._silent = False
            frames = [frame for one in self.gateways.values() for frame in one.presence()]
        elif now - self._advertised >= self.settings.advertise_every:
            self._advertised = now
            frames = [frame for one in self.gateways.values() for frame in one.advertisements()]
        for frame in frames:
            self._reply(speaker, frame)
