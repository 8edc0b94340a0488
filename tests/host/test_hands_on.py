"""A person at a second terminal: breaks a running lab, finds out what it is, looks at it, and records it."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

import pytest

from scenarios.kit import catalogue, pages, waiting
from tests.host.test_second_terminal import Screen


@pytest.fixture
def two(terminal):
    """The name of a lab of two computers that nobody else uses; it is held by a terminal of its own."""
    with held(terminal, "two_computers") as name:
        yield name


@contextmanager
def held(terminal, scenario: str, *options: str) -> Iterator[str]:
    name = f"{scenario[:3]}-{terminal.mark[:8]}"
    screen = Screen(terminal, "run", scenario, "--name", name, *options)
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
    (["break", "LAB", "flood"], "no fault is called 'flood'; there are: cable_out, stale_neighbour, wrong_mask"),
    (["solve", "LAB"], "nothing is broken in LAB"),
    (["break", "nothing", "--random"], "no running lab is called 'nothing'"),
    (["run", "two_computers", "--break", "flood"], "no fault is called 'flood'"),
])
def test_bad_input_is_one_line_and_exit_code_2(terminal, two, words, complaint):
    done = terminal.lab(*(two if word == "LAB" else word for word in words))

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert complaint.replace("LAB", two) in done.stderr


def test_what_routers_know_and_were_told(terminal):
    name = f"tiers-{terminal.mark[:8]}"
    screen = Screen(terminal, "run", "isp_tiers", "--name", name, "-o", "internet=8")
    try:
        screen.read_until("held")
        routes = json.loads(said(terminal, "looking-glass", name, "as4", "--json"))
        assert {"prefix", "path", "via", "from", "best", "local_pref", "communities"} <= set(routes[0])
        assert f"  >  {routes[0]['prefix']}" in said(terminal, "looking-glass", name, "as4")
        assert said(terminal, "config", name, "as4", "bird.conf").startswith("# as4, AS 4.")
        assert "as4 has no frr.conf; it has: bird.conf" in terminal.lab("config", name, "as4", "frr.conf").stderr
        assert "tier 1\n    AS 1" in said(terminal, "ases", name)
        assert ElementTree.fromstring(said(terminal, "ases", name, "-w", "-")).tag.endswith("svg")
        assert "from as4 to where?" in terminal.lab("ases", name, "as4").stderr
    finally:
        screen.process.kill()
        screen.process.wait()
        os.close(screen.master)


def test_a_lab_that_breaks_at_its_start(terminal):
    name = f"two-{terminal.mark[:8]}"
    done = terminal.lab("run", "two_computers", "--name", name, "--check", "--break", "cable_out")

    assert done.returncode == 1
    assert "6 of 6 claims held" in done.stdout
    assert f"{name} is broken now (cable_out)" in done.stdout
    assert "1 of 6 claims held" in done.stdout


def test_diagnose_finds_nothing_and_then_the_broken_layer(terminal, two):
    assert "nothing is wrong" in said(terminal, "diagnose", two)

    said(terminal, "exec", two, "b", "ip", "link", "set", "b-eth0", "down")
    told = said(terminal, "diagnose", two, status=1)

    assert "link: b:eth0 is switched off" in told
    assert f"./lab exec {two} b ip -br link show" in told


def test_diagnose_a_port_by_hand(terminal, two):
    lines = said(terminal, "diagnose", two, "a", "b:81", "--json", status=1).splitlines()

    finding = json.loads(lines[-1])["finding"]
    assert (finding["layer"], finding["node"]) == ("service", "b")


def test_show_as_text_and_for_programs(terminal, two):
    assert "192.168.1.1/24" in said(terminal, "show", two, "a")
    tables = json.loads(said(terminal, "show", two, "b", "--json"))

    assert {"protocol": "tcp", "address": "0.0.0.0", "port": "80"} in [
        row for table in tables if table["title"] == "listeners" for row in table["rows"]]


def test_a_drawing_marks_what_is_not_as_drawn(terminal, two):
    said(terminal, "break", two, "wrong_mask")

    assert "192.168.1.1/32 (drawn: 192.168.1.1/24)" in said(terminal, "graph", two)
    said(terminal, "graph", two, "-w", "two.svg")
    picture = ElementTree.parse(terminal.home / "two.svg").getroot()
    assert {"a", "b"} <= {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}


def test_trace_tells_hops_and_reasons(terminal, two):
    told = json.loads(said(terminal, "trace", two, "a", "b", "tcp/80", "--json"))

    assert [hop["node"] for hop in told["hops"]] == ["a", "b"]
    assert "somebody listens at tcp port 80" in told["hops"][1]["reasons"]
    assert "nobody listens at tcp port 81" in said(terminal, "trace", two, "a", "b", "tcp/81", status=1)


def test_watch_counts_what_crosses(terminal, two):
    watch = terminal.start("watch", two, "-n", "60", "--every", "0.5", "--json")
    watch.stdout.readline()  # now it has begun to count
    said(terminal, "exec", two, "a", "ping", "-c", "3", "-i", "0.2", "192.168.1.2")

    looks = (json.loads(line) for line in watch.stdout)
    assert any(row["where"] == "a:eth0" and row["tx_packets"] > 0 for look in looks for row in look)
    watch.kill()
    watch.communicate()


@pytest.fixture
def switched(terminal):
    """The name of a lab with a controller."""
    with held(terminal, "lan") as name:
        yield name


def test_a_controller_shows_what_it_knows(terminal, switched):
    views = {row["view"] for row in json.loads(said(terminal, "controller", switched, "--json"))}
    assert {"tables", "hosts", "links", "paths", "flows", "counters", "events"} <= views
    said(terminal, "exec", switched, "a", "ping", "-c1", "192.168.1.2")

    assert {row["port"] for row in json.loads(said(terminal, "controller", switched, "hosts", "mac=a", "--json"))} == {
        "s1-eth1"}
    assert said(terminal, "controller", switched, "paths", "from=a", "to=b").split()[-1] == "s1"
    assert "learning_switch/station/" in said(terminal, "controller", switched, "flows", "switch=s1", "table=FORWARD")
    assert said(terminal, "controller", switched, "links") == "  nothing\n"
    for view in views:
        said(terminal, "controller", switched, view)


@pytest.mark.parametrize(("words", "complaint"), [
    (["nosuch"], "there is no view 'nosuch'; choose from: counters, events, flows"),
    (["hosts", "colour=red"], "no column is called 'colour'; there are: mac, port, switch, vlan"),
    (["hosts", "s1"], "'s1' is not COLUMN=VALUE, such as switch=s1"),
])
def test_a_view_that_is_not_there_is_told_in_one_line(terminal, switched, words, complaint):
    done = terminal.lab("controller", switched, *words)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert complaint in done.stderr


def test_a_lab_without_a_controller_says_so(terminal, two):
    done = terminal.lab("controller", two)

    assert (done.returncode, done.stderr) == (
        2, "lab: this lab has no controller with a JSON view; lan and departments have one\n")


def test_everything_at_once_is_captured_with_the_names_of_interfaces(terminal, two):
    capture = terminal.start("capture", two, "--all", "-w", "all.pcapng", "icmp")
    file = terminal.home / "all.pcapng"
    waiting.until(lambda: file.exists() and file.stat().st_size, 20, "the header")
    said(terminal, "exec", two, "a", "ping", "-c1", "192.168.1.2")
    waiting.until(lambda: b"b:eth0" in file.read_bytes(), 20, "the packets")
    capture.send_signal(signal.SIGINT)
    capture.communicate(timeout=20)

    assert b"a:eth0" in file.read_bytes()
    assert icmp_in(file) == 4


def test_a_lab_is_recorded_from_its_first_packet(terminal):
    said(terminal, "run", "two_computers", "--name", f"two-{terminal.mark[:8]}", "--check", "--capture", "a.pcapng")

    read = subprocess.run(["tcpdump", "-nr", terminal.home / "a.pcapng", "-c", "1"], capture_output=True, text=True)
    assert "ARP, Request who-has 192.168.1.2" in read.stdout
    assert icmp_in(terminal.home / "a.pcapng") > 4


@pytest.fixture(params=os.environ.get("PAGES", "two_computers").split())
def shown_lab(request, terminal):
    """A scenario, and the name of a lab of it: of one, or of those that ``PAGES=\"nat lan\" ./lab test …`` names."""
    name = f"page-{terminal.mark[:8]}"
    screen = Screen(terminal, "run", request.param, "--name", name)
    screen.read_until("mininet>")
    yield request.param, name
    screen.process.kill()
    screen.process.wait()
    os.close(screen.master)


def test_the_commands_of_a_page_run_as_they_stand(terminal, shown_lab):
    """All are typed, in order; captures listen from the first on, and hear what crosses meanwhile."""
    scenario, name = shown_lab
    lines = [shlex.split(line)[1:] for line in pages.commands(pages.current(catalogue.find(scenario)))]
    lines = [[name if word == scenario else word for word in words] for words in lines]
    captures = [terminal.start(*words, "-c", "1") for words in lines if words[0] == "capture"]
    for capture in captures:
        waiting.until(lambda capture=capture: "listening on" in capture.stderr.readline(), 20, "tcpdump to listen")

    done = {words[0]: terminal.lab(*words) for words in lines if words[0] not in ("run", "capture")}

    assert {name: each.stderr for name, each in done.items() if each.returncode not in (0, 1) or each.stderr} == {}
    assert (done["diagnose"].returncode, done["restore"].returncode) == (1, 0)
    assert [capture.communicate(timeout=20) and capture.returncode for capture in captures] == [0] * len(captures)


def icmp_in(file) -> int:
    read = subprocess.run(["tcpdump", "-nr", file, "icmp"], capture_output=True, text=True, check=True)
    return len(read.stdout.splitlines())
