"""The lab as its user meets it: from outside, by its command line, as processes of their own."""

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from scenarios.kit import waiting

ROOT = Path(__file__).parents[2]
LONGEST = 120  # seconds


@dataclass
class Terminal:
    """A shell of its own: home, working directory, and a mark by which its processes are known."""

    home: Path
    mark: str

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "scenarios", *words]

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        return {**os.environ, "HOME": str(self.home), "LAB_TEST_MARK": self.mark, "PYTHONPATH": path,
                "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, *words: str, **options) -> subprocess.Popen:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen(self.command(*words), cwd=self.home, env=self.environment(),
                                stdin=subprocess.DEVNULL, **options)

    def lab(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*words), cwd=self.home, env=self.environment(), text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=LONGEST)

    def processes(self) -> list[int]:
        """Every process that carries the mark."""
        mark = f"LAB_TEST_MARK={self.mark}".encode()
        return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and mark in environ(each)]

    def wait_until_up(self, name: str) -> None:
        waiting.until(lambda: f"{name} " in self.lab("ps").stdout, LONGEST, f"{name} to be up")

    def wait_until_gone(self) -> None:
        waiting.until(lambda: not self.processes(), 5, f"processes {self.processes()} to go")


def environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def terminal(tmp_path):
    one = Terminal(tmp_path, uuid.uuid4().hex)
    yield one
    for process in one.processes():
        try:
            os.kill(process, 9)
        except ProcessLookupError:
            pass
