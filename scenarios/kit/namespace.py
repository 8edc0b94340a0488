"""Namespaces of a node: a network namespace at once; mounts, host name and files of its own once a program runs there.

A namespace here is a file descriptor, not a process and not a mount: a host that runs nothing costs nothing but its
network stack. One thread, the courier, enters namespaces on behalf of everybody: a child that it starts is born
there, and a socket that it opens belongs there.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from . import netlink
from .syscalls import (
    CLONE_FS, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, MS_BIND, MS_NODEV, MS_NOSUID, mount, setns, unshare,
)

T = TypeVar("T")
Request = bytes | Callable[[Callable[[str], int]], bytes]
THREAD_NS = "/proc/thread-self/ns/"


class Namespace:
    """A place in the lab: ``run`` a function there, ``spawn`` a program there.

    >>> Namespace("h1").run(os.listdir, "/proc/sys/net/ipv4/conf")  # doctest: +SKIP
    ['all', 'default', 'lo']
    """

    def __init__(self, name: str, net: int):
        self.name = name
        self.net = net
        self._private: tuple[int, int] | None = None
        self.files: dict[str, str] = {}
        self.directories: list[str] = ["/run"]
        self.binds: dict[str, str] = {}

    @classmethod
    def new(cls, name: str) -> "Namespace":
        return cls(name, courier(_new_net))

    @classmethod
    def of_process(cls, name: str, pid: int) -> "Namespace":
        """Where another process lives: a node that Mininet made itself."""
        place = cls(name, os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        place._private = (os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC),
                          os.open(f"/proc/{pid}/ns/uts", os.O_RDONLY | os.O_CLOEXEC))
        return place

    @classmethod
    def here(cls, name: str = "lab") -> "Namespace":
        """The namespace of this process: where switches and controllers live."""
        return Root(name, os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    def run(self, function: Callable[..., T], *args) -> T:
        """Call a function with this network namespace around it. Sockets it opens stay here."""
        return courier(_within, self.net, function, *args)

    def spawn(self, argv: list[str], **options) -> subprocess.Popen:
        """Start a program here, with the node's own mounts, files and host name; options as for Popen."""
        return courier(_within_all, (self.net, *self.private()), subprocess.Popen, argv, options)

    def private(self) -> tuple[int, int]:
        """The mount and UTS namespaces, made at the first need."""
        if self._private is None:
            self._private = courier(_new_private, self)
        return self._private

    def descriptors(self) -> tuple[int, ...]:
        """What another process needs to come in by setns(2): network, mount, UTS."""
        return (self.net, *self.private())

    def netlink(self, *requests: Request) -> None:
        """Carry out rtnetlink requests here; one that is a function gets the number of an interface by its name.

        Raises netlink.Refused, or OSError when there is no such interface. Within ``drawing`` they wait for the end.
        """
        if _drawing is None:
            self.run(_send, requests)
        else:
            _drawing.setdefault(self, []).extend(requests)

    def sysctl(self, settings: Mapping[str, object]) -> None:
        """Set kernel parameters, spelled as a path: ``{"net/ipv4/ip_forward": 1}`` (sysctl(8))."""
        self.run(_write_sysctls, settings)

    def close(self) -> None:
        for fd in (self.net, *(self._private or ())):
            os.close(fd)
        self.net, self._private = -1, None


@contextmanager
def drawing() -> Iterator[None]:
    """Collect every rtnetlink request made inside, and carry them out together at the end: cables first, which are
    laid from the lab's own namespace, then each namespace in its turn, then what was left for ``later``."""
    global _drawing
    if _drawing is not None:  # we are part of a larger drawing
        yield
        return
    _drawing = {}
    try:
        yield
        drawn, _drawing = _drawing, None
        for place in sorted(drawn, key=lambda place: not isinstance(place, Root)):
            place.run(_send, drawn[place])
        afterwards, _afterwards[:] = _afterwards[:], []
        for action in afterwards:
            action()
    finally:
        _drawing = None
        _afterwards.clear()


def later(action: Callable[[], object]) -> None:
    """Do something that needs the interfaces of the drawing: at its end, or now when there is none."""
    if _drawing is None:
        action()
    else:
        _afterwards.append(action)


_drawing: dict[Namespace, list[Request]] | None = None
_afterwards: list[Callable[[], object]] = []


class Root(Namespace):
    """The lab's own namespaces: no entering is needed for its files."""

    def spawn(self, argv, **options):
        return subprocess.Popen(argv, **options)

    def descriptors(self):
        return (self.net,)


def courier(function: Callable[..., T], *args) -> T:
    """Call a function in the thread that may change its namespaces."""
    if threading.get_ident() == _courier_thread.get("ident"):
        return function(*args)
    return _pool().submit(function, *args).result()


_courier_thread: dict[str, int] = {}
_pools: dict[int, ThreadPoolExecutor] = {}


def _pool() -> ThreadPoolExecutor:
    """One pool for each process: threads do not survive fork(2)."""
    if os.getpid() not in _pools:
        _pools.clear()
        _pools[os.getpid()] = ThreadPoolExecutor(1, "courier", _become_courier)
    return _pools[os.getpid()]


def _become_courier() -> None:
    unshare(CLONE_FS)  # a thread that shares its root directory with others may not change its mount namespace
    _courier_thread["ident"] = threading.get_ident()
    _home.clear()
    _home.extend(_open_ns(kind) for kind in ("net", "mnt", "uts"))


_home: list[int] = []


def _open_ns(kind: str) -> int:
    return os.open(THREAD_NS + kind, os.O_RDONLY | os.O_CLOEXEC)


def _new_net() -> int:
    try:
        unshare(CLONE_NEWNET)
        quieten()
        return _open_ns("net")
    finally:
        setns(_home[0])


def quieten() -> None:
    """A new network stack does what it is told and nothing more: no forwarding inherited from the host, and no IPv6
    chatter (router solicitations, multicast reports) on interfaces that nobody gave an IPv6 address."""
    _write_sysctls({"net/ipv4/ip_forward": 0, "net/ipv6/conf/default/disable_ipv6": 1})


def _within(net: int, function, *args):
    setns(net)
    try:
        return function(*args)
    finally:
        setns(_home[0])


def _within_all(fds: tuple[int, ...], function, argv, options):
    cwd = options.pop("cwd", None) or os.getcwd()
    for fd in fds:
        setns(fd)
    try:
        return function(argv, cwd=cwd, **options)
    finally:
        for fd in _home:
            setns(fd)


def _new_private(place: Namespace) -> tuple[int, int]:
    setns(place.net)
    try:
        unshare(CLONE_NEWNS | CLONE_NEWUTS)
        socket.sethostname(place.name)
        _furnish(place)
        return _open_ns("mnt"), _open_ns("uts")
    finally:
        for fd in _home:
            setns(fd)


def _furnish(place: Namespace) -> None:
    """Mounts of the node's own: /sys of its interfaces, empty directories, and its /etc/hosts and such."""
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV)
    for directory in place.directories:
        mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for target, source in place.binds.items():
        Path(source).mkdir(parents=True, exist_ok=True)
        mount(source, target, flags=MS_BIND)
    for path, text in place.files.items():
        lay_file(path, text, Path("/tmp/.files", place.name))


def lay_file(path: str, text: str, store: Path) -> None:
    """Show a file of our own at ``path``, in this mount namespace alone."""
    source = store / path.strip("/").replace("/", "_")
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    target = Path(path).resolve()
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(source), str(target), flags=MS_BIND)


def _send(requests: Sequence[Request]) -> None:
    """Those that need no number first: they make the interfaces that the others ask for."""
    netlink.send(request for request in requests if isinstance(request, bytes))
    netlink.send(request(socket.if_nametoindex) for request in requests if not isinstance(request, bytes))


def _write_sysctls(settings: Mapping[str, object]) -> None:
    for name, value in settings.items():
        Path("/proc/sys", name).write_text(f"{value}\n")
