"""Inside: from a forked child to the program that was asked for.

The program ``lab`` is not started afresh: our parent has imported everything already, and that takes seconds here.
"""

import contextlib
import fcntl
import os
import signal
import sys
import termios
import traceback
from typing import Any

NOT_FOUND, NOT_EXECUTABLE = 127, 126


def become(request: dict[str, Any], streams: list[int], terminal: int) -> None:
    """In the child: take the place, the streams and the environment, then be the program. Does not return."""
    try:
        os.setsid()
        if terminal >= 0:
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        run_lab(request["argv"]) if request["argv"][0] == "lab" else execute(request["argv"])
    except OSError as error:
        os.write(2, f"{request['argv'][0]}: {error.strerror}\n".encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(1)


def execute(argv: list[str]) -> None:
    os.execvp(argv[0], argv)


def run_lab(argv: list[str]) -> None:
    from scenarios.__main__ import main as lab

    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = argv
    try:
        lab()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(status)
