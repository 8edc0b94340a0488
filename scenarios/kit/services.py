"""Programs that nodes run: each says its files and its command lines; the supervisor keeps them and their output.

Rendering is pure: ``files`` and ``commands`` of a service look at the node and return text and words. The
supervisor starts the commands as children, keeps what they print in /var/log/NODE/, knows when one has died and what
its last line was, and waits, where the service says how, until it is ready.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import waiting
from .command import executable
from .errors import LabError

LOGS = Path("/var/log")
STATE = Path("/tmp")
STOPPING = 2  # seconds a daemon gets to end politely before it is killed
READY = 20  # seconds: a daemon that reads its files and opens its socket takes less than one


class Service:
    """A program that a node runs, with the files it reads."""

    def files(self, node) -> dict[str, str]:
        """Names and contents of files, written into the node's own directory before the start."""
        return {}

    def commands(self, node) -> list[list[str]]:
        """The command lines, each of a process that stays in the foreground."""
        raise NotImplementedError

    def ready(self, node) -> bool:
        """Whether it serves yet; asked again until it does."""
        return True

    def started(self, node) -> None:
        """What remains to be done once it is ready."""

    @property
    def name(self) -> str:
        return type(self).__name__.lower()


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
        daemons = [self._launch(service.name, argv) for argv in service.commands(self.node)]
        if wait:
            self.await_ready(service)
        return daemons

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
        """End the daemons (of that name), politely and then not; those that go on without limit are killed."""
        ending = [daemon for daemon in self.daemons if name in (None, daemon.name)]
        for daemon in ending:
            _signal(daemon, how)
        waiting.poll(lambda: not any(daemon.alive for daemon in ending), within=STOPPING)
        for daemon in ending:
            _signal(daemon, signal.SIGKILL)
            daemon.process.wait()
        self.daemons = [daemon for daemon in self.daemons if daemon not in ending]

    def _write(self, files: dict[str, str]) -> None:
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            secret = path.suffix in {".key", ".pem", ".secret"}
            with open(path, "w", opener=lambda file, flags: os.open(file, flags, 0o600 if secret else 0o644)) as file:  # noqa: B023
                file.write(text)

    def _launch(self, name: str, argv: list[str]) -> Daemon:
        number = sum(daemon.name == name for daemon in self.daemons)
        log = LOGS / self.node.name / (f"{name}.log" if not number else f"{name}-{number}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = self.node.place.spawn(executable(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            cwd=self.directory, start_new_session=True)
        daemon = Daemon(self.node.name, name, argv, log, process)
        self.daemons.append(daemon)
        return daemon


def _signal(daemon: Daemon, number: int) -> None:
    if daemon.alive:
        os.killpg(daemon.process.pid, number)


def listening(node, port: int, protocol: str = "tcp") -> bool:
    """Whether something on the node waits for connections (or datagrams) at a port; read from the kernel's tables."""
    return node.place.run(_listens, port, protocol)


def _listens(port: int, protocol: str) -> bool:
    state = {"tcp": "0A", "udp": "07"}[protocol]
    for family in protocol, f"{protocol}6":
        table = Path(f"/proc/thread-self/net/{family}")
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            local, seen = row.split()[1], row.split()[3]
            if int(local.rpartition(":")[2], 16) == port and seen == state:
                return True
    return False


Ready = Callable[[object], bool]
