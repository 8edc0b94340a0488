"""A program that nodes run: it says its files and its command lines, and how to tell that it is ready.

Rendering is pure: ``files`` and ``commands`` look at the node and return text and words; the supervisor acts.
"""

from pathlib import Path

ACCEPTS = "00010000"  # __SO_ACCEPTCON: after bind(2) comes listen(2), and only then may one connect


class Service:
    """A program that a node runs, with the files it reads."""

    frugal = False  # content with the lab's own files, session and spare time: a thousand such start in seconds

    def files(self, node) -> dict[str, str]:
        """Names and contents of files, written into the node's own directory before the start."""
        return {}

    def commands(self, node) -> list[list[str]]:
        """The command lines, each of a process that stays in the foreground."""
        raise NotImplementedError

    def ready(self, node) -> bool:
        """Whether it serves yet; asked again until it does."""
        return True

    def started(self, node) -> None:
        """What remains to be done once it is ready."""

    def stopped(self, node) -> None:
        """What remains to be undone once its processes have ended; what dies with the node needs no undoing."""

    @property
    def name(self) -> str:
        return type(self).__name__.lower()


def listening(node, port: int, protocol: str = "tcp") -> bool:
    """Whether something on the node waits for connections (or datagrams) at a port; read from the kernel's tables."""
    return node.place.run(_listens, port, protocol)


def listening_at(node, path: str) -> bool:
    """Whether something on the node waits for connections at a unix(7) socket of this name."""
    return node.place.run(_listens_at, path)


def _listens_at(path: str) -> bool:
    rows = (row.split() for row in Path("/proc/thread-self/net/unix").read_text().splitlines()[1:])
    return any(row[3] == ACCEPTS and row[7:] == [path] for row in rows)


def _listens(port: int, protocol: str) -> bool:
    state = {"tcp": "0A", "udp": "07"}[protocol]
    for family in protocol, f"{protocol}6":
        table = Path(f"/proc/thread-self/net/{family}")
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            local, seen = row.split()[1], row.split()[3]
            if int(local.rpartition(":")[2], 16) == port and seen == state:
                return True
    return False
