"""Mininet's own runner runs our scenarios, inside the sandbox: behaviour lives in the node classes."""

import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.kit import ovs

ROOT = Path(__file__).parents[2]
MN = Path(sys.prefix, "bin/mn")


@pytest.mark.parametrize("name", ["lan", "two_computers"])
def test_stock_mn_runs_a_scenario(lab, name):
    ovs.start()

    done = subprocess.run([sys.executable, MN, "--custom", f"scenarios/{name}.py", "--topo", name, "--test", "pingall"],
                          cwd=ROOT, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT),
                                         "HOME": "/tmp", "SHELL": "/bin/sh"},
                          capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "*** Results: 0% dropped" in done.stdout + done.stderr
