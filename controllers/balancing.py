"""A load balancer made of switches: one address for many servers. Told what happens, says what to send.

A client's first packet comes to the controller, which chooses a server; two rules then rewrite the connection's
packets, to the server and back, where each enters the network. (With `hash` the switches do it all by themselves.)
"""

from collections.abc import Iterator
from random import Random

from controllers import cookie, gateway, inet, tcp
from controllers.balancer_settings import BalancerSettings
from controllers.balancing_rules import BalancingRules, ends
from controllers.bridge import Bridge
from controllers.checking import Checker
from controllers.connections import ports, receiver_in
from controllers.cookie import Kind
from controllers.discovery import Record
from controllers.frames import ARP, BROADCAST, IPV4, Frame, build, parse
from controllers.inet import Arp, Ipv4
from controllers.neighbours import NeighbourTable
from controllers.pipeline import Pipeline
from controllers.pool import Pool, text
from controllers.rules import Flow, Group, Output, PacketOut, Port, Table
from controllers.sessions import Sessions
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
        self.pools: dict[str, Pool] = {}
        self.sessions = Sessions(self)
        self._random = random
        self._checker = Checker(self.pools, self._probe, self._health_changed)
        self.apply(settings)

    def apply(self, settings: BalancerSettings) -> None:
        for name in [name for name in self.pools if name not in settings.services]:
            self._retire(name)
        self.settings, self.rules = settings, BalancingRules(settings, self.pipeline)
        for name, service in settings.services.items():
            self.pools.setdefault(name, Pool(service, self._random)).configure(service)
        self.everywhere("always", self.rules.always())
        for name in settings.services:
            self.everywhere(("front", name), self.rules.front(name))
        self._enter_spreads()

    def _retire(self, name: str) -> None:
        """A service is offered no longer."""
        for session in self.sessions:
            if session.service == name:
                self.sessions.close(session)
        for scope in ("front", name), ("spread", name):
            self.everywhere(scope, ())
        del self.pools[name]

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
        if arp is None or arp.sender_mac == self.settings.mac:
            return
        if arp.sender_ip in self._addresses():
            self.record("address_conflict", address=arp.sender_ip, mac=arp.sender_mac)
            return
        if arp.sender_ip in self._servers():
            self._heard(arp.sender_ip, arp.sender_mac)
        if arp.operation == inet.REQUEST and arp.target_ip in self._addresses():
            reply = Arp(inet.REPLY, self.settings.mac, arp.target_ip, arp.sender_mac, arp.sender_ip)
            self.emit(dpid, Frame(arp.sender_mac, self.settings.mac, None, ARP, inet.build_arp(reply)))

    def _packet(self, dpid: int, frame: Frame, packet: Ipv4) -> None:
        source, target = ports(packet)
        sender, receiver = (packet.source, source), (packet.destination, target)
        segment = tcp.parse(packet.payload) if packet.protocol == inet.TCP else None
        if packet.destination not in self._addresses():
            self.sessions.server(dpid, frame, sender, receiver, segment)
        elif segment and self._checked(sender, receiver, segment):
            return
        elif (name := self._service(receiver, packet.protocol)) is not None:
            self.sessions.client(dpid, frame, name, sender, segment)
        elif (answer := gateway.answer(frame.payload)) is not None:
            self.emit(dpid, Frame(frame.source, self.settings.mac, None, IPV4, answer))

    def _checked(self, sender: End, receiver: End, segment: Tcp) -> bool:
        return any(self._checker.answered(name, sender, segment) for name, pool in self.pools.items()
                   if sender in pool.health and str(pool.service.address) == receiver[0])

    def flow_expired(self, dpid: int, flow: Flow) -> None:
        super().flow_expired(dpid, flow)
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark and mark.kind is Kind.CONNECTION and fields["ipv4_dst"] in self._addresses():
            self.sessions.expired(flow, self.pools.keys())

    def restore(self, dpid: int, flow: Flow) -> None:
        super().restore(dpid, flow)
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark and mark.kind is Kind.CONNECTION:
            self.sessions.restore(dpid, flow, self._service(receiver_in(fields), fields["ip_proto"]), mark.object)

    # --- servers ---

    def _heard(self, address: str, mac: str) -> None:
        news, _ = self.neighbours.heard(address, "", mac, self.now)
        if news:
            self.record("server_found", address=address, mac=mac)
            self._enter_spreads()
            for session in self.sessions:
                if session.server[0] == address:
                    self.sessions.enter(session)

    def forget(self, address: Address) -> None:
        super().forget(address)
        gone = self.neighbours.forget("", address.mac)
        for name, pool in self.pools.items():
            for server in [end for end in pool.health if end[0] in gone]:
                self.refused(name, server)

    def refused(self, service: str, server: End) -> None:
        """A server has turned a connection down, or is gone."""
        self._checker.refused(service, server)

    def _health_changed(self, name: str, server: End, up: bool) -> None:
        self.record("server_up" if up else "server_down", service=name, server=text(server))
        self._enter_spreads()
        for session in self.sessions:
            if not up and (session.service, session.server) == (name, server):
                self.sessions.close(session)

    def _probe(self, name: str, server: End, segment: Tcp) -> None:
        mac, speaker = self.neighbours.mac(server[0]), self._speaker()
        if mac and speaker is not None:
            self.emit_segment(speaker, mac, str(self.settings.services[name].address), server[0], segment)

    def _enter_spreads(self) -> None:
        """Tell switches which servers to spread connections over by themselves."""
        unused = {}
        for dpid, ledger in self.ledgers.items():
            before, unused[dpid] = ledger.replace_groups(self.groups(dpid))
            self.send(dpid, before)
        for name, service in self.settings.services.items():
            macs = {end: mac for end in ends(service) if (mac := self.neighbours.mac(end[0]))}
            self.everywhere(("spread", name), self.rules.tracked(name, macs) if service.spread == "hash" else ())
        for dpid, after in unused.items():
            self.send(dpid, after)

    def groups(self, dpid: int) -> Iterator[Group]:
        yield from super().groups(dpid)
        for name, service in self.settings.services.items():
            if service.spread == "hash":
                yield self.rules.group(name, list(self._weighted(self.pools[name])))

    def _weighted(self, pool: Pool) -> Iterator[tuple[End, str, int]]:
        for end in pool.candidates(self.reachable()):
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
            question = Arp(inet.REQUEST, self.settings.mac, min(self._addresses()), NOBODY, address)
            self.emit(speaker, Frame(BROADCAST, self.settings.mac, None, ARP, inet.build_arp(question)))
        if verdict.lost:
            self._enter_spreads()
        self._checker.tick(now, self.reachable())
        for pool in self.pools.values():
            pool.tick(now)

    def _speaker(self) -> int | None:
        """A switch that can send for us."""
        return next((dpid for dpid in self.ledgers if self.present(dpid) and dpid not in self.unready), None)

    # --- in short ---

    def _addresses(self) -> set[str]:
        return {str(service.address) for service in self.settings.services.values()}

    def _servers(self) -> set[str]:
        return {end[0] for pool in self.pools.values() for end in pool.health}

    def reachable(self) -> set[str]:
        """The addresses that have been found."""
        return {address for address, _, _ in self.neighbours}

    def _service(self, front: End, protocol: int) -> str | None:
        return next((name for name, service in self.settings.services.items()
                     if (str(service.address), service.port) == front
                     and (service.protocol == "tcp") == (protocol == inet.TCP)), None)

    def enter(self, scope: tuple, flows: dict[int, list[Flow]]) -> None:
        """Make these all that switches hold under `scope`."""
        for dpid, ledger in self.ledgers.items():
            self.send(dpid, ledger.replace(scope, flows.get(dpid, ())))

    def emit(self, dpid: int, frame: Frame) -> None:
        """Send a frame of our own, by way of a switch's tables."""
        if self.topology.switches[dpid].connected:
            self.outbox[dpid].append(PacketOut(build(frame), (Output(Port.TABLE),)))

    def emit_segment(self, dpid: int, mac: str, source: str, target: str, segment: Tcp) -> None:
        packet = inet.build_ipv4(Ipv4(source, target, inet.TCP, tcp.build(segment, source, target)))
        self.emit(dpid, Frame(mac, self.settings.mac, None, IPV4, packet))
