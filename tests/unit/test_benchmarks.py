"""Figures of the benchmarks and the topology they build; nothing runs."""

import pytest

from tests.benchmarks.__main__ import exponent
from tests.benchmarks.campus import Campus, groups
from tests.benchmarks.chart import svg


@pytest.mark.parametrize("n", [4, 10, 64, 128, 256, 1000, 2048])
def test_a_campus_has_all_its_hosts(n):
    assert sum(groups(n)) == n
    assert max(groups(n)) - min(groups(n)) <= 1


@pytest.mark.parametrize(("n", "switches"), [(64, 9), (256, 17), (1024, 33)])
def test_a_campus_is_as_large_as_mininets_tree(n, switches):
    assert len(Campus(n=n).switches()) == switches


def test_what_grows_in_proportion_has_exponent_one():
    assert exponent({64: 1.0, 256: 4.0, 1024: 16.0}) == pytest.approx(1.0)


def test_a_plot_shows_every_curve():
    picture = svg("t", "x", "y", {"ours": [(1, 1), (10, 2)], "stock & co": [(1, 10), (10, 30)]})

    assert picture.count("<polyline") == 2
    assert "stock &amp; co" in picture
