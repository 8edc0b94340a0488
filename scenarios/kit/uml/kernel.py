"""The kernel as a process: how user-mode Linux is started, so that it leaves nothing however it ends.

It runs in a process and a mount namespace of its own. Its memory and its papers lie on a tmpfs there, and the kernel
of the machine ends its helpers with its first process; and that one ends with us.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from ..errors import CannotRun
from ..syscalls import die_with_parent

PROGRAM = "/usr/bin/linux.uml"
START = 60  # seconds; it takes about three
# File systems that measure the processor when they begin, for a second and a half, and that nobody here mounts.
SKIPPED = "raid6_select_algo,calibrate_xor_blocks,init_btrfs_fs,init_xfs_fs,init_jfs_fs"
INIT = ("-P", "-m", "scenarios.kit.uml.guest")
STAGE = 'mount -t tmpfs -o size=0 tmpfs /dev/shm && TMPDIR=/dev/shm exec "$@"'


def present() -> bool:
    """Whether this machine has it."""
    return Path(PROGRAM).exists()


class Kernel:
    """A running kernel, and the ``line`` to its first process."""

    def __init__(self, memory: str = "2G"):
        if not present():
            raise CannotRun(f"this machine lacks {PROGRAM}: run vagrant/provision.sh as root "
                            "(Debian has it, Ubuntu has not)")
        self.line, theirs = socket.socketpair()
        self._console = os.memfd_create("console")
        with theirs:
            descriptors = (theirs.fileno(), self._console)
            self._process = subprocess.Popen(
                [*_stage(), PROGRAM, *command_line(memory, *descriptors)], pass_fds=descriptors,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._console,
                preexec_fn=_before_it_starts)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """What it wrote to its console, the end of it."""
        size = os.fstat(self._console).st_size
        return os.pread(self._console, size, 0).decode(errors="replace").strip()[-2000:]


def command_line(memory: str, line: int, console: int) -> list[str]:
    """The words of kernel-parameters(7) and of user-mode Linux; pure."""
    return [
        f"mem={memory}", "rootfstype=hostfs", "rootflags=/", "rw", "quiet", "panic=-1",
        "uml_dir=/dev/shm", "con=null", f"con0=null,fd:{console}", "ssl=null", f"ssl0=fd:{line}",
        "pty.legacy_count=0", f"initcall_blacklist={SKIPPED}",
        f'init="{sys.executable}"', "--", *INIT,
    ]


def _stage() -> list[str]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", STAGE, "sh"]


def _before_it_starts() -> None:
    """In the child. One processor: the kernel and its programs take turns, and waking another one costs each turn."""
    die_with_parent(signal.SIGKILL)
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})
    os.setpgid(0, 0)  # what is typed at the terminal is not for it
