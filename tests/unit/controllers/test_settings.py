"""Settings: what is wrong is said in one line, with the file, the key and the remedy."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from controllers.__main__ import SETTINGS
from controllers.balancer_settings import BalancerSettings
from controllers.router_settings import RouterSettings
from controllers.settings import SettingsError, SwitchSettings, load
from controllers.vlans import Membership

WRONG = {
    "idle: 3": (SwitchSettings, "idle: is not a setting; choose from: idle_timeout, loops, hold"),
    "announce: 0": (SwitchSettings, "announce: Input should be greater than 0, but is 0; correct it"),
    "idle_timeout: 0": (SwitchSettings, "idle_timeout: Input should be greater than or equal to 1, but is 0"),
    "idle_timeout: [": (SwitchSettings, "line 1, column 16: is not YAML"),
    "- 1": (SwitchSettings, "is [1], not a mapping; write `key: value` lines"),
    "ports: {s1-eth1: {}}": (SwitchSettings, "ports.s1-eth1: a port is either an access port or a trunk; give it"),
    "ports: {s1-eth1: {access: 10, native: 1}}": (SwitchSettings, "ports.s1-eth1: an access port has no native VLAN"),
    "ports: {s1-eth1: {access: 5000}}": (SwitchSettings, "ports.s1-eth1.access: Input should be less than"),
    "ports: {s1-eth1: {acess: 5}}": (SwitchSettings, "ports.s1-eth1.acess: is not a setting; choose from: access"),
    "{}": (RouterSettings, "networks: is missing; add it"),
    "networks: {a: {subnet: 10.0.0.0/24}}": (RouterSettings, "networks.a: has no ports; name ports or switches"),
    "networks: {a: {subnet: 10.0.0.1/24, ports: [s1]}}": (RouterSettings, "networks.a.subnet.0: value is not a valid"),
    "networks: {a: {subnet: 10.0.0.0/24, gateway: 10.1.0.1, ports: [s1]}}": (
        RouterSettings, "networks.a: gateway 10.1.0.1 is in none of its subnets; choose an address within"),
    "networks: {a: {subnet: 10.0.0.0/24, ports: [s1]}, b: {subnet: 10.0.0.0/8, ports: [s2]}}": (
        RouterSettings, "networks.b: 10.0.0.0/8 overlaps 10.0.0.0/24 of a; choose another"),
    "networks: {a: {subnet: 10.0.0.0/24, ports: [s1]}}\npolicy: {rules: [{from: x, action: deny}]}": (
        RouterSettings, "policy.rules.0: x is no network, group or prefix; choose from: a, any"),
    "networks: {a: {subnet: 10.0.0.0/24, ports: [s1]}}\npolicy: {rules: [{ports: 80, action: deny}]}": (
        RouterSettings, "policy.rules.0: ports are of tcp or udp; say which `protocol`"),
    "networks: {a: {subnet: 10.0.0.0/24, ports: [s1]}}\nroutes: [{to: 0.0.0.0/0, via: 10.9.0.1}]": (
        RouterSettings, "routes.0: next hop 10.9.0.1 is in no network; choose one that is connected"),
    "services: {a: {address: 10.0.0.1, port: 80, servers: [{address: 10.0.0.1}]}}": (
        BalancerSettings, "services.a: 10.0.0.1 is the service's own address; a server needs another"),
    "services: {a: {address: 10.0.0.1, port: 80, servers: []}}": (BalancerSettings, "services.a.servers: Tuple should"),
}


@pytest.mark.parametrize(("text", "model", "complaint"), [(text, *told) for text, told in WRONG.items()])
def test_a_mistake_is_named_with_its_file_and_key(tmp_path, text, model, complaint):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(model, path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {complaint}")
    assert "\n" not in message


def test_an_empty_file_means_the_defaults(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load(SwitchSettings, tmp_path / "empty.yaml") == SwitchSettings() == load(SwitchSettings, None)


def test_vlans_follow_from_ports():
    vlans = SwitchSettings(ports={"s1-eth1": {"access": 10}, "s2": {"trunk": [10, 20], "native": 5}}).vlans()
    assert vlans.of("s1", "s1-eth1") == Membership(10)
    assert vlans.of("s2", "s2-eth7") == Membership(5, frozenset({10, 20}))
    assert vlans.of("s3", "s3-eth1") == Membership(1)
    assert vlans.all() == {1, 5, 10, 20}
    assert not SwitchSettings().vlans().aware


def test_networks_get_vlans_that_nobody_has_taken():
    settings = RouterSettings.model_validate({"networks": {
        "a": {"subnet": "10.0.0.0/24", "ports": ["s1"]}, "b": {"subnet": "10.0.1.0/24", "ports": ["s2"], "vlan": 2},
        "c": {"subnet": "10.0.2.0/24", "ports": ["s3"]}}})
    assert settings.vlan_ids() == {"a": 3, "b": 2, "c": 4}
    assert settings.networks["a"].gateways()[0][0] == "10.0.0.1"


EXAMPLES = re.findall(r"```yaml (\w+)\n(.*?)```", (Path(__file__).parents[3] / "docs/controllers.md").read_text(), re.S)


@pytest.mark.parametrize(("application", "text"), EXAMPLES)
def test_the_documents_examples_can_be_used(tmp_path, application, text):
    module, _, model = SETTINGS[application].partition(":")
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    settings = load(getattr(importlib.import_module(module), model), path)
    assert settings.model_fields_set
    assert {application for application, _ in EXAMPLES} == set(SETTINGS)


@pytest.mark.parametrize(("words", "complaint"), [
    (["nosuch"], "nosuch: is no application; choose learning_switch, router or load_balancer, or give a dotted path"),
    (["learning_switch", "router"], "learning_switch and router: each rules its switches alone; choose one"),
    (["learning_switch", "--config", "/nowhere.yaml"], "/nowhere.yaml: cannot be read: No such file or directory"),
    (["learning_switch", "--listen", "here"], "'here' is not HOST:PORT, such as 127.0.0.1:6653"),
    (["learning_switch", "--listen", "192.0.2.1:1"], "--listen 192.0.2.1:1: Cannot assign requested address; choose"),
])
def test_the_command_says_in_one_line_what_is_wrong(words, complaint):
    done = subprocess.run([sys.executable, "-m", "controllers", *words], capture_output=True, text=True, check=False,
                          cwd=Path(__file__).parents[3])
    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]
