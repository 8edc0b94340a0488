"""Namespaces of a node: a network namespace at once; mounts, host name and files of its own once a program runs there.

A namespace here is a file descriptor, not a process and not a mount: a host that runs nothing costs nothing but its
network stack.
"""

import errno
import os
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from mininet import log

from . import mounts, netlink, sysctl
from .courier import courier, go_home, open_ns
from .errors import CannotRun, LabError
from .syscalls import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, setns, unshare

T = TypeVar("T")
Index = Callable[[str], int]
Request = bytes | Callable[[Index], bytes]
NO_MORE = {
    errno.ENOSPC: "this machine allows no more network namespaces: sudo sysctl -w user.max_net_namespaces=65536",
    errno.EMFILE: "this process may open no more files, and a node needs one: raise the limit with 'ulimit -n 65536'",
    errno.ENFILE: "this machine allows no more open files: sudo sysctl -w fs.file-max=1000000",
    errno.ENOMEM: "this machine has no memory left for another network namespace",
}


class Namespace:
    """A place in the lab: ``run`` a function there, ``spawn`` a program there.

    >>> Namespace.new("h1").run(os.listdir, "/proc/thread-self/net/dev_snmp6")  # doctest: +SKIP
    ['lo']
    """

    def __init__(self, name: str, net: int | None = None):
        self.name = name
        self._net = net
        self._private: tuple[int, int] | None = None
        self.born_up: set[str] = set()
        self.files: dict[str, str] = {}
        self.directories: list[str] = ["/run"]
        self.binds: dict[str, str] = {}

    @classmethod
    def new(cls, name: str) -> "Namespace":
        """A network namespace that is made, together with all others that wait for it, when it is first needed."""
        place = cls(name)
        _unborn.append(place)
        return place

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
        return Root(name)

    @property
    def net(self) -> int:
        """A descriptor of the network namespace; -1 when it is closed."""
        if self._net is None:
            courier(_make_unborn)
        return cast(int, self._net)  # made by now

    def run(self, function: Callable[..., T], *args) -> T:
        """Call a function with this network namespace around it. Sockets it opens stay here."""
        return courier(_within, self.net, function, *args)

    def soon(self, function: Callable[..., object], *args) -> None:
        """Call a function here: at its turn among the requests of the drawing, or now when there is none."""
        self._carry_out(Deed(function, *args))

    def netlink(self, *requests: Request) -> None:
        """Carry out rtnetlink requests here; one that is a function gets the number of an interface by its name.

        Within ``drawing`` they wait for its end. Raises LabError when the kernel refuses, or there is no such
        interface.
        """
        self._carry_out(*requests)

    def _carry_out(self, *work) -> None:
        if _drawing is None:
            courier(_visit, [(self, work)])
        else:
            _drawing.setdefault(self, []).extend(work)

    def spawn(self, argv: list[str], frugal: bool = False, **options) -> subprocess.Popen:
        """Start a program here, with the node's own mounts, files and host name; options as for Popen.

        A frugal program shares those of the lab; only the network is the node's.
        """
        fds = (self.net,) if frugal else (self.net, *self.private())
        return courier(_within_all, fds, subprocess.Popen, argv, options)

    def private(self) -> tuple[int, int]:
        """The mount and UTS namespaces, made at the first need."""
        if self._private is None:
            self._private = courier(_new_private, self)
        return self._private

    def descriptors(self) -> tuple[int, ...]:
        """What another process needs to come in by setns(2): network, mount, UTS."""
        return (self.net, *self.private())

    def sysctl(self, settings: Mapping[str, object]) -> None:
        """Set kernel parameters, spelled as a path: ``{"net/ipv4/ip_forward": 1}`` (sysctl(8)).

        Within ``drawing`` it waits for its turn.
        """
        self.soon(sysctl.write, settings)

    def close(self) -> None:
        if self in _unborn:
            _unborn.remove(self)
        for fd in (self._net, *(self._private or ())):
            if fd is not None and fd >= 0:
                os.close(fd)
        self._net, self._private = -1, None


class Deed(partial):
    """A call to be made inside a namespace."""


@contextmanager
def drawing(during: Callable[[int], AbstractContextManager] = nullcontext) -> Iterator[None]:
    """Collect every rtnetlink request made inside, and carry them out together at the end: cables first, which are
    laid from the lab's own namespace, then each namespace in its turn, then what was left for ``later``.

    ``during``, called with the number of namespaces, is entered while the kernel is at it.
    """
    global _drawing
    if _drawing is not None:  # we are part of a larger drawing
        yield
        return
    _drawing = {}
    try:
        yield
        drawn, _drawing = _drawing, None
        with during(len(drawn)):
            courier(_visit, sorted(drawn.items(), key=lambda visit: not isinstance(visit[0], Root)))
        while _afterwards:
            _afterwards.pop(0)()
    finally:
        _drawing = None
        _afterwards.clear()


def later(action: Callable[[], object]) -> None:
    """Do something that needs the interfaces of the drawing: at its end, or now when there is none."""
    if _drawing is None:
        action()
    else:
        _afterwards.append(action)


_drawing: dict[Namespace, list] | None = None
_unborn: list[Namespace] = []
_afterwards: list[Callable[[], object]] = []


class Root(Namespace):
    """The lab's own namespaces: no entering is needed for its files."""

    @property
    def net(self):
        if self._net is None:
            self._net = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        return self._net

    def spawn(self, argv, frugal=False, **options):
        return subprocess.Popen(argv, **options)

    def descriptors(self):
        return (self.net,)


def _make_unborn() -> None:
    """All namespaces that were asked for: one errand, and the kernel's time for each."""
    try:
        while _unborn:
            unshare(CLONE_NEWNET)
            sysctl.quieten()
            _unborn[0]._net = open_ns("net")
            _unborn.pop(0)
    except OSError as error:
        raise CannotRun(f"{_unborn[0].name}: {NO_MORE.get(error.errno or 0, error)}") from None
    finally:
        go_home()


def _within(net: int, function, *args):
    setns(net)
    try:
        return function(*args)
    finally:
        go_home()


def _within_all(fds: tuple[int, ...], function, argv, options):
    cwd = options.pop("cwd", None) or os.getcwd()
    for fd in fds:
        setns(fd)
    try:
        return function(argv, cwd=cwd, **options)
    finally:
        go_home()


def _new_private(place: Namespace) -> tuple[int, int]:
    setns(place.net)
    try:
        unshare(CLONE_NEWNS | CLONE_NEWUTS)
        socket.sethostname(place.name)
        mounts.furnish(place.directories, place.binds, place.files, Path("/tmp/.files", place.name))
        return open_ns("mnt"), open_ns("uts")
    finally:
        go_home()


def _visit(visits: Iterable[tuple[Namespace, Sequence]]) -> None:
    """Go from namespace to namespace and do in each what there is to do."""
    try:
        for place, work in visits:
            setns(place.net)
            log.debug(f"*** {place.name} : {len(work)} requests over netlink\n")
            try:
                _do(work)
            except OSError as error:
                raise LabError(f"{place.name}: {_in_words(error)}") from error
    finally:
        go_home()


def _do(work: Sequence) -> None:
    """Those that need no number first, if they make the interfaces that the others ask for; then all in order."""
    pending = [item for item in work if isinstance(item, bytes)]
    if any(map(netlink.creates, pending)):
        netlink.send(pending)
        pending, work = [], [item for item in work if not isinstance(item, bytes)]
    else:
        pending = []
    for item in work:
        if isinstance(item, Deed):
            netlink.send(pending)
            pending = []
            item()
        else:
            pending.append(item if isinstance(item, bytes) else item(_index))
    netlink.send(pending)


def _in_words(error: OSError) -> str:
    if isinstance(error, netlink.Refused):
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)


def _index(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except OSError as error:
        raise OSError(error.errno, f"there is no interface called {name}") from None
