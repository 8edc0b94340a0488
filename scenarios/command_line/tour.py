"""``./lab tour``: the chapters in order; it remembers where you are."""

import subprocess
import sys

import click

from scenarios.command_line import complete
from scenarios.kit.lines import hanging, prose

QUESTION = "[Enter] run it   [n]ext   [b]ack   [q]uit"


@click.command()
@click.argument("scenario", required=False, shell_complete=complete.scenarios)
@click.option("--next", "step", flag_value=1, type=int, help="Go on to the next stop.")
@click.option("--back", "step", flag_value=-1, type=int, help="Go back to the one before.")
@click.option("--restart", is_flag=True, help="Begin again.")
@click.option("--list", "listing", is_flag=True, help="All stops, and where you are.")
def tour(scenario: str | None, step: int | None, restart: bool, listing: bool) -> None:
    """Be led through the chapters in order: the problem, the network, what to try, what is new.

    It remembers where you are. On a terminal it asks how to go on; otherwise it shows the stop and ends.
    """
    from scenarios.kit import tour as kit

    way, progress = kit.stops(), kit.Progress()
    stop = kit.named(way, scenario) if scenario else way[0] if restart else progress.at(way)
    stop = kit.beside(way, stop, step or 0)
    if listing:
        click.echo("\n".join(_listed(kit, way, stop)))
        return
    while True:
        progress.go(stop)
        click.echo("\n".join(_page(kit, stop)))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return
        answer = click.prompt(QUESTION, default="", show_default=False).strip().lower()[:1]
        if answer == "q":
            return
        if answer == "":
            subprocess.run([sys.executable, "-P", "-m", "scenarios", "run", stop.scenario.name])
        stop = kit.beside(way, stop, {"n": 1, "b": -1}.get(answer, 0))


def _page(kit, stop) -> list[str]:
    scenario = stop.scenario
    name = scenario.name
    title = f"{kit.chapter(scenario.chapter)}   (stop {stop.number} of {stop.of}: {name})"
    lines = ["", click.style(hanging("", title), bold=True), "", prose(scenario.text), ""]
    if stop.new:
        lines += [hanging("New here: ", ", ".join(stop.new)), ""]
    lines += ["Try:", f"  ./lab run {name}" + ("" if not scenario.missing else
              f"      (this machine lacks {', '.join(map(str, scenario.missing))})"), "and from a second terminal:"]
    lines += [f"  {look.command(name)}\n" + hanging("      ", look.sees) for look in scenario.look]
    if scenario.faults:
        lines += [f"  ./lab break {name} --random",
                  hanging("      ", f"something goes wrong; find out what, with ./lab diagnose {name} or ./lab hint "
                          f"{name}")]
    return [*lines, "", "./lab tour --next goes on, --back goes back, --list shows the way.", ""]


def _listed(kit, way, here):
    chapter = None
    for stop in way:
        if stop.scenario.chapter != chapter:
            chapter = stop.scenario.chapter
            yield click.style(kit.chapter(chapter), bold=True)
        yield hanging(f"  {'>' if stop is here else ' '} {stop.scenario.name:<22} ", stop.scenario.lesson)
