"""A firewall's policy: how it is read, what it permits, and the rules it becomes."""

import pytest

from scenarios.kit.catalogue import DATA
from scenarios.kit.errors import LabError
from scenarios.kit.routing.data_file import load
from scenarios.kit.services.firewall import Policy, permits, render

POLICY = load(DATA / "firewall.yaml", Policy)
ANYONE, ADMIN, BLOCKED, SERVER, PC = "198.51.100.7", "1.2.3.4", "203.0.113.66", "192.0.2.10", "192.168.1.10"
MISTAKES = {
    "rules: [{to: dmz, tcp: [80]}]": "1: zones: missing; add it",
    "zones: {dmz: 192.0.2.0/33}\nrules: []":
        "1: zones.dmz: Value error, '33' is not a valid netmask",
    "zones: {}\nrules:\n  - {to: dzm, tcp: [80]}":
        "3: rules[0].to: 'dzm' is neither a prefix nor one of any, outside; name one",
    "zones: {}\nrules:\n  - {to: any, tcp: [80000]}": "3: rules[0].tcp",
    "zones: {}\nrules:\n  - {to: any, tcp: [22], limit: often}": "3: rules[0].limit: String should match",
    "zones: {}\nrules:\n  - {to: any, udp: [53]}": "3: rules[0]",
}


@pytest.mark.parametrize(("source", "target", "port", "allowed"), [
    (ANYONE, SERVER, 80, True), (ANYONE, SERVER, 443, True), (ANYONE, SERVER, 22, False), (ADMIN, SERVER, 22, True),
    (ANYONE, SERVER, 5432, False), (PC, SERVER, 5432, True), (PC, SERVER, 22, False), (BLOCKED, SERVER, 80, False),
    (PC, ANYONE, 8080, True), (PC, BLOCKED, 80, False), (ANYONE, PC, 80, False), (SERVER, PC, 80, False),
    (SERVER, ANYONE, 80, False),
])
def test_the_policy_permits(source, target, port, allowed):
    assert permits(POLICY, source, target, port) is allowed


def test_a_firewall_with_memory_asks_for_it_and_one_without_does_not():
    assert "ct state { established, related } accept" in render(POLICY, "forward", stateful=True)
    assert "ct state" not in render(POLICY, "forward", stateful=False)


def test_without_memory_each_rule_is_there_in_both_directions():
    both, questions = (render(POLICY, "forward", False, replies) for replies in (True, False))

    assert "ip saddr 192.0.2.0/24 meta l4proto tcp tcp sport { 80, 443 }" in both
    assert "sport" not in questions


@pytest.mark.parametrize("stateful", [True, False])
def test_what_no_rule_allows_is_dropped_counted_and_logged(stateful):
    last = [line.strip() for line in render(POLICY, "input", stateful).splitlines()][-3]

    assert last.startswith("log group 1")
    assert last.endswith("counter name dropped drop")


@pytest.mark.parametrize(("text", "complaint"), MISTAKES.items(), ids=[f"mistake{n}" for n in range(len(MISTAKES))])
def test_a_mistake_is_told_with_its_line_and_place(tmp_path, text, complaint):
    path = tmp_path / "walls.yaml"
    path.write_text(text)

    with pytest.raises(LabError) as told:
        load(path, Policy)

    assert f"{path}:{complaint}" in str(told.value)
    assert "\n" not in str(told.value)
