"""BIRD's control socket, spoken to directly: what birdc(8) does, without starting it.

Replies begin with a four-digit code: 0000 ends one well, 8xxx and 9xxx are errors (BIRD's doc/reply_codes).
"""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import LabError

PATIENCE = 30.0  # seconds: a thousand routers that converge keep the machine busy
MOST = 1 << 18  # bytes to take at once


class BirdSays(LabError):
    """BIRD refused a command, or is not there."""


def ask(path: Path, command: str) -> list[str]:
    """The lines of a reply without their codes; a line of detail begins with a tab. Raises BirdSays."""
    return list(reply(say(path, command).splitlines(), command))


def say(path: Path, command: str) -> str:
    """The reply as BIRD sends it: for tables of a thousand routes, which are quicker read as a whole."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
            _until_complete(client)  # the greeting
            client.sendall(f"{command}\n".encode())
            return _until_complete(client)
        except OSError as error:
            raise BirdSays(f"{path}: BIRD does not answer: {error.strerror or error}") from error


def _until_complete(client: socket.socket) -> str:
    """What comes until a line whose code is followed by a space, or until BIRD hangs up."""
    told = bytearray()
    while data := client.recv(MOST):
        told += data
        last = told[told.rfind(b"\n", 0, -1) + 1:]
        if last.endswith(b"\n") and last[:4].isdigit() and last[4:5] == b" ":
            break
    return told.decode(errors="replace")


def reply(lines: Iterable[str], command: str) -> Iterator[str]:
    for line in lines:
        code, mark = line[:4], line[4:5]
        if not code.isdigit():
            yield line[1:]
            continue
        if code[0] in "89":
            raise BirdSays(f"BIRD says to {command!r}: {line[5:]}")
        if line[5:]:
            yield line[5:]
        if mark == " ":
            return
    raise BirdSays(f"BIRD hung up during {command!r}")
