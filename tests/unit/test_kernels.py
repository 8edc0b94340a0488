"""docs/kernels.md has a row for every capability that the code knows, and for every scenario."""

import re
from pathlib import Path

from scenarios.kit import capability, catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "kernels.md").read_text()


def rows(name: str) -> list[list[str]]:
    content = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert content
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in content[1].splitlines()[2:]]


def test_every_capability_has_a_row():
    assert [row[0] for row in rows("doctor")] == [str(each) for each in
                                                  (*capability.ESSENTIAL, *capability.KERNEL_FEATURES)]


def test_every_capability_is_somewhere():
    assert [row[0] for row in rows("doctor") if "yes" not in row[1:]] == []


def test_every_scenario_has_a_row():
    assert {row[0].strip("`") for row in rows("list")} == set(catalogue.names())


def test_every_scenario_runs_somewhere():
    assert [row[0] for row in rows("list") if "yes" not in row[1:]] == []
