"""What every place skips is found, and what one of them runs is not complained of."""

from xml.etree import ElementTree

from tests.tiers import outcomes, skipped_everywhere, skipped_somewhere


def report(**cases: str | None) -> ElementTree.ElementTree:
    """A JUnit report of tests by name, each with the reason why it was skipped."""
    root = ElementTree.Element("testsuite")
    for name, why in cases.items():
        case = ElementTree.SubElement(root, "testcase", classname="tests.radio", name=name)
        if why:
            ElementTree.SubElement(case, "skipped", type="pytest.skip", message=why)
    return ElementTree.ElementTree(root)


def test_what_one_place_skips_and_another_runs_is_well():
    found = outcomes({"native": report(a="no radio", b=None), "vm": report(a=None)})

    assert skipped_everywhere(found) == {}
    assert skipped_somewhere(found) == {"tests.radio::a": {"native": "skipped", "vm": "ran"}}


def test_what_every_place_skips_is_named_with_its_reason():
    found = outcomes({"native": report(a="no radio"), "uml": report(a="no radio either"), "vm": report(b=None)})

    assert skipped_everywhere(found) == {"tests.radio::a": "no radio"}


def test_a_failure_is_no_skip():
    failed = report(a=None)
    ElementTree.SubElement(failed.getroot()[0], "failure", message="no answer")

    assert skipped_everywhere(outcomes({"native": failed})) == {}
