"""``mn --custom`` copies a scenario's globals over its own: none may share a name."""

import ast
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from scenarios.kit import catalogue

MN = shutil.which("mn", path="/usr/bin:/usr/sbin:/usr/local/bin")
EXPECTED = {"topos", "tests", "controllers", "switches", "hosts", "links"}  # what mn looks for


@pytest.mark.skipif(not MN, reason="Mininet's mn is not installed; run vagrant/provision.sh as root")
@pytest.mark.parametrize("name", catalogue.names())
def test_no_global_of_mn_is_overwritten(name):
    names = {target.id for node in ast.parse(Path(MN).read_text()).body if isinstance(node, ast.Assign)
             for target in node.targets if isinstance(target, ast.Name)}

    assert not names & vars(import_module(f"scenarios.{name}")).keys() - EXPECTED


@pytest.mark.parametrize("name", catalogue.names())
def test_every_scenario_offers_its_topology_to_mn(name):
    assert name in import_module(f"scenarios.{name}").topos
