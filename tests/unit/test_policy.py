"""The policy between departments, computed from its file; and that the router takes the same file."""

import pytest
import yaml

from controllers.router_settings import RouterSettings
from scenarios.departments import ALONE, OPENED, POLICY, SLIP
from scenarios.kit.policy import Policy
from scenarios.kit.routing.data_file import BadData

IT, FINANCE, HR, DEVELOPERS, SERVER = (f"192.168.{number}.10" for number in range(1, 6))


@pytest.mark.parametrize(("src", "dst", "protocol", "port", "allowed"), [
    (IT, FINANCE, "tcp", 22, True), (IT, SERVER, "icmp", 0, True),
    (FINANCE, IT, "tcp", 22, False), (FINANCE, HR, "icmp", 0, False), (HR, DEVELOPERS, "tcp", 80, False),
    (DEVELOPERS, SERVER, "tcp", 80, True), (DEVELOPERS, SERVER, "tcp", 22, False),
    (DEVELOPERS, SERVER, "udp", 80, False),
    (SERVER, DEVELOPERS, "tcp", 80, False), (HR, "192.168.3.11", "tcp", 9999, True),
])
def test_the_policy_as_it_stands(src, dst, protocol, port, allowed):
    assert POLICY.permits(src, dst, protocol, port) is allowed


def test_the_first_rule_that_fits_decides():
    deny = {"from": "it", "to": "hr", "action": "deny"}

    assert not POLICY.changed([deny, *POLICY.rules()]).permits(IT, HR, "icmp")
    assert POLICY.changed([*POLICY.rules(), deny]).permits(IT, HR, "icmp")


def test_groups_and_prefixes():
    policy = Policy.model_validate(yaml.safe_load(POLICY.text()) | {"policy": {
        "default": "deny", "groups": {"quiet": ["finance", "hr"]},
        "rules": [{"from": "quiet", "to": "192.168.5.10/32", "action": "allow"}]}})

    assert policy.permits(HR, SERVER, "udp", 53)
    assert not policy.permits(HR, "192.168.5.11", "udp", 53)
    assert not policy.permits(IT, SERVER, "udp", 53)


@pytest.mark.parametrize("policy", [POLICY, ALONE, OPENED, SLIP])
def test_the_router_takes_what_we_write(policy):
    settings = RouterSettings.model_validate(yaml.safe_load(policy.text()))

    assert list(settings.networks) == list(policy.networks)
    assert settings.policy.stateful
    assert not settings.loops
    assert [rule.action for rule in settings.policy.rules] == [rule.action for rule in policy.policy.rules]


def test_the_table():
    _, it, finance, *_ = (line.split("  ") for line in POLICY.table().splitlines())

    assert [cell for cell in map(str.strip, it) if cell] == ["it", "neighbours", "all", "all", "all", "all"]
    assert [cell for cell in map(str.strip, finance) if cell][-1] == "icmp tcp:80"


GOOD = """\
networks:
  a: {subnet: 10.0.1.0/24, ports: [s1]}
  b: {subnet: 10.0.2.0/24, ports: [s2]}
policy:
  default: deny
  rules:
    - {from: a, to: b, action: allow}
"""


@pytest.mark.parametrize(("text", "complaint"), [
    (GOOD.replace("to: b", "to: c"),
     r"policy\.yaml:7: policy\.rules\[0\]\.to: c is no network; choose from a, any, b, or"),
    (GOOD.replace("allow", "permit"),
     r"policy\.yaml:7: policy\.rules\[0\]\.action: Input should be 'allow' or 'deny', but"),
    (GOOD.replace("subnet: 10.0.1.0/24, ", ""), r"policy\.yaml:2: networks\.a\.subnet: missing; add it"),
    (GOOD.replace("  default: deny", "  defaults: deny"), r"policy\.yaml:5: policy\.defaults: no such word here"),
    (GOOD.replace("[s1]", "[s1"), r"policy\.yaml:\d+: not YAML"),
])
def test_a_mistake_is_told_in_one_line(tmp_path, text, complaint):
    path = tmp_path / "policy.yaml"
    path.write_text(text)

    with pytest.raises(BadData, match=complaint) as caught:
        Policy.read(path)

    assert "\n" not in str(caught.value)
