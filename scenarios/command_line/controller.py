"""``./lab controller``: what the controller of a running lab knows, and what its switches count."""

import json
from datetime import datetime
from typing import Any

import click

from scenarios.command_line import complete
from scenarios.command_line.inside import relay
from scenarios.command_line.see import JSON, LAB
from scenarios.kit import control
from scenarios.kit.errors import LabError
from scenarios.kit.lines import aligned

HEXADECIMAL = {"eth_type", "vlan_vid", "metadata", "ct_state", "tcp_flags"}
Row = dict[str, Any]


@click.command()
@LAB
@click.argument("view", required=False, default="", shell_complete=complete.views)
@click.argument("wanted", nargs=-1, metavar="[COLUMN=VALUE]...")
@JSON
def controller(lab: str, view: str, wanted: tuple[str, ...], as_json: bool) -> None:
    """What a lab's controller knows: hosts, links, paths, flows, counters, events; without a view, which there are.

    \b
    ./lab controller departments                              the views of this controller
    ./lab controller departments paths from=ivy to=fay
    ./lab controller departments flows switch=s1 table=POLICY
    """
    relay(lab)
    answer = control.ask_once(lab, "controller", view=view, wanted=dict(map(pair, wanted)))
    if as_json:
        click.echo(json.dumps(answer["rows"], indent=2))
        return
    lines = aligned(words(answer["rows"], answer["stations"])) if answer["rows"] else ["  nothing"]
    click.echo("\n".join([click.style(lines[0], bold=bool(answer["rows"])), *lines[1:]]))


def pair(word: str) -> tuple[str, str]:
    """A column, and what is wanted there."""
    column, equals, value = word.partition("=")
    if not equals:
        raise LabError(f"{word!r} is not COLUMN=VALUE, such as switch=s1")
    return column, value


def words(rows: list[Row], stations: dict[str, str]) -> list[list[str]]:
    """A table of rows, its head first: what all of them tell has a column, and the rest stands at the end."""
    columns = [column for column in rows[0] if all(column in row for row in rows)]
    some = any(len(row) > len(columns) for row in rows)
    lines = [[*(cell(row[column], stations, column) for column in columns),
              *([cell({name: row[name] for name in row if name not in columns}, stations)] if some else [])]
             for row in rows]
    return [[*columns, *([""] if some else [])], *lines]


def cell(value: Any, stations: dict[str, str], column: str = "") -> str:
    """A value as a word; an address says whose it is."""
    match value:
        case dict():
            return " ".join(f"{name}={cell(tuple(inner) if isinstance(inner, list) else inner, stations, name)}"
                            for name, inner in value.items() if inner is not None)
        case tuple():  # a value and its mask, or the two ends of a link
            return "/".join(cell(inner, stations, column) for inner in value)
        case list():
            return ", ".join(cell(inner, stations, column) for inner in value)
        case bool() | None:
            return "yes" if value else "no" if value is False else ""
        case float() if column == "time":
            return datetime.fromtimestamp(value).time().isoformat("milliseconds")
        case int() if column in HEXADECIMAL:
            return f"{value:#x}"
    return f"{value} ({stations[value]})" if value in stations else str(value)
