"""``./lab pages``: the pages of docs/scenarios, made again."""

import os
import subprocess
import sys
from typing import NoReturn

import click

from scenarios.command_line import complete
from scenarios.kit.errors import LabError

LONGEST = 900  # seconds for a run


@click.command()
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@click.option("--run", "runs", is_flag=True, help="Run each scenario, break it in every way, and keep what is seen.")
@click.option("--record", is_flag=True, hidden=True, help="Print what a run of one scenario shows.")
def pages(scenarios: tuple[str, ...], runs: bool, record: bool) -> None:
    """Make the pages of docs/scenarios again: all, or those of some scenarios."""
    from scenarios.kit import catalogue
    from scenarios.kit import pages as kit

    found = [catalogue.find(name) for name in scenarios or catalogue.names()]
    if record:
        _record(found[0])
    kit.PAGES.mkdir(parents=True, exist_ok=True)
    for scenario in found:
        if runs and not scenario.missing:
            _run(scenario)
        kit.path_of(scenario).write_text(kit.current(scenario))
    (kit.PAGES / "README.md").write_text(kit.index(kit.all_scenarios()))


def _run(scenario) -> None:
    """In a process of its own, which is the lab; its network ends with it."""
    from scenarios.kit import shown

    done = subprocess.run([sys.executable, "-P", "-m", "scenarios", "pages", scenario.name, "--record"], text=True,
                          capture_output=True, timeout=LONGEST, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise LabError(f"{scenario.name} was not recorded: {done.stderr.strip()}")
    path = shown.path_of(scenario)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(done.stdout)


def _record(scenario) -> NoReturn:
    from mininet.log import setLogLevel

    from scenarios.kit import sandbox, shown

    setLogLevel("error")
    scenario.check_machine()
    sandbox.enter(f"{scenario.name}-page", [])
    click.echo(shown.record(scenario).text(), nl=False)
    sys.stdout.flush()
    os._exit(0)
