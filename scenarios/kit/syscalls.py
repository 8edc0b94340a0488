"""System calls Python 3.11 lacks: unshare(2), setns(2), mount(2), umount2(2), prctl(2), pidfd_getfd(2), fsmount(2)."""

import ctypes
import os

CLONE_FS = 0x200
CLONE_NEWNS = 0x20000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
SYS_FSOPEN, SYS_FSCONFIG, SYS_FSMOUNT, SYS_PIDFD_GETFD = 430, 431, 432, 438  # the same on every architecture
FSCONFIG_CMD_CREATE = 6
CLOEXEC = 1

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave the namespaces in ``flags`` for new ones. Raises OSError."""
    _call("unshare", flags)


def setns(fd: int, kind: int = 0) -> None:
    """Join the namespace that ``fd`` stands for. Raises OSError."""
    _call("setns", fd, kind)


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """Mount ``source`` on ``target``. Raises OSError."""
    _call("mount", source.encode(), target.encode(), kind and kind.encode(), flags, data and data.encode(),
          path=target)


def umount(target: str) -> None:
    """Detach the mount at ``target`` now, and free it when it is no longer busy. Raises OSError."""
    _call("umount2", target.encode(), MNT_DETACH, path=target)


def die_with_parent(signal: int) -> None:
    """Have the kernel send us ``signal`` when the thread that made us ends (PR_SET_PDEATHSIG)."""
    _call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0)


def duplicate_of(pidfd: int, fd: int) -> int:
    """A descriptor of our own for what ``fd`` is in another process (pidfd_getfd(2)). Raises OSError."""
    return _descriptor("pidfd_getfd", SYS_PIDFD_GETFD, pidfd, fd, 0)


def mount_detached(kind: str) -> int:
    """A descriptor of a new file system, mounted nowhere (fsmount(2)). Raises OSError."""
    context = _descriptor("fsopen", SYS_FSOPEN, kind.encode(), CLOEXEC)
    try:
        _descriptor("fsconfig", SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0)
        return _descriptor("fsmount", SYS_FSMOUNT, context, CLOEXEC, 0)
    finally:
        os.close(context)


def _descriptor(name: str, *args) -> int:
    """A system call by number which gives something from 0 upwards."""
    result = _libc.syscall(*args)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def _call(name: str, *args, path: str | None = None) -> None:
    if getattr(_libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}", path)
