"""Mininet's own tests pass with our classes in the place of Mininet's.

They need a checkout of Mininet 2.3.0, which is not ours to keep here: ``tests/upstream/fetch DIRECTORY`` gets Debian's,
or take https://github.com/mininet/mininet; then ``MININET_CHECKOUT=DIRECTORY ./lab test tests/upstream``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = os.environ.get("MININET_CHECKOUT")
FOLDERS = {  # those that are not here do nothing but measure rates and loads, or run on several machines
    "mininet/test": ("hifi", "nets", "ptyleak", "switchdpidassignment", "util", "walkthrough"),
    "examples/test": ("baresshd", "bind", "controllers", "controlnet", "cpu", "emptynet", "hwintf", "intfoptions",
                      "limit", "linuxrouter", "mobility", "multilink", "multiping", "multipoll", "multitest", "nat",
                      "natnet", "numberedports", "popen", "scratchnet", "simpleperf", "sshd", "tree1024", "treeping64",
                      "vlanhost"),
}
FILES = [f"{folder}/test_{name}.py" for folder, names in FOLDERS.items() for name in names]
LONGEST = 600  # seconds


@pytest.mark.skipif(not CHECKOUT, reason="MININET_CHECKOUT names no checkout of Mininet")
@pytest.mark.parametrize("file", FILES)
def test_mininets_own_tests_pass(file):
    found = results(Path(CHECKOUT), file)

    assert found
    assert [one for one in found if one["outcome"] == "failed"] == []
    if all(one["outcome"] == "skipped" for one in found):
        pytest.skip("; ".join(sorted({one["said"] for one in found})))


def results(checkout: Path, file: str) -> list[dict[str, str]]:
    done = subprocess.run([sys.executable, "-m", "tests.upstream.inside", checkout, checkout / file],
                          capture_output=True, text=True, timeout=LONGEST)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"test"')]
