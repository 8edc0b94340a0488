"""Coming into a running lab from outside: join a node's namespaces, run a program there, end as it ends."""

import os
import signal
import sys
from collections.abc import Sequence

from . import capability
from .errors import LabError
from .syscalls import setns

NOT_FOUND, NOT_EXECUTABLE = 127, 126


def run_there(fds: Sequence[int], argv: Sequence[str], stdout: int | None = None) -> int:
    """Run a program in the namespaces of ``fds`` (the user namespace first) and return its exit status."""
    sys.stdout.flush()
    here = os.getcwd()
    for fd in fds:
        _join(fd)
    child = os.fork()
    if child == 0:
        _become(argv, here, stdout)
    return _wait(child)


def _join(fd: int) -> None:
    try:
        setns(fd)
    except OSError as error:
        if not _already_there(fd):
            raise LabError(f"cannot enter the lab: {error.strerror}; it may have just ended") from None


def _already_there(fd: int) -> bool:
    """Joining the user namespace one is in already is refused (setns(2))."""
    return os.readlink(f"/proc/self/fd/{fd}") == os.readlink("/proc/self/ns/user")


def _become(argv: Sequence[str], here: str, stdout: int | None) -> None:
    if stdout is not None:
        os.dup2(stdout, 1)
    try:
        os.chdir(here)
    except OSError:
        os.chdir("/")
    program = argv[0] if "/" in argv[0] else capability.find(argv[0])
    try:
        os.execv(program or argv[0], list(argv))
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def _wait(child: int) -> int:
    for both_get in signal.SIGINT, signal.SIGQUIT:
        signal.signal(both_get, signal.SIG_IGN)
    for passed in signal.SIGTERM, signal.SIGHUP:
        signal.signal(passed, lambda number, _frame: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
