"""What every table of ``show`` is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

Rows = tuple[tuple[str, ...], ...]
MOST_ROWS = 60  # of routes; a border router has thousands


@dataclass(frozen=True)
class Table:
    """``columns`` and ``rows`` of words. ``node`` and ``title`` say what of whom."""

    node: str
    title: str
    columns: tuple[str, ...]
    rows: Rows

    def json(self) -> dict:
        return {"node": self.node, "title": self.title,
                "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows]}


def cut(node: str, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    """A table of the first rows only where there are many; its title says so."""
    title += f" (the first {MOST_ROWS} of {len(rows)})" if len(rows) > MOST_ROWS else ""
    return Table(node, title, columns, tuple(rows[:MOST_ROWS]))
