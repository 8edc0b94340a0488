"""A load balancer made of switches: one address for many servers. Told what happens, says what to send.

A client's first packet comes to the controller, which chooses a server; two rules then rewrite the connection's
packets, to the server and back, where each enters the network. (With `hash` the switches do it all by themselves.)
"""

from collections.abc import Iterator, Set
from random import Random

from controllers import cookie, gateway, inet, tcp
from controllers.balancer_settings import BalancerSettings
from controllers.balancing_rules import BalancingRules, ends
from controllers.bridge import Bridge
from controllers.checking import Checker
from controllers.connections import Connection, Halves, ports, receiver_in, sender_in
from controllers.cookie import Kind
from controllers.discovery import Record
from controllers.frames import ARP, BROADCAST, IPV4, Frame, build, parse
from controllers.inet import Arp, Ipv4
from controllers.neighbours import NeighbourTable
from controllers.pipeline import Pipeline, low_bits
from controllers.pool import Pool, text
from controllers.rules import Flow, Group, Output, PacketOut, Port, Table
from controllers.stations import Address
from controllers.tcp import End, Tcp
from controllers.topology import Endpoint

NOBODY = "00:00:00:00:00:00"
NEIGHBOUR_AGE = 30.0  # seconds


class Balancer(Bridge):
    settings: BalancerSettings
    changeable = frozenset({"services"})

    def __init__(self, settings: BalancerSettings, pipeline: Pipeline, key: bytes, now: float, record: Record,
                 random: Random) -> None:
        super().__init__(settings, pipeline, key, now, record)
        self.neighbours = NeighbourTable(NEIGHBOUR_AGE)
        self.connections: dict[tuple[str, End], Connection] = {}
        self.pools: dict[str, Pool] = {}
        self._halves = Halves()
        self._random = random
        self.checker = Checker(self.pools, self._probe, self._health_changed)
        self.apply(settings)

    def apply(self, settings: BalancerSettings) -> None:
        self.settings = settings
        self._rules = BalancingRules(settings, self.pipeline)
        for name in self.pools.keys() - settings.services.keys():
            del self.pools[name]
        for name, service in settings.services.items():
            self.pools.setdefault(name, Pool(service, self._random)).configure(service)
        for scope in [scope for scope in self.shared if isinstance(scope, tuple) and scope[0] == "front"]:
            if scope[1] not in settings.services:
                self.everywhere(scope, ())
        self.everywhere("always", self._rules.always())
        for name in settings.services:
            self.everywhere(("front", name), self._rules.front(name))
        self._enter_spreads()

    # --- what switches show us ---

    def frame_received(self, place: Endpoint, data: bytes, table: int = Table.LEARN, expired: bool = False) -> None:
        super().frame_received(place, data, table, expired)
        frame = parse(data)
        if frame and frame.ethertype == ARP:
            self._arp(place.dpid, frame)
        elif frame and frame.ethertype == IPV4 and table == Table.CLASSIFY:
            packet = inet.parse_ipv4(frame.payload)
            if packet is not None:
                self._packet(place.dpid, frame, packet)

    def _arp(self, dpid: int, frame: Frame) -> None:
        arp = inet.parse_arp(frame.payload)
        if arp is None:
            return
        if arp.sender_ip in self._addresses():
            self.record("address_conflict", address=arp.sender_ip, mac=arp.sender_mac)
        elif arp.sender_ip in self._servers():
            self._heard(arp.sender_ip, arp.sender_mac)
        if arp.operation == inet.REQUEST and arp.target_ip in self._addresses() and arp.sender_mac != self.settings.mac:
            reply = Arp(inet.REPLY, self.settings.mac, arp.target_ip, arp.sender_mac, arp.sender_ip)
            self._emit(dpid, Frame(arp.sender_mac, self.settings.mac, None, ARP, inet.build_arp(reply)))

    def _packet(self, dpid: int, frame: Frame, packet: Ipv4) -> None:
        source, target = ports(packet)
        sender, receiver = (packet.source, source), (packet.destination, target)
        segment = tcp.parse(packet.payload) if packet.protocol == inet.TCP else None
        if packet.destination not in self._addresses():
            self._said(dpid, frame, sender, receiver, segment)
        elif not (segment and self._checked(sender, receiver, segment)):
            name = self._service(receiver, packet.protocol)
            if name is None:
                self._answer(dpid, frame)
            else:
                self._client(dpid, frame, name, sender, segment)

    def _answer(self, dpid: int, frame: Frame) -> None:
        answer = gateway.answer(frame.payload)
        if answer is not None:
            self._emit(dpid, Frame(frame.source, self.settings.mac, None, IPV4, answer))

    def _checked(self, sender: End, receiver: End, segment: Tcp) -> bool:
        return any(self.checker.answered(name, sender, segment) for name, pool in self.pools.items()
                   if sender in pool.health and str(pool.service.address) == receiver[0])

    # --- connections ---

    def _client(self, dpid: int, frame: Frame, name: str, client: End, segment: Tcp | None) -> None:
        """A packet for a service that no rule could send on."""
        opens = segment is None or segment.flags & (tcp.SYN | tcp.ACK) == tcp.SYN
        known = self.connections.get((name, client))
        if known and not (opens and segment and known.syn and known.syn.sequence != segment.sequence):
            self._pass_on(known, frame.payload)
        elif opens:
            if known:
                self._close(known)
            self._open(Connection(name, client, frame.source, dpid, frame.payload, segment))
        elif segment:
            self._reset(dpid, frame.source, name, client, segment)

    def _open(self, connection: Connection, avoid: Set[End] = frozenset()) -> None:
        """Choose a server, and send the first packet there."""
        pool, client = self.pools[connection.service], connection.client
        itself = {end for end in pool.health if end[0] == client[0]}
        chosen = pool.choose(client[0], self.discovery.now, self._reachable(), itself | avoid)
        if chosen is None:
            self.record("no_server", service=connection.service, client=client[0])
            self._reset(connection.dpid, connection.client_mac, connection.service, client, connection.syn)
            return
        connection.server = chosen
        self.connections[connection.service, client] = connection
        pool.opened(connection)
        self._enter_connection(connection)
        self._pass_on(connection, connection.opening)

    def _pass_on(self, connection: Connection, packet: bytes) -> None:
        mac = self.neighbours.mac(connection.server[0])
        if mac is not None:
            onward = tcp.readdressed(packet, destination=connection.server)
            self._emit(connection.dpid, Frame(mac, connection.client_mac, None, IPV4, onward))

    def _reset(self, dpid: int, mac: str, name: str, client: End, segment: Tcp | None) -> None:
        """Tell a client that there is no such connection (RFC 9293, 3.10.7.1)."""
        if segment is None:
            return
        service = self.settings.services[name]
        answer = Tcp(service.port, client[1], segment.acknowledged, segment.sequence + 1 & 0xFFFFFFFF,
                     tcp.RST | tcp.ACK if segment.flags & tcp.SYN else tcp.RST)
        self._emit_segment(dpid, mac, str(service.address), client[0], answer)

    def _said(self, dpid: int, frame: Frame, server: End, client: End, segment: Tcp | None) -> None:
        """A server ends a connection, or refuses it."""
        connection = next((found for name in self.pools if (found := self.connections.get((name, client)))
                           and found.server == server), None)
        if connection is None or segment is None:
            self._emit(dpid, frame)
            return
        self._close(connection, forget=bool(segment.flags & tcp.RST))
        if connection.syn and tcp.refuses(segment, connection.syn):
            self.checker.refused(connection.service, server)
            self._open(connection, {server})
        else:
            service = self.settings.services[connection.service]
            answer = tcp.readdressed(frame.payload, source=(str(service.address), service.port))
            self._emit(dpid, frame._replace(source=self.settings.mac, payload=answer))

    def _close(self, connection: Connection, forget: bool = True) -> None:
        """A connection ends. After a FIN its rules stay for what is still under way, until they are idle."""
        if connection.service in self.pools:
            self.pools[connection.service].closed(connection)
        if forget:
            self.connections.pop((connection.service, connection.client), None)
            for dpid, ledger in self.ledgers.items():
                self._send(dpid, ledger.replace(connection.scope, ()))

    def _enter_connection(self, connection: Connection) -> None:
        """One rule where the client is, one where the server is."""
        service, mac = self.settings.services[connection.service], self.neighbours.mac(connection.server[0])
        if mac is None:
            return
        place = self.stations.place(Address(None, mac))
        ends_of_it = service, connection.client, connection.server, mac
        rules: dict[int, list[Flow]] = {dpid: [] for dpid in self.ledgers}
        rules[place.dpid if place else connection.dpid].append(self._rules.backward(*ends_of_it))
        rules[connection.dpid].append(self._rules.forward(*ends_of_it))
        for dpid, ledger in self.ledgers.items():
            self._send(dpid, ledger.replace(connection.scope, rules[dpid]))

    def flow_expired(self, dpid: int, flow: Flow) -> None:
        super().flow_expired(dpid, flow)
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark and mark.kind is Kind.CONNECTION:
            for connection in self._between(sender_in(fields), fields["ipv4_dst"]):
                self._close(connection)

    def _between(self, client: End, address: str) -> list[Connection]:
        found = (self.connections.get((name, client)) for name, service in self.settings.services.items()
                 if str(service.address) == address)
        return [connection for connection in found if connection]

    def restore(self, dpid: int, flow: Flow) -> None:
        """A connection's two rules tell all about it; the server's MAC address is in the cookie."""
        super().restore(dpid, flow)
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or mark.kind is not Kind.CONNECTION:
            return
        if fields["ipv4_dst"] in self._addresses():
            name = self._service(receiver_in(fields), fields["ip_proto"]) or ""
            whole = self._halves.forward(sender_in(fields), name, dpid)
        else:
            whole = self._halves.backward(receiver_in(fields), sender_in(fields), mark.object)
        if whole is not None:
            self._reopen(*whole)

    def _reopen(self, connection: Connection, bits: int) -> None:
        mac = next((station.mac for station, _ in self.stations if low_bits(station.mac) == bits), None)
        pool = self.pools.get(connection.service)
        if mac and pool and connection.server in pool.health:
            self.neighbours.heard(connection.server[0], "", mac, self.discovery.now)
            self.connections[connection.service, connection.client] = connection
            pool.opened(connection)
            self._enter_connection(connection)

    # --- servers ---

    def _heard(self, address: str, mac: str) -> None:
        news, _ = self.neighbours.heard(address, "", mac, self.discovery.now)
        if news:
            self.record("server_found", address=address, mac=mac)
            self._enter_spreads()
            for connection in self.connections.values():
                if connection.server[0] == address:
                    self._enter_connection(connection)

    def forget(self, address: Address) -> None:
        super().forget(address)
        gone = self.neighbours.forget("", address.mac)
        for name, pool in self.pools.items():
            for server in [end for end in pool.health if end[0] in gone]:
                self.checker.refused(name, server)

    def _health_changed(self, name: str, server: End, up: bool) -> None:
        self.record("server_up" if up else "server_down", service=name, server=text(server))
        self._enter_spreads()
        if not up:
            for connection in [one for one in self.connections.values() if (one.service, one.server) == (name, server)]:
                self._close(connection)

    def _probe(self, name: str, server: End, segment: Tcp) -> None:
        mac, speaker = self.neighbours.mac(server[0]), self._speaker()
        if mac and speaker is not None:
            self._emit_segment(speaker, mac, str(self.settings.services[name].address), server[0], segment)

    def _enter_spreads(self) -> None:
        """Tell switches which servers to spread connections over by themselves."""
        unused = {}
        for dpid, ledger in self.ledgers.items():
            before, unused[dpid] = ledger.replace_groups(self._groups(dpid))
            self._send(dpid, before)
        for name, service in self.settings.services.items():
            if service.spread == "hash":
                macs = {end: mac for end in ends(service) if (mac := self.neighbours.mac(end[0]))}
                self.everywhere(("spread", name), self._rules.tracked(name, macs))
        for dpid, after in unused.items():
            self._send(dpid, after)

    def _groups(self, dpid: int) -> Iterator[Group]:
        yield from super()._groups(dpid)
        for name, service in self.settings.services.items():
            if service.spread == "hash":
                yield self._rules.group(name, list(self._weighted(self.pools[name])))

    def _weighted(self, pool: Pool) -> Iterator[tuple[End, str, int]]:
        for end in pool.candidates(self._reachable()):
            yield end, self.neighbours.mac(end[0]) or "", pool.weights[text(end)]

    # --- time ---

    def tick(self, now: float) -> None:
        super().tick(now)
        speaker = self._speaker()
        if speaker is None:
            return
        verdict = self.neighbours.tick(now)
        wanted = [address for address in sorted(self._servers()) if self.neighbours.want(address, "", now)]
        for address in [*wanted, *verdict.ask]:
            self._ask(speaker, address)
        if verdict.lost:
            self._enter_spreads()
        self.checker.tick(now, self._reachable())
        for pool in self.pools.values():
            pool.tick(now)

    def _ask(self, dpid: int, address: str) -> None:
        question = Arp(inet.REQUEST, self.settings.mac, sorted(self._addresses())[0], NOBODY, address)
        self._emit(dpid, Frame(BROADCAST, self.settings.mac, None, ARP, inet.build_arp(question)))

    def _speaker(self) -> int | None:
        return next((dpid for dpid in self.ledgers if self._present(dpid) and dpid not in self._unready), None)

    # --- in short ---

    def _addresses(self) -> set[str]:
        return {str(service.address) for service in self.settings.services.values()}

    def _servers(self) -> set[str]:
        return {end[0] for pool in self.pools.values() for end in pool.health}

    def _reachable(self) -> set[str]:
        return {address for address, _, _ in self.neighbours}

    def _service(self, front: End, protocol: int) -> str | None:
        return next((name for name, service in self.settings.services.items()
                     if (str(service.address), service.port) == front
                     and (service.protocol == "tcp") == (protocol == inet.TCP)), None)

    def _emit(self, dpid: int, frame: Frame) -> None:
        if self.topology.switches[dpid].connected:
            self.outbox[dpid].append(PacketOut(build(frame), (Output(Port.TABLE),)))

    def _emit_segment(self, dpid: int, mac: str, source: str, target: str, segment: Tcp) -> None:
        packet = inet.build_ipv4(Ipv4(source, target, inet.TCP, tcp.build(segment, source, target)))
        self._emit(dpid, Frame(mac, self.settings.mac, None, IPV4, packet))
