"""Which test ran in which place: what one place skips, another must run.

    python -m tests.tiers [--but PACKAGE]

Reads the JUnit reports that .ci/run leaves in reports/. Exit code 1, with names and reasons, when there are tests that
every place has skipped; those of PACKAGE are only counted.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

REPORTS = Path(__file__).parents[1] / "reports"
PLACES = {"native": REPORTS / "native.xml", "uml": REPORTS / "uml.xml", "vm": REPORTS / "vm" / "junit.xml"}
RAN = ""
Outcomes = dict[str, dict[str, str]]  # by test, by place: why it was skipped, or RAN


def main() -> int:
    parser = argparse.ArgumentParser(description="Fails when there are tests that every place has skipped.")
    parser.add_argument("--but", metavar="PACKAGE", help="its tests need not run, such as tests.upstream")
    but = parser.parse_args().but
    absent = [str(path) for path in PLACES.values() if not path.exists()]
    if absent:
        print(f"no report: {', '.join(absent)}; .ci/run native uml vm makes them", file=sys.stderr)
        return 2
    found = outcomes({place: ElementTree.parse(path) for place, path in PLACES.items()})
    nowhere = skipped_everywhere(found)
    excused = {name for name in nowhere if but and name.startswith(f"{but}.")}
    missing = {name: why for name, why in nowhere.items() if name not in excused}
    print("\n".join([*counts(found), *(f"nowhere: {name}: {why}" for name, why in missing.items())]))
    if excused:
        print(f"nowhere, and excused: {len(excused)} of {but}: {nowhere[min(excused)]}")
    return int(bool(missing))


def outcomes(reports: Mapping[str, ElementTree.ElementTree]) -> Outcomes:
    """What became of each test in each place that had it; pure."""
    found: Outcomes = defaultdict(dict)
    for place, report in reports.items():
        for case in report.iter("testcase"):
            skip = case.find("skipped[@type='pytest.skip']")
            why = RAN if skip is None else skip.get("message", "for no reason")
            found[f"{case.get('classname')}::{case.get('name')}"][place] = why
    return dict(found)


def skipped_everywhere(found: Outcomes) -> dict[str, str]:
    """The tests that no place has run, with a reason each; pure."""
    return {name: next(iter(places.values())) for name, places in found.items() if RAN not in places.values()}


def skipped_somewhere(found: Outcomes) -> dict[str, dict[str, str]]:
    """The tests that some place has skipped: by function, how each place fared; pure.

    >>> skipped_somewhere({"t::f[1]": {"native": "no radio", "vm": ""}, "t::g": {"native": ""}})
    {'t::f': {'native': 'skipped', 'vm': 'ran'}}
    """
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for name, places in found.items():
        if any(places.values()):
            told[name.partition("[")[0]] |= {place: "skipped" if why else "ran" for place, why in places.items()}
    return dict(told)


def counts(found: Outcomes) -> Iterable[str]:
    for place in PLACES:
        here = [outcomes[place] for outcomes in found.values() if place in outcomes]
        yield f"{place}: {here.count(RAN)} ran, {len(here) - here.count(RAN)} skipped"


if __name__ == "__main__":
    sys.exit(main())
