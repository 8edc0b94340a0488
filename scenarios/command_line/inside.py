"""``./lab exec``, ``shell`` and ``capture``: into a running lab from another terminal."""

import os
import sys

import click

from scenarios.command_line import complete
from scenarios.kit import control, entering
from scenarios.kit.errors import LabError

UML = "uml"
COMMAND = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command("exec", context_settings=COMMAND)
@click.argument("lab", shell_complete=complete.labs)
@click.argument("node", shell_complete=complete.nodes)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(lab: str, node: str, command: tuple[str, ...]) -> None:
    """Run a command on a node of a running lab; ends with its exit code."""
    _relay(lab)
    sys.exit(entering.run_there(control.borrow(lab, "enter", node=node), command))


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.argument("node", shell_complete=complete.nodes)
def shell(lab: str, node: str) -> None:
    """A shell on a node of a running lab."""
    _relay(lab)
    fds = control.borrow(lab, "enter", node=node)
    os.environ["PS1"] = f"{node}@{lab}:\\w\\$ "
    sys.exit(entering.run_there(fds, ["bash", "--norc", "-i"]))


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.argument("where", metavar="NODE[:INTF]")
@click.argument("filter", nargs=-1)
@click.option("-w", "target", metavar="FILE", help="Write a pcap file instead of text; - for standard output.")
@click.option("-c", "count", type=int, help="End after this many packets.")
def capture(lab: str, where: str, filter: tuple[str, ...], target: str | None, count: int | None) -> None:
    """Watch the packets at a node's interface, in tcpdump's words.

    \b
    ./lab capture lan c 'arp or icmp'
    ./lab capture lan a:eth0 -w - | wireshark -k -i -
    """
    from scenarios.kit.capture import compile_filter

    compile_filter(" ".join(filter))
    _relay(lab)
    found = control.ask_once(lab, "resolve", where=where)
    if found["single"] or len(found["interfaces"]) == 1:
        interface = found["interfaces"][0]
    else:
        interface = "any"
    words = ["tcpdump", "--immediate-mode", "-U", "-n", "-i", interface, *(["-c", str(count)] if count else [])]
    output = _open(target)
    words += ["-w", "-"] if output is not None else ["-l", "-e"]
    fds = control.borrow(lab, "enter", node=found["node"])
    sys.exit(entering.run_there(fds, [*words, *filter], stdout=output))


def _open(target: str | None) -> int | None:
    """Where packets go; opened here, for inside the lab our files cannot be written."""
    if target is None:
        return None
    if target == "-":
        return 1
    try:
        return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise LabError(f"{target}: {error.strerror}") from None


def _relay(lab: str) -> None:
    """A lab in a kernel of its own is entered from inside that kernel: end as the same command ends there."""
    if control.ask_once(lab, "info").get("kernel") == UML:
        from scenarios.kit import uml

        sys.exit(uml.relay(lab, sys.argv[1:]))
