"""Inside: one program, or one line to a lab, and the bytes that go there and come from there."""

import contextlib
import fcntl
import os
import selectors
import signal
import socket
import struct
import termios
from collections.abc import Callable
from typing import Any

from .. import control
from .program import become
from .wire import CHUNK, WINDOW, Frame, Kind


class Conversation:
    """One program, or one connection: where its input goes, where its output comes from."""

    def __init__(self, number: int, selector: selectors.BaseSelector, send: Callable[[Frame], None]):
        self.number, self.selector, self.send = number, selector, send
        self.pid = 0
        self.sink = -1
        self.sources: dict[int, Kind] = {}
        self.waiting = bytearray()
        self.ended = False  # no more input will come
        self.credit = WINDOW
        self.terminal = -1
        self.over = False

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
        if self.over:
            return
        self.over = True
        for fd in list(self.sources):
            while self._read(fd):
                pass
        for fd in {self.sink, self.terminal} - {-1}:
            self._close(fd)
        os.sync()  # what was written shall be found on the machine's file system
        self.send(Frame.of(Kind.EXIT, self.number, status))

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
        if fd in self.selector.get_map():
            self.selector.unregister(fd)
        if events:
            self.selector.register(fd, events, lambda happened: self._act(fd, happened))

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
            self.send(Frame(self.sources[fd], self.number, data))
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
            self.send(Frame.of(Kind.CREDIT, self.number, written))
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
