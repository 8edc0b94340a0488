"""``./lab doctor``: what this machine can do, and the remedy for each lack."""

import json
import sys

import click

from scenarios.kit import capability


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> None:
    """What this machine can do, and the remedy for what it cannot."""
    rows = [{"name": str(each), "present": each.present, "remedy": "" if each.present else each.remedy,
             "essential": each in capability.ESSENTIAL}
            for each in (*capability.ESSENTIAL, *capability.KERNEL_FEATURES)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            mark = click.style("yes", fg="green") if row["present"] else click.style("no ", fg="red")
            click.echo(f"  {mark}  {row['name']}" + (f"\n         {row['remedy']}" if row["remedy"] else ""))
    sys.exit(0 if all(row["present"] for row in rows if row["essential"]) else 1)
