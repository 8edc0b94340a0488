"""A lab is one process tree in namespaces of its own, and dies with its first process.

``enter`` forks. The child returns from it as the first process of new user (unless we are root), network, mount, PID,
UTS and IPC namespaces; the parent stays outside, passes signals on, and ends with the child's status. When either
dies, for whatever reason, the kernel removes everything: there is nothing to clean up.
"""

import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from . import capability, netlink, sysctl
from .errors import CannotRun
from .mounts import lay_file
from .syscalls import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    die_with_parent,
    mount,
    unshare,
)

NAMESPACES = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC
SCRATCH = ["/tmp", "/run", "/var/log", "/var/tmp"]  # daemons write here; a lab has its own, empty
FILES = {
    "/etc/resolv.conf": "# a lab has no resolver but the ones it builds\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
}
REMEDY = (
    "this machine does not let an ordinary user make namespaces; allow it with "
    "'sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=65536 "
    "kernel.apparmor_restrict_unprivileged_userns=0' (those of the three that exist), or run the lab with sudo"
)

STOPS = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}

_inside = False


def inside() -> bool:
    """Whether this process lives in a lab already."""
    return _inside


def enter(name: str, keep: Iterable[os.PathLike | str] = ()) -> None:
    """Go on as the first process of a new lab; ``keep`` names directories that must stay visible.

    Raises CannotRun where the machine forbids it.
    """
    if _inside:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    alive, alive_here = os.pipe()
    user = None if os.geteuid() == 0 else _UserMap()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # until each of us knows what to do with them
    outside = os.fork()
    if outside:
        if user:
            user.write(outside)
        _supervise(outside)
    _leave(user)
    first = os.fork()
    if first:
        _supervise(first)
    os.close(alive_here)
    _die_with_the_lab(alive)
    _furnish(name, keep)


def _leave(user: "_UserMap | None") -> None:
    """Between host and lab: a process whose children will be in new namespaces."""
    die_with_parent(signal.SIGKILL)
    try:
        unshare(NAMESPACES | (CLONE_NEWUSER if user else 0))
    except OSError as error:
        raise CannotRun(f"{REMEDY} ({error.strerror})") from None
    if user:
        user.wait()


def _die_with_the_lab(alive: int) -> None:
    die_with_parent(signal.SIGKILL)
    if select.select([alive], [], [], 0)[0]:  # whoever made us is dead already: its end of the pipe is closed
        os._exit(128 + signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stop in signal.SIGTERM, signal.SIGHUP:
        signal.signal(stop, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _end(number: int, _frame) -> None:
    """Told to stop: leave in order, and be deaf to those who say it again."""
    for stop in STOPS:
        signal.signal(stop, deaf)
    sys.exit(128 + number)


def deaf(_number: int, _frame) -> None:
    """Handle a signal by doing nothing. Python complains when one comes while it is about to be ignored (SIG_IGN)."""


def _supervise(child: int) -> None:
    """Stay outside: pass signals on, also those that came before there was a child, and end as the child ends."""
    for early in signal.sigpending() & STOPS:
        os.kill(child, early)
    for passed in signal.SIGTERM, signal.SIGHUP:
        signal.signal(passed, lambda number, _frame: _pass_on(child, number))
    for both_get in signal.SIGINT, signal.SIGQUIT:  # the terminal sends these to all of us
        signal.signal(both_get, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _pass_on(child: int, number: int) -> None:
    try:
        os.kill(child, number)
    except ProcessLookupError:
        pass  # it has ended, and we are about to


class _UserMap:
    """User and group ids of the lab: root is we, and a range for daemons that change user (newuidmap(1))."""

    def __init__(self):
        self.mapped, self.done = os.pipe()
        self.unshared, self.tell = os.pipe()

    def wait(self) -> None:
        os.write(self.tell, b".")
        if os.read(self.mapped, 1) != b".":
            raise CannotRun(REMEDY)

    def write(self, pid: int) -> None:
        os.close(self.tell)
        if os.read(self.unshared, 1) == b".":
            self._map(pid)
            os.write(self.done, b".")
        os.close(self.done)

    def _map(self, pid: int) -> None:
        users, groups = _sub_ids("/etc/subuid"), _sub_ids("/etc/subgid")
        if shutil.which("newuidmap") and users and groups:
            _map_range("newuidmap", pid, os.geteuid(), users)
            _map_range("newgidmap", pid, os.getegid(), groups)
        else:
            Path(f"/proc/{pid}/uid_map").write_text(f"0 {os.geteuid()} 1")
            Path(f"/proc/{pid}/setgroups").write_text("deny")
            Path(f"/proc/{pid}/gid_map").write_text(f"0 {os.getegid()} 1")


def _map_range(program: str, pid: int, own: int, others: tuple[int, int]) -> None:
    subprocess.run([program, *map(str, (pid, 0, own, 1, 1, *others))], check=True)


def _sub_ids(path: str) -> tuple[int, int] | None:
    """The subordinate ids of this user: first and count (subuid(5))."""
    try:
        rows = [line.split(":") for line in Path(path).read_text().splitlines()]
    except OSError:
        return None
    names = {str(os.geteuid()), pwd.getpwuid(os.geteuid()).pw_name}
    return next(((int(first), int(count)) for name, first, count in rows if name in names), None)


def _furnish(name: str, keep: Iterable[os.PathLike | str]) -> None:
    global _inside
    try:
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        mount("proc", "/proc", "proc")
        _freeze_kernel_settings()
        _freeze_root([Path(path).resolve() for path in (*keep, os.getcwd(), *_where_python_lives())])
        for path, text in FILES.items():
            lay_file(path, text, Path("/tmp/.files"))
    except OSError as error:
        raise CannotRun(f"{REMEDY} ({error})") from None
    socket.sethostname(name)
    sysctl.quieten()
    netlink.send([netlink.link_set(1, up=True)])
    os.environ["PATH"] = capability.path()
    for setting in "OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR":
        os.environ.pop(setting, None)
    _inside = True


def _freeze_kernel_settings() -> None:
    """Of /proc/sys, only net is the lab's own; the rest is the machine's, and root could write it."""
    net = os.open("/proc/sys/net", os.O_PATH)
    mount("/proc/sys", "/proc/sys", None, MS_BIND)
    mount("none", "/proc/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount(f"/proc/self/fd/{net}", "/proc/sys/net", None, MS_BIND)
    os.close(net)


def _where_python_lives() -> Iterable[str]:
    return {sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), os.path.expanduser("~")}


def _freeze_root(keep: list[Path]) -> None:
    """The host's files to be read, not written; scratch directories empty; ``keep`` as they are."""
    kept = {path: os.open(path, os.O_PATH) for path in sorted(set(keep)) if path.is_dir() and str(path) not in SCRATCH}
    mount("none", "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for directory in SCRATCH:
        mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" if "tmp" in directory else "mode=755")
    for path, fd in kept.items():
        if path != Path("/"):
            path.mkdir(parents=True, exist_ok=True)
            _bind_writable(f"/proc/self/fd/{fd}", str(path))
        os.close(fd)


def _bind_writable(source: str, target: str) -> None:
    mount(source, target, None, MS_BIND | MS_REC)
    mount("none", target, None, MS_REMOUNT | MS_BIND)
