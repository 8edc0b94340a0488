"""Runs a controller: `python -m controllers learning_switch --listen 127.0.0.1:6653`.

An application is a module of this package, or the dotted path of any Ryu application.
"""

import argparse
import importlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from controllers import launcher
from controllers.journal import Journal

HERE = Path(__file__).parent
BAD_INPUT = 2  # exit code
SETTINGS = {
    "learning_switch": "controllers.settings:SwitchSettings",
    "router": "controllers.router_settings:RouterSettings",
    "load_balancer": "controllers.balancer_settings:BalancerSettings",
}
"""The model each of our applications is configured by."""


def main() -> None:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    modules = [_module(name) for name in arguments.applications]
    _at_most_one([name for name in arguments.applications if name in SETTINGS])
    listener = _listen("--listen", arguments.listen)  # at once: switches may connect while the rest is being imported
    rest = _listen("--rest", arguments.rest) if arguments.rest else None
    launcher.patch()
    settings = _settings(arguments.applications[0], arguments.config)
    journal = Journal(arguments.events_fd)
    journal.record("listening", port=listener.getsockname()[1])
    launcher.run(modules, listener, rest, journal, settings=settings, config=arguments.config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m controllers", description=__doc__.splitlines()[0])
    parser.add_argument("applications", nargs="+", metavar="APP",
                        help="learning_switch, router, load_balancer, or a path such as ryu.app.simple_switch_13")
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 6653), metavar="HOST:PORT",
                        help="where switches connect (127.0.0.1:6653); port 0 takes a free one")
    parser.add_argument("--rest", type=_address, metavar="HOST:PORT", help="serve the JSON view there")
    parser.add_argument("--config", type=Path, metavar="FILE.yaml", help="the application's settings")
    parser.add_argument("--events-fd", type=int, metavar="N", help="write events to this file descriptor")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:6653")
    return host.strip("[]"), int(port)


def _module(name: str) -> str:
    if (HERE / f"{name}.py").exists():
        return f"controllers.{name}"
    if "." in name:
        return name
    _fail(f"{name}: is no application; choose learning_switch, router or load_balancer, or give a dotted path")


def _at_most_one(ours: list[str]) -> None:
    if len(ours) > 1:
        _fail(f"{' and '.join(ours)}: each rules its switches alone; choose one")


def _settings(application: str, path: Path | None) -> Any:
    from controllers.settings import SettingsError, load
    if application not in SETTINGS:
        if path is not None:
            _fail(f"{path}: {application} takes no settings; leave out --config")
        return None
    try:
        module, _, model = SETTINGS[application].partition(":")
        return load(getattr(importlib.import_module(module), model), path)
    except SettingsError as error:
        _fail(str(error))


def _listen(option: str, address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return socket.create_server(address, backlog=128, family=family)
    except OSError as error:
        _fail(f"{option} {address[0]}:{address[1]}: {os.strerror(error.errno or 0)}; choose another address or port")


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
