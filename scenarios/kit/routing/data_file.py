"""YAML files that scenarios read: a schema for each, and mistakes told by file, line and remedy.

    isp_tiers.yaml:14: transit.20[1]: AS 210 is nowhere in `ases`; add it there, or correct the number
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ..errors import LabError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]


class Misfit(ValueError):
    """Data of the right shape that contradict each other: the place, what is wrong there, and the remedy."""

    def __init__(self, place: Place, problem: str):
        super().__init__(f"{spell(place)}: {problem}")
        self.place, self.problem = place, problem


class BadData(LabError):
    """A data file which cannot be used. One line: file, line, place, problem and remedy."""


def load(path: Path | str, schema: type[Model]) -> Model:
    """Read a YAML file into its schema. A schema with a method ``check()`` is asked, too. Raises BadData."""
    path = Path(path)
    tree = parse(path)
    try:
        model = schema.model_validate(yaml.safe_load(path.read_text()) or {})
        getattr(model, "check", lambda: None)()
    except ValidationError as error:
        first = error.errors()[0]
        raise complaint(path, tree, first["loc"], advice(first)) from error
    except Misfit as error:
        raise complaint(path, tree, error.place, error.problem) from error
    return model


def parse(path: Path) -> yaml.Node | None:
    """The YAML tree with its line numbers. Raises BadData for what is no YAML, or says one thing twice."""
    try:
        tree = yaml.compose(path.read_text(), yaml.SafeLoader)
    except OSError as error:
        raise BadData(f"{path}: {error.strerror}; name a YAML file that can be read") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadData(f"{path}:{mark.line + 1 if mark else 1}: not YAML: {getattr(error, 'problem', error)}; "
                      "see the examples in scenarios/data") from error
    for key in repeated_keys(tree):
        raise BadData(f"{path}:{key.start_mark.line + 1}: {key.value} stands here twice; keep one of them")
    return tree


def repeated_keys(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Keys that YAML would let the later one win."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from repeated_keys(item)


def complaint(path: Path, tree: yaml.Node | None, place: Place, problem: str) -> BadData:
    return BadData(f"{path}:{line_of(tree, place)}: {spell(as_written(tree, place))}: {problem}")


def as_written(node: yaml.Node | None, place: Place) -> Place:
    """A place whose keys of mappings are strings, also those that are numbers."""
    steps = []
    for step in place:
        steps.append(str(step) if isinstance(node, yaml.MappingNode) else step)
        _, node = descend(node, step)
    return tuple(steps)


def advice(error) -> str:
    """pydantic's words, with the remedy where we know one."""
    remedies = {
        "extra_forbidden": "no such word here; remove it, or correct its spelling",
        "missing": "missing; add it",
    }
    return remedies.get(error["type"], f"{error['msg']}, but it is {error['input']!r}; correct it")


def line_of(node: yaml.Node | None, place: Place) -> int:
    """The line, from 1, of the deepest part of a place that the file has."""
    line = 1
    for step in place:
        key, node = descend(node, step)
        if node is None:
            break
        line = (key or node).start_mark.line + 1
    return line


def descend(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), (None, None))
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


def spell(place: Place) -> str:
    """``("transit", "20", 1)`` as ``transit.20[1]``."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return words.lstrip(".") or "the file"
