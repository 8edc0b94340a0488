"""``./lab list`` and ``./lab about``: what there is."""

import json
from textwrap import indent

import click

from scenarios.command_line import complete
from scenarios.kit import catalogue
from scenarios.kit.lines import drawing, hanging, prose


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_scenarios(as_json: bool) -> None:
    """The scenarios: chapter, name, lesson, and whether this machine has what they need."""
    rows = sorted((_row(name) for name in catalogue.names()), key=lambda row: (row["chapter"], row["name"]))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("", "scenario", "lesson", "here", box=None, pad_edge=False)
    for row in rows:
        lacks = f"lacks {', '.join(row['missing'])}" if row["missing"] else "ready"
        table.add_row(str(row["chapter"]), row["name"], row["lesson"], lacks)
    console = Console()
    with console.capture() as drawn:
        console.print(table)
    click.echo(drawn.get(), nl=False)


@click.command()
@click.argument("scenario", shell_complete=complete.scenarios)
def about(scenario: str) -> None:
    """A scenario's page: lesson, drawing, claims, what to look at, what can break."""
    found = catalogue.find(scenario)
    click.echo(prose(found.text))
    _section("As a table", [drawing(indent(found.table, "  "))] if found.table else [])
    _section("It claims", (str(claim) for claim in found.claims))
    _section("Look at", (f"  {look.command(found.name)}\n" + hanging("      ", look.sees)
                         for look in found.look))
    _section("It can break by", (f"{fault.name}: {fault.symptom}" for fault in found.faults))
    _section("Options (-o)", (f"{name}={'|'.join(values) or '…'}" for name, values in found.options.items()))
    _section("It needs", map(str, found.requires))


def _section(title: str, lines) -> None:
    lines = list(lines)
    if lines:
        click.echo(f"\n{title}:\n" + "\n".join(line if "\n" in line else hanging("  ", line) for line in lines))


def _row(name: str) -> dict:
    found = catalogue.find(name)
    return {"name": name, "chapter": found.chapter, "lesson": found.lesson, "claims": len(found.claims),
            "needs": [str(each) for each in found.requires], "missing": [str(each) for each in found.missing]}
