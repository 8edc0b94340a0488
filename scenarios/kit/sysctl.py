"""Kernel parameters of a network namespace (sysctl(8)), also of a thousand of them.

The kernel finds ``net/ipv4`` of a namespace among those of all namespaces that were looked at through the same
mount of /proc, one by one: at a thousand hosts that is half a millisecond for each write. So a new mount, which
appears nowhere in the file system, takes over after every few writes.
"""

import os
from collections.abc import Mapping

from .syscalls import mount_detached

WRITES_EACH = 64
QUIET = {"net/ipv4/ip_forward": 0, "net/ipv6/conf/default/disable_ipv6": 1}


def write(settings: Mapping[str, object]) -> None:
    """Set parameters, spelled as a path, in the namespace of the calling thread. Raises OSError."""
    for name, value in settings.items():
        directory = _proc_sys.descriptor() if name.startswith("net/") else None
        path = name if directory is not None else f"/proc/sys/{name}"
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.write(fd, f"{value}\n".encode())
        finally:
            os.close(fd)


def quieten() -> None:
    """A new network stack does what it is told and nothing more: no forwarding inherited from the host, and no IPv6
    chatter (router solicitations, multicast reports) on interfaces that nobody gave an IPv6 address."""
    write(QUIET)


class _ProcSys:
    """A descriptor of /proc/sys, of a mount which is replaced now and then."""

    def __init__(self):
        self._fd: int | None = None
        self._left = 0
        self._process = 0

    def descriptor(self) -> int | None:
        """None where the kernel does not let us mount; then /proc must do."""
        if self._left == 0 or self._process != os.getpid():
            self._renew()
        self._left -= 1
        return self._fd

    def _renew(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
        self._left, self._process, self._fd = WRITES_EACH, os.getpid(), None
        try:
            root = mount_detached("proc")
        except OSError:
            return
        self._fd = os.open("sys", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
        os.close(root)


_proc_sys = _ProcSys()
