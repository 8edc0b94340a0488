"""A person at a second terminal: breaks a running lab, finds out what it is, looks at it, and records it."""

import json
import os

import pytest

from tests.host.test_second_terminal import Screen


@pytest.fixture
def two(terminal):
    """The name of a lab of two computers that nobody else uses; it is held by a terminal of its own."""
    name = f"two-{terminal.mark[:8]}"
    screen = Screen(terminal, "run", "two_computers", "--name", name)
    screen.read_until("mininet>")
    yield name
    if screen.process.poll() is None:
        screen.process.kill()
        screen.process.wait()
    os.close(screen.master)


def said(terminal, *words: str, status: int = 0) -> str:
    done = terminal.lab(*words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_break_find_and_mend_by_hand(terminal, two):
    said(terminal, "break", two, "wrong_mask")
    assert "(broken now)" in said(terminal, "faults", two)
    assert "not fixed" in said(terminal, "check", two, "--patience", "0.3", status=1)
    assert said(terminal, "hint", two) == "1 of 3: The cable is fine.\n"

    said(terminal, "exec", two, "a", "ip", "addr", "add", "192.168.1.1/24", "dev", "a-eth0")
    said(terminal, "exec", two, "a", "ip", "addr", "del", "192.168.1.1/32", "dev", "a-eth0")

    assert "with 1 of 3 hints" in said(terminal, "check", two)
    assert "fixed" not in said(terminal, "check", two)


def test_what_was_drawn_by_lot_stays_a_secret_until_it_is_solved(terminal, two):
    answers = [said(terminal, "break", two, "--seed", "3"), said(terminal, "faults", two),
               said(terminal, "check", two, "--patience", "0.3", status=1)]
    told = json.loads(said(terminal, "solve", two, "--json"))

    assert told["name"] not in answers[0] + answers[2]
    assert "broken now" not in answers[1]
    assert told["repair"]
    assert "6 of 6 claims hold" in said(terminal, "restore", two)
    assert f"nothing is broken in {two}" in terminal.lab("hint", two).stderr


@pytest.mark.parametrize(("words", "complaint"), [
    (["break", "LAB"], "name a fault of ./lab faults LAB, or draw one with --random"),
    (["break", "LAB", "flood"], "no fault is called 'flood'; there are: cable_out, wrong_mask"),
    (["solve", "LAB"], "nothing is broken in LAB"),
    (["break", "nothing", "--random"], "no running lab is called 'nothing'"),
    (["run", "two_computers", "--break", "flood"], "no fault is called 'flood'"),
])
def test_bad_input_is_one_line_and_exit_code_2(terminal, two, words, complaint):
    done = terminal.lab(*(two if word == "LAB" else word for word in words))

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert complaint.replace("LAB", two) in done.stderr


def test_a_lab_that_breaks_at_its_start(terminal):
    name = f"two-{terminal.mark[:8]}"
    done = terminal.lab("run", "two_computers", "--name", name, "--check", "--break", "cable_out")

    assert done.returncode == 1
    assert "6 of 6 claims held" in done.stdout
    assert f"{name} is broken now (cable_out)" in done.stdout
    assert "1 of 6 claims held" in done.stdout
