"""Run one file of Mininet's tests in a sandbox: ``python -m tests.upstream.inside CHECKOUT FILE [--stock]``.

Prints one line of JSON for each test: its name, how it ended, and what it said. With ``--stock``, Mininet's own classes
stay where they are: what fails then as well is not our doing.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from scenarios.kit import ovs, sandbox
from scenarios.kit.mounts import lay_file

from .unsuitable import UNSUITABLE

ROOT = Path(__file__).parents[2]
TOOLS = Path("/tmp/bin")


def main(checkout: Path, file: Path, stock: bool) -> None:
    sandbox.enter("upstream", [str(checkout), str(ROOT)])
    _lay_tools(checkout)
    os.environ |= {
        "PATH": f"{TOOLS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": ":".join(map(str, ([] if stock else [ROOT / "tests/upstream/swapped"]) + [checkout, ROOT])),
        "PYTHONWARNINGS": "ignore", "SHELL": "/bin/bash", "HOME": "/tmp", "TERM": "dumb",
    }
    lay_file("/etc/network/interfaces", "", Path("/tmp/.files"))  # NAT writes there
    Path("/run/sshd").mkdir()
    ovs.start()
    done = subprocess.run([sys.executable, "-m", "tests.upstream.inside", "--run", file])  # not as the first process,
    sys.exit(done.returncode)  # which inherits every orphan


def run(file: Path) -> None:
    sys.path.insert(0, str(file.parent))
    suite = unittest.defaultTestLoader.loadTestsFromName(file.stem)
    for case in _cases(suite):
        name = f"{file.stem}.{type(case).__name__}.{case._testMethodName}"
        outcome, said = ("skipped", UNSUITABLE[name]) if name in UNSUITABLE else _outcome(case)
        print("\n" + json.dumps({"test": name, "outcome": outcome, "said": said}), flush=True)


def _outcome(case: unittest.TestCase) -> tuple[str, str]:
    result = unittest.TestResult()
    case.run(result)
    for outcome, found in (("failed", result.failures + result.errors), ("skipped", result.skipped)):
        if found:
            return outcome, found[0][1]
    return "passed", ""


def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def _lay_tools(checkout: Path) -> None:
    """What the tests start by name. ``controller`` was the reference controller, of OpenFlow 1.0."""
    TOOLS.mkdir()
    for name, command in (("python", sys.executable), ("mn", f"{sys.executable} {checkout}/bin/mn"),
                          ("controller", "ovs-testcontroller -O OpenFlow10")):
        tool = TOOLS / name
        tool.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        tool.chmod(0o755)


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        run(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), "--stock" in sys.argv)
