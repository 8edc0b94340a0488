"""The prompt: Mininet's, with the lab's own commands."""

import sys
import termios

from mininet.cli import CLI
from mininet.log import output, setLogLevel

from .lab import Lab
from .lines import hanging

WELCOME = """
The lab is yours. Try:  {first} ping -c1 {second}    check    nodes    net    help
Ctrl-D ends it; nothing stays behind.
"""


class Prompt(CLI):
    """Mininet's prompt; ``check`` asks the claims again."""

    lab: Lab
    readlineInited = True  # a history file would outlive the lab

    def do_check(self, _line):
        "Ask every claim again."
        for verdict in self.lab.ask():
            output(hanging(f"  {verdict.outcome:<19}", str(verdict.claim)) + "\n")
            if verdict.seen:
                output(hanging(f"  {'':<19}", verdict.seen) + "\n")

    def do_claims(self, _line):
        "List what is claimed of this network."
        for claim in self.lab.scenario.claims:
            output(hanging("  ", str(claim)) + "\n")

    def do_EOF(self, line):
        "Exit"
        output("\n")
        return self.do_exit(line)


def prompt(lab: Lab, net) -> None:
    """Hand the network over until the user has had enough."""
    names = [host.name for host in net.hosts]
    print(WELCOME.format(first=names[0], second=names[-1] if len(names) > 1 else "127.0.0.1"))
    setLogLevel("info")
    Prompt.lab = lab
    before = termios.tcgetattr(sys.stdin)
    try:
        Prompt(net)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
