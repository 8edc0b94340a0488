"""The command line: ``./lab``. Each command is imported only when it is used."""

import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something to end in order, Ctrl-C just ends

import click  # noqa: E402

from scenarios.command_line.group import LazyGroup  # noqa: E402
from scenarios.kit.errors import LabError  # noqa: E402

BAD_INPUT, INTERRUPTED = 2, 130
COLOUR = False if os.environ.get("NO_COLOR") else None  # https://no-color.org; None: where there is a terminal

COMMANDS = {
    "run": "run:run",
    "list": "catalogue:list_scenarios",
    "about": "catalogue:about",
    "doctor": "doctor:doctor",
    "ps": "running:ps",
    "check": "running:check",
    "stop": "running:stop",
    "show": "see:show",
    "graph": "see:graph",
    "trace": "see:trace",
    "watch": "see:watch",
    "controller": "controller:controller",
    "config": "providers:config",
    "looking-glass": "providers:looking_glass",
    "ases": "providers:ases",
    "faults": "trouble:faults",
    "break": "trouble:break_lab",
    "diagnose": "diagnose:diagnose",
    "hint": "trouble:hint",
    "solve": "trouble:solve",
    "restore": "trouble:restore",
    "exec": "inside:execute",
    "shell": "inside:shell",
    "capture": "inside:capture",
    "tour": "tour:tour",
    "pages": "pages:pages",
    "test": "test:test",
    "completion": "completion:completion",
}


@click.group(cls=LazyGroup, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """The Internet from scratch, on one machine.

    \b
    Start with:   ./lab list              what there is
                  ./lab run lan           build a network, see what is claimed and proved, then try things
    Second terminal, while it runs:
                  ./lab exec lan a ping -c1 192.168.1.2
                  ./lab capture lan c 'arp or icmp'
                  ./lab capture lan a -w - | wireshark -k -i -
    """


def main() -> None:
    try:
        sys.exit(lab(prog_name="lab", standalone_mode=False, color=COLOUR) or 0)
    except LabError as error:
        _end(str(error), BAD_INPUT)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path.replace('lab', './lab', 1)} --help" if context else ""
        _end(f"{error.format_message().rstrip('.')}{hint}", BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        _end("interrupted", INTERRUPTED)
    finally:
        _be_deaf()


def _end(message: str, status: int) -> None:
    _be_deaf()
    print(f"lab: {message}", file=sys.stderr)
    sys.exit(status)


def _be_deaf() -> None:
    """All is said and done; Python, which still waits for its threads, would complain of another Ctrl-C."""
    signal.signal(signal.SIGINT, lambda *_: None)


if __name__ == "__main__":
    main()
