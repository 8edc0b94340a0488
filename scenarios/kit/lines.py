"""Text for a terminal as wide as it is: words are not broken, and what goes on does so beneath where it began.

What goes into a pipe or a file stays as it is: one thing, one line.
"""

import os
import sys
from textwrap import dedent, wrap

import click

COLOURS = {"held": "green", "not held": "red", "could not be asked": "yellow"}
LEAST = 24  # columns below which wrapping helps nobody


def columns() -> int | None:
    """The terminal's width; None when it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def hanging(lead: str, text: str, width: int | None = None) -> str:
    """A lead, perhaps in colour, and a text beside it.

    >>> print(hanging("held  ", "the way is a, b, c", width=31))
    held  the way is a, b, c
    >>> print(hanging("held  ", "the way is alpha, beta, gamma", width=32))
    held  the way is alpha, beta,
          gamma
    """
    width = width or columns()
    before = len(click.unstyle(lead))
    if width is None or width - before < LEAST:
        return lead + text
    parts = wrap(text, width - before, break_long_words=False, break_on_hyphens=False) or [""]
    return lead + ("\n" + " " * before).join(parts)


def outcome(word: str) -> str:
    """What became of a claim, as the first of two columns."""
    return click.style(f"{word:<19}", fg=COLOURS[word])


def prose(text: str, width: int | None = None) -> str:
    """Paragraphs; those that are indented are drawings."""
    width = width or columns()
    parts = (drawing(part, width) if part.startswith(" ") else hanging("", " ".join(part.split()), width)
             for part in text.split("\n\n"))
    return "\n\n".join(parts) if width else text


def drawing(text: str, width: int | None = None) -> str:
    """A drawing moved to the left, and cut where it does not fit all the same, which is told."""
    width = width or columns()
    needs = _widest(text)
    if width is None or needs <= width:
        return text
    moved = dedent(text)
    if _widest(moved) <= width:
        return moved
    cut = (line if len(line) <= width else line[:width - 1] + "…" for line in moved.splitlines())
    return "\n".join([*cut, f"(cut: it is {_widest(moved)} columns wide)"])


def aligned(rows: list, width: int | None = None) -> list[str]:
    """Columns as wide as their widest word; the last one goes on beneath itself."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [hanging("  " + "".join(f"{word:<{size}}  " for word, size in zip(row[:-1], widths, strict=False)), row[-1],
                    width).rstrip() for row in rows]


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)
