"""Open vSwitch's two daemons: started in this lab, ended faster than they end by themselves, and their log."""

import json
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import capability, waiting
from .errors import LabError
from .syscalls import duplicate_of

RUN = Path("/run/openvswitch")
LOGS = Path("/var/log")
LOG = LOGS / "ovs-vswitchd.log"
BRIDGES = "*.mgmt"  # there is one for each bridge that the daemon has
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
START = 60  # seconds: a busy machine may take one or two, an emulated one ten
PROCESSORS_SEEN = 10  # seconds on the clock
MANY = 500  # namespaces; for fewer, it takes longer to start the daemon anew
CLOSERS = 32  # threads; the kernel waits for all of them together
FIRST_ROW = {"op": "insert", "table": "Open_vSwitch", "row": {
    "other_config": ["map", [["n-handler-threads", "1"], ["n-revalidator-threads", "1"]]]}}

ending: list[int] = []  # processes that were killed and may not have noticed yet
unread: list[int] = []  # sockets on which the switch daemon answers; it would warn of who hangs up before


def start() -> None:
    """Start ovsdb-server and ovs-vswitchd in this lab, those of the two that do not run."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each port is an open file of the switch daemon
    if not lives("ovsdb-server"):
        RUN.mkdir(parents=True, exist_ok=True)
        _run("ovsdb-tool", "create", RUN / "conf.db", SCHEMA)
        _run("ovsdb-tool", "transact", RUN / "conf.db", json.dumps(["Open_vSwitch", FIRST_ROW]))
        _run("ovsdb-server", RUN / "conf.db", f"--remote=punix:{RUN}/db.sock", *_daemon("ovsdb-server"))
    if not lives("ovs-vswitchd"):
        waiting.until(lambda: not any(map(_alive, ending)), within=START, what="the last ovs-vswitchd to be gone")
        ending.clear()
        _start_switch_daemon()


def _start_switch_daemon() -> None:
    """Open vSwitch 3.1 sees no processor, and so forwards nothing in the kernel, until its clock shows ten seconds.

    Where the machine (user-mode Linux, mostly) has only just booted, the clock is put on by its test interface.
    """
    young = capability.kernel_datapath() and time.monotonic() < PROCESSORS_SEEN
    _run("ovs-vswitchd", f"unix:{RUN}/db.sock", *_daemon("ovs-vswitchd"), *(["--enable-dummy"] if young else []))
    if young:
        _run("ovs-appctl", "-t", _control(), "time/warp", PROCESSORS_SEEN * 1000)
    if not capability.kernel_datapath():
        _ask_for_datapath()


def _ask_for_datapath() -> None:
    """Before it forwards for the first time, the daemon looks at its clock for a tenth of a second. It may as well do
    so while cables are laid; nobody waits for its answer (ovs-vswitchd(8), dpctl/add-dp)."""
    while unread:
        os.close(unread.pop())
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(_control())
        daemon.sendall(json.dumps({"method": "dpctl/add-dp", "params": ["netdev@ovs-netdev"], "id": 0}).encode())
        unread.append(daemon.detach())


def wake() -> None:
    """Have ovs-vswitchd look around. Nothing wakes it when a controller says its first word (rconn.c waits for nothing
    while it connects): by itself it looks again by chance, or half a second later."""
    with socket.socket(socket.AF_UNIX) as daemon, suppress(OSError):
        daemon.connect(_control())


def stop() -> None:
    """End ovs-vswitchd, at once, and wait for nothing.

    The kernel takes some 10 ms to close a packet socket, and the switch daemon has one for each port: on its own
    it would need seconds. They are closed for it side by side. ``start``, or the next bridge, starts it again.
    """
    pid = _pid("ovs-vswitchd")
    if pid and _alive(pid):
        process = os.pidfd_open(pid)
        sockets = _packet_sockets(pid, process)
        os.kill(pid, signal.SIGKILL)
        ending.append(pid)
        for file in (_pid_file("ovs-vswitchd"), *RUN.glob(BRIDGES)):
            file.unlink(missing_ok=True)
        for share in range(min(CLOSERS, len(sockets))):
            threading.Thread(target=_close, args=(sockets[share::CLOSERS], os.dup(process))).start()
        os.close(process)


def _close(sockets: list[int], process: int) -> None:
    """Close what a process has open, too, when all its threads have ended: the kernel takes its time with who closes
    last. Its descriptor (pidfd_open(2)) tells; /proc calls it a zombie when only its first thread has."""
    ended = select.poll()
    ended.register(process, select.POLLIN)
    ended.poll(START * 1000)
    for descriptor in process, *sockets:
        os.close(descriptor)


@contextmanager
def held(places: int) -> Iterator[None]:
    """Keep the switch daemon still while interfaces appear in so many namespaces.

    It would look at all of them again whenever there is one more, and be in the way of those who make them: the
    kernel has one lock for all network configuration. Of very many it should not even hear: the kernel tells it of
    everything that happens in each namespace to which it has a cable, and looks for that among all of them each time.
    """
    away = places > MANY and lives("ovs-vswitchd") and not any(RUN.glob(BRIDGES))
    if away:
        stop()
    _tell_switch_daemon(signal.SIGSTOP)
    try:
        yield
    finally:
        _tell_switch_daemon(signal.SIGCONT)
    if away:
        start()


def _tell_switch_daemon(number: int) -> None:
    """Send it a signal, if it lives."""
    pid = _pid("ovs-vswitchd")
    with suppress(ProcessLookupError):
        if pid and _alive(pid):
            os.kill(pid, number)


def connections(log: str) -> dict[tuple[str, str], bool]:
    """Bridge and controller of each connection that a log tells of, and whether it was up in the end; pure.

    >>> connections("2026-01-01T00:00:00Z|9|rconn|INFO|s1<->tcp:127.0.0.1:6653: connected")
    {('s1', 'tcp:127.0.0.1:6653'): True}
    """
    found = {}
    for line in log.splitlines():
        fields = line.split("|", 4)
        if fields[2:3] == ["rconn"] and "<->" in fields[-1]:
            ends, _, event = fields[-1].partition(": ")
            bridge, _, target = ends.partition("<->")
            found[bridge, target] = event == "connected"
    return found


def log_size() -> int:
    return LOG.stat().st_size if LOG.exists() else 0


def log_since(size: int) -> str:
    """What the switch daemon has logged since its log had this size."""
    return LOG.read_bytes()[size:].decode(errors="replace")


def lives(daemon: str) -> bool:
    pid = _pid(daemon)
    return pid is not None and _alive(pid)


def _pid(daemon: str) -> int | None:
    try:
        return int(_pid_file(daemon).read_text())
    except (OSError, ValueError):
        return None


def _control() -> str:
    """Where the switch daemon takes orders (ovs-appctl(8))."""
    return f"{RUN}/ovs-vswitchd.{_pid('ovs-vswitchd')}.ctl"


def _pid_file(daemon: str) -> Path:
    return RUN / f"{daemon}.pid"


def _alive(pid: int) -> bool:
    """Whether a process exists and has not ended; nobody may have asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def _packet_sockets(pid: int, process: int) -> list[int]:
    """Descriptors of our own for a process's packet sockets; none where the kernel does not let us."""
    inodes = {f"socket:[{row.split()[-1]}]" for row in Path("/proc/net/packet").read_text().splitlines()[1:]}
    found: list[int] = []
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            if os.readlink(entry) in inodes:
                found.append(duplicate_of(process, int(entry.name)))
    return found


def _daemon(name: str) -> list[str]:
    return ["--detach", f"--pidfile={RUN}/{name}.pid", f"--log-file={LOGS}/{name}.log", "--no-chdir",
            "-vconsole:off", "-vsyslog:off"]


def _run(*argv: object) -> None:
    """Out of reach of Ctrl-C, which a daemon that is half started does not survive in good order."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=START,
                          start_new_session=True)
    if done.returncode:
        raise LabError(f"{argv[0]} did not start: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
