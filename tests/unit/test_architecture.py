"""The layers hold: who may import whom (ARCHITECTURE.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KIT = ROOT / "scenarios/kit"
LAYERS = [
    "errors lines addressing syscalls sysctl mounts netlink routing plan policy quoting pcapng",
    "waiting courier capability faults catalogue keys pki",
    "namespace vswitchd command control entering expect uml",
    "ovs links sandbox services pinger",
    "nodes selector",
    "controller topo capture probes actions tables conntrack streams losses inject portscan",
    "net openflow configuration",
    "claims scenario evidence providers",
    "facts drawing ears verdicts overlay",
    "trouble journey look graph watch record",
    "diagnosis picture",
    "trace",
    "sights",
    "lab tour shown",
    "pages",
    "prompt",
]
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer.split()}
MODULES = sorted({path.relative_to(KIT).parts[0].removesuffix(".py") for path in KIT.rglob("*.py")
                  if path != KIT / "__init__.py"})
SCENARIOS = sorted(path for path in (ROOT / "scenarios").glob("*.py")
                   if path.stem not in ("__init__", "__main__", "pytest_plugin"))


def test_every_module_of_the_kit_has_its_layer():
    assert not set(MODULES) - set(DEPTH)


@pytest.mark.parametrize("module", MODULES)
def test_the_kit_imports_downwards(module):
    too_high = {other for path in files(module) for other in kit_imports(path)
                if other != module and DEPTH[other] > DEPTH[module]}

    assert not too_high


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_is_written_in_the_kits_words(path):
    foreign = {name for name in imports(path) if not name.startswith(("scenarios.kit", "mininet", "ipaddress"))}

    assert not foreign


def test_controllers_and_scenarios_meet_only_over_openflow():
    for path in (ROOT / "controllers").rglob("*.py"):
        assert not {name for name in imports(path) if name.partition(".")[0] in ("scenarios", "mininet")}, path
    for path in (ROOT / "scenarios").rglob("*.py"):
        assert not {name for name in imports(path) if name.partition(".")[0] in ("controllers", "ryu")}, path


def test_only_one_module_sleeps():
    sleepers = {path.name for path in (ROOT / "scenarios").rglob("*.py") for node in ast.walk(tree(path))
                if isinstance(node, ast.Attribute) and node.attr == "sleep"}

    assert sleepers <= {"waiting.py"}


def test_no_shell_strings():
    for path in (ROOT / "scenarios").rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert not (isinstance(node.value, ast.Constant) and node.value.value), path


def files(module: str) -> list[Path]:
    package = KIT / module
    return sorted(package.rglob("*.py")) if package.is_dir() else [KIT / f"{module}.py"]


def kit_imports(path: Path) -> set[str]:
    """The modules of the kit that a file of it imports, by their first names."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = path.relative_to(KIT).parts[:-node.level] if node.level <= len(path.relative_to(KIT).parts) else ()
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {(*parts, *name.split("."))[0] for name in names}
    return found & set(DEPTH)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return found


def tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text())
