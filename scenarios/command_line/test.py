"""``./lab test``: the test suite."""

import os
import sys
from pathlib import Path

import click

from scenarios.command_line.run import without

ROOT = Path(__file__).parents[2]


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.option("--kernel", type=click.Choice(["own", "uml"]), default="own")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(kernel: str, arguments: tuple[str, ...]) -> None:
    """Run the test suite; arguments go to pytest. --kernel uml runs the networks in user-mode Linux, a full kernel."""
    os.chdir(ROOT)
    if kernel == "uml":
        from scenarios.kit import uml

        words = without("--kernel", sys.argv[sys.argv.index("test") + 1:])
        sys.exit(uml.run(["lab", "test", *(words or ["tests/emulation"])]))
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *(arguments or ("tests",))])
