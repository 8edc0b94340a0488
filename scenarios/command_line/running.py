"""``./lab ps``, ``check`` and ``stop``: labs that run, from another terminal."""

import json
import sys

import click

from scenarios.command_line import complete, trouble
from scenarios.kit import control, waiting
from scenarios.kit.errors import NoSuchThing
from scenarios.kit.lines import hanging, outcome

ENDING = 20  # seconds: services get two to end, the kernel does the rest


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ps(as_json: bool) -> None:
    """The labs that are running."""
    rows = [row for name in control.running() if (row := _info(name))]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("no lab is running; start one with ./lab run lan")
    for row in rows:
        state = f"{row['held']} of {row['claims']} claims held" if row["up"] else "being built"
        click.echo(f"{row['name']:<20} {len(row['nodes']):>4} nodes   {row['seconds']:>7.0f} s   {state}")
        for death in row["dead"]:
            click.echo(f"{'':<20} {death}")


def _info(name: str) -> dict | None:
    """What a lab says of itself; nothing when it ends meanwhile."""
    try:
        return control.ask_once(name, "info")
    except (control.Ended, NoSuchThing):
        return None


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, as the answers come.")
@click.option("--patience", type=float, default=2.0, show_default=True, help="Seconds to go on asking each claim.")
def check(lab: str, as_json: bool, patience: float) -> None:
    """Ask a running lab's claims again; exit code 0 when all hold, else 1.

    When something was broken, it also tells whether that is fixed, and does not tell what it was.
    """
    held = True
    for answer in control.ask(lab, "check", patience=patience):
        held &= answer["outcome"] == "held"
        click.echo(json.dumps(answer) if as_json else hanging(f"  {outcome(answer['outcome'])}", answer["claim"]))
        if answer["seen"] and not as_json:
            click.echo(hanging(f"  {'':<19}", answer["seen"]))
        sys.stdout.flush()
    sys.exit(0 if trouble.progress(lab, as_json) and held else 1)


@click.command()
@click.argument("lab", shell_complete=complete.labs)
def stop(lab: str) -> None:
    """End a lab; returns when it is gone."""
    control.ask_once(lab, "stop")
    waiting.until(lambda: lab not in control.running(), within=ENDING, what=f"{lab} to end")
