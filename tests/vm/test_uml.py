"""A kernel as a process, from outside: what goes in, what comes out, and that nothing stays."""

import hashlib
import os
import pty
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from scenarios.kit import control, uml, waiting

pytestmark = pytest.mark.skipif(uml.inside() or not uml.present(), reason="needs user-mode-linux, and to be outside it")
ROOT = Path(__file__).parents[2]
LONGEST = 120  # seconds, on a busy machine
RUN = "import sys; from scenarios.kit import uml; sys.exit(uml.run(sys.argv[1:]))"


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


def command(code: str, *words: str) -> list[str]:
    return [sys.executable, "-P", "-c", code, *words]


def lab(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "scenarios", *words]


def environment(mark: str = "") -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LAB_TEST_MARK": mark}


def inside(*words: str, data: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess:
    return ended(command(RUN, *words), input=data, cwd=cwd)


def ended(words: list[str], **options) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, timeout=LONGEST, env=environment(),
                          **({"input": b""} | options))


def test_streams_and_the_exit_status_are_those_of_the_program():
    done = inside("sh", "-c", "cat; echo trouble >&2; exit 7", data=b"hello")

    assert (done.stdout, done.stderr, done.returncode) == (b"hello", b"trouble\n", 7)


def test_a_program_that_is_not_there_is_named():
    done = inside("nonesuch")

    assert done.returncode == 127
    assert b"nonesuch: No such file or directory" in done.stderr


def test_a_million_bytes_come_back_as_they_went():
    data = os.urandom(1_000_000)

    assert hashlib.sha256(inside("cat", data=data).stdout).digest() == hashlib.sha256(data).digest()


def test_what_is_written_there_lies_here(tmp_path):
    inside("sh", "-c", "pwd; uname -r > release", cwd=tmp_path)

    assert (tmp_path / "release").read_text().strip() != os.uname().release


def test_it_has_what_other_kernels_lack():
    wanted = {"openvswitch", "sch_netem", "8021q", "vrf", "ip_gre", "sit", "ieee802154_6lowpan"}

    assert wanted <= set(inside("ls", "/sys/module").stdout.decode().split())


def test_a_new_namespace_holds_a_loopback_and_no_tunnels():
    done = inside("unshare", "--net", "ip", "-br", "link")

    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ["lo"]


def test_a_link_delays_by_netem():
    delay = "tc qdisc add dev lo root netem delay 40ms && ping -c2 -i0.2 127.0.0.1 | tail -1"
    done = inside("sh", "-c", f"ip link set lo up && {delay}")

    fastest = float(done.stdout.decode().split("=")[1].split("/")[0])
    assert 80 <= fastest < 160  # once there, once back


def test_a_terminal_is_a_terminal_inside():
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, command(RUN, "sh", "-c", "stty rows 9; tty; echo ready; exec cat"), environment())
    try:
        assert "/dev/pts/" in read_until(terminal, "ready")
        os.write(terminal, b"\x03")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 128 + signal.SIGINT
    finally:
        os.close(terminal)


def read_until(terminal: int, word: str) -> str:
    text = b""
    while word.encode() not in text:
        text += os.read(terminal, 4096)
    return text.decode()


@pytest.mark.parametrize("moment", [0.02, 0.3, 1.0, 3.0])
def test_killed_at_any_moment_it_leaves_nothing(mark, moment):
    with subprocess.Popen(command(RUN, "sleep", "100"), stdin=subprocess.DEVNULL, env=environment(mark)) as lab:
        waiting.poll(lambda: False, moment)
        lab.kill()

    waiting.until(lambda: not alive(mark), 10, "its processes to go")


def alive(mark: str) -> list[str]:
    """Processes that carry the mark; one that has ended shows no environment."""
    return [each.name for each in Path("/proc").iterdir() if each.name.isdigit() and carries(each, mark)]


def carries(process: Path, mark: str) -> bool:
    try:
        return f"LAB_TEST_MARK={mark}".encode() in (process / "environ").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_runs_inside(mark, number):
    words = command(RUN, "sh", "-c", "echo ready; exec sleep 100")
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(mark)) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"ready\n"
        lab.send_signal(number)
        assert lab.wait(LONGEST) == 128 + number

    waiting.until(lambda: not alive(mark), 10, "its processes to go")


def test_a_scenario_is_checked_there():
    done = ended(lab("run", "--kernel", "uml", "two_computers", "--check"))

    assert done.returncode == 0, done.stderr
    assert b"not held" not in done.stdout


def test_a_lab_is_found_entered_watched_and_stopped_from_other_terminals(mark, tmp_path):
    name = f"uml-{mark[:8]}"
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, lab("run", "lan", "--kernel", "uml", "--name", name),
                  {**environment(mark), "TERM": "dumb"})
    try:
        read_until(terminal, "mininet>")
        info = control.ask_once(name, "info")
        assert (info["kernel"], info["scenario"], info["up"]) == ("uml", "lan", True)
        assert ended(lab("exec", name, "a", "sh", "-c", "exit 9")).returncode == 9
        assert b"192.168.1.1/24" in ended(lab("exec", name, "a", "ip", "-br", "address")).stdout
        assert b"system@ovs-system" in ended(lab("exec", name, "s1", "ovs-dpctl", "show")).stdout
        capture_a_packet(name, tmp_path)
        assert (tmp_path / "packets").stat().st_size > 24  # more than a pcap file's header
        assert ended(lab("stop", name)).returncode == 0
        read_to_the_end(terminal)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    waiting.until(lambda: not alive(mark), 10, "its processes to go")


def capture_a_packet(name: str, directory: Path) -> None:
    words = lab("capture", name, "a", "-c1", "-w", "packets", "icmp")
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, cwd=directory, env=environment()) as capture:
        ping = lab("exec", name, "b", "ping", "-c1", "-W1", "192.168.1.1")
        waiting.until(lambda: ended(ping) and capture.poll() is not None, LONGEST, "a packet")


def read_to_the_end(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # so Linux tells that the other end was closed
        pass
