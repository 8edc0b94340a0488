"""What every controller of ours does with Ryu: turn its events into calls, and what they ask for into messages."""

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ryu.base.app_manager import RyuApp
from ryu.controller import ofp_event
from ryu.controller.event import EventBase
from ryu.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib import hub
from ryu.ofproto import ofproto_v1_3

from controllers import openflow
from controllers.bridge import Bridge
from controllers.fabric import Report
from controllers.journal import Journal
from controllers.questions import Questions
from controllers.settings import SettingsError, load
from controllers.topology import Endpoint
from controllers.view import Resources

LOOK = 0.2  # seconds between looks at the settings file
ANSWER = 2.0  # seconds a switch has to answer a question of the REST view


class Tick(EventBase):
    """Time has passed."""


class Changed(EventBase):
    """The settings file is not what it was."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class Application(RyuApp):
    """The shim. Everything runs in Ryu's one event loop for an application, so nothing is locked.

    No handler waits: an answer from a switch is an event like any other.
    """

    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args: Any, settings: Any, config: Path | None, journal: Journal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings, self.config, self.journal = settings, config, journal
        self.bridge: Bridge = self.build()
        self.questions = Questions()
        self.datapaths: dict[int, Any] = {}  # those that have told us what they hold
        self.barriers: dict[tuple[int, int], Any] = {}

    def build(self) -> Bridge:
        raise NotImplementedError

    def resources(self) -> Resources:
        """What an application adds to the REST view."""
        return {}

    def start(self) -> None:
        super().start()
        self.threads.append(hub.spawn(self._clock))
        if self.config is not None:
            self.threads.append(hub.spawn(self._watch, self.config))

    def _clock(self) -> None:
        while self.is_active:
            hub.sleep(self.bridge.pace)
            self.send_event(self.name, Tick())

    @set_ev_cls(Tick)
    def on_tick(self, _event: Tick) -> None:
        self.bridge.tick(time.monotonic())
        self.flush()

    # --- settings change ---

    def _watch(self, path: Path) -> None:
        """Look at the settings file again and again; a program that rewrites it need not tell us."""
        seen = _state(path)
        while self.is_active:
            hub.sleep(LOOK)
            if _state(path) != seen:
                seen = _state(path)
                self.send_event(self.name, Changed(path))

    @set_ev_cls(Changed)
    def on_change(self, event: Changed) -> None:
        try:
            self.bridge.reconfigure(load(type(self.settings), event.path))
        except SettingsError as error:
            self.journal.record("settings_refused", reason=str(error))
        self.flush()

    # --- switches come and go ---

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def on_state(self, event: Any) -> None:
        datapath = event.datapath
        if event.state == MAIN_DISPATCHER:
            self._greet(datapath)
        elif datapath in self.datapaths.values():  # and not replaced by a newer connection of the same switch
            self._lost(datapath.id)

    def _lost(self, dpid: int) -> None:
        del self.datapaths[dpid]
        self.questions.forget(dpid)
        self.barriers = {number: token for number, token in self.barriers.items() if number[0] != dpid}
        self.bridge.switch_disconnected(dpid)

    def _greet(self, datapath: Any) -> None:
        """Ask what a switch holds, before telling it what to hold."""
        openflow.greet(datapath)
        answers: list[list] = []
        requests = openflow.flows_request, openflow.groups_request, openflow.meters_request

        def answered(parts: list) -> None:
            answers.append(parts)
            if len(answers) == len(requests):
                self._greeted(datapath, *answers)

        for request in requests:
            self.questions.ask(datapath, request(datapath), answered)

    def _greeted(self, datapath: Any, flows: list, groups: list, meters: list) -> None:
        if not datapath.is_active:
            return
        ports = datapath.ports.values()
        self.datapaths[datapath.id] = datapath
        self.bridge.switch_connected(Report(
            datapath.id, openflow.switch_name(ports, datapath.id), openflow.ports(ports),
            tuple(map(openflow.read_flow, flows)), frozenset(group.group_id for group in groups),
            frozenset(meter.meter_id for meter in meters)))
        self.bridge.settle()
        self.flush()

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def on_port(self, event: Any) -> None:
        message = event.msg
        if message.datapath.id not in self.datapaths or message.desc.port_no > ofproto_v1_3.OFPP_MAX:
            return
        end = Endpoint(message.datapath.id, message.desc.port_no)
        if message.reason == ofproto_v1_3.OFPPR_DELETE:
            self.bridge.port_removed(end)
        else:
            self.bridge.port_changed(end, openflow.name(message.desc), openflow.carrier(message.desc))
        self.bridge.settle()
        self.flush()

    # --- what switches tell ---

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet(self, event: Any) -> None:
        message = event.msg
        if message.datapath.id in self.datapaths:
            self.bridge.frame_received(Endpoint(message.datapath.id, message.match["in_port"]), message.data,
                                       message.table_id, message.reason == ofproto_v1_3.OFPR_INVALID_TTL)
            self.flush()

    @set_ev_cls(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def on_flow_removed(self, event: Any) -> None:
        if event.msg.datapath.id in self.datapaths:
            self.bridge.flow_expired(event.msg.datapath.id, openflow.read_flow(event.msg))
            self.flush()

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def on_barrier(self, event: Any) -> None:
        token = self.barriers.pop((event.msg.datapath.id, event.msg.xid), None)
        if token is not None:
            self.bridge.barrier_passed(event.msg.datapath.id, token)
            self.flush()

    @set_ev_cls([ofp_event.EventOFPFlowStatsReply, ofp_event.EventOFPGroupDescStatsReply,
                 ofp_event.EventOFPMeterConfigStatsReply, ofp_event.EventOFPPortStatsReply], MAIN_DISPATCHER)
    def on_answer(self, event: Any) -> None:
        self.questions.answer(event.msg)

    @set_ev_cls(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def on_error(self, event: Any) -> None:
        message = event.msg
        self.journal.error("switch_refused", dpid=f"{message.datapath.id:016x}", type=message.type,
                           code=message.code, message=bytes(message.data).hex())

    # --- what we tell switches ---

    def flush(self) -> None:
        """Send what has piled up."""
        waiting, self.bridge.outbox = self.bridge.outbox, defaultdict(list)
        for dpid, messages in waiting.items():
            if messages and dpid in self.datapaths:
                self._send(dpid, messages)

    def _send(self, dpid: int, messages: list) -> None:
        numbers = openflow.send(self.datapaths[dpid], messages)
        for message, number in zip(messages, numbers, strict=True):
            if isinstance(message, openflow.Barrier):
                self.barriers[dpid, number] = message.token

    def inquire(self, dpid: int, request: Callable[[Any], Any]) -> list:
        """Ask a switch and wait for its answer; empty when it does not give one. Not for event handlers."""
        answer: Any = hub.Queue()
        if dpid not in self.datapaths:
            return []
        self.questions.ask(self.datapaths[dpid], request(self.datapaths[dpid]), answer.put)
        try:
            return answer.get(timeout=ANSWER)
        except hub.QueueEmpty:
            return []


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written, or replaced by another."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
