"""The source of a function, quoted as its author wrote it, with what it took from around itself filled in."""

import ast
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any


def quote(function: Callable) -> str:
    """What a lambda does, or what a function is called, as one line of Python.

    >>> def pulls(cable): return lambda net: print(net, cable)
    >>> quote(pulls("a-b"))
    "print(net, 'a-b')"
    """
    if isinstance(function, partial):
        return quote(function.func)
    found = _lambda(function) if getattr(function, "__name__", "") == "<lambda>" else None
    if found is None:
        return getattr(function, "__name__", str(function))
    known = {name: value for name, value in inspect.getclosurevars(function).nonlocals.items() if _is_plain(value)}
    return ast.unparse(_Fill(known).visit(found.body))


def _lambda(function: Callable) -> ast.Lambda | None:
    """The innermost lambda of its file around the instructions of the function."""
    try:
        tree = ast.parse("".join(inspect.findsource(function)[0]))
    except (OSError, TypeError, SyntaxError):
        return None
    first, last = _extent(function)
    around = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)
              and _start(node.body) <= first and last <= (node.body.end_lineno, node.body.end_col_offset)]
    return max(around, key=lambda node: _start(node.body), default=None)


def _extent(function: Callable) -> tuple[tuple, tuple]:
    """Where its instructions begin and end in the file, as (line, column)."""
    spans = [(line, column, end_line, end_column) for line, end_line, column, end_column
             in function.__code__.co_positions() if line and column is not None and end_column]
    return min(span[:2] for span in spans), max(span[2:] for span in spans)


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool, type(None)))


class _Fill(ast.NodeTransformer):
    """Names that the function took from around itself become their values."""

    def __init__(self, known: dict[str, Any]):
        self.known = known

    def visit_Name(self, node):
        return ast.Constant(self.known[node.id]) if node.id in self.known else node
