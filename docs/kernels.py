"""What each kernel can do, asked of `lab doctor` and `lab list` in each place, and where tests ran that some place
skipped; writes the tables in kernels.md.

    .venv/bin/python -m docs.kernels    (.ci/run leaves in reports/ what the VM answered, and which test ran where)
"""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from tests import tiers

HERE = Path(__file__).parent
PAGE = HERE / "kernels.md"
VM = HERE.parent / "reports" / "vm"
QUESTIONS = ("doctor", "list")
PLACES = ("a cloud machine's kernel", "user-mode Linux", "the virtual machine")
IN_UML = "import sys; from scenarios.kit import uml; sys.exit(uml.run(sys.argv[1:]))"
Answers = dict[str, str]  # by capability, or scenario


def main() -> None:
    text = PAGE.read_text()
    for question in QUESTIONS:
        columns = [answers(question, json.loads(place(question))) for place in (here, in_uml)]
        text = replaced(text, question, table([*columns, in_the_vm(question, text)]))
    if all(path.exists() for path in tiers.PLACES.values()):
        text = replaced(text, "tests", table(fates(tiers.outcomes(
            {place: ElementTree.parse(path) for place, path in tiers.PLACES.items()}))))
    text = re.sub(r"(?<=Asked on )[\d-]+", date.today().isoformat(), text)
    PAGE.write_text(text)


def here(question: str) -> str:
    return _output([sys.executable, "-P", "-m", "scenarios", question, "--json"])


def in_uml(question: str) -> str:
    return _output([sys.executable, "-P", "-c", IN_UML, "lab", question, "--json"])


def in_the_vm(question: str, text: str) -> Answers:
    """What the machine said when it last ran; where that is not at hand, what the page says."""
    file = VM / f"{question}.json"
    return answers(question, json.loads(file.read_text())) if file.exists() else last_column(text, question)


def _output(words: list[str]) -> str:
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=HERE.parent).stdout


def answers(question: str, rows: list[dict]) -> Answers:
    """What a place says of each capability or scenario; pure.

    >>> answers("list", [{"name": "lan", "missing": []}, {"name": "radio", "missing": ["6LoWPAN"]}])
    {'`lan`': 'yes', '`radio`': 'lacks 6LoWPAN'}
    """
    if question == "doctor":
        return {row["name"]: "yes" if row["present"] else "no" for row in rows}
    return {f"`{row['name']}`": f"lacks {', '.join(row['missing'])}" if row["missing"] else "yes" for row in rows}


def table(columns: list[Answers]) -> str:
    """Markdown, one column for each place; pure."""
    heads = [["", *PLACES], ["---"] * (len(PLACES) + 1)]
    rows = [[name, *(column.get(name, "not asked") for column in columns)] for name in columns[0]]
    return "".join(f"| {' | '.join(row)} |\n" for row in heads + rows)


def fates(found: tiers.Outcomes) -> list[Answers]:
    """For each place, how those tests fared there that some place has skipped; pure."""
    told = tiers.skipped_somewhere(found)
    return [{f"`{name}`": places.get(place, "") for name, places in told.items()} for place in tiers.PLACES]


def last_column(text: str, question: str) -> Answers:
    """What a page says of the last place; pure."""
    rows = re.search(rf"<!-- {question} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    cells = [line.strip("| ").split(" | ") for line in rows[1].splitlines()] if rows else []
    return {row[0]: row[-1] for row in cells}


def replaced(text: str, name: str, content: str) -> str:
    """A page with what stands between the marks of that name replaced; pure."""
    return re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{content}{found[2]}", text,
                  flags=re.DOTALL)


if __name__ == "__main__":
    main()
