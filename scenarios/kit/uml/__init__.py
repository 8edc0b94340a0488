"""A full kernel as a process: a lab inside user-mode Linux (package user-mode-linux, section 1 of its manual page).

It boots in a third of a second on the machine's own file system, needs neither root nor an image nor hardware
support, and has what the machine's kernel may lack: Open vSwitch's datapath, netem, VLANs, VRFs, tunnels, 6LoWPAN.
Programs start slowly in it, some twenty times slower than outside; packets move fast.

``run`` is all that a program needs; ``run_lab`` gives a lab a name by which other terminals find it, and ``relay``
is what they do then.
"""

import json
import os
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from .. import control
from ..errors import CannotRun
from .kernel import START, Kernel, present
from .router import Router
from .terminal import converse
from .wire import Frame, Kind, Unpacker

__all__ = ["inside", "present", "relay", "run", "run_lab"]

MEMORY = "2G"  # at most; what is not used is not taken


def inside() -> bool:
    """Whether this is the kernel inside."""
    return "-uml" in os.uname().release or _processor() == "User Mode Linux"


def run(argv: Sequence[str], memory: str = MEMORY) -> int:
    """Boot, run a program with our standard input, output and error, and return its exit status.

    ``lab`` as the program is this project's command line. Raises CannotRun.
    """
    kernel, router = _boot(memory)
    try:
        return converse(router.join(), argv)
    finally:
        kernel.kill()


def run_lab(arguments: Sequence[str], name: str, memory: str = MEMORY) -> int:
    """Boot and do ``lab run ARGUMENTS --name NAME`` there; other terminals find it by that name, or the same with a
    number when there is one already."""
    name, listener = control.claim_name(name)
    kernel, router = _boot(memory)
    control.serve(listener, _operations(router, name))
    try:
        return converse(router.join(), ["lab", "run", *arguments, "--name", name])
    finally:
        kernel.kill()


def relay(name: str, arguments: Sequence[str]) -> int:
    """Do ``lab ARGUMENTS`` inside the kernel of a running lab, as if it were here."""
    [fd] = control.borrow(name, "relay")
    return converse(socket.socket(fileno=fd), ["lab", *arguments])


def _boot(memory: str) -> tuple[Kernel, Router]:
    kernel = Kernel(memory)
    router = Router(kernel.line)
    router.settled.wait(START)
    if not router.ready:
        kernel.kill()
        raise CannotRun(f"user-mode Linux did not start; its last words: {kernel.last_words()}")
    return kernel, router


def _operations(router: Router, name: str) -> dict[str, control.Operation]:
    """What other terminals may ask: the lab answers itself, but for the way in."""

    def forward(operation: str) -> control.Operation:
        return lambda **arguments: _ask(router, name, {"do": operation, **arguments})

    def relay() -> Iterator[Any]:
        yield control.Descriptors([router.join().detach()])

    return {operation: forward(operation) for operation in ("info", "check", "resolve", "stop")} | {"relay": relay}


def _ask(router: Router, name: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Talk to the lab's own socket inside."""
    text = b""
    with router.join() as line:
        line.sendall(bytes(Frame.of(Kind.OPEN, 0, {"lab": name})))
        line.sendall(bytes(Frame(Kind.INPUT, 0, json.dumps(request).encode() + b"\n")))
        unpacker = Unpacker()
        while data := line.recv(1 << 16):
            for frame in unpacker.feed(data):
                if frame.kind == Kind.EXIT:
                    return
                text += frame.data if frame.kind == Kind.OUTPUT else b""
                *whole, text = text.split(b"\n")
                yield from ({**json.loads(each), "kernel": "uml"} for each in whole)


def _processor() -> str:
    with open("/proc/cpuinfo") as table:
        return next((line.partition(":")[2].strip() for line in table if line.startswith("vendor_id")), "")
