"""The first process of the kernel inside: it makes the machine's file system usable, then runs what it is asked to.

A request is one of

    {"argv": [...], "cwd": str, "environment": {...}, "terminal": [bool, bool, bool], "size": [rows, columns]}
    {"lab": name}    for a line to that lab's own control socket

``terminal`` tells which of standard input, output and error shall be a terminal. The program ``lab`` is not started
afresh but forked from this process, which has everything imported already: starting Python takes seconds here.
"""

import contextlib
import fcntl
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import termios
import traceback
import tty
from pathlib import Path
from typing import Any

from .. import control
from ..errors import LabError
from ..syscalls import mount
from .wire import CHUNK, WINDOW, Frame, Kind, Unpacker

LINE = "/dev/ttyS0"
MODULES = "/usr/lib/uml/modules"
LOADED = ("openvswitch", "sch_netem", "8021q", "vrf", "ip_gre", "sit", "ipip", "ieee802154_6lowpan", "tun")
PRELOADED = ("scenarios.__main__", "scenarios.command_line.run", "scenarios.command_line.inside", "scenarios.kit.lab",
             "scenarios.kit.prompt")
OPEN_FILES = 1 << 16
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def main() -> None:
    furnish()
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what all share stays unwritten, and so need not be copied
    Guest(os.open(LINE, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)).serve()


def furnish() -> None:
    """Mounts, modules, limits: what an init system would do, and no more."""
    for kind, target in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run"), ("cgroup2", "/sys/fs/cgroup")):
        mount(kind, target, kind)
    for kind, target in (("devpts", "/dev/pts"), ("tmpfs", "/dev/shm")):
        os.makedirs(target, exist_ok=True)
        mount(kind, target, kind)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"/dev/{name}")
    load_modules()
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


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
                for conversation in list(self.conversations.values()):
                    if conversation.pid == death[0]:
                        code = os.waitstatus_to_exitcode(death[1])
                        conversation.end(code if code >= 0 else 128 - code)

    def _read_line(self, _events: int) -> None:
        data = os.read(self.line, WINDOW)
        self.send(Frame.of(Kind.TAKEN, 0, len(data)))
        for frame in self.unpacker.feed(data):
            if frame.kind == Kind.OPEN:
                self._open(frame)
            elif conversation := self.conversations.get(frame.number):
                conversation.receive(frame)

    def _open(self, frame: Frame) -> None:
        conversation = self.conversations[frame.number] = Conversation(self, frame.number)
        try:
            if "lab" in frame.value:
                conversation.connect(frame.value["lab"])
            else:
                conversation.start(frame.value)
        except (LabError, OSError) as error:
            self.send(Frame(Kind.ERRORS, frame.number, f"{error}\n".encode()))
            conversation.end(NOT_FOUND)


class Conversation:
    """One program, or one connection: where its input goes, where its output comes from."""

    def __init__(self, guest: Guest, number: int):
        self.guest, self.number = guest, number
        self.pid = 0
        self.sink = -1
        self.sources: dict[int, Kind] = {}
        self.waiting = bytearray()
        self.ended = False  # no more input will come
        self.credit = WINDOW
        self.terminal = -1

    def connect(self, name: str) -> None:
        self.sink = control.connect(name).detach()
        self._listen(self.sink, Kind.OUTPUT)

    def start(self, request: dict[str, Any]) -> None:
        wants_terminal = request["terminal"]
        terminal, far = os.openpty() if any(wants_terminal) else (-1, -1)
        pipes = [None if is_terminal else os.pipe() for is_terminal in wants_terminal]
        theirs = [far if pipe is None else pipe[number != 0] for number, pipe in enumerate(pipes)]
        ours = [terminal if pipe is None else pipe[number == 0] for number, pipe in enumerate(pipes)]
        self.terminal = terminal
        if any(wants_terminal):
            self._resize(request["size"])
        self.pid = os.fork()
        if self.pid == 0:
            become(request, theirs, far)
        for fd in {*theirs, far} - {-1}:
            os.close(fd)
        self.sink = ours[0]
        for fd, kind in {ours[2]: Kind.ERRORS, ours[1]: Kind.OUTPUT}.items():
            self._listen(fd, kind)

    def receive(self, frame: Frame) -> None:
        if frame.kind == Kind.INPUT:
            self.waiting += frame.data
            self.ended = self.ended or not frame.data
            self._pass_on()
        elif frame.kind == Kind.CREDIT:
            self.credit += frame.value
            self._attend()
        elif frame.kind == Kind.RESIZE and self.terminal >= 0:
            self._resize(frame.value)
        elif frame.kind == Kind.SIGNAL:
            self._signal(frame.value)
        elif frame.kind == Kind.HANGUP:
            self._signal(signal.SIGHUP)
            if not self.pid:
                self.end(0)

    def end(self, status: int) -> None:
        """Send what is still on its way, then the status."""
        if not self.guest.conversations.pop(self.number, None):
            return
        for fd in list(self.sources):
            while self._read(fd):
                pass
        for fd in {self.sink, self.terminal} - {-1}:
            self._close(fd)
        os.sync()  # what was written shall be found on the machine's file system
        self.guest.send(Frame.of(Kind.EXIT, self.number, status))

    def _listen(self, fd: int, kind: Kind) -> None:
        os.set_blocking(fd, False)
        self.sources[fd] = kind
        self._attend()

    def _attend(self) -> None:
        """Have the selector tell us what we can act upon: output when there is credit, room when input waits."""
        for fd in {*self.sources, self.sink} - {-1}:
            events = selectors.EVENT_READ if fd in self.sources and self.credit > 0 else 0
            if fd == self.sink and self.waiting:
                events |= selectors.EVENT_WRITE
            self._watch(fd, events)

    def _watch(self, fd: int, events: int) -> None:
        selector = self.guest.selector
        if fd in selector.get_map():
            selector.unregister(fd)
        if events:
            selector.register(fd, events, lambda happened: self._act(fd, happened))

    def _act(self, fd: int, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._pass_on()
        if events & selectors.EVENT_READ and self.credit > 0 and fd in self.sources:
            self._read(fd)
            self._attend()

    def _read(self, fd: int) -> bool:
        """Pass on some output; false when there is none (now, or ever again)."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # a terminal that nobody has open any more
            data = b""
        if data:
            self.credit -= len(data)
            self.guest.send(Frame(self.sources[fd], self.number, data))
            return True
        del self.sources[fd]
        self._close(fd)
        if not self.pid:
            self.end(0)
        return False

    def _pass_on(self) -> None:
        """Give the program its input, as much as it takes now."""
        if self.sink == -1:
            return
        os.set_blocking(self.sink, False)
        try:
            written = os.write(self.sink, self.waiting) if self.waiting else 0
        except BlockingIOError:
            written = 0
        except OSError:  # it reads no more
            written = len(self.waiting)
        del self.waiting[:written]
        if written:
            self.guest.send(Frame.of(Kind.CREDIT, self.number, written))
        if self.ended and not self.waiting and self.sink != self.terminal:
            self._finish_input()
        self._attend()

    def _finish_input(self) -> None:
        if self.pid:
            self._close(self.sink)
        else:
            with contextlib.suppress(OSError):
                socket.socket(fileno=os.dup(self.sink)).shutdown(socket.SHUT_WR)
            self.ended = False

    def _close(self, fd: int) -> None:
        self._watch(fd, 0)
        if fd == self.terminal:
            self.terminal = -1
        if fd == self.sink:
            self.sink = -1
        self.sources.pop(fd, None)
        with contextlib.suppress(OSError):
            os.close(fd)

    def _resize(self, size: list[int]) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", *size, 0, 0))

    def _signal(self, number: int) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


def become(request: dict[str, Any], streams: list[int], terminal: int) -> None:
    """In the child: take the place, the streams and the environment, then be the program. Does not return."""
    try:
        os.setsid()
        if terminal >= 0:
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.closerange(3, OPEN_FILES)
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

    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, closefd=False) for fd, mode in ((0, "r"), (1, "w"), (2, "w")))
    sys.stderr.reconfigure(line_buffering=True)
    sys.argv = argv
    try:
        lab()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
