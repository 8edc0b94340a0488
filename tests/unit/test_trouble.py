"""Breaking a lab on purpose: one fault at a time, drawn or named; told step by step; over when it is truly mended."""

from functools import partial

import pytest

from scenarios.kit.errors import LabError, NoSuchThing
from scenarios.kit.expect import Claim
from scenarios.kit.faults import Fault
from scenarios.kit.quoting import quote
from scenarios.kit.trouble import NothingBroken, Trouble, drawn

HINTS = ("first", "second", "third")


class World:
    """A network of switches to be flipped."""

    def __init__(self):
        self.broken = set()


def fault(name):
    return Fault(name, f"{name} is off", inject=lambda world: world.broken.add(name),
                 repair=lambda world: world.broken.discard(name), injected=lambda world: name in world.broken,
                 breaks=[name], hints=HINTS, layer="link")


class Lesson:
    name = "lesson"
    faults = [fault("lamp"), fault("radio"), fault("clock")]
    claims = [Claim(f"the {name} works", lambda world, name=name: "no" if name in world.broken else None, 0)
              for name in ("lamp", "radio", "clock")]

    def ask(self, world):
        return [claim.ask(world) for claim in self.claims]


@pytest.fixture
def trouble():
    return Trouble("lab", Lesson(), World())


def progress(trouble):
    return trouble.progress(trouble.scenario.ask(trouble.net))


def test_a_named_fault_is_no_secret_and_a_drawn_one_is(trouble):
    assert not trouble.inject("lamp").secret
    trouble.restore()
    assert trouble.inject(seed=1).secret


def test_what_was_restored_is_given_the_time_to_work_again(trouble):
    """A tunnel has to be called anew: the lamp is warm only when it was looked at three times."""
    cold = []
    warm = Claim("the lamp is warm", lambda world: cold.pop() if cold else None, 0)
    trouble.scenario = type("Slow", (Lesson,), {"claims": [*Lesson.claims, warm]})()
    trouble.inject("lamp")
    cold.extend(["cold"] * 3)

    trouble.restore()

    assert [str(verdict) for verdict in trouble.scenario.ask(trouble.net) if not verdict.held] == []


def test_the_same_seed_draws_the_same_fault_and_every_fault_can_be_drawn(trouble):
    lots = [drawn(trouble.scenario, seed).name for seed in range(50)]

    assert lots == [drawn(trouble.scenario, seed).name for seed in range(50)]
    assert set(lots) == {"lamp", "radio", "clock"}


def test_one_fault_at_a_time(trouble):
    trouble.inject("lamp")

    with pytest.raises(LabError, match="broken already"):
        trouble.inject("radio")


def test_an_unknown_fault(trouble):
    with pytest.raises(NoSuchThing, match="there are: clock, lamp, radio"):
        trouble.inject("kettle")


def test_a_fault_that_the_network_does_not_show_is_told_as_such(trouble, monkeypatch):
    monkeypatch.setattr("scenarios.kit.trouble.SHOWING", 0)
    dud = Fault("dud", "", inject=lambda world: None, repair=lambda world: None, injected=lambda world: False,
                breaks=[], hints=HINTS)
    monkeypatch.setattr(Lesson, "faults", [dud])

    with pytest.raises(LabError, match="could not be injected"):
        trouble.inject("dud")
    assert trouble.search is None


def test_hints_come_one_by_one_and_the_last_stays(trouble):
    trouble.inject("lamp")

    assert [trouble.hint() for _ in range(4)] == [(1, "first"), (2, "second"), (3, "third"), (3, "third")]


@pytest.mark.parametrize("what", ["hint", "solve", "restore", "current"])
def test_there_is_nothing_to_tell_while_nothing_is_broken(trouble, what):
    with pytest.raises(NothingBroken, match="nothing is broken in lab"):
        getattr(trouble, what)()


def test_it_is_fixed_when_the_claims_hold_and_the_cause_is_gone(trouble):
    trouble.inject("lamp")
    assert not progress(trouble)["fixed"]

    trouble.net.broken.clear()
    assert progress(trouble)["fixed"]
    assert trouble.search is None


def test_something_else_being_wrong_is_not_fixed(trouble):
    trouble.inject("lamp")
    trouble.net.broken = {"radio"}

    told = progress(trouble)

    assert (told["fixed"], told["cause gone"], told["held"]) == (False, True, False)


def test_claims_that_hold_while_the_cause_is_there_are_not_fixed(trouble):
    trouble.inject("lamp")
    told = trouble.progress([claim.ask(World()) for claim in trouble.scenario.claims])

    assert (told["fixed"], told["cause gone"], told["held"]) == (False, False, True)


def test_progress_gives_nothing_away(trouble):
    trouble.inject("radio")

    assert "radio" not in str(progress(trouble))


def test_solving_tells_all(trouble):
    trouble.inject("radio")

    told = trouble.solve()

    assert (told["name"], told["breaks"], told["hints"]) == ("radio", ["the radio works"], list(HINTS))
    assert told["repair"] == "world.broken.discard('radio')"


def test_restoring_mends(trouble):
    trouble.inject("clock")
    trouble.restore()

    assert trouble.net.broken == set()
    assert trouble.search is None


def test_a_repair_that_does_not_help_is_told(trouble, monkeypatch):
    trouble.inject("clock")
    monkeypatch.setattr(trouble.net, "broken", frozenset({"clock"}), raising=False)
    trouble.search.fault = Fault("stuck", "", inject=print, repair=lambda world: None, injected=lambda world: True,
                                 breaks=[], hints=HINTS)

    with pytest.raises(LabError, match="the repair did not help"):
        trouble.restore()


def test_two_lambdas_on_a_line_are_told_apart():
    first, second = (lambda net: net.first()), (lambda net: net.second())

    assert (quote(first), quote(second)) == ("net.first()", "net.second()")


def test_what_is_no_lambda_is_quoted_by_its_name():
    assert quote(partial(progress, None)) == "progress"
    assert quote(len) == "len"
