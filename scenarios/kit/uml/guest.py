"""The first process of the kernel inside: it makes the machine's file system usable, then runs what it is asked to.

A request is one of

    {"argv": [...], "cwd": str, "environment": {...}, "terminal": [bool, bool, bool], "size": [rows, columns]}
    {"lab": name}    for a line to that lab's own control socket

``terminal`` tells which of standard input, output and error shall be a terminal.
"""

import contextlib
import gc
import importlib
import os
import resource
import selectors
import signal
import tty
from pathlib import Path

from ..errors import LabError
from ..syscalls import mount
from .conversation import Conversation
from .wire import CHUNK, WINDOW, Frame, Kind, Unpacker

SERIAL = "/dev/ttyS0"
MODULES = "/usr/lib/uml/modules"
LOADED = ("openvswitch", "sch_netem", "8021q", "vrf", "ip_gre", "sit", "ipip", "ieee802154_6lowpan", "fakelb", "tun")
PRELOADED = ("scenarios.__main__", "scenarios.command_line.run", "scenarios.command_line.inside", "scenarios.kit.lab",
             "scenarios.kit.prompt")
OPEN_FILES = 1 << 16
NEIGHBOURS = 1 << 17
NOT_FOUND = 127


def main() -> None:
    furnish()
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what all share stays unwritten, and so need not be copied
    Guest(os.open(SERIAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)).serve()


def furnish() -> None:
    """Mounts, modules, limits: what an init system would do, and no more."""
    for kind, target in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run"), ("cgroup2", "/sys/fs/cgroup")):
        mount(kind, target, kind)
    for kind, target in (("devpts", "/dev/pts"), ("tmpfs", "/dev/shm")):
        os.makedirs(target, exist_ok=True)
        mount(kind, target, kind)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"/dev/{name}")
    # A tunnel's module puts a device of its own into every network namespace, unless told not to.
    Path("/proc/sys/net/core/fb_tunnels_only_for_init_net").write_text("2")
    load_modules()
    make_room()
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def make_room() -> None:
    """For neighbours: all namespaces share the kernel's one table of them (provision.sh does it elsewhere)."""
    for family in Path("/proc/sys/net").glob("ipv[46]/neigh/default"):
        for step, size in enumerate((NEIGHBOURS // 8, NEIGHBOURS // 2, NEIGHBOURS), 1):
            (family / f"gc_thresh{step}").write_text(str(size))


def load_modules() -> None:
    """Those that a lab looks for now; the others when they are first needed, by a modprobe(8) that finds them."""
    os.makedirs("/run/kernel/lib")
    os.symlink(MODULES, "/run/kernel/lib/modules")
    modprobe = Path("/run/modprobe")
    modprobe.write_text('#!/bin/sh\nexec /sbin/modprobe -d /run/kernel "$@"\n')
    modprobe.chmod(0o755)
    Path("/proc/sys/kernel/modprobe").write_text(str(modprobe))
    os.waitpid(os.posix_spawn(modprobe, [str(modprobe), "-qa", *LOADED], os.environ), 0)


class Guest:
    """Talks over the line, and keeps the conversations."""

    def __init__(self, line: int):
        self.line = line
        tty.setraw(line)
        self.selector = selectors.DefaultSelector()
        self.conversations: dict[int, Conversation] = {}
        self.unpacker = Unpacker()

    def serve(self) -> None:
        self._hear_of_children()
        self.selector.register(self.line, selectors.EVENT_READ, self._read_line)
        self.send(Frame(Kind.READY, 0))
        while True:
            for key, events in self.selector.select():
                if key.fd in self.selector.get_map():  # an earlier event of this round may have closed it
                    key.data(events)
            self._forget()

    def send(self, frame: Frame) -> None:
        data = bytes(frame)
        while data:
            data = data[os.write(self.line, data):]

    def _hear_of_children(self) -> None:
        self.born, awake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(awake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.born, selectors.EVENT_READ, self._bury)

    def _bury(self, _events: int) -> None:
        os.read(self.born, CHUNK)
        with contextlib.suppress(ChildProcessError):
            while (death := os.waitpid(-1, os.WNOHANG))[0]:
                for conversation in self.conversations.values():
                    if conversation.pid == death[0]:
                        code = os.waitstatus_to_exitcode(death[1])
                        conversation.end(code if code >= 0 else 128 - code)

    def _forget(self) -> None:
        for number in [number for number, conversation in self.conversations.items() if conversation.over]:
            del self.conversations[number]

    def _read_line(self, _events: int) -> None:
        data = os.read(self.line, WINDOW)
        self.send(Frame.of(Kind.TAKEN, 0, len(data)))
        for frame in self.unpacker.feed(data):
            if frame.kind == Kind.OPEN:
                self._open(frame)
            elif conversation := self.conversations.get(frame.number):
                conversation.receive(frame)

    def _open(self, frame: Frame) -> None:
        conversation = self.conversations[frame.number] = Conversation(frame.number, self.selector, self.send)
        try:
            if "lab" in frame.value:
                conversation.connect(frame.value["lab"])
            else:
                conversation.start(frame.value)
        except (LabError, OSError) as error:
            self.send(Frame(Kind.ERRORS, frame.number, f"{error}\n".encode()))
            conversation.end(NOT_FOUND)


if __name__ == "__main__":
    main()
