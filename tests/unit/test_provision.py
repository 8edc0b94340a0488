"""The scripts that install: their lists are consistent, and what they refuse they refuse in one line."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROVISION = ROOT / "vagrant/provision.sh"
RELEASES = ("debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04")


def wanted(release: str) -> list[str]:
    """The packages of a release, asked of the script's own functions."""
    functions = PROVISION.read_text().partition("\ncommand -v dpkg-query")[0]
    done = subprocess.run(["sh", "-c", f"{functions}\nrelease={release}\nwanted"], capture_output=True, text=True,
                          check=True)
    return done.stdout.split()


@pytest.mark.parametrize("release", RELEASES)
def test_no_package_is_named_twice(release):
    names = wanted(release)

    assert names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("release", RELEASES)
def test_package_names_are_spelled_as_debian_spells_them(release):
    assert [name for name in wanted(release) if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name)] == []


def test_a_release_goes_without_what_it_does_not_carry():
    assert "user-mode-linux" in wanted("debian-12")
    assert "user-mode-linux" not in wanted("ubuntu-24.04")
    assert "python3.11" in wanted("ubuntu-22.04")


def test_what_is_missing_is_named(tmp_path):
    """With an empty package database, everything is missing."""
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    done = run(PROVISION, "--check", path=f"{tmp_path}:{os.environ['PATH']}")

    assert done.returncode == 1
    assert {"mininet", "openvswitch-switch"} <= set(done.stdout.split())


def test_an_unknown_argument_is_refused_in_one_line():
    done = run(PROVISION, "--chekc")

    assert done.returncode == 2
    assert done.stderr == "provision.sh: unknown argument --chekc; it is --check, --vm or nothing\n"


def test_without_a_python_the_remedy_is_named(tmp_path):
    checkout = copy_of_lab(tmp_path)
    done = run(checkout / "lab", LAB_PYTHON="/nonexistent/python3")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("lab: no Python 3.11, 3.12 or 3.13 with venv")


def test_the_lab_starts_through_a_link_and_beside_a_module_of_the_same_name(tmp_path):
    checkout = copy_of_lab(tmp_path)
    make_ready(checkout, 'echo "$@"')
    (tmp_path / "click.py").write_text("raise SystemExit('not ours')")
    (tmp_path / "link").symlink_to(checkout / "lab")
    done = run(tmp_path / "link", "run", "two words", cwd=tmp_path)

    assert done.stdout == "-P -m scenarios run two words\n"


def test_an_install_that_did_not_end_is_begun_again(tmp_path):
    checkout = copy_of_lab(tmp_path)
    make_ready(checkout, "echo ready")
    (checkout / ".venv/.ready").unlink()

    assert "2/3 Python environment" not in run(checkout / "lab", LAB_PYTHON="/nonexistent/python3").stdout
    assert run(checkout / "lab", LAB_PYTHON="/nonexistent/python3").returncode == 2


def test_a_change_of_what_is_installed_makes_it_unready(tmp_path):
    checkout = copy_of_lab(tmp_path)
    make_ready(checkout, "exit 9")
    assert run(checkout / "lab").returncode == 9

    os.utime(checkout / "pyproject.toml", (2e9, 2e9))

    assert "lab: 3/3 Python packages" in run(checkout / "lab").stderr


def copy_of_lab(directory: Path) -> Path:
    """A checkout that needs no packages: only what `lab` itself reads."""
    checkout = directory / "a checkout"
    (checkout / "vagrant").mkdir(parents=True)
    for name in ("lab", "pyproject.toml"):
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    (checkout / "lab").chmod(0o755)
    (checkout / "vagrant/provision.sh").write_text("#!/bin/sh\n")
    (checkout / "vagrant/provision.sh").chmod(0o755)
    return checkout


def make_ready(checkout: Path, python: str) -> None:
    """A stand-in for the environment, since what is tested comes before it."""
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").write_text(f"#!/bin/sh\n{python}\n")
    (checkout / ".venv/bin/python").chmod(0o755)
    (checkout / ".venv/.ready").touch()


def run(*words: object, cwd: Path | None = None, path: str = os.environ["PATH"], **environment: str):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd, timeout=60,
                          env={**os.environ, "PATH": path, **environment}, stdin=subprocess.DEVNULL)
