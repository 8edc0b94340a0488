"""What other terminals may ask of a lab inside: it answers itself, but for the way in."""

import json
from collections.abc import Iterator
from typing import Any

from .. import control
from ..errors import LabError
from .router import Router
from .wire import WINDOW, Frame, Kind, Unpacker


class Operations(dict[str, control.Operation]):
    """Every request is forwarded, whatever its name, except these."""

    def __init__(self, router: Router, name: str):
        super().__init__(info=self._info, relay=self._relay, enter=self._enter)
        self._router, self._name = router, name

    def __contains__(self, operation: object) -> bool:
        return True

    def __missing__(self, operation: str) -> control.Operation:
        return lambda **arguments: self._forward({"do": operation, **arguments})

    def _info(self) -> Iterator[dict[str, Any]]:
        try:
            answers = list(self._forward({"do": "info"})) if self._router.ready else []
        except LabError:  # the kernel runs, the lab not yet
            answers = []
        yield (answers[0] if answers else _booting(self._name)) | {"kernel": "uml"}

    def _relay(self) -> Iterator[Any]:
        yield control.Descriptors([self._router.join().detach()])

    def _enter(self, **_arguments: Any) -> Iterator[Any]:
        raise LabError(f"{self._name} runs in a kernel of its own, whose namespaces cannot be entered from here")

    def _forward(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Talk to the lab's own socket. Raises LabError with what the kernel's first process says is wrong."""
        text = b""
        for frame in self._frames(request):
            if frame.kind == Kind.ERRORS:
                raise LabError(frame.data.decode().strip())
            text += frame.data if frame.kind == Kind.OUTPUT else b""
            *whole, text = text.split(b"\n")
            yield from map(json.loads, whole)

    def _frames(self, request: dict[str, Any]) -> Iterator[Frame]:
        unpacker = Unpacker()
        with self._router.join() as line:
            line.sendall(bytes(Frame.of(Kind.OPEN, 0, {"lab": self._name})))
            line.sendall(bytes(Frame(Kind.INPUT, 0, json.dumps(request).encode() + b"\n")))
            while data := line.recv(WINDOW):
                for frame in unpacker.feed(data):
                    if frame.kind == Kind.EXIT:
                        return
                    line.sendall(bytes(Frame.of(Kind.CREDIT, 0, len(frame.data))))
                    yield frame


def _booting(name: str) -> dict[str, Any]:
    return {"name": name, "scenario": name, "seconds": 0.0, "up": False, "nodes": [], "claims": 0, "held": 0,
            "asked": 0, "dead": [], "datapath": "kernel"}
