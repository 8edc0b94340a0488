"""``./lab test``: the test suite."""

import os
import sys
from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the test suite; arguments go to pytest."""
    os.chdir(Path(__file__).parents[2])
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *(arguments or ("tests",))])
