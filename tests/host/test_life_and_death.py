"""A lab dies with its first process, at whatever moment, and leaves nothing; labs live side by side."""

import os
import random
import signal
from pathlib import Path

import pytest

from scenarios.kit import waiting

MOMENTS = 20
LATEST = 2  # seconds: an idle machine is through with it in little more, and then there is nothing to kill


def machine() -> dict[str, object]:
    """What a lab could leave behind on the machine itself."""
    return {
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "mounts": sorted(point for point in mount_points() if point.startswith(("/run", "/var/log", "/proc/sys"))),
        "namespaces": listing("/run/netns"),
        "switches": listing("/run/openvswitch"),
        "logs": listing("/var/log/openvswitch"),
    }


def mount_points() -> list[str]:
    return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def listing(directory: str) -> list[str]:
    return sorted(os.listdir(directory)) if os.path.isdir(directory) else []


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_at_any_moment_it_leaves_nothing(terminal, moment):
    before = machine()
    lab = terminal.start("run", "lan")
    waiting.poll(lambda: lab.poll() is not None, random.Random(moment).uniform(0, LATEST))

    lab.kill()
    lab.communicate()

    terminal.wait_until_gone()
    assert machine() == before
    assert os.listdir(terminal.home) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_ends_when_told(terminal, how):
    lab = terminal.start("run", "lan", "--check", start_new_session=True)
    waiting.until(lambda: len(terminal.processes()) > 3, 20, "the lab to be under way")

    os.killpg(lab.pid, how)
    _, errors = lab.communicate(timeout=20)

    assert lab.returncode in (128 + how, -how)
    assert "Traceback" not in errors
    terminal.wait_until_gone()


def test_four_labs_of_one_scenario_live_side_by_side(terminal):
    labs = [terminal.start("run", "lan", "--json") for _ in range(4)]
    outputs = [lab.communicate(timeout=100) for lab in labs]

    assert [lab.returncode for lab in labs] == [0, 0, 0, 0], outputs
    names = {output.split('"lab": "')[1].split('"')[0] for output, _ in outputs}
    assert len(names) == 4
    terminal.wait_until_gone()


def test_a_finished_lab_leaves_nothing(terminal):
    before = machine()

    assert terminal.lab("run", "lan", "--check").returncode == 0

    terminal.wait_until_gone()
    assert machine() == before
    assert os.listdir(terminal.home) == []
