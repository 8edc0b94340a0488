"""The children of a node: started, watched, their output kept in /var/log/NODE/, ended without waiting for ever."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .. import waiting
from ..command import executable
from ..errors import LabError
from .service import Service

LOGS = Path("/var/log")
STATE = Path("/tmp")
STOPPING = 2  # seconds a daemon gets to end politely before it is killed
AFTER_OTHERS = 10  # nice(2): those who are up already must not keep those waiting who are still to be started
READY = 60  # seconds: a daemon that reads its files and opens its socket takes less than one, emulated ten


@dataclass
class Daemon:
    """A running child of a node."""

    node: str
    name: str
    argv: list[str]
    log: Path
    process: subprocess.Popen

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def last_line(self) -> str:
        lines = self.output.strip().splitlines()
        return lines[-1] if lines else "(it printed nothing)"

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def __str__(self) -> str:
        if self.alive:
            return f"{self.node}: {self.name} runs"
        return f"{self.node}: {self.name} died with status {self.process.returncode}; its last line: {self.last_line}"


class DaemonDied(LabError):
    """A service ended that should have gone on."""


class Supervisor:
    """The daemons of one node."""

    def __init__(self, node):
        self.node = node
        self.daemons: list[Daemon] = []

    @property
    def directory(self) -> Path:
        """Where the node's services keep files; only root of the lab may read it, for there are keys in it."""
        return STATE / self.node.name

    def start(self, service: Service, wait: bool = True) -> list[Daemon]:
        """Write a service's files and start its commands; return when it is ready. Raises DaemonDied, TimedOut."""
        self._write(service.files(self.node))
        daemons = [self._launch(service.name, argv, service.frugal) for argv in service.commands(self.node)]
        if wait:
            self.await_ready(service)
        return daemons

    def restart(self, name: str) -> None:
        """Start a service of the node again, after it was stopped."""
        self.stop(name)
        for service in self._named(name):
            self.start(service)

    def await_ready(self, service: Service) -> None:
        def ready() -> bool:
            self.complain_of_dead(service.name)
            return service.ready(self.node)

        waiting.until(ready, within=READY, what=f"{service.name} on {self.node.name} to be ready")
        service.started(self.node)

    def complain_of_dead(self, name: str | None = None) -> None:
        """Raise DaemonDied, with its last line, if a daemon (of that name) has ended."""
        for daemon in self.daemons:
            if not daemon.alive and name in (None, daemon.name):
                raise DaemonDied(str(daemon))

    def stop(self, name: str | None = None, how: int = signal.SIGTERM) -> None:
        """End the daemons (of that name), politely and then not, and undo what the service of that name has set up."""
        ending = [daemon for daemon in self.daemons if name in (None, daemon.name)]
        for daemon in ending:
            _signal(daemon, how)
        waiting.poll(lambda: not any(daemon.alive for daemon in ending), within=STOPPING)
        for daemon in ending:
            _signal(daemon, signal.SIGKILL)
            daemon.process.wait()
        self.daemons = [daemon for daemon in self.daemons if daemon not in ending]
        for service in self._named(name):
            service.stopped(self.node)

    def close(self) -> None:
        """End all daemons, and take their files away: the next node of this name shall find no leases or caches."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _named(self, name: str | None) -> list[Service]:
        return [service for service in self.node.services if service.name == name]

    def _write(self, files: dict[str, str]) -> None:
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if path.suffix in {".key", ".pem", ".secret"} else 0o755 if text.startswith("#!") else 0o644
            with open(path, "w", opener=lambda file, flags: os.open(file, flags, mode)) as file:  # noqa: B023
                file.write(text)

    def _launch(self, name: str, argv: list[str], frugal: bool = False) -> Daemon:
        number = sum(daemon.name == name for daemon in self.daemons)
        log = LOGS / self.node.name / (f"{name}.log" if not number else f"{name}-{number}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = self.node.place.spawn(
                executable(argv), frugal, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.directory,
                **({"process_group": 0} if frugal else {"start_new_session": True}))
        if frugal:
            os.setpriority(os.PRIO_PROCESS, process.pid, AFTER_OTHERS)
        daemon = Daemon(self.node.name, name, argv, log, process)
        self.daemons.append(daemon)
        return daemon


def _signal(daemon: Daemon, number: int) -> None:
    if daemon.alive:
        os.killpg(daemon.process.pid, number)
