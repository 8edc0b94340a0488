"""Running programs on nodes: arguments as a list, failures as exceptions, JSON where there is JSON."""

import json
import subprocess
from typing import Any

from . import capability
from .errors import CannotRun, CommandFailed

LONGEST = 60  # seconds; a program that a claim runs answers long before


def run(node, *argv: object, timeout: float = LONGEST, stdin: str | None = None) -> str:
    """Run a program on a node and return what it printed.

    Mininet's ``node.cmd`` loses the exit status and splits its words in a shell; here a failure cannot pass unseen.
    Raises CommandFailed, also when it takes longer than ``timeout`` seconds, and CannotRun when there is no such
    program.
    """
    words = [str(word) for word in argv]
    done = attempt(node, *words, timeout=timeout, stdin=stdin)
    if done.returncode:
        raise CommandFailed(node.name, words, done.returncode, done.stderr or done.stdout)
    return done.stdout


def attempt(node, *argv: object, timeout: float = LONGEST, stdin: str | None = None) -> subprocess.CompletedProcess:
    """Run a program on a node whose failure is an answer; look at ``returncode``, ``stdout`` and ``stderr``."""
    words = executable([str(word) for word in argv])
    with node.place.spawn(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return subprocess.CompletedProcess(words, 124, out, f"{err}no end within {timeout:g} s")
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def ask(node, *argv: object, **options) -> Any:
    """Run a program on a node that prints JSON, and return what it says."""
    return json.loads(run(node, *argv, **options) or "null")


def executable(words: list[str]) -> list[str]:
    """The same command with its program found, also where an ordinary user's PATH does not look."""
    path = words[0] if "/" in words[0] else capability.find(words[0])
    if path is None:
        raise CannotRun(f"this machine lacks the program {words[0]}; {capability.program(words[0]).remedy}")
    return [path, *words[1:]]


def addresses_here(interface: str) -> list[tuple[str, int]]:
    """The IPv4 addresses of an interface in the namespace of the calling thread."""
    printed = subprocess.run(["ip", "-j", "-4", "addr", "show", "dev", interface],
                             capture_output=True, text=True, check=True).stdout
    return [(info["local"], info["prefixlen"]) for entry in json.loads(printed) for info in entry["addr_info"]]
