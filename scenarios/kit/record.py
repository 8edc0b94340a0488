"""Everything that crosses any interface of a lab, as pcapng: to a file from the first packet, or to whoever asks."""

import os
import select
import threading
from collections.abc import Generator

from .ears import Ears
from .pcapng import Pcapng

OFTEN = 200  # milliseconds after which we see whether anybody still wants it


def blocks(net, expression: str = "") -> Generator[bytes, None, None]:
    """The file's header, and then packets as they come; b"" now and then when there are none. Closes its ears."""
    ears, file = Ears(net, expression), Pcapng()
    waiting = select.poll()
    for descriptor in ears.fileno_list():
        waiting.register(descriptor, select.POLLIN)
    try:
        yield file.header()
        while True:
            waiting.poll(OFTEN)
            heard = sorted(ears.packets(), key=lambda packet: packet.time)
            yield b"".join(file.packet(each.where, each.time, each.data, each.sent, each.raw_ip) for each in heard)
    finally:
        ears.close()


class Recorder:
    """Writes to an open file until it is closed; ready when it is made."""

    def __init__(self, net, output: int):
        self._blocks, self._output, self._over = blocks(net), output, threading.Event()
        os.write(output, next(self._blocks))
        self._thread = threading.Thread(target=self._write, daemon=True, name="recorder")
        self._thread.start()

    def close(self) -> None:
        """Write what has been heard until now, and end."""
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        while True:
            last = self._over.is_set()
            data = memoryview(next(self._blocks))
            while data:
                data = data[os.write(self._output, data):]
            if last:
                self._blocks.close()
                return
