"""A second terminal does with a lab in user-mode Linux what it does with any: the very same tests."""

import pytest

from scenarios.kit import uml
from tests.host.conftest import terminal  # noqa: F401
from tests.host.test_hands_on import (  # noqa: F401
    held,
    test_a_drawing_marks_what_is_not_as_drawn,
    test_break_find_and_mend_by_hand,
    test_diagnose_finds_nothing_and_then_the_broken_layer,
    test_everything_at_once_is_captured_with_the_names_of_interfaces,
    test_show_as_text_and_for_programs,
    test_trace_tells_hops_and_reasons,
    test_watch_counts_what_crosses,
    test_what_was_drawn_by_lot_stays_a_secret_until_it_is_solved,
)

pytestmark = pytest.mark.skipif(uml.inside() or not uml.present(), reason="needs user-mode-linux, and to be outside it")


@pytest.fixture
def two(terminal):  # noqa: F811
    with held(terminal, "two_computers", "--kernel", "uml") as name:
        yield name
