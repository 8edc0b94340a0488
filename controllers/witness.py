"""Runs beside an application that is not ours, and reports when each switch has done what that one asked of it."""

from typing import Any

from ryu.base.app_manager import RyuApp
from ryu.controller import ofp_event
from ryu.controller.handler import MAIN_DISPATCHER, set_ev_cls

from controllers.journal import Journal


class Witness(RyuApp):
    def __init__(self, *args: Any, journal: Journal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.journal = journal

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def on_connect(self, event: Any) -> None:
        event.datapath.send_barrier()

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def on_barrier(self, event: Any) -> None:
        self.journal.record("ready", dpid=f"{event.msg.datapath.id:016x}")
