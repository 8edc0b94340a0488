"""A group of commands that are imported only when used, so that the shortest answer comes in the shortest time."""

import difflib
import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path

import click

NOBODY_READS = 141


class LazyGroup(click.Group):
    """``commands_at`` maps names to ``module:function`` below this package."""

    def __init__(self, *args, commands_at: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.commands_at = commands_at

    def list_commands(self, ctx):
        return list(self.commands_at)

    def get_command(self, ctx, name):
        if name not in self.commands_at:
            return None
        module, _, function = self.commands_at[name].partition(":")
        return getattr(importlib.import_module(f"scenarios.command_line.{module}"), function)

    def resolve_command(self, ctx, args):
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            near = difflib.get_close_matches(args[0], self.commands_at, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no such command: {args[0]!r}{hint}", ctx) from None

    def invoke(self, ctx):
        """Run the command; when whoever reads its output has had enough, end as a shell tells of SIGPIPE."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed at the end
            sys.exit(NOBODY_READS)
        return answer

    def format_commands(self, ctx, formatter):
        """The list of commands, from the first lines of their docstrings, read without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(place)) for name, place in self.commands_at.items()])


def _summary(place: str) -> str:
    module, _, function = place.partition(":")
    source = (Path(__file__).parent / f"{module}.py").read_text()
    found = re.search(rf'^def {function}\(.*?\).*?:\n    """(.*?)(?:\n|""")', source, re.DOTALL | re.MULTILINE)
    return found.group(1).rstrip(".") if found else ""
