"""``./lab diagnose``: what is wrong, from the bottom of the stack up."""

import json
import shlex
import sys

import click

from scenarios.command_line import complete
from scenarios.command_line.inside import relay
from scenarios.kit import control
from scenarios.kit.errors import LabError
from scenarios.kit.lines import hanging

BROKEN = 1


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.argument("src", required=False, shell_complete=complete.nodes)
@click.argument("dst", required=False, shell_complete=complete.nodes)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, as the answers come.")
def diagnose(lab: str, src: str | None, dst: str | None, as_json: bool) -> None:
    """Find what is wrong, from the bottom of the stack up.

    \b
    ./lab diagnose nat                          whatever the scenario's claims are about
    ./lab diagnose nat laptop server            an echo request
    ./lab diagnose nat laptop server:80         a TCP connection; udp/53 for datagrams
    ./lab diagnose nat laptop http://server/    a page

    It sends marked packets, watches every interface and packet filter on the way, and where one is lost it checks
    the layers there. Exit code 0 when all is well, else 1.
    """
    relay(lab)
    if src and not dst:
        raise LabError(f"from {src} to where? ./lab diagnose {lab} {src} DST[:PORT]")
    answers = []
    for answer in control.ask(lab, "diagnose", src=src, dst=dst):
        answers.append(answer)
        click.echo(json.dumps(answer) if as_json else _line(answer))
        sys.stdout.flush()
    found = answers[-1]["finding"] if answers else None
    if not as_json:
        click.echo("\n" + (_told(lab, found) if found else "nothing is wrong that these questions can show"))
    sys.exit(BROKEN if found else 0)


def _line(answer: dict) -> str:
    well = answer["finding"] is None
    word = click.style(f"{'well' if well else 'not well':<10}", fg="green" if well else "red")
    why = f": {answer['outcome']}" if not well and answer["outcome"] else ""
    return hanging(f"  {word}", answer["asked"] + why)


def _told(lab: str, found: dict) -> str:
    lines = [click.style(hanging(f"{found['layer']}: ", found["sentence"]), bold=True)]
    if found["compared"]:
        lines.append(hanging("", "(this is what has changed since all claims held)"))
    if found["command"]:
        where = f"./lab exec {lab} {found['node']} " if found["node"] else f"in the lab {lab}: "
        lines.append(f"  {where}{shlex.join(found['command'])}")
        lines += [f"    {line}" for line in found["output"]]
    return "\n".join(lines)
