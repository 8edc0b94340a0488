"""The benchmark runs, and writes what it says it writes; how fast anything is, no test asserts."""

import json
import subprocess
import sys


def test_the_short_form_compares_all_contenders(tmp_path):
    subprocess.run([sys.executable, "-m", "tests.benchmarks", "--short", "--out", tmp_path], check=True, timeout=300,
                   capture_output=True)

    facts = json.loads((tmp_path / "figures.json").read_text())
    assert set(facts["compared"]["campus 4"]) == {"ours", "stock", "bare"}
    assert facts["compared"]["pairs 4"]["ours"]["lost"] == 0
    assert facts["compared"]["connect 2"]["ours"]["everybody"]
    assert "<polyline" in (tmp_path / "growth.svg").read_text()
