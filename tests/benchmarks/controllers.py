"""Our controllers, Ryu's own, and a switch without any: ``python -m tests.benchmarks.controllers [--short]``.

Figures are seconds, milliseconds, rates and shares; contenders take turns, and tables show medians. On a machine with
few cores a switch in userspace shares them with those who send, and with everybody else: megabits say little. What says
much is the share: each contender's short streams take turns with some over a switch without a controller in the same
lab. The share of NORMAL beside NORMAL says how far that can be trusted.
"""

import json
import subprocess
import sys
from statistics import median

import click
from rich.console import Console
from rich.table import Table

LAN_APPS = {"ours": "learning_switch", "simple_switch_13": "ryu.app.simple_switch_13", "NORMAL": ""}
ROUTER_APPS = {"ours": "router", "rest_router": "ryu.app.rest_router"}
LONGEST = 180  # seconds for one run
Figures = dict[str, float]


@click.command()
@click.option("--short", is_flag=True, help="Once, and small: only to see that it runs.")
@click.option("--repeat", default=3, show_default=True)
def main(short: bool, repeat: int) -> None:
    """Compare our controllers with Ryu's own."""
    repeat, rounds, hosts = (1, 1, 200) if short else (repeat, 24, 2000)
    show("one switch, two hosts", compare("lan", LAN_APPS, repeat, rounds))
    show("twenty switches in a row", compare("row", {"ours": "learning_switch", "simple_switch_13":
                                                     "ryu.app.simple_switch_13"}, repeat, 4 if short else 20))
    show("new hosts", compare("rate", {"ours": "learning_switch", "simple_switch_13": "ryu.app.simple_switch_13"},
                              repeat, hosts))
    show("rules for all pairs of hosts", compare("rules", {"ours": "learning_switch", "simple_switch_13":
                                                           "ryu.app.simple_switch_13"}, 1, 4 if short else 16))
    show("two subnets", compare("routed", ROUTER_APPS, repeat, rounds))


def compare(what: str, contenders: dict[str, str], repeat: int, size: int) -> dict[str, Figures]:
    """Medians of each; they take turns, so that what else the machine does meets all of them."""
    turns = [{who: run(what, app, size) for who, app in contenders.items()} for _ in range(repeat)]
    return {who: {figure: median(turn[who][figure] for turn in turns) for figure in turns[0][who]}
            for who in contenders}


def run(what: str, app: str, size: int) -> Figures:
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.controllers_run", what, app, str(size)],
                          capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise click.ClickException(f"{what}, {app}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def show(title: str, figures: dict[str, Figures]) -> None:
    names = list(dict.fromkeys(name for found in figures.values() for name in found))
    table = Table("", *figures, title=title)
    for name in names:
        table.add_row(name, *(_figure(found.get(name)) for found in figures.values()))
    Console().print(table)


def _figure(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.3g}" if number < 100 else f"{number:.0f}"


if __name__ == "__main__":
    main()

