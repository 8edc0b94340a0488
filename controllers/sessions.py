"""Connections to a balanced service: who gets which server, and what becomes of them."""

from collections.abc import Callable, Set
from typing import Protocol

from controllers import tcp
from controllers.balancer_settings import BalancerSettings
from controllers.balancing_rules import BalancingRules
from controllers.connections import Connection, Halves, receiver_in, sender_in
from controllers.frames import IPV4, Frame
from controllers.neighbours import NeighbourTable
from controllers.pipeline import low_bits
from controllers.pool import Pool
from controllers.rules import Flow
from controllers.stations import Address, StationTable
from controllers.tcp import End, Tcp


class Surroundings(Protocol):
    """What sessions need to know of the balancer they belong to."""

    settings: BalancerSettings
    rules: BalancingRules
    pools: dict[str, Pool]
    neighbours: NeighbourTable
    stations: StationTable

    @property
    def now(self) -> float: ...
    def reachable(self) -> set[str]: ...
    def refused(self, service: str, server: End) -> None: ...
    def enter(self, scope: tuple, flows: dict[int, list[Flow]]) -> None: ...
    def after(self, dpid: int, act: Callable[[], None]) -> None: ...
    def emit(self, dpid: int, frame: Frame) -> None: ...
    def emit_segment(self, dpid: int, mac: str, source: str, target: str, segment: Tcp) -> None: ...
    def record(self, event: str, **facts: object) -> None: ...


class Sessions:
    def __init__(self, balancer: Surroundings) -> None:
        self._balancer = balancer
        self._open: dict[tuple[str, End], Connection] = {}
        self._halves = Halves()

    def __iter__(self):
        return iter(list(self._open.values()))

    # --- what clients and servers say ---

    def client(self, dpid: int, frame: Frame, name: str, client: End, segment: Tcp | None) -> None:
        """A packet for a service that no rule could send on."""
        opens = segment is None or segment.flags & (tcp.SYN | tcp.ACK) == tcp.SYN
        known = self._open.get((name, client))
        if known and not (opens and segment and known.syn and known.syn.sequence != segment.sequence):
            self._pass_on(known, frame.payload)
        elif opens:
            if known:
                self.close(known)
            self._start(Connection(name, client, frame.source, dpid, frame.payload, segment))
        elif segment:
            self._reset(dpid, frame.source, name, client, segment)

    def server(self, dpid: int, frame: Frame, server: End, client: End, segment: Tcp | None) -> None:
        """A server ends a connection, or refuses it."""
        connection = next((one for name in self._balancer.pools if (one := self._open.get((name, client)))
                           and one.server == server), None)
        if connection is None or segment is None:
            self._balancer.emit(dpid, frame)
        elif connection.syn and tcp.refuses(segment, connection.syn):
            self.close(connection)
            self._balancer.refused(connection.service, server)
            self._start(connection, avoid={server})
        else:
            self._ended(dpid, frame, connection, segment)

    def _ended(self, dpid: int, frame: Frame, connection: Connection, segment: Tcp) -> None:
        """After a FIN the rules stay, for what is still under way, until they are idle."""
        if segment.flags & tcp.RST:
            self.close(connection)
        else:
            self._balancer.pools[connection.service].closed(connection)
        service = self._balancer.settings.services[connection.service]
        answer = tcp.readdressed(frame.payload, source=(str(service.address), service.port))
        self._balancer.emit(dpid, frame._replace(source=self._balancer.settings.mac, payload=answer))

    # --- their life ---

    def _start(self, connection: Connection, avoid: Set[End] = frozenset()) -> None:
        """Choose a server, and send the first packet there once the answer's way back is known."""
        pool, client = self._balancer.pools[connection.service], connection.client
        itself = {end for end in pool.health if end[0] == client[0]}
        chosen = pool.choose(client[0], self._balancer.now, self._balancer.reachable(), itself | avoid)
        if chosen is None:
            self._balancer.record("no_server", service=connection.service, client=client[0])
            self._reset(connection.dpid, connection.client_mac, connection.service, client, connection.syn)
            return
        connection.server = chosen
        self._adopt(connection)
        self._balancer.after(self._home(connection), lambda: self._pass_on(connection, connection.opening))

    def _adopt(self, connection: Connection) -> None:
        self._open[connection.service, connection.client] = connection
        self._balancer.pools[connection.service].opened(connection)
        self.enter(connection)

    def _pass_on(self, connection: Connection, packet: bytes) -> None:
        mac = self._balancer.neighbours.mac(connection.server[0])
        if mac is not None:
            onward = tcp.readdressed(packet, destination=connection.server)
            self._balancer.emit(connection.dpid, Frame(mac, connection.client_mac, None, IPV4, onward))

    def _reset(self, dpid: int, mac: str, name: str, client: End, segment: Tcp | None) -> None:
        """Tell a client that there is no such connection (RFC 9293, 3.10.7.1)."""
        if segment is not None:
            service = self._balancer.settings.services[name]
            answer = Tcp(service.port, client[1], segment.acknowledged, segment.sequence + 1 & 0xFFFFFFFF,
                         tcp.RST | tcp.ACK if segment.flags & tcp.SYN else tcp.RST)
            self._balancer.emit_segment(dpid, mac, str(service.address), client[0], answer)

    def close(self, connection: Connection) -> None:
        """A connection is over, and its rules go."""
        if connection.service in self._balancer.pools:
            self._balancer.pools[connection.service].closed(connection)
        self._open.pop((connection.service, connection.client), None)
        self._balancer.enter(connection.scope, {})

    def enter(self, connection: Connection) -> None:
        """One rule where the client is, one where the server is."""
        service = self._balancer.settings.services[connection.service]
        mac = self._balancer.neighbours.mac(connection.server[0])
        if mac is None:
            return
        ends = service, connection.client, connection.server, mac
        flows = {connection.dpid: [self._balancer.rules.forward(*ends)]}
        flows.setdefault(self._home(connection), []).append(self._balancer.rules.backward(*ends))
        self._balancer.enter(connection.scope, flows)

    def _home(self, connection: Connection) -> int:
        """The switch where a connection's server lives."""
        mac = self._balancer.neighbours.mac(connection.server[0])
        place = self._balancer.stations.place(Address(None, mac)) if mac else None
        return place.dpid if place else connection.dpid

    def expired(self, flow: Flow, services: Set[str]) -> None:
        """The rule of a connection to one of `services` has been idle for too long."""
        client = sender_in(dict(flow.match))
        for connection in [one for one in map(self._open.get, ((name, client) for name in services)) if one]:
            self.close(connection)

    # --- after a restart ---

    def restore(self, dpid: int, flow: Flow, service: str | None, number: int) -> None:
        """A connection's two rules tell all about it; `service` is given with the one that leads to it."""
        fields = dict(flow.match)
        whole = (self._halves.forward(sender_in(fields), service, dpid) if service
                 else self._halves.backward(receiver_in(fields), sender_in(fields), number))
        if whole is not None:
            self._reopen(*whole)

    def _reopen(self, connection: Connection, number: int) -> None:
        stations, pool = self._balancer.stations, self._balancer.pools.get(connection.service)
        mac = next((station.mac for station, _ in stations if low_bits(station.mac) == number), None)
        if mac and pool and connection.server in pool.health:
            self._balancer.neighbours.heard(connection.server[0], "", mac, self._balancer.now)
            self._adopt(connection)
