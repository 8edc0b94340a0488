"""A page for each scenario, made of what the scenario says of itself, and of what one run of it has shown; Markdown."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from . import catalogue
from .scenario import Scenario
from .shown import Shown, kept

PAGES = Path(__file__).parents[2] / "docs" / "scenarios"
NOTE = "<!-- Made by ./lab pages from scenarios/{name}.py; change that, and make it again. -->"


def page(scenario: Scenario, shown: Shown) -> str:
    """The whole page, with what one run has shown."""
    parts = [NOTE.format(name=scenario.name), f"# {scenario.lesson.rstrip('.')}", *_body(scenario),
             *_try(scenario, shown), *_claims(scenario, shown), *_options(scenario), *_faults(scenario, shown),
             *_needs(scenario)]
    return "\n\n".join(parts) + "\n"


def index(scenarios: Iterable[Scenario]) -> str:
    """The list of all pages, by chapter."""
    lines = ["<!-- Made by ./lab pages. -->", "# The scenarios", ""]
    ordered = sorted(scenarios, key=lambda each: (each.chapter, each.name))
    for chapter, group in groupby(ordered, key=lambda each: each.chapter):
        links = (f"- [{each.name}]({each.name}.md): {each.lesson}" for each in group)
        lines += [f"## Chapter {chapter}", "", *links, ""]
    return "\n".join(lines)


def commands(text: str) -> list[str]:
    """The command lines of a page: every line of its ``sh`` blocks that begins with ./lab."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.startswith("./lab")]


def path_of(scenario: Scenario) -> Path:
    return PAGES / f"{scenario.name}.md"


def current(scenario: Scenario) -> str:
    """The page as it should be, with what the last recorded run has shown."""
    return page(scenario, kept(scenario))


def all_scenarios() -> list[Scenario]:
    return [catalogue.find(name) for name in catalogue.names()]


def _body(scenario: Scenario) -> Iterator[str]:
    """The docstring after its first line: what is indented is a drawing."""
    for part in scenario.text.split("\n\n"):
        text = part.removeprefix(scenario.lesson).strip("\n")
        if text.startswith(" "):
            yield f"```text\n{text.rstrip()}\n```"
        elif text.strip():
            yield text.strip()


def _try(scenario: Scenario, shown: Shown) -> Iterator[str]:
    name = scenario.name
    yield "## Try it"
    yield f"```sh\n./lab run {name}\n```"
    yield "From a second terminal, while it runs:"
    yield f"```sh\n./lab graph {name}\n./lab show {name}\n./lab check {name}\n```"
    for look in scenario.look:
        yield f"```sh\n{look.command(name)}\n```"
        yield f"{look.sees[:1].upper()}{look.sees[1:]}."
        lines = shown.packets.get(look.command(name))
        if lines:
            yield "While the claims below were asked, the first of them were:"
            yield _block(lines)


def _claims(scenario: Scenario, shown: Shown) -> Iterator[str]:
    yield "## What is claimed, and proved at each run"
    figures = ((claim, shown.measured.get(str(claim))) for claim in scenario.claims)
    yield "\n".join(f"- {claim}" + (f" (one run: {seen})" if seen else "") for claim, seen in figures)


def _options(scenario: Scenario) -> Iterator[str]:
    if scenario.options:
        yield "## Variants"
        yield "\n".join(f"- `-o {name}={'|'.join(values) or '…'}`" for name, values in scenario.options.items())


def _faults(scenario: Scenario, shown: Shown) -> Iterator[str]:
    if not scenario.faults:
        return
    name = scenario.name
    yield "## Break it, and find out why"
    yield f"```sh\n./lab break {name} --random\n./lab check {name}\n./lab diagnose {name}\n./lab hint {name}\n" \
          f"./lab solve {name}\n./lab restore {name}\n```"
    for fault in scenario.faults:
        hints = "\n".join(f"{number}. {hint}" for number, hint in enumerate(fault.hints, 1))
        lines = shown.diagnoses.get(fault.name)
        found = f"<details><summary>What diagnose says</summary>\n\n{_block(lines)}\n\n</details>\n\n" if lines else ""
        yield f"<details><summary><code>{fault.name}</code>: {fault.symptom}</summary>\n\n{hints}\n\n{found}</details>"


def _block(lines: list[str]) -> str:
    return "\n".join(["```text", *lines, "```"])


def _needs(scenario: Scenario) -> Iterator[str]:
    if scenario.requires:
        yield "## What it needs"
        yield "\n".join(f"- {each}" for each in scenario.requires)
