"""A controller process: a Ryu app, started by module name, which says when it is ready for a switch."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mininet import node as mininet_node

from . import waiting
from .errors import LabError
from .nodes import Node
from .services import LOGS, Daemon

START = 60  # seconds: Ryu listens after about one, on an emulated processor that is kept busy after thirty


class RyuApp(mininet_node.Controller, Node):
    """One of the apps in controllers/, or any other Ryu app by its module's name.

    ``config`` is a YAML file for it; ``rest`` the port where it answers over HTTP, or None. What it obeys is
    ``settings``, a link to that file: whoever changes the file changes all labs, ``reconfigure`` changes this one.
    """

    def __init__(self, name="c0", app: str | Sequence[str] = "learning_switch", config: str | Path | None = None,
                 rest: int | None = 8080, port: int = 6653, **params):
        self.apps = [app] if isinstance(app, str) else list(app)
        self.configuration, self.rest = config, rest
        self.daemon: Daemon | None = None
        self.ready: set[str] = set()
        self.listens = False
        self.answers: list[dict] = []  # what it said of new settings
        super().__init__(name, port=port, **params)

    def checkListening(self):
        """A port in use is reported by the app itself."""

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        if self.daemon and self.daemon.alive:
            return
        if self.settings and not self.settings.exists():
            self._lay(None)
        self.events, write = os.pipe()
        os.set_blocking(self.events, False)
        self._unread = ""
        log = LOGS / self.name / "ryu.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(self.command_line(write), stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, pass_fds=[write], start_new_session=True)
        os.close(write)
        self.daemon = Daemon(self.name, "ryu", [], log, process)

    def command_line(self, events: int) -> list[str]:
        words = [sys.executable, "-P", "-m", "controllers", *self.apps, "--listen", f"{self.ip}:{self.port}",
                 "--events-fd", str(events)]
        if self.settings:
            words += ["--config", str(self.settings)]
        if self.rest:
            words += ["--rest", f"{self.ip}:{self.rest}"]
        return words

    @property
    def settings(self) -> Path | None:
        return Path("/tmp", self.name, Path(self.configuration).name) if self.configuration else None

    def reconfigure(self, text: str | None) -> None:
        """Give the app other settings; None brings back its file. Returns when every switch has them.

        Raises LabError when the app refuses them: it then goes on with those that it had.
        """
        before = len(self.answers)
        self._lay(text)
        if self.daemon:
            waiting.until(lambda: self._answered(before), within=START,
                          what=f"the controller {self.name} to take its new settings")
            if self.answers[-1]["event"] == "settings_refused":
                raise LabError(f"the controller {self.name} refuses: {self.answers[-1]['reason']}")

    def _answered(self, before: int) -> bool:
        self._look()
        return len(self.answers) > before

    def _lay(self, text: str | None) -> None:
        """Replace the link, or the file in its place, as a whole."""
        if self.settings is None or self.configuration is None:
            raise LabError(f"the controller {self.name} has no settings that could change")
        new = self.settings.with_suffix(".new")
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        if text is None:
            new.symlink_to(Path(self.configuration).resolve())
        else:
            new.write_text(text)
        new.replace(self.settings)

    def start(self):
        """Return when switches may connect. Raises LabError with the app's last line when it ended instead."""
        self.launch()
        waiting.until(self.is_listening, within=START, what=f"the controller {self.name} to listen")

    def is_listening(self) -> bool:
        """Whether switches may connect. Raises LabError when the app has ended."""
        self._look()
        return self.listens

    def serves(self, switch) -> bool:
        """Whether the app has set this switch up."""
        self._look()
        return switch.dpid in self.ready

    def stop(self, *args, **kwargs):
        self.kill(15)
        self.terminate()

    def askToEnd(self):
        super().askToEnd()
        if self.daemon and self.daemon.alive:
            os.killpg(self.daemon.process.pid, 15)

    def kill(self, signal: int = 9) -> None:
        """End the process, as a crash would."""
        if self.daemon:
            if self.daemon.alive:
                os.killpg(self.daemon.process.pid, signal)
            self.daemon.process.wait()
            os.close(self.events)
            self.daemon, self.listens, self.ready = None, False, set()

    def _look(self) -> None:
        """Take in what the app has told since the last look."""
        daemon = self.daemon
        if daemon is None:
            raise LabError(f"the controller {self.name} does not run")
        if not daemon.alive:
            raise LabError(f"the controller {self.name} ended: {daemon.last_line}")
        try:
            self._unread += os.read(self.events, 1 << 16).decode()
        except BlockingIOError:
            return
        *lines, self._unread = self._unread.split("\n")
        for event in map(json.loads, filter(None, lines)):
            self.listens |= event["event"] == "listening"
            if event["event"].startswith("settings_"):
                self.answers.append(event)
            if event["event"] == "ready":
                self.ready.add(event["dpid"])


def ryu(app: str | Sequence[str], config: str | Path | None = None, **options) -> partial:
    """What a scenario says of its controller: an app of controllers/, or any Ryu app, and its YAML file."""
    return partial(RyuApp, app=app, config=config, **options)
