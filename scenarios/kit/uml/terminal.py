"""A program inside with our own standard input, output and error, its signals and its exit status."""

import contextlib
import os
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from typing import Any

from .wire import CHUNK, WINDOW, Frame, Kind, Unpacker

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
ENDED = 128 + signal.SIGKILL


def converse(line: socket.socket, argv: Sequence[str]) -> int:
    """Run ``argv`` at the other end of ``line`` as if it ran here, and return its exit status."""
    with line, _signals() as heard, _raw_terminal():
        line.sendall(bytes(Frame.of(Kind.OPEN, 0, request(argv))))
        return _Pump(line, heard).run()


def request(argv: Sequence[str]) -> dict[str, Any]:
    return {"argv": list(argv), "cwd": os.getcwd(), "environment": dict(os.environ),
            "terminal": [os.isatty(fd) for fd in range(3)], "size": _size()}


class _Pump:
    def __init__(self, line: socket.socket, heard: int):
        self.line, self.heard = line, heard
        self.unpacker = Unpacker()
        self.credit = WINDOW
        self.input_open = True

    def run(self) -> int:
        while True:
            sources = [self.line.fileno(), self.heard] + ([0] if self.input_open and self.credit > 0 else [])
            readable, _, _ = select.select(sources, [], [])
            if self.heard in readable:
                self._pass_signals_on()
            if 0 in readable and 0 in sources[2:]:
                self._read_input()
            if self.line.fileno() in readable and (status := self._read_line()) is not None:
                return status

    def _pass_signals_on(self) -> None:
        for number in os.read(self.heard, CHUNK):
            if number == signal.SIGWINCH:
                self._send(Frame.of(Kind.RESIZE, 0, _size()))
            elif number in PASSED_ON:
                self._send(Frame.of(Kind.SIGNAL, 0, number))

    def _read_input(self) -> None:
        try:
            data = os.read(0, min(CHUNK, self.credit))
        except OSError:
            data = b""
        self.credit -= len(data)
        self.input_open = bool(data)
        self._send(Frame(Kind.INPUT, 0, data))

    def _read_line(self) -> int | None:
        """Pass output on; the exit status when it comes."""
        data = self.line.recv(WINDOW)
        if not data:
            print("the kernel inside has ended", file=sys.stderr)
            return ENDED
        for frame in self.unpacker.feed(data):
            if frame.kind == Kind.EXIT:
                return frame.value
            if frame.kind == Kind.CREDIT:
                self.credit += frame.value
            elif frame.kind in (Kind.OUTPUT, Kind.ERRORS):
                self._write(1 if frame.kind == Kind.OUTPUT else 2, frame.data)
        return None

    def _write(self, fd: int, data: bytes) -> None:
        length = len(data)
        try:
            while data:
                data = data[os.write(fd, data):]
        except BrokenPipeError:
            self._send(Frame.of(Kind.SIGNAL, 0, signal.SIGPIPE))
        self._send(Frame.of(Kind.CREDIT, 0, length))

    def _send(self, frame: Frame) -> None:
        with contextlib.suppress(OSError):  # the end of it will be seen when reading
            self.line.sendall(bytes(frame))


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Keys go as they are to the terminal inside, which knows what they mean."""
    if not os.isatty(0):
        yield
        return
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A descriptor from which the numbers of arriving signals are read, for as long as this lasts."""
    heard, told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    wakeup = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in (*PASSED_ON, signal.SIGWINCH)}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(heard)
        os.close(told)


def _size() -> list[int]:
    """Rows and columns of the first of our streams that is a terminal."""
    for fd in range(3):
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(fd)
            return [rows, columns]
    return [24, 80]
