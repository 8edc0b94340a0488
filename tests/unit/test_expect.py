"""A claim has three outcomes, and says why."""

import pytest

from scenarios.kit.errors import CommandFailed
from scenarios.kit.expect import CannotAsk, Claim, Measured, Outcome, Unmet, claim, claims

NET = object()


def asked(probe, within=0.0):
    return Claim("it is so", probe, within).ask(NET)


def test_a_claim_without_complaint_holds():
    assert asked(lambda net: None).outcome is Outcome.HELD


def test_a_claim_that_does_not_hold_tells_what_was_seen():
    verdict = asked(lambda net: "something else")

    assert (verdict.outcome, verdict.seen) == (Outcome.NOT_HELD, "something else")


@pytest.mark.parametrize("error", [
    CommandFailed("a", ["ping"], 127, "not found"), CannotAsk("no control"), OSError("no such device"),
])
def test_a_probe_that_breaks_proves_nothing(error):
    def probe(net):
        raise error

    assert asked(probe).outcome is Outcome.UNASKED


def test_a_claim_that_rests_on_another_fails_with_it():
    def probe(net):
        Claim("the other", lambda net: "not so", 0).verify(net)

    verdict = asked(probe)

    assert verdict.outcome is Outcome.NOT_HELD
    assert "the other" in verdict.seen


def test_a_claim_is_asked_until_it_holds():
    answers = iter(["not yet", "not yet", None])

    assert asked(lambda net: next(answers), within=5).held


def test_a_bug_in_a_probe_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        asked(lambda net: 1 / 0)


def test_verify_raises_with_sentence_and_sight():
    with pytest.raises(Unmet, match="it is so: not held; the opposite"):
        Claim("it is so", lambda net: "the opposite", 0).verify(NET)


def test_a_family_of_claims_speaks_its_arguments():
    @claims("{src} greets {others} {times} times")
    def greets(net, src, *others, times=2):
        return f"{src} {others} {times}"

    made = greets("a", "b", "c")

    assert str(made) == "a greets b, c 2 times"
    assert made.probe(NET) == "a ('b', 'c') 2"


def test_a_claim_from_a_function():
    @claim("all is well", within=0)
    def well(net):
        return None

    assert isinstance(well, Claim)
    assert well.ask(NET).held


def test_a_figure_is_shown_and_holds():
    verdict = asked(lambda net: Measured("120 ms dark"))

    assert (verdict.outcome, verdict.seen) == (Outcome.HELD, "120 ms dark")
