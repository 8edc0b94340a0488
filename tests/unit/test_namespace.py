"""What a drawing keeps for later, and what is asked of namespaces that do not exist yet; none is made."""

import pytest

from scenarios.kit import namespace
from scenarios.kit.namespace import Namespace, drawing, later


@pytest.fixture
def carried_out(monkeypatch):
    """What would be done in namespaces, in order."""
    done = []
    monkeypatch.setattr(namespace, "courier", lambda _function, visits: done.extend(
        (place.name, item) for place, work in visits for item in work))
    return done


def test_requests_of_a_drawing_wait_for_its_end(carried_out):
    place = Namespace("h1", net=3)

    with drawing():
        place.netlink(b"request")
        assert carried_out == []

    assert carried_out == [("h1", b"request")]


def test_the_labs_own_namespace_comes_first(carried_out):
    with drawing():
        Namespace("h1", net=3).netlink(b"address")
        Namespace.here("lab").netlink(b"cable")

    assert carried_out == [("lab", b"cable"), ("h1", b"address")]


def test_a_drawing_within_a_drawing_is_part_of_it(carried_out):
    place = Namespace("h1", net=3)

    with drawing():
        with drawing():
            place.netlink(b"one")
        assert carried_out == []
        place.netlink(b"two")

    assert carried_out == [("h1", b"one"), ("h1", b"two")]


def test_what_is_left_for_later_comes_after_all_requests(carried_out):
    with drawing():
        later(lambda: carried_out.append("later"))
        Namespace("h1", net=3).netlink(b"request")

    assert carried_out == [("h1", b"request"), "later"]


def test_a_drawing_that_fails_is_forgotten(carried_out):
    def fails():
        with drawing():
            Namespace("h1", net=3).netlink(b"request")
            later(lambda: carried_out.append("later"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    later(lambda: carried_out.append("now"))
    assert carried_out == ["now"]
