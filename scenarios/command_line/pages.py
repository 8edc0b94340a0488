"""``./lab pages``: the pages of docs/scenarios, made again."""

import json
import subprocess
import sys

import click

from scenarios.command_line import complete
from scenarios.kit.errors import LabError

LONGEST = 600  # seconds for a run


@click.command()
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@click.option("--run", "runs", is_flag=True, help="Run each scenario, and show in its page what the run has shown.")
def pages(scenarios: tuple[str, ...], runs: bool) -> None:
    """Make the pages of docs/scenarios again: all, or those of some scenarios."""
    from scenarios.kit import catalogue
    from scenarios.kit import pages as kit

    kit.PAGES.mkdir(parents=True, exist_ok=True)
    for name in scenarios or catalogue.names():
        scenario = catalogue.find(name)
        text = kit.page(scenario, _evidence(name)) if runs and not scenario.missing else kit.current(scenario)
        kit.path_of(scenario).write_text(text)
    (kit.PAGES / "README.md").write_text(kit.index(kit.all_scenarios()))


def _evidence(name: str) -> str:
    """The verdicts of one run, with what was measured."""
    done = subprocess.run([sys.executable, "-P", "-m", "scenarios", "run", name, "--json"], capture_output=True,
                          text=True, timeout=LONGEST, stdin=subprocess.DEVNULL)
    if not done.stdout:
        raise LabError(f"{name} did not run: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    if not told["held"]:
        raise LabError(f"{name}: not every claim held; a page shows a run in which all did")
    lines = [f"Up in {told['timings']['up']:.1f} s.", "", "```text"]
    for claim in told["claims"]:
        lines.append(f"{claim['outcome']}  {claim['claim']}")
        lines += [f"      {claim['seen']}"] if claim["seen"] else []
    return "\n".join([*lines, "```"])
