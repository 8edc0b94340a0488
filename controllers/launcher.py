"""Starts Ryu 4.34, last released in 2020, on today's Python and eventlet."""

import logging
import os
import socket
import sys
import warnings
from types import ModuleType
from typing import Any

from controllers.journal import Handler, Journal

OURS = "controllers."
ECHO, UNANSWERED = 5.0, 3  # seconds between questions to a switch, and how many may stay without an answer

UNUSED = {
    "app.wsgi": {}, "lib.packet.packet": {"Packet": ()},
    **{f"ofproto.ofproto_v1_{minor}_parser": {} for minor in (0, 2, 4, 5)},
}
"""Modules that Ryu imports, and that no application of ours needs: more than half of the time it takes to start."""


def run(modules: list[str], listener: socket.socket, rest: socket.socket | None, journal: Journal,
        **given: Any) -> None:
    """Run applications until the process is told to end, with switches on one socket and the JSON view on another.

    `given` goes to the constructor of each.
    """
    if all(module.startswith(OURS) for module in modules):
        _leave_out()
    else:
        modules = [*modules, "controllers.witness"]
    from ryu.base.app_manager import AppManager
    from ryu.lib import hub
    _configure(journal)
    _serve_on(listener)
    manager = AppManager.get_instance()
    manager.load_apps([*modules, "ryu.controller.ofp_handler"])
    services = manager.instantiate_apps(**manager.create_contexts(), journal=journal, **given)
    if rest is not None:
        _view(rest, manager, journal)
    hub.joinall(services)


def _view(listener: socket.socket, manager: Any, journal: Journal) -> None:
    """Ours; or, of an application of Ryu's that has one, its own."""
    from controllers import resources, rest
    theirs = (one for one in manager.contexts.values() if type(one).__name__ == "WSGIApplication")
    rest.serve(listener, next(theirs, None) or rest.Rest(resources.of(list(manager.applications.values()), journal)))
    journal.record("rest", port=listener.getsockname()[1])


def patch() -> None:
    """Make the standard library cooperative, as Ryu expects. To be called before anything else is imported."""
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # nobody looks up names here
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    warnings.filterwarnings("ignore", category=SyntaxWarning)  # Ryu's, seen once, when Python compiles it
    import eventlet
    eventlet.monkey_patch()
    import eventlet.wsgi
    if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):  # went with eventlet 0.30.3; ryu.app.wsgi wants it
        eventlet.wsgi.ALREADY_HANDLED = []


def _leave_out() -> None:
    """Put empty modules in place of unused ones; `ryu.lib.packet` stays a package, without its list of imports."""
    import ryu.app
    import ryu.lib
    ryu.lib.packet = _module("ryu.lib.packet", __path__=[f"{ryu.lib.__path__[0]}/packet"])
    for name, content in UNUSED.items():
        _module(f"ryu.{name}", **content)
    ryu.app.wsgi = sys.modules["ryu.app.wsgi"]


def _module(name: str, /, **content: Any) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    vars(module).update(content)
    return module


def _configure(journal: Journal) -> None:
    """Ryu reads no configuration file of the machine, notices switches that are dead, and logs into the journal."""
    from ryu import cfg
    cfg.CONF(args=[], project="ryu", default_config_files=[])
    cfg.CONF.set_override("echo_request_interval", ECHO)
    cfg.CONF.set_override("maximum_unreplied_echo_requests", UNANSWERED)
    logging.getLogger().addHandler(Handler(journal))


def _serve_on(listener: socket.socket) -> None:
    """Have Ryu accept switches on a socket that is listening already."""
    from eventlet.greenio import GreenSocket
    from ryu.controller import controller
    from ryu.lib import hub

    class Server(hub.StreamServer):
        def __init__(self, _address: Any, handle: Any) -> None:
            self.server, self.handle = GreenSocket(listener), handle

    controller.StreamServer = Server
    controller.CONF.ofp_tcp_listen_port = listener.getsockname()[1]
