"""Questions to switches whose answers come later, in several parts. Nobody waits for them in an event handler."""

from collections.abc import Callable
from typing import Any

MORE = 1  # OFPMPF_REPLY_MORE


class Questions:
    def __init__(self) -> None:
        self._open: dict[tuple[int, int], tuple[list, Callable[[list], None]]] = {}

    def ask(self, datapath: Any, message: Any, answered: Callable[[list], None]) -> None:
        """Send a multipart request; `answered` is called with all the entries of its answer."""
        datapath.send_msg(message)
        self._open[datapath.id, message.xid] = [], answered

    def answer(self, message: Any) -> None:
        """A part of an answer has come."""
        number = message.datapath.id, message.xid
        if number in self._open:
            parts, answered = self._open[number]
            parts.extend(message.body)
            if not message.flags & MORE:
                del self._open[number]
                answered(parts)

    def forget(self, dpid: int) -> None:
        """A switch is gone; it will not answer any more."""
        self._open = {number: question for number, question in self._open.items() if number[0] != dpid}
