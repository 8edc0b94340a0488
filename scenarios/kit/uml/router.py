"""Between the kernel's one line and those who talk over it: numbers for the conversations, frames to the right one."""

import selectors
import socket
import threading

from .kernel import Kernel
from .wire import LINE, WINDOW, Frame, Kind, Unpacker


class Router:
    """Serves the kernel's line in the background; ``join`` gives a socket that speaks frames (their number is ignored).

    ``settled`` is set when the other end is ``ready`` or lost.
    """

    def __init__(self, kernel: Kernel):
        self.kernel, self.line = kernel, kernel.line
        self.settled = threading.Event()
        self.ready = False
        self._selector = selectors.DefaultSelector()
        self._guests: dict[int, socket.socket] = {}
        self._last = 0
        self._waiting = b""
        self._under_way = 0
        self._selector.register(self.line, selectors.EVENT_READ, (0, Unpacker()))
        threading.Thread(target=self._serve, daemon=True, name="router").start()

    def join(self) -> socket.socket:
        """A new conversation: our end of it."""
        ours, theirs = socket.socketpair()
        self._last += 1
        self._guests[self._last] = ours
        self._selector.register(ours, selectors.EVENT_READ, (self._last, Unpacker()))
        return theirs

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                number, unpacker = key.data
                data = self._receive(number)
                if not data:
                    self._lost(number)
                for frame in unpacker.feed(data):
                    self._pass_on(number, frame)

    def _receive(self, number: int) -> bytes:
        source = self._guests.get(number) if number else self.line
        try:
            return source.recv(WINDOW) if source else b""
        except OSError:
            return b""

    def _pass_on(self, number: int, frame: Frame) -> None:
        if number:
            self._send(frame._replace(number=number))
        elif frame.kind == Kind.TAKEN:
            self._under_way -= frame.value
            self._push()
        elif frame.kind == Kind.READY:
            self.ready = True
            self.settled.set()
        elif guest := self._guests.get(frame.number):
            try:
                guest.sendall(bytes(frame))  # no more than a window of bytes is ever under way, so this does not wait
            except OSError:
                self._lost(frame.number)

    def _send(self, frame: Frame) -> None:
        self._waiting += bytes(frame)
        self._push()

    def _push(self) -> None:
        now, self._waiting = self._waiting[:LINE - self._under_way], self._waiting[LINE - self._under_way:]
        self._under_way += len(now)
        self.line.sendall(now)

    def _lost(self, number: int) -> None:
        """Somebody has gone; when it is the kernel, everybody hears it."""
        for each in [number] if number else list(self._guests):
            if guest := self._guests.pop(each, None):
                self._selector.unregister(guest)
                guest.close()
                if number:
                    self._send(Frame(Kind.HANGUP, each))
        if not number:
            self._selector.unregister(self.line)
            self.settled.set()
