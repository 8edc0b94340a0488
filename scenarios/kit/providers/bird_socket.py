"""BIRD's control socket, spoken to directly: what birdc(8) does, without starting it.

Replies begin with a four-digit code: 0000 ends one well, 8xxx and 9xxx are errors (BIRD's doc/reply_codes).
"""

import socket
from collections.abc import Iterator
from pathlib import Path

from ..errors import LabError

PATIENCE = 30.0  # seconds: a thousand routers that converge keep the machine busy


class BirdSays(LabError):
    """BIRD refused a command, or is not there."""


def ask(path: Path, command: str) -> list[str]:
    """The lines of a reply without their codes; a line of detail begins with a tab. Raises BirdSays."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
            with client.makefile("rw", encoding="utf-8", errors="replace") as lines:
                next(lines, None)  # the greeting
                print(command, file=lines, flush=True)
                return list(reply(lines, command))
        except OSError as error:
            raise BirdSays(f"{path}: BIRD does not answer: {error.strerror or error}") from error


def reply(lines, command: str) -> Iterator[str]:
    for line in lines:
        line = line.rstrip("\n")
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
