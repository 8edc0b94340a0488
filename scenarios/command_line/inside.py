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
    relay(lab)
    sys.exit(entering.run_there(control.borrow(lab, "enter", node=node), command))


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.argument("node", shell_complete=complete.nodes)
def shell(lab: str, node: str) -> None:
    """A shell on a node of a running lab."""
    relay(lab)
    fds = control.borrow(lab, "enter", node=node)
    os.environ["PS1"] = f"{node}@{lab}:\\w\\$ "
    sys.exit(entering.run_there(fds, ["bash", "--norc", "-i"]))


@click.command()
@click.argument("lab", shell_complete=complete.labs)
@click.argument("where", metavar="[NODE[:INTF]]", required=False)
@click.argument("filter", nargs=-1)
@click.option("-w", "target", metavar="FILE", help="Write a pcap file instead of text; - for standard output.")
@click.option("--all", "everywhere", is_flag=True, help="All interfaces at once, into one pcapng file (-w).")
@click.option("-c", "count", type=int, help="End after this many packets.")
def capture(lab: str, where: str | None, filter: tuple[str, ...], target: str | None, count: int | None,
            everywhere: bool) -> None:
    """Watch the packets at a node's interface, in tcpdump's words.

    \b
    ./lab capture lan c 'arp or icmp'
    ./lab capture lan a:eth0 -w - | wireshark -k -i -
    ./lab capture lan --all -w - | wireshark -k -i -      every interface, by its name
    """
    from scenarios.kit.capture import compile_filter

    if where is None and not everywhere:
        raise LabError(f"capture where? ./lab capture {lab} NODE[:INTF], or --all")
    words = " ".join(filter if where is None or not everywhere else (where, *filter))
    compile_filter(words)
    relay(lab)
    if everywhere:
        return _record(lab, target, words)
    found = control.ask_once(lab, "resolve", where=where)
    if found["single"] or len(found["interfaces"]) == 1:
        interface = found["interfaces"][0]
    else:
        interface = "any"
    command = ["tcpdump", "--immediate-mode", "-U", "-n", "-i", interface, *(["-c", str(count)] if count else [])]
    output = open_for_packets(target)
    command += ["-w", "-"] if output is not None else ["-l", "-e"]
    fds = control.borrow(lab, "enter", node=found["node"])
    sys.exit(entering.run_there(fds, [*command, *filter], stdout=output))


def _record(lab: str, target: str | None, filter: str) -> None:
    """All interfaces at once, as pcapng."""
    if target is None:
        raise LabError("--all needs a file: -w FILE, or -w - for standard output")
    output, heard = open_for_packets(target), False
    try:
        for data in control.stream(lab, "record", filter=filter):
            if not heard:
                heard = True
                click.echo(f"listening on every interface of {lab}; Ctrl-C ends this", err=True)
            while data:
                data = data[os.write(output or 1, data):]
    except KeyboardInterrupt:
        pass  # that is how it ends


def open_for_packets(target: str | None) -> int | None:
    """Where packets go; opened here, for inside the lab our files cannot be written."""
    if target is None:
        return None
    if target == "-":
        return 1
    try:
        return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise LabError(f"{target}: {error.strerror}") from None


def relay(lab: str) -> None:
    """A lab in a kernel of its own is entered from inside that kernel: end as the same command ends there."""
    if control.ask_once(lab, "info").get("kernel") == UML:
        from scenarios.kit import uml

        sys.exit(uml.relay(lab, sys.argv[1:]))
