"""One thread, the courier, which enters namespaces on behalf of everybody.

A child that it starts is born there, and a socket that it opens belongs there. Errands are done one after another, in
the order in which they were asked for.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .syscalls import CLONE_FS, setns, unshare

T = TypeVar("T")

_pools: dict[int, ThreadPoolExecutor] = {}
_thread: dict[str, int] = {}
_home: list[int] = []


def courier(function: Callable[..., T], *args) -> T:
    """Call a function in the thread that may change its namespaces."""
    if threading.get_ident() == _thread.get("ident"):
        return function(*args)
    return _pool().submit(function, *args).result()


def send_courier(function: Callable[..., object], *args) -> Future:
    """Have it called there, and do not wait; what the courier is asked for afterwards comes after it."""
    return _pool().submit(function, *args)


def go_home() -> None:
    """Back to the namespaces in which the courier was born."""
    for fd in _home:
        setns(fd)


def open_ns(kind: str) -> int:
    """A descriptor of the namespace, "net", "mnt" or "uts", in which the calling thread is."""
    return os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def _pool() -> ThreadPoolExecutor:
    """One pool for each process: threads do not survive fork(2).

    The courier itself must start no thread, which would share its directories, and so keep it from changing mounts.
    It is opened by a thread that Ctrl-C does not interrupt: a pool that was interrupted between starting its thread
    and noting that it has one would wait for that thread at the end, and never tell it to end.
    """
    if os.getpid() not in _pools:
        opener = threading.Thread(target=_open_pool)
        opener.start()
        opener.join()
    return _pools[os.getpid()]


def _open_pool() -> None:
    _pools.clear()
    pool = ThreadPoolExecutor(1, "courier", _become_courier)
    pool.submit(os.getpid)  # the first errand starts the thread
    _pools[os.getpid()] = pool


def _become_courier() -> None:
    unshare(CLONE_FS)  # a thread that shares its root directory with others may not change its mount namespace
    _thread["ident"] = threading.get_ident()
    _home[:] = [open_ns(kind) for kind in ("net", "mnt", "uts")]
