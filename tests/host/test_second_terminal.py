"""What another terminal can do while a lab runs. The lab is held by a terminal of its own."""

import json
import os
import pty
import subprocess

import pytest

from scenarios.kit import waiting
from scenarios.kit.waiting import Deadline


class Screen:
    """A lab at its prompt, on a terminal."""

    def __init__(self, terminal, *words):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(terminal.command(*words), cwd=terminal.home, env=terminal.environment(),
                                        stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""

    def read_until(self, wanted: str, within: float = 60) -> str:
        waiting.until(lambda: wanted in self._read(), within, f"{wanted!r} on the screen, which shows {self.text!r}")
        return self.text

    def type(self, line: str) -> None:
        self.text = ""
        os.write(self.master, f"{line}\n".encode())

    def end(self) -> int:
        self.read_until("mininet> ")  # what is typed before goes to the command that still runs
        os.write(self.master, b"\x04")
        deadline = Deadline(20)
        while self.process.poll() is None and deadline.left:
            self._read()
            waiting.poll(lambda: self.process.poll() is not None, 0.05)
        return self.process.wait(1)

    def _read(self) -> str:
        try:
            self.text += os.read(self.master, 1 << 16).decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text


@pytest.fixture
def screen(terminal):
    screen = Screen(terminal, "run", "two_computers")
    screen.read_until("mininet>")
    yield screen
    if screen.process.poll() is None:
        screen.process.kill()
        screen.process.wait()
    os.close(screen.master)


def test_the_prompt_is_mininets_with_our_additions(screen):
    screen.type("a ping -c1 b")
    screen.read_until("1 received")
    screen.type("check")
    screen.read_until("a fetches")
    screen.type("nodes")
    screen.read_until("a b")

    assert screen.end() == 0


def test_exec_runs_on_the_node_and_returns_its_status(terminal, screen):
    assert terminal.lab("exec", "two_computers", "a", "hostname").stdout == "a\n"
    assert terminal.lab("exec", "two_computers", "b", "sh", "-c", "exit 7").returncode == 7
    assert "192.168.1.1/24" in terminal.lab("exec", "two_computers", "a", "ip", "-br", "addr").stdout
    assert terminal.lab("exec", "two_computers", "a", "no-such-program").returncode == 127


def test_a_node_that_is_not_there(terminal, screen):
    done = terminal.lab("exec", "two_computers", "c", "true")

    assert (done.returncode, done.stderr) == (2, "lab: no node is called 'c'; there are: a, b\n")


def test_ps_check_and_stop(terminal, screen):
    rows = json.loads(terminal.lab("ps", "--json").stdout)
    assert [row["nodes"] for row in rows if row["name"] == "two_computers"] == [["a", "b"]]

    answers = [json.loads(line) for line in terminal.lab("check", "two_computers", "--json").stdout.splitlines()]
    assert {answer["outcome"] for answer in answers} == {"held"}

    assert terminal.lab("stop", "two_computers").returncode == 0
    assert "two_computers" not in terminal.lab("ps").stdout
    terminal.wait_until_gone()


def test_check_tells_what_is_broken(terminal, screen):
    terminal.lab("exec", "two_computers", "b", "ip", "link", "set", "b-eth0", "down")

    done = terminal.lab("check", "two_computers", "--patience", "0.2")

    assert done.returncode == 1
    assert "a reaches b" in done.stdout
    assert "not held" in done.stdout


@pytest.mark.parametrize("where", ["b", "b:eth0", "b:b-eth0"])
def test_capture_writes_a_file_that_tcpdump_reads(terminal, screen, where):
    capture = terminal.start("capture", "two_computers", where, "icmp", "-c", "2", "-w", "got.pcap")
    waiting.until(lambda: (terminal.home / "got.pcap").exists() and (terminal.home / "got.pcap").stat().st_size,
                  20, "tcpdump to listen")
    terminal.lab("exec", "two_computers", "a", "ping", "-c1", "192.168.1.2")
    capture.communicate(timeout=20)

    read = subprocess.run(["tcpdump", "-nr", terminal.home / "got.pcap"], capture_output=True, text=True, check=True)

    assert "192.168.1.1 > 192.168.1.2: ICMP echo request" in read.stdout


def test_capture_to_a_pipe(terminal, screen):
    capture = terminal.start("capture", "two_computers", "a", "arp or icmp", "-c", "2", "-w", "-", text=False)
    header = capture.stdout.read(24)
    terminal.lab("exec", "two_computers", "b", "ping", "-c1", "192.168.1.1")
    rest, _ = capture.communicate(timeout=20)

    assert header[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
    assert rest


def test_what_a_node_writes_to_scratch_directories_stays_in_the_lab(terminal, screen):
    screen.type("a sh -c 'echo x > /etc/written-by-a-lab; echo x > /tmp/x; ls /tmp/x'")
    assert "\n/tmp/x" in screen.read_until("mininet>").replace("\r", "")

    assert screen.end() == 0
    assert not os.path.exists("/etc/written-by-a-lab")
    assert not os.path.exists("/tmp/x")
