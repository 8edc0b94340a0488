"""What the command line says and returns."""

import json

import pytest

BAD_INPUT = 2


@pytest.mark.parametrize(("words", "complaint"), [
    (["run", "lam"], "no scenario is called 'lam'; there are:"),
    (["run", "./mine.py"], "mine.py: there is no such file"),
    (["run", "lan", "-o", "vpn"], "--option vpn: write it as NAME=VALUE"),
    (["run", "lan", "-o", "vpn=x"], "lan has no option 'vpn'"),
    (["run"], "Missing argument 'SCENARIO'; see ./lab run --help"),
    (["rnu"], "no such command: 'rnu'; did you mean 'run'?"),
    (["exec", "nothing", "a", "true"], "no running lab is called 'nothing'"),
    (["capture", "nothing", "a", "tcp prot 80"], "the filter 'tcp prot 80' is malformed"),
    (["stop", "nothing"], "no running lab is called 'nothing'"),
])
def test_bad_input_is_one_line_and_exit_code_2(terminal, words, complaint):
    done = terminal.lab(*words)

    assert done.returncode == BAD_INPUT
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_a_mistake_in_a_file_of_ones_own_names_the_line(terminal):
    (terminal.home / "mine.py").write_text("from scenarios.kit import Topo\n\nx = Topo().addWire(1, 2, 3)\n")

    done = terminal.lab("run", "mine.py")

    assert done.returncode == BAD_INPUT
    assert "mine.py:3: ValueError: a wire has two ends, not 0" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_program_is_named_with_the_remedy(terminal):
    (terminal.home / "mine.py").write_text(
        "from scenarios.kit import Scenario, Topo\nfrom scenarios.kit.capability import module, program\n"
        "class Mine(Topo): pass\n"
        "lacks = [program('frobnicated'), module('nonesuch', 'warp drive')]\n"
        "scenario = Scenario(topo=Mine, claims=[], requires=lacks)\n")

    done = terminal.lab("run", "mine.py")

    assert done.returncode == BAD_INPUT
    assert "this machine lacks the program frobnicated (run vagrant/provision.sh as root)" in done.stderr
    assert f"warp drive (sudo modprobe -a nonesuch, or run the lab in a full kernel: ./lab run --kernel uml " \
           f"{terminal.home / 'mine.py'})" in done.stderr


def test_the_catalogue_is_json_for_programs(terminal):
    rows = json.loads(terminal.lab("list", "--json").stdout)

    assert {"single_computer", "two_computers", "lan"} <= {row["name"] for row in rows}
    assert all(row["lesson"] for row in rows)


def test_doctor_names_a_remedy_for_each_lack(terminal):
    rows = json.loads(terminal.lab("doctor", "--json").stdout)

    assert all(row["present"] or row["remedy"] for row in rows)


def test_help_teaches(terminal):
    assert "./lab run lan" in terminal.lab("--help").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(terminal, shell):
    assert "lab" in terminal.lab("completion", shell).stdout


def test_a_run_as_json(terminal):
    document = json.loads(terminal.lab("run", "two_computers", "--json").stdout)

    assert document["held"] is True
    assert {claim["outcome"] for claim in document["claims"]} == {"held"}


def test_a_claim_that_does_not_hold_ends_with_1(terminal):
    (terminal.home / "mine.py").write_text(
        "from scenarios.kit import Scenario, Subnet, Topo, closed, reachable\n"
        "class Pair(Topo):\n"
        "    def build(self):\n"
        "        self.addWire(Subnet('10.0.0.0/24'), a=1, b=2)\n"
        "scenario = Scenario(topo=Pair, claims=[reachable('a', 'b'), reachable('a', '10.0.0.9', within=0)])\n")

    done = terminal.lab("run", "mine.py", "--check")

    assert done.returncode == 1
    assert "not held" in done.stdout
    assert "1 of 2 claims held" in done.stdout
