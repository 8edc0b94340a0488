"""What a person sees on a terminal of a certain width, with colour and without, and what Ctrl-C does at any moment."""

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import termios
import uuid

import pytest

from scenarios.kit import waiting
from tests.host.conftest import Terminal
from tests.host.test_second_terminal import Screen

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LONGEST = 60  # seconds
READS = ["show LAB", "graph LAB", "check LAB", "diagnose LAB", "trace LAB a b tcp/80", "faults LAB", "ps", "list",
         "about nat", "tour --list", "watch LAB -n 1 --every 0.2"]
INTERRUPTED = (130, -2)


class Window:
    """A command on a terminal with so many columns; its output is read as it comes."""

    def __init__(self, terminal, *words: str, columns: int = 80, piped: str = "", **environment: str):
        command = terminal.command(*words)
        command = ["sh", "-c", f"{shlex.join(command)} | {piped}"] if piped else command
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=terminal.home, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**terminal.environment(), "TERM": "xterm-256color", **environment},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""

    def read(self) -> str:
        try:
            while data := os.read(self.master, 1 << 16):
                self.text += data.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text

    def until(self, wanted: str) -> None:
        waiting.until(lambda: re.search(wanted, self.read()), LONGEST, f"{wanted!r} on the screen: {self.text!r}")

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        def ended() -> bool:
            self.read()
            return self.process.poll() is not None

        waiting.until(ended, LONGEST, f"the command to end, after {self.text!r}")
        self.read()
        os.close(self.master)
        return self.process.returncode

    @property
    def lines(self) -> list[str]:
        return ESCAPE.sub("", self.text).replace("\r", "").splitlines()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The name of a lab of two computers, for all who only look at it."""
    terminal = Terminal(tmp_path_factory.mktemp("two"), uuid.uuid4().hex)
    name = f"two-{terminal.mark[:8]}"
    screen = Screen(terminal, "run", "two_computers", "--name", name)
    screen.read_until("mininet>")
    yield name
    screen.process.kill()
    screen.process.wait()
    os.close(screen.master)


@pytest.mark.parametrize(("words", "columns"), [
    *((words, 80) for words in READS),
    ("check LAB", 120),
    ("about nat", 120),
])
def test_no_line_is_broken(terminal, two, words, columns):
    window = Window(terminal, *words.replace("LAB", two).split(), columns=columns)

    assert window.end() == 0
    assert [line for line in window.lines if len(line) > columns] == []
    assert "Traceback" not in window.text


@pytest.mark.parametrize("words", ["check LAB", "diagnose LAB", "show LAB"])
def test_colour_is_for_those_who_want_it(terminal, two, words):
    words = words.replace("LAB", two).split()
    coloured, plain = Window(terminal, *words), Window(terminal, *words, NO_COLOR="1")

    assert (coloured.end(), plain.end()) == (0, 0)
    assert ESCAPE.search(coloured.text)
    assert "\x1b" not in plain.text + terminal.lab(*words).stdout


@pytest.mark.parametrize(("words", "shows"), [
    ("watch LAB --every 0.2", "Ctrl-C ends this"),
    ("capture LAB a icmp", "listening on"),
    ("capture LAB --all -w all.pcapng", "listening"),
    ("diagnose LAB", "well"),
    ("check LAB", "held"),
    ("run lan --name MINE", "Ryu"),
    ("run lan --name MINE --check", "up in"),
    ("tour", r"\[q\]uit"),
])
def test_ctrl_c_ends_in_silence(terminal, two, words, shows):
    window = Window(terminal, *words.replace("LAB", two).replace("MINE", f"mine-{terminal.mark[:6]}").split())
    window.until(shows)
    window.press("\x03")

    assert window.end() in (INTERRUPTED if "icmp" not in words else (0,))  # tcpdump tells what it counted
    assert "Traceback" not in window.text


@pytest.mark.parametrize("wait", ["", "learns", "up in", "held"])
def test_ctrl_c_at_any_moment_of_a_start_leaves_nothing(terminal, wait):
    name = f"mine-{terminal.mark[:6]}"
    window = Window(terminal, "run", "lan", "--name", name, "--check")
    window.until(wait)
    window.press("\x03")

    assert window.end() in INTERRUPTED
    assert "Traceback" not in window.text
    terminal.wait_until_gone()


def test_a_second_ctrl_c_while_it_ends_is_no_complaint(terminal):
    window = Window(terminal, "run", "lan", "--name", f"mine-{terminal.mark[:6]}", "--check")
    window.until("up in")
    window.press("\x03")
    window.until("interrupted")
    window.press("\x03")

    assert window.end() in INTERRUPTED
    assert "Traceback" not in window.text
    terminal.wait_until_gone()


@pytest.mark.parametrize("words", READS)
def test_a_reader_that_has_had_enough_is_no_error(terminal, two, words):
    command = terminal.start(*words.replace("LAB", two).split())
    command.stdout.close()

    with command.stderr as errors:
        assert errors.read() == ""
    assert command.wait(LONGEST) == 141


def test_what_goes_on_for_ever_ends_with_its_reader(terminal, two):
    watch = f"{shlex.join(terminal.command('watch', two, '--every', '0.1'))} 2>errors | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", watch], cwd=terminal.home, env=terminal.environment(),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LONGEST)

    assert (done.returncode, len(done.stdout.splitlines())) == (141, 1)
    assert (terminal.home / "errors").read_text() == ""


@pytest.mark.skipif(not shutil.which("less"), reason="there is no less here")
def test_less_pages_through_it(terminal, two):
    less = Window(terminal, "show", two, piped="less")
    less.until("interfaces")
    less.press("Gq")

    assert less.end() == 0
    assert "Traceback" not in less.text
