"""How a second terminal finds a running lab and talks to it.

A lab listens on an abstract socket (unix(7)) in the namespace it was started from: the name is the lock and the list,
and goes when the lab goes. A request is a line of JSON; the answer is lines of JSON, and for ``enter`` the
descriptors of a node's namespaces with the first.
"""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import LabError, NoSuchThing

PREFIX = "internet-from-scratch"
PATIENCE = 30  # seconds for an answer; a claim may take long to be asked
MOST = 100  # labs of one name

Answers = Iterator[dict[str, Any]]


class Ended(LabError):
    """A lab that ended while it was asked."""


class Busy(LabError):
    """Too many labs of one name."""


@dataclass(frozen=True)
class Descriptors:
    """An answer that carries file descriptors."""

    fds: list[int]


Operation = Callable[..., Iterator[dict[str, Any] | Descriptors | bytes]]


def claim_name(wanted: str) -> tuple[str, socket.socket]:
    """Take a name for a new lab: the one wanted, or the same with a number. The socket holds it."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    for number in range(1, MOST):
        name = wanted if number == 1 else f"{wanted}-{number}"
        try:
            listener.bind(_address(name))
        except OSError:
            continue
        return name, listener
    raise Busy(f"{MOST} labs called {wanted} are running; stop one with ./lab stop {wanted}")


def running(uid: int | None = None) -> list[str]:
    """The names of this user's labs."""
    prefix = f"@{PREFIX}/{os.geteuid() if uid is None else uid}/"
    rows = (line.split() for line in Path("/proc/net/unix").read_text().splitlines())
    return sorted({row[7].removeprefix(prefix) for row in rows if len(row) > 7 and row[7].startswith(prefix)})


def serve(listener: socket.socket, operations: dict[str, Operation]) -> None:
    """Answer requests in the background for as long as this process lives."""
    listener.listen(16)  # from here on, a client sees this process as its peer
    threading.Thread(target=_accept, args=(listener, operations), daemon=True, name="control").start()


def ask(name: str, operation: str, **arguments) -> Answers:
    """Send a request to a lab, and give its answers as they come. Raises LabError with what the lab says is wrong."""
    try:
        with connect(name) as line:
            line.sendall(json.dumps({"do": operation, **arguments}).encode() + b"\n")
            for answer in line.makefile():
                yield _checked(json.loads(answer))
    except ConnectionError:
        raise Ended(f"the lab {name} has ended") from None


def ask_once(name: str, operation: str, **arguments) -> dict[str, Any]:
    """The only answer to a request, or the first."""
    return next(iter(ask(name, operation, **arguments)), {})


def borrow(name: str, operation: str, **arguments) -> list[int]:
    """The descriptors that a request is answered with; the caller closes them."""
    with connect(name) as line:
        line.sendall(json.dumps({"do": operation, **arguments}).encode() + b"\n")
        data, fds, _, _ = socket.recv_fds(line, 1 << 16, 16)
        _checked(json.loads(data or b'{"error": "the lab ended"}'))
        return fds


def stream(name: str, operation: str, **arguments) -> Iterator[bytes]:
    """What follows the first answer to a request: bytes, until the lab ends or nobody wants more."""
    with connect(name) as line:
        line.sendall(json.dumps({"do": operation, **arguments}).encode() + b"\n")
        line.settimeout(None)
        with line.makefile("rb") as answers:
            _checked(json.loads(answers.readline() or b'{"error": "the lab ended"}'))
            while data := answers.read1(1 << 16):
                yield data


def connect(name: str) -> socket.socket:
    """A line to a running lab; most use ``ask`` or ``borrow``. Raises NoSuchThing."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(PATIENCE * 10)
    try:
        line.connect(_address(name))
    except OSError:
        line.close()
        raise NoSuchThing("running lab", name, running()) from None
    if _peer_uid(line) not in (os.geteuid(), 0):
        raise LabError(f"{name} belongs to another user")
    return line


def _accept(listener: socket.socket, operations: dict[str, Operation]) -> None:
    while True:
        line, _ = listener.accept()
        threading.Thread(target=_answer, args=(line, operations), daemon=True, name="answer").start()


def _answer(line: socket.socket, operations: dict[str, Operation]) -> None:
    with line:
        try:
            if _peer_uid(line) != os.geteuid():
                raise LabError("this lab belongs to another user")
            request = json.loads(line.makefile().readline())
            for answer in _perform(request, operations):
                _send(line, answer)
        except (LabError, OSError) as error:
            _tell(line, str(error))
        except Exception as error:  # a bug of ours: the client is told, and the lab goes on
            _tell(line, f"the lab could not answer: {type(error).__name__}: {error}")
            raise


def _perform(request: dict[str, Any], operations: dict[str, Operation]) -> Iterator:
    name = request.pop("do")
    if name not in operations:
        raise NoSuchThing("request", name, operations)
    return operations[name](**request)


def _send(line: socket.socket, answer: dict[str, Any] | Descriptors | bytes) -> None:
    if isinstance(answer, bytes):
        line.sendall(answer)
    elif isinstance(answer, Descriptors):
        socket.send_fds(line, [b"{}\n"], answer.fds)
    else:
        line.sendall(json.dumps(answer).encode() + b"\n")


def _tell(line: socket.socket, error: str) -> None:
    try:
        _send(line, {"error": error})
    except OSError:
        pass  # whoever asked has gone


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise LabError(answer["error"])
    return answer


def _address(name: str) -> str:
    return f"\0{PREFIX}/{os.geteuid()}/{name}"


def _peer_uid(line: socket.socket) -> int:
    _, uid, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid
