"""What the documents say is true: the table of scenarios, and the examples that are shown whole."""

import re
from pathlib import Path

import pytest

from scenarios.kit import catalogue

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def table() -> list[str]:
    """The rows that the README must have."""
    found = sorted((catalogue.find(name) for name in catalogue.names()), key=lambda one: (one.chapter, one.name))
    return [f"| {each.chapter} | `{each.name}` | {each.lesson} |" for each in found]


def test_the_readme_lists_every_scenario():
    rows = [line for line in README.splitlines() if re.match(r"\| \d", line)]

    assert rows == table()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_an_example_that_is_shown_whole_works(document, tmp_path):
    examples = re.findall(r"```python\n(r\"\"\".*?)```", (ROOT / document).read_text(), re.DOTALL)

    assert examples
    for example in examples:
        path = tmp_path / "example.py"
        path.write_text(example)
        assert catalogue.find(str(path)).claims


def test_every_command_that_is_shown_exists():
    from scenarios.__main__ import COMMANDS

    shown = set(re.findall(r"\./lab ([\w-]+)", README + (ROOT / "CONTRIBUTING.md").read_text()))

    assert shown <= set(COMMANDS)


def test_every_dependency_is_named_with_its_reason():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "ARCHITECTURE.md").read_text()
    names = [re.match(r"[\w.-]+", each).group() for each in project["dependencies"]]  # type: ignore[union-attr]

    assert not [name for name in names if f"**{name}**" not in reasons]
