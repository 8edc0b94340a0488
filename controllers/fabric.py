"""Switches under one control: what each of them holds, how the way to another leads, when all of them are ready.

It is told what happens, and says what to send; it does neither itself. Every event is a method; what is to be sent
afterwards lies in `outbox`, by switch.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from controllers import cookie
from controllers.cookie import Kind
from controllers.discovery import PROBES, Discovery, Record
from controllers.ledger import Ledger
from controllers.pipeline import TOWARD_GROUPS, Pipeline, toward
from controllers.rules import Barrier, DeleteMeter, Flow, Group, Message, Meter, Output, PacketOut
from controllers.settings import FabricSettings
from controllers.topology import Endpoint, Role, Switch, by_switch

PACKET_IN_METER = 0xFFFFFFFE  # OFPM_CONTROLLER
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


class Fabric:
    settings: FabricSettings
    changeable: frozenset[str] = frozenset()
    """Settings that may change while traffic flows."""

    def __init__(self, settings: FabricSettings, pipeline: Pipeline, key: bytes, now: float, record: Record) -> None:
        self.settings, self.pipeline, self.record = settings, pipeline, record
        self.discovery = Discovery(settings, key, now, record, self._send_frame, self.left, self.after)
        self.topology = self.discovery.topology
        self.ledgers: dict[int, Ledger] = {}
        self.shared: dict[Hashable, list[Flow]] = {"pipeline": list(pipeline.always())}  # by scope, on every switch
        self.meters: list[Meter] = []  # likewise
        self.outbox: dict[int, list[Message]] = defaultdict(list)
        self.restoring: dict[int, tuple[float, Report]] = {}  # deadline, and what the switch held
        self.unready: set[int] = set()
        self._asked: dict[Endpoint, bool] = {}  # ends of new links: whether the switch has answered
        self._changes = 0  # of settings, so far
        self._changing: set[int] = set()  # switches that have not confirmed the latest
        self._targets: set[int] = set()  # switches that others need a way to

    # --- what those who build on this add ---

    def restore(self, dpid: int, flow: Flow) -> None:
        """Learn what a rule from before a restart knows."""

    def activated(self, dpid: int) -> None:
        """Enter what a switch should hold, before it is told."""

    def left(self, place: Endpoint) -> None:
        """What was behind a port is not there any more."""
        self._asked.pop(place, None)

    def apply(self, settings: Any) -> None:
        """Enter what follows from changed settings."""

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
        self._changing = {dpid for dpid in self.ledgers if self.present(dpid)}
        for dpid in self._changing:
            self.send(dpid, [Barrier(("settings", self._changes))])

    def _confirmed(self, dpid: int) -> None:
        self._changing.discard(dpid)
        if not self._changing:
            self.record("settings_applied", change=self._changes)

    # --- switches come and go ---

    def switch_connected(self, report: Report) -> None:
        """A switch is here, for the first time or again."""
        dpid = report.dpid
        switch = self.topology.switches.setdefault(dpid, Switch(dpid, report.name))
        switch.connected = True
        ledger = self.ledgers.setdefault(dpid, Ledger())
        self.unready.add(dpid)
        self.restoring[dpid] = self.discovery.now + RESTORE, report
        self.record("switch_connected", dpid=dpid, switch=switch.name, ports=len(report.ports))
        self._see_ports(switch, report)
        for flow in sorted(report.flows, key=lambda flow: flow.table):
            self.restore(dpid, flow)
        for scope, flows in self.shared.items():
            ledger.replace(scope, flows)
        ledger.replace_meters(self.meters)
        self.discovery.announce(switch)
        self.finish_restoring()

    def switch_disconnected(self, dpid: int) -> None:
        """The connection is lost. The switch goes on with what it holds, so its links and stations stay."""
        self.topology.switches[dpid].connected = False
        self.discovery.switch_gone(dpid)
        self.restoring.pop(dpid, None)
        self.unready.discard(dpid)
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

    def finish_restoring(self) -> None:
        """Bring the switches up to date once all their links have shown up again: half the links make no paths."""
        missing = {dpid: self.discovery.unconfirmed(dpid) for dpid in self.restoring}
        for dpid, (deadline, report) in list(self.restoring.items()):
            if self.discovery.now >= deadline or not any(missing.values()):
                for end in missing[dpid]:
                    self.discovery.close(end)
                self._activate(dpid, report)

    def _activate(self, dpid: int, report: Report) -> None:
        self._enter(dpid)
        self.activated(dpid)
        del self.restoring[dpid]
        self.send(dpid, self.ledgers[dpid].reconcile(report.flows, report.groups, report.meters))
        self.send(dpid, [DeleteMeter(PACKET_IN_METER), Meter(PACKET_IN_METER, self.settings.packet_in_rate)])
        self.discovery.changed = True

    def port_changed(self, end: Endpoint, name: str, up: bool) -> None:
        self.discovery.port_changed(end, name, up)

    def port_removed(self, end: Endpoint) -> None:
        self.discovery.port_removed(end)

    # --- time, and bringing the switches up to date ---

    @property
    def now(self) -> float:
        return self.discovery.now

    @property
    def pace(self) -> float:
        """Seconds between two ticks."""
        return self.settings.hold / PROBES

    def tick(self, now: float) -> None:
        """Time passes; `now` is in seconds, of any monotonic clock. Call it every `pace` seconds."""
        self.discovery.tick(now)
        self.finish_restoring()
        self.settle()

    def settle(self) -> None:
        """Bring every switch up to date with what has changed."""
        if self.discovery.changed:
            self.discovery.changed = False
            if not self.restoring:
                self.topology.grow_tree()
            for dpid in self.ledgers:
                self._enter(dpid)
        self._ask_links()
        self._ask_ready()

    def _ask_links(self) -> None:
        """A link is used once both its switches have said that they admit what comes by it."""
        for end in self.topology.unused():
            for place in (end, self.topology.links[end]):
                if place not in self._asked and self.present(place.dpid):
                    self._asked[place] = False
                    self.send(place.dpid, [Barrier(place)])

    def _ask_ready(self) -> None:
        waiting = {place.dpid for end in self.topology.unused() for place in (end, self.topology.links[end])}
        for dpid in self.unready - self.restoring.keys() - waiting:
            if not self.discovery.pending(self.topology.switches[dpid]):
                self.unready.discard(dpid)
                self.send(dpid, [Barrier("ready")])

    def barrier_passed(self, dpid: int, token: Any) -> None:
        """A switch has done all it was told before a barrier."""
        if token == "ready":
            self.record("ready", dpid=f"{dpid:016x}")
        elif token == ("settings", self._changes):
            self._confirmed(dpid)
        elif callable(token):
            token()
        elif token in self._asked:
            self._asked[token] = True
            far = self.topology.links.get(token)
            if far is not None and self._asked.get(far):
                self.discovery.use(token)
                self.settle()

    # --- what switches hold ---

    def everywhere(self, scope: Hashable, flows: Iterable[Flow]) -> None:
        """Make `flows` all that every switch holds under `scope`."""
        self.shared[scope] = list(flows)
        for dpid, ledger in self.ledgers.items():
            self.send(dpid, ledger.replace(scope, self.shared[scope]))
        if not self.shared[scope]:
            del self.shared[scope]

    def need_way_to(self, dpid: int) -> None:
        """Give every switch a group that leads to this one."""
        if dpid not in self._targets:
            self._targets.add(dpid)
            for each in self.ledgers:
                self._enter(each)

    def _enter(self, dpid: int) -> None:
        """Enter a switch's ports and groups."""
        before, after = self.ledgers[dpid].replace_groups(self.groups(dpid))
        tree = by_switch(self.topology.tree).get(dpid, set())
        flows = [flow for port in self.topology.switches[dpid].ports.values()
                 for flow in self.pipeline.port(port, port.number in tree)]
        self.send(dpid, [*before, *self.ledgers[dpid].replace("ports", flows), *after])

    def groups(self, dpid: int) -> Iterator[Group]:
        """All groups that a switch should have."""
        switch, topology = self.topology.switches[dpid], self.topology
        yield from self.pipeline.flood_groups(switch, by_switch(topology.tree).get(dpid, set()))
        for target in sorted(self._targets - {dpid}):
            yield toward(toward_number(target), f"toward {topology.switches[target].name}",
                         topology.next_hops(dpid, target), topology.alternates(dpid, target))

    def send(self, dpid: int, messages: Iterable[Message]) -> None:
        """Send changes; to a switch that is being restored they go later, all at once."""
        if self.present(dpid):
            self.outbox[dpid].extend(messages)

    def after(self, dpid: int, act: Callable[[], None]) -> None:
        """Do something once a switch has done all it was told so far."""
        if self.topology.switches[dpid].connected:
            self.outbox[dpid].append(Barrier(act))

    def present(self, dpid: int) -> bool:
        return dpid not in self.restoring and self.topology.switches[dpid].connected

    def _send_frame(self, end: Endpoint, frame: bytes) -> None:
        if self.topology.switches[end.dpid].connected:
            self.outbox[end.dpid].append(PacketOut(frame, (Output(end.port),)))


def roles_before(flows: Iterable[Flow]) -> dict[int, Kind]:
    """What each port was, by the rules an earlier controller left on its switch."""
    read = [cookie.read(flow.cookie) for flow in flows]
    return {mark.object: mark.kind for mark in read if mark and mark.kind in (Kind.EDGE, Kind.TREE, Kind.LINK)}


def toward_number(dpid: int) -> int:
    """The group that leads to a switch: the same after a restart, so that rules keep their meaning."""
    return TOWARD_GROUPS + (dpid & 0xFFFFFF)
