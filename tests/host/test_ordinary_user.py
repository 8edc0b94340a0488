"""Everything works without root. As root, these tests become an ordinary user who has a range of ids (subuid(5))."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300  # seconds
FIRST_PERSON = 1000  # user ids below are the system's


def ordinary_user() -> pwd.struct_passwd | None:
    """Ourselves, or somebody whom a root can become."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    ranges = {line.split(":")[0] for line in Path("/etc/subuid").read_text().splitlines()}
    return next((user for user in pwd.getpwall() if user.pw_uid >= FIRST_PERSON and user.pw_name in ranges), None)


@pytest.fixture
def someone():
    user = ordinary_user()
    if user is None:
        pytest.skip("there is no ordinary user with a range of ids; make one with: adduser learner")
    if subprocess.run(["setpriv", *become(user), "test", "-r", ROOT / "README.md"]).returncode:
        pytest.skip(f"{user.pw_name} may not read {ROOT}; check out where everybody can read")
    return user


def become(user) -> list[str]:
    if os.geteuid() == user.pw_uid:
        return ["--inh-caps=-all"]
    return [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def run_as(user, *words: str) -> subprocess.CompletedProcess:
    environment = {"HOME": user.pw_dir, "USER": user.pw_name, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
                   "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(["setpriv", *become(user), sys.executable, "-P", "-m", *words], cwd="/", env=environment,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LONGEST)


@pytest.mark.parametrize("scenario", ["single_computer", "two_computers", "lan"])
def test_an_ordinary_user_runs_a_lab(someone, scenario):
    done = run_as(someone, "scenarios", "run", scenario, "--check")

    assert done.returncode == 0, done.stdout + done.stderr


def test_an_ordinary_user_runs_the_tests_of_a_lab(someone):
    done = run_as(someone, "pytest", "-p", "no:cacheprovider", "--rootdir", str(ROOT),
                  "-c", str(ROOT / "pyproject.toml"), str(ROOT / "tests/emulation/test_lan.py"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_without_user_namespaces_one_line_tells_the_remedy(someone):
    """A seccomp-like refusal, by the kernel's own limit: no user namespaces below this one."""
    limit = "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "
    command = f"{sys.executable} -P -m scenarios run two_computers --check"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    done = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", f"{limit} {command}"],
                          capture_output=True, text=True, env=environment, cwd="/", timeout=LONGEST)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "does not let" in done.stderr
    assert "sudo" in done.stderr
    assert len(done.stderr.splitlines()) == 1
