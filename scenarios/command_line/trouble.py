"""``./lab faults``, ``break``, ``hint``, ``solve`` and ``restore``: break a running lab, and find out what it was."""

import json
import sys

import click

from scenarios.command_line import complete
from scenarios.command_line.inside import relay
from scenarios.kit import control
from scenarios.kit.errors import LabError
from scenarios.kit.lines import hanging, outcome

AT_ONCE = 1.0  # seconds to ask a claim of a network that is broken
WHAT_NEXT = """
Find out what it is, and mend it by hand:
  ./lab check {lab}       which claims fail; later: whether it is fixed
  ./lab diagnose {lab}    from the bottom of the stack up
  ./lab hint {lab}        three steps
  ./lab solve {lab}       tells what it is
  ./lab restore {lab}     mends it"""


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def faults(lab: str, as_json: bool) -> None:
    """What can break in a running lab, or in a scenario."""
    rows = list(control.ask(lab, "faults")) if lab in control.running() else _of_scenario(lab)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(hanging(f"  {row['name']:<22}", row["symptom"] + ("  (broken now)" if row["present"] else "")))
    if not rows:
        click.echo(f"nobody has written down yet what can break in {lab}")


@click.command("break")
@click.argument("lab", shell_complete=complete.labs)
@click.argument("fault", required=False, shell_complete=complete.faults)
@click.option("--random", "drawn", is_flag=True, help="Draw one by lot, and do not tell which.")
@click.option("--seed", type=int, help="Draw the same one again; implies --random.")
def break_lab(lab: str, fault: str | None, drawn: bool, seed: int | None) -> None:
    """Break something in a running lab: the fault of that name, or one by lot."""
    relay(lab)
    drawn |= seed is not None
    if bool(fault) == drawn:
        raise LabError(f"name a fault of ./lab faults {lab}, or draw one with --random")
    answer = control.ask_once(lab, "break", fault=fault, seed=seed)
    click.echo(announcement(lab, fault, **answer))


def announcement(lab: str, fault: str | None, secret: bool, seed: int | None) -> str:
    """That something is broken, not what when that is a secret, and how to go on."""
    name = f"the same again: --seed {seed}" if secret else fault
    return f"{click.style(f'{lab} is broken now', bold=True)} ({name}).{WHAT_NEXT.format(lab=lab)}"


@click.command()
@click.argument("lab", shell_complete=complete.labs)
def hint(lab: str) -> None:
    """One more hint about what is broken; there are three."""
    relay(lab)
    answer = control.ask_once(lab, "hint")
    click.echo(hanging(f"{answer['number']} of 3: ", answer["hint"]))


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def solve(lab: str, as_json: bool) -> None:
    """Tell what is broken, and how it is repaired."""
    relay(lab)
    answer = control.ask_once(lab, "solve")
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    click.echo(f"{click.style(answer['name'], bold=True)}: {answer['symptom']}"
               + ("" if answer["present"] else "  (mended by now)"))
    click.echo(f"  layer    {answer['layer']}\n  cause    {answer['cause']}\n  repair   {answer['repair']}")
    _list("  breaks   ", answer["breaks"])
    _list("  hints    ", answer["hints"])
    click.echo(f"./lab restore {lab} repairs it.")


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, as the answers come.")
def restore(lab: str, as_json: bool) -> None:
    """Mend what was broken, and ask every claim again; exit code 0 when all hold, else 1."""
    relay(lab)
    answers = []
    for answer in control.ask(lab, "restore"):
        answers.append(answer)
        if as_json:
            click.echo(json.dumps(answer))
        elif answer["outcome"] != "held":
            click.echo(hanging(f"  {outcome(answer['outcome'])}", answer["claim"]))
            click.echo(hanging(f"  {'':<19}", answer["seen"]))
    held = sum(answer["outcome"] == "held" for answer in answers)
    if not as_json:
        click.echo(f"{lab} is mended: {held} of {len(answers)} claims hold")
    sys.exit(0 if held == len(answers) else 1)


def progress(lab: str, as_json: bool) -> bool:
    """After a check: tell whether what was broken is fixed, without telling what it is; True when it is."""
    told = control.ask_once(lab, "progress")
    if as_json and told:
        click.echo(json.dumps(told))
    elif told:
        click.echo("\n" + _sentence(told))
    return told.get("fixed", True)


def _sentence(told: dict) -> str:
    if told["fixed"]:
        help_ = "with the solution" if told["solved"] else f"with {told['hints']} of 3 hints"
        return click.style(f"fixed after {told['seconds']:.0f} s, {help_}", fg="green")
    if told["held"]:
        return click.style("not fixed: every claim holds, but the cause is still there", fg="yellow")
    if told["cause gone"]:
        return click.style("not fixed: the cause is gone, but something else is wrong now", fg="yellow")
    return click.style("not fixed", fg="red")


def _of_scenario(name: str) -> list[dict]:
    from scenarios.kit import catalogue

    return [{"name": fault.name, "symptom": fault.symptom, "present": False} for fault in catalogue.find(name).faults]


def _list(title: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        click.echo(hanging(title if not number else " " * len(title), line))
