"""A full kernel as a process: a lab inside user-mode Linux (package user-mode-linux, section 1 of its manual page).

It boots in a third of a second on the machine's own file system, needs neither root nor an image nor hardware
support, and has what the machine's kernel may lack: Open vSwitch's datapath, netem, VLANs, VRFs, tunnels, 6LoWPAN.
Programs start slowly in it, some twenty times slower than outside; packets move fast.

``run`` is all that a program needs; ``run_lab`` gives a lab a name by which other terminals find it, and ``relay``
is what they do then.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .. import control
from ..errors import CannotRun
from .kernel import START, Kernel, present
from .operations import Operations
from .router import Router
from .terminal import converse

__all__ = ["inside", "present", "relay", "run", "run_lab"]

MEMORY = "2G"  # at most; what is not used is not taken


def inside() -> bool:
    """Whether this is the kernel inside."""
    return "-uml" in os.uname().release or _processor() == "User Mode Linux"


def run(argv: Sequence[str], memory: str = MEMORY) -> int:
    """Boot, run a program with our standard input, output and error, and return its exit status.

    ``lab`` as the program is this project's command line. Raises CannotRun.
    """
    with _kernel(memory) as router:
        return converse(_ready(router), argv)


def run_lab(arguments: Sequence[str], name: str, memory: str = MEMORY) -> int:
    """Boot and do ``lab run ARGUMENTS --name NAME`` there; other terminals find it by that name, or the same with a
    number when there is one already. Raises CannotRun."""
    name, listener = control.claim_name(name)
    with _kernel(memory) as router:
        control.serve(listener, Operations(router, name))
        return converse(_ready(router), ["lab", "run", *arguments, "--name", name])


def relay(name: str, arguments: Sequence[str]) -> int:
    """Do ``lab ARGUMENTS`` inside the kernel of a running lab, as if it were here."""
    [fd] = control.borrow(name, "relay")
    return converse(socket.socket(fileno=fd), ["lab", *arguments])


@contextmanager
def _kernel(memory: str) -> Iterator[Router]:
    kernel = Kernel(memory)
    try:
        yield Router(kernel)
    finally:
        kernel.kill()


def _ready(router: Router) -> socket.socket:
    """The first conversation, as soon as there can be one."""
    router.settled.wait(START)
    if not router.ready:
        raise CannotRun(f"user-mode Linux did not start; its last words: {router.kernel.last_words()}")
    return router.join()


def _processor() -> str:
    with open("/proc/cpuinfo") as table:
        return next((line.partition(":")[2].strip() for line in table if line.startswith("vendor_id")), "")
