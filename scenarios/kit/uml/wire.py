"""What crosses the line between the machine and the kernel inside it: frames of many conversations. Pure.

A conversation is one program inside, or one connection to a socket inside. Each side may have ``WINDOW`` bytes under
way in a conversation, and gets credit back as the other side has passed them on: a reader that is slow stops its own
conversation and no other.

The line itself is a serial line of user-mode Linux, whose driver never listens again once its buffer of 4096 bytes
was full. So no more than ``LINE`` bytes are ever under way to the inside: it tells what it has ``TAKEN``.
"""

import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

WINDOW = 1 << 16
CHUNK = 1 << 12
LINE = 3 << 10
_HEADER = struct.Struct("!BHI")


class Kind(IntEnum):
    """READY, OUTPUT, ERRORS and EXIT come from inside; the others go there; CREDIT goes both ways."""

    READY = 0
    OPEN = 1  # a request, as JSON: see `guest`
    INPUT = 2  # nothing in it: end of file
    OUTPUT = 3
    ERRORS = 4
    CREDIT = 5  # so many bytes were passed on
    RESIZE = 6  # rows, columns
    SIGNAL = 7
    EXIT = 8  # the exit status
    HANGUP = 9  # whoever asked has gone
    TAKEN = 10  # so many bytes of the line itself were read; from inside


class Frame(NamedTuple):
    """One message. ``number`` names the conversation."""

    kind: Kind
    number: int
    data: bytes = b""

    def __bytes__(self) -> bytes:
        return _HEADER.pack(self.kind, self.number, len(self.data)) + self.data

    @property
    def value(self) -> Any:
        return json.loads(self.data)

    @classmethod
    def of(cls, kind: Kind, number: int, value: Any) -> "Frame":
        return cls(kind, number, json.dumps(value).encode())


class Unpacker:
    """Makes frames again of the bytes as they come.

    >>> whole = bytes(Frame(Kind.OUTPUT, 7, b"hello"))
    >>> unpacker = Unpacker()
    >>> [*unpacker.feed(whole[:4]), *unpacker.feed(whole[4:])]
    [Frame(kind=<Kind.OUTPUT: 3>, number=7, data=b'hello')]
    """

    def __init__(self):
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._rest += data
        while len(self._rest) >= _HEADER.size:
            kind, number, length = _HEADER.unpack_from(self._rest)
            end = _HEADER.size + length
            if len(self._rest) < end:
                return
            frame, self._rest = Frame(Kind(kind), number, self._rest[_HEADER.size:end]), self._rest[end:]
            yield frame
