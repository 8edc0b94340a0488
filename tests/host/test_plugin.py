"""A project of somebody else's, with ours installed, asserts connectivity in pytest."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from scenarios.kit import waiting

SCENARIO = '''\
"""Two hosts on a switch that learns by itself.

   left -- s1 -- right
"""
from scenarios.kit import Bridge, Scenario, Subnet, Topo, isolated, reachable

class Pair(Topo):
    def build(self):
        self.addSwitch("s1", cls=Bridge)
        self.addLan("s1", Subnet("10.1.0.0/24"), left=1, right=2)

scenario = Scenario(topo=Pair, claims=[reachable("left", "right"), reachable("right", "left")])
'''
TESTS = '''\
from pair import scenario
from scenarios.kit import reachable

def test_claim(net, claim):
    claim.verify(net)

def test_by_hand(net):
    assert "0% packet loss" in net["left"].cmd("ping -c1 10.1.0.2")
'''
FAILING = TESTS + '''

def test_that_fails(net):
    reachable("left", "10.1.0.77", within=0).verify(net)
'''


SLOW = TESTS + '''
def test_that_takes_long(net):
    print("now", flush=True)
    reachable("left", "10.1.0.77", within=60).verify(net)

def test_that_comes_after(net):
    raise AssertionError("this one must not be begun")
'''


@pytest.fixture
def project(terminal):
    (terminal.home / "pair.py").write_text(SCENARIO)
    (terminal.home / "test_pair.py").write_text(TESTS)
    return terminal


def run_pytest(terminal, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=terminal.home, env=terminal.environment(),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100)


def test_a_run_that_is_told_to_stop_stops_at_once_and_blames_no_test(project):
    (project.home / "test_pair.py").write_text(SLOW)
    run = subprocess.Popen([sys.executable, "-m", "pytest", "-s"], cwd=project.home, env=project.environment(),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    while "now" not in (line := run.stdout.readline()):
        assert line, "it ended before it was told to"
    run.send_signal(signal.SIGTERM)
    rest, _ = run.communicate(timeout=30)

    assert run.returncode == 128 + signal.SIGTERM, rest
    assert "told to stop by SIGTERM" in rest
    assert "failed" not in rest
    project.wait_until_gone()


def test_one_test_for_each_claim(project):
    done = run_pytest(project, "-v")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_claim[left reaches right] PASSED" in done.stdout
    assert "3 passed" in done.stdout


def test_on_failure_the_evidence_is_in_the_report(project):
    (project.home / "test_pair.py").write_text(FAILING)

    done = run_pytest(project, "--junitxml", "report.xml", "-o", "junit_logging=all")

    assert done.returncode == 1
    for title in ("left: addresses, routes, neighbours", "s1: flows", "the wires"):
        assert f"lab: {title}" in done.stdout
    assert "left reaches 10.1.0.77: not held" in done.stdout
    assert (project.home / "report.xml").exists()


def test_a_project_without_labs_is_left_in_peace(terminal):
    (terminal.home / "test_plain.py").write_text("import os\ndef test_it():\n    assert os.getpid() != 1\n")

    assert run_pytest(terminal).returncode == 0


def test_a_run_in_which_every_lab_was_skipped_fails(project):
    wanting = SCENARIO.replace("topo=Pair,", "topo=Pair, requires=[program('nonesuch')],")
    wanting = wanting.replace("class Pair", "from scenarios.kit.capability import program\n\nclass Pair")
    (project.home / "pair.py").write_text(wanting)
    (project.home / "test_pair.py").write_text(TESTS)

    done = run_pytest(project)

    assert done.returncode == 1
    assert "every test that needs a lab was skipped" in done.stdout
    assert "this machine lacks the program nonesuch" in run_pytest(project, "-rs").stdout


def test_lab_break_opens_the_prompt_in_the_failed_network(project):
    (project.home / "test_pair.py").write_text(FAILING)
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "pytest", "--lab-break"], cwd=project.home,
                               env=project.environment(), stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    os.set_blocking(master, False)
    screen = ""

    def shows(text: str) -> bool:
        nonlocal screen
        try:
            screen += os.read(master, 1 << 16).decode(errors="replace")
        except OSError:
            pass
        return text in screen

    assert waiting.poll(lambda: shows("mininet>"), 30), screen
    os.write(master, b"left ping -c1 right\n")
    waiting.until(lambda: shows("1 received") and screen.endswith("mininet> "), 60, "the ping, and the prompt again")
    os.write(master, b"\x04")
    waiting.until(lambda: shows("1 failed") or process.poll() is not None, 60, "the end")
    process.wait(20)
    os.close(master)

    assert process.returncode == 1
