"""A network of switches as one learning bridge. It is told what happens, and says what to send; it does neither itself.

Every event is a method; what is to be sent afterwards lies in `outbox`, by switch. Frames never wait for us: switches
flood what they do not know while we learn from a copy.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from controllers import cookie, lldp
from controllers.cookie import Kind
from controllers.discovery import PROBES, Discovery, Record
from controllers.frames import is_multicast, parse
from controllers.ledger import Ledger
from controllers.pipeline import TOWARD_GROUPS, Pipeline, toward
from controllers.rules import VLAN_PRESENT, Barrier, DeleteMeter, Flow, Group, Message, Meter, Output, PacketOut, Table
from controllers.settings import FabricSettings
from controllers.stations import Address, StationTable
from controllers.topology import Endpoint, Role, Switch, by_switch

PACKET_IN_METER = 0xFFFFFFFE  # OFPM_CONTROLLER
QUARANTINE = 60  # seconds without learning
RESTORE = 10.0  # seconds that links known from before a restart have to show up again


@dataclass(frozen=True)
class Report:
    """What a switch says about itself when it connects. `ports` maps numbers to (name, has carrier)."""

    dpid: int
    name: str
    ports: dict[int, tuple[str, bool]]
    flows: tuple[Flow, ...] = ()
    groups: frozenset[int] = frozenset()
    meters: frozenset[int] = frozenset()


class Bridge:
    settings: FabricSettings
    changeable: frozenset[str] = frozenset()
    """Settings that may change while traffic flows."""

    def __init__(self, settings: FabricSettings, pipeline: Pipeline, key: bytes, now: float, record: Record) -> None:
        self.settings, self.pipeline, self.record = settings, pipeline, record
        self.stations = StationTable()
        self.discovery = Discovery(settings, key, now, record, self._send_frame, self._left)
        self.topology = self.discovery.topology
        self.ledgers: dict[int, Ledger] = {}
        self.shared: dict[Hashable, list[Flow]] = {"pipeline": list(pipeline.always())}  # by scope, on every switch
        self.meters: list[Meter] = []  # likewise
        self.outbox: dict[int, list[Message]] = defaultdict(list)
        self._restoring: dict[int, tuple[float, Report]] = {}  # deadline, and what the switch held
        self._unready: set[int] = set()
        self._asked: dict[Endpoint, bool] = {}  # ends of new links: whether the switch has answered
        self._changes = 0  # of settings, so far
        self._changing: set[int] = set()  # switches that have not confirmed the latest
        self._targets: set[int] = set()  # switches that have, or had, stations: others need a way there

    # --- settings ---

    def reconfigure(self, settings: Any) -> None:
        """Take over new settings, if only those differ that may."""
        fixed = sorted(name for name in type(settings).model_fields if name not in self.changeable
                       and getattr(settings, name) != getattr(self.settings, name))
        if fixed:
            self.record("settings_refused", reason=f"{', '.join(fixed)}: cannot change while running; restart")
            return
        self.apply(settings)
        self._changes += 1
        self._changing = {dpid for dpid in self.ledgers if self._present(dpid)}
        for dpid in self._changing:
            self._send(dpid, [Barrier(("settings", self._changes))])

    def apply(self, settings: Any) -> None:
        """Enter what follows from changed settings."""

    # --- switches ---

    def switch_connected(self, report: Report) -> None:
        """A switch is here, for the first time or again."""
        dpid = report.dpid
        switch = self.topology.switches.setdefault(dpid, Switch(dpid, report.name))
        switch.connected = True
        self.ledgers.setdefault(dpid, Ledger())
        self._unready.add(dpid)
        self._restoring[dpid] = self.discovery.now + RESTORE, report
        self.record("switch_connected", dpid=dpid, switch=switch.name, ports=len(report.ports))
        self._see_ports(switch, report)
        for flow in sorted(report.flows, key=lambda flow: flow.table):
            self.restore(dpid, flow)
        for scope, flows in self.shared.items():
            self.ledgers[dpid].replace(scope, flows)
        self.ledgers[dpid].replace_meters(self.meters)
        self.discovery.announce(switch)
        self._finish_restoring()

    def switch_disconnected(self, dpid: int) -> None:
        """The connection is lost. The switch goes on with what it holds, so its links and stations stay."""
        self.topology.switches[dpid].connected = False
        self._restoring.pop(dpid, None)
        self._unready.discard(dpid)
        self._asked = {end: answered for end, answered in self._asked.items() if end.dpid != dpid}
        self.outbox.pop(dpid, None)
        self.record("switch_disconnected", dpid=dpid, switch=self.topology.switches[dpid].name)

    def _see_ports(self, switch: Switch, report: Report) -> None:
        before = roles_before(report.flows)
        for number in switch.ports.keys() - report.ports.keys():
            self.discovery.port_removed(Endpoint(switch.dpid, number))
        for number, (name, up) in report.ports.items():
            end, kind = Endpoint(switch.dpid, number), before.get(number)
            if up and kind is not None and number not in switch.ports:
                role = Role.EDGE if kind is Kind.EDGE else Role.LINK
                self.discovery.restore_port(end, name, role, kind is Kind.TREE)
            else:
                self.discovery.port_changed(end, name, up)

    def restore(self, dpid: int, flow: Flow) -> None:
        """Learn what a rule from before a restart knows."""
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or mark.kind is not Kind.STATION or "eth_src" not in fields:
            return
        address, place = address_in(fields), Endpoint(dpid, fields["in_port"])
        if (address.vlan is not None) == self.pipeline.vlans.aware and self.topology.role(place) is Role.EDGE:
            self.stations.learn(address, place)

    def _finish_restoring(self) -> None:
        """Bring the switches up to date once all their links have shown up again: half the links make no paths."""
        missing = {dpid: self.discovery.unconfirmed(dpid) for dpid in self._restoring}
        for dpid, (deadline, report) in list(self._restoring.items()):
            if self.discovery.now >= deadline or not any(missing.values()):
                for end in missing[dpid]:
                    self.discovery.close(end)
                self._activate(dpid, report)

    def _activate(self, dpid: int, report: Report) -> None:
        self._enter(dpid)
        for address, place in list(self.stations):
            self._enter_station(address, place)
        del self._restoring[dpid]
        self._send(dpid, self.ledgers[dpid].reconcile(report.flows, report.groups, report.meters))
        self._send(dpid, [DeleteMeter(PACKET_IN_METER), Meter(PACKET_IN_METER, self.settings.packet_in_rate)])
        self.discovery.changed = True

    # --- ports and links ---

    def port_changed(self, end: Endpoint, name: str, up: bool) -> None:
        self.discovery.port_changed(end, name, up)

    def port_removed(self, end: Endpoint) -> None:
        self.discovery.port_removed(end)

    def _send_frame(self, end: Endpoint, frame: bytes) -> None:
        if self.topology.switches[end.dpid].connected:
            self.outbox[end.dpid].append(PacketOut(frame, (Output(end.port),)))

    # --- stations ---

    def frame_received(self, place: Endpoint, data: bytes, table: int = Table.LEARN, expired: bool = False) -> None:
        """A switch shows us a frame: an announcement, or the first of a station it does not know.

        `table` is where it met the rule that shows it; `expired` says that its TTL ran out there.
        """
        frame = parse(data)
        if frame is None or place.dpid not in self.topology.switches:
            return
        if frame.destination == lldp.DESTINATION:
            self.discovery.heard(place, data)
            self._finish_restoring()
        elif table == Table.LEARN and not is_multicast(frame.source) and self.topology.role(place) is Role.EDGE:
            self.learn(Address(frame.vlan if self.pipeline.vlans.aware else None, frame.source), place)

    def learn(self, address: Address, place: Endpoint) -> None:
        before = self.stations.place(address)
        if before == place or self._restoring:
            return
        if self.stations.population(place) >= self.settings.max_stations:
            self._quarantine(place)
            return
        self.stations.learn(address, place)
        self.record("station_moved" if before else "station_learned", **self.describe(address, place))
        self._enter_station(address, place)

    def forget(self, address: Address) -> None:
        place = self.stations.place(address)
        if place is None:
            return
        self.stations.forget(address)
        self.record("station_forgotten", **self.describe(address, place))
        for dpid, ledger in self.ledgers.items():
            self._send(dpid, ledger.replace(address, ()))

    def flow_expired(self, dpid: int, flow: Flow) -> None:
        """A switch has removed a rule whose time was up."""
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or "in_port" not in fields:
            return
        place = Endpoint(dpid, fields["in_port"])
        if mark.kind is Kind.STATION and self.stations.place(address_in(fields)) == place:
            self.forget(address_in(fields))
        elif mark.kind is Kind.QUARANTINE:
            self.ledgers[dpid].forget(("quarantine", place.port))

    def _left(self, place: Endpoint) -> None:
        """What was behind a port is not there any more."""
        self._asked.pop(place, None)
        for address in self.stations.at(place):
            self.forget(address)

    def _quarantine(self, place: Endpoint) -> None:
        rule = self.pipeline.quarantine(place.port, QUARANTINE)
        self._send(place.dpid, self.ledgers[place.dpid].replace(("quarantine", place.port), [rule]))
        self.record("quarantine", **self.describe(None, place))

    def _enter_station(self, address: Address, place: Endpoint) -> None:
        """Tell every switch where a station is."""
        if place.dpid not in self._targets:
            self._targets.add(place.dpid)
            for dpid in self.ledgers:
                self._enter(dpid)
        for dpid, ledger in self.ledgers.items():
            self._send(dpid, ledger.replace(address, self._station_flows(dpid, address, place)))

    def _station_flows(self, dpid: int, address: Address, place: Endpoint) -> Iterable[Flow]:
        if dpid != place.dpid:
            return [self.pipeline.station_there(address, toward_number(place.dpid))]
        port = self.topology.port(place)
        return self.pipeline.station_here(address, port, self.settings.idle_timeout) if port else ()

    # --- time, and bringing the switches up to date ---

    @property
    def pace(self) -> float:
        """Seconds between two ticks."""
        return self.settings.hold / PROBES

    def tick(self, now: float) -> None:
        """Time passes; `now` is in seconds, of any monotonic clock. Call it every `pace` seconds."""
        self.discovery.tick(now)
        self._finish_restoring()
        self.settle()

    def settle(self) -> None:
        """Bring every switch up to date with what has changed."""
        if self.discovery.changed:
            self.discovery.changed = False
            if not self._restoring:
                self.topology.grow_tree()
            for dpid in self.ledgers:
                self._enter(dpid)
        self._ask_links()
        self._ask_ready()

    def _ask_links(self) -> None:
        """A link is used once both its switches have said that they admit what comes by it."""
        for end in self.topology.unused():
            for place in (end, self.topology.links[end]):
                if place not in self._asked and self._present(place.dpid):
                    self._asked[place] = False
                    self._send(place.dpid, [Barrier(place)])

    def _ask_ready(self) -> None:
        waiting = {place.dpid for end in self.topology.unused() for place in (end, self.topology.links[end])}
        for dpid in self._unready - self._restoring.keys() - waiting:
            if not self.discovery.pending(self.topology.switches[dpid]):
                self._unready.discard(dpid)
                self._send(dpid, [Barrier("ready")])

    def barrier_passed(self, dpid: int, token: Any) -> None:
        if token == "ready":
            self.record("ready", dpid=f"{dpid:016x}")
        elif token in self._asked:
            self._asked[token] = True
            far = self.topology.links.get(token)
            if far is not None and self._asked.get(far):
                self.discovery.use(token)
                self.settle()
        elif token == ("settings", self._changes):
            self._changing.discard(dpid)
            if not self._changing:
                self.record("settings_applied", change=self._changes)

    def _enter(self, dpid: int) -> None:
        """Enter a switch's ports and groups."""
        before, after = self.ledgers[dpid].replace_groups(self._groups(dpid))
        tree = by_switch(self.topology.tree).get(dpid, set())
        flows = [flow for port in self.topology.switches[dpid].ports.values()
                 for flow in self.pipeline.port(port, port.number in tree)]
        self._send(dpid, [*before, *self.ledgers[dpid].replace("ports", flows), *after])

    def everywhere(self, scope: Hashable, flows: Iterable[Flow]) -> None:
        """Make `flows` all that every switch holds under `scope`."""
        self.shared[scope] = list(flows)
        for dpid, ledger in self.ledgers.items():
            self._send(dpid, ledger.replace(scope, self.shared[scope]))
        if not self.shared[scope]:
            del self.shared[scope]

    def _groups(self, dpid: int) -> Iterator[Group]:
        switch, topology = self.topology.switches[dpid], self.topology
        yield from self.pipeline.flood_groups(switch, by_switch(topology.tree).get(dpid, set()))
        for target in sorted(self._targets - {dpid}):
            yield toward(toward_number(target), f"toward {topology.switches[target].name}",
                         topology.next_hops(dpid, target), topology.alternates(dpid, target))

    def _send(self, dpid: int, messages: Iterable[Message]) -> None:
        """Send changes; to a switch that is being restored they go later, all at once."""
        if self._present(dpid):
            self.outbox[dpid].extend(messages)

    def _present(self, dpid: int) -> bool:
        return dpid not in self._restoring and self.topology.switches[dpid].connected

    def describe(self, address: Address | None, place: Endpoint) -> dict:
        who = {"mac": address.mac, "vlan": address.vlan} if address else {}
        return {**who, "switch": self.topology.switches[place.dpid].name, "port": self.discovery.name(place)}


def roles_before(flows: Iterable[Flow]) -> dict[int, Kind]:
    """What each port was, by the rules an earlier controller left on its switch."""
    read = [cookie.read(flow.cookie) for flow in flows]
    return {mark.object: mark.kind for mark in read if mark and mark.kind in (Kind.EDGE, Kind.TREE, Kind.LINK)}


def address_in(fields: dict) -> Address:
    """The station that a learning rule is about."""
    vlan = fields.get("vlan_vid")
    return Address(vlan & ~VLAN_PRESENT if vlan else None, fields["eth_src"])


def toward_number(dpid: int) -> int:
    """The group that leads to a switch: the same after a restart, so that rules keep their meaning."""
    return TOWARD_GROUPS + (dpid & 0xFFFFFF)
