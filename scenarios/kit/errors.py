"""What can go wrong, on one screen.

    LabError            the user can mend it: one line, exit code 2
    ├── CannotRun       this machine lacks something the lab needs
    ├── NoSuchThing     a name that is not there: scenario, node, interface, lab
    └── CommandFailed   a program on a node ended with a non-zero status
"""

import shlex
from collections.abc import Iterable, Sequence


class LabError(Exception):
    """Something the user can mend. The message is one line: what, where, and the remedy."""


class CannotRun(LabError):
    """This machine lacks something; the message names it and how to get it."""


class NoSuchThing(LabError):
    """A name that stands for nothing; the message lists the names that would do."""

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()):
        choice = ", ".join(sorted(known))
        super().__init__(f"no {kind} is called {name!r}" + (f"; there are: {choice}" if choice else ""))
        self.kind, self.name = kind, name


class CommandFailed(LabError):
    """A program on a node ended with a non-zero status."""

    def __init__(self, node: str, argv: Sequence[str], status: int, output: str):
        super().__init__(f"{node}: {shlex.join(argv)} exited {status}: {output.strip()}")
        self.node, self.argv, self.status, self.output = node, tuple(argv), status, output
