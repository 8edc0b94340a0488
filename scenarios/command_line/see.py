"""``./lab show``, ``graph``, ``trace`` and ``watch``: look at a running lab."""

import json
import os
import sys
from itertools import count

import click

from scenarios.command_line import complete
from scenarios.command_line.inside import relay
from scenarios.kit import control, waiting
from scenarios.kit.errors import LabError
from scenarios.kit.lines import aligned, hanging

JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
LAB = click.argument("lab", shell_complete=complete.labs)


@click.command()
@LAB
@click.argument("node", required=False, shell_complete=complete.nodes)
@JSON
def show(lab: str, node: str | None, as_json: bool) -> None:
    """Tables of a node, or of all: interfaces, routes, neighbours, sockets, services, leases, BGP, filters, flows."""
    relay(lab)
    tables = control.ask(lab, "show", node=node)
    if as_json:
        click.echo(json.dumps([{key: table[key] for key in ("node", "title", "rows")} for table in tables], indent=2))
        return
    for table in tables:
        click.echo(click.style(f"{table['node']}: {table['title']}", bold=True))
        rows = [[row[column] for column in table["columns"]] for row in table["rows"]]
        click.echo("\n".join(aligned([table["columns"], *rows])) + "\n")


@click.command()
@LAB
@click.option("-w", "target", metavar="FILE.svg", help="Write a picture; - for standard output.")
@JSON
def graph(lab: str, target: str | None, as_json: bool) -> None:
    """Draw a running lab: its link layers, who is on them, with which address; what is not as drawn is marked."""
    relay(lab)
    answer = control.ask_once(lab, "graph", svg=target is not None)
    text = answer["svg"] if target else json.dumps(answer) if as_json else "\n".join(answer["lines"])
    deliver(text, target)


def deliver(text: str, target: str | None) -> None:
    """Print a drawing, or write it into a file. Raises LabError."""
    if target in (None, "-"):
        click.echo(text.rstrip())
        return
    try:
        with open(target, "w") as file:
            file.write(text)
    except OSError as error:
        raise LabError(f"{target}: {error.strerror}") from None


@click.command()
@LAB
@click.argument("src", shell_complete=complete.nodes)
@click.argument("dst", shell_complete=complete.nodes)
@click.argument("port", required=False, metavar="[tcp/80]")
@JSON
def trace(lab: str, src: str, dst: str, port: str | None, as_json: bool) -> None:
    """Follow a marked packet hop by hop, with the reason at each, and what was rewritten.

    \b
    ./lab trace nat laptop server             an echo request
    ./lab trace nat laptop server tcp/80      a TCP connection
    """
    relay(lab)
    hops = list(control.ask(lab, "trace", src=src, dst=f"{dst}:{port}" if port else dst))
    if as_json:
        click.echo(json.dumps({"hops": hops[:-1], **hops[-1]}, indent=2))
        return
    for number, hop in enumerate(hops[:-1], 1):
        way = " > ".join(filter(None, (hop["came"], hop["left"])))
        click.echo(f"{number:>2}  " + click.style(hop["node"], bold=True) + f"  {way}")
        for line in hop["reasons"]:
            click.echo(hanging("      ", line))
        for line in hop["rewrites"]:
            click.echo("      " + click.style(f"rewrites {line}", fg="yellow"))
    well = hops[-1]["outcome"] == "answered"
    click.echo(click.style(f"{hops[-1]['asked']}: {hops[-1]['outcome']}", fg="green" if well else "red"))
    sys.exit(0 if well else 1)


@click.command()
@LAB
@click.option("-n", "times", type=click.IntRange(min=1), help="End after so many looks.")
@click.option("--every", type=click.FloatRange(min=0.1), default=1.0, show_default=True, help="Seconds between looks.")
@JSON
def watch(lab: str, times: int | None, every: float, as_json: bool) -> None:
    """Counters of every interface, live: what crosses it in a second, and what was lost. Ctrl-C ends it."""
    relay(lab)
    from scenarios.kit.watch import rates

    before, clock = control.ask_once(lab, "counters"), waiting.Stopwatch()
    for number in count(1):
        waiting.poll(lambda: False, every)
        now, took = control.ask_once(lab, "counters"), clock.seconds
        found, before, clock = rates(before, now, took), now, waiting.Stopwatch()
        click.echo(json.dumps([vars(rate) for rate in found]) if as_json else _board(lab, found))
        sys.stdout.flush()
        if number == times:
            return


def _board(lab: str, found: list) -> str:
    rows = [[rate.where, _amount(rate.rx_bits), _amount(rate.tx_bits), f"{rate.rx_packets:.0f}",
             f"{rate.tx_packets:.0f}", str(rate.lost or "")] for rate in found]
    head = ["interface", "bit/s in", "bit/s out", "packets/s in", "packets/s out", "lost"]
    lines = aligned([head, *rows])
    if sys.stdout.isatty():
        room = os.get_terminal_size().lines - 3
        more = [f"and {len(lines) - room} more"] if len(lines) > room else []
        return "\x1b[H\x1b[2J" + "\n".join([f"{lab}; Ctrl-C ends this", *lines[:room], *more])
    return "\n".join([*lines, ""])


def _amount(number: float) -> str:
    for unit, size in ("G", 1e9), ("M", 1e6), ("k", 1e3):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number:.0f}"
