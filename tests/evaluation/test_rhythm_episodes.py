"""Episodes are scored by time, and as pairs that overlap."""

import math

import pytest

from einthoven.evaluation.rhythm_episodes import scored


def test_durations_and_burden():
    found = scored([(0.0, 100.0), (300.0, 400.0)], [(50.0, 150.0)], 1000.0)
    assert found.burden == (0.2, 0.1)
    assert found.sensitivity == pytest.approx(0.25) and found.positive_predictivity == pytest.approx(0.5)


def test_an_episode_counts_where_another_overlaps_it_and_is_long_enough():
    found = scored(
        [(0.0, 100.0), (300.0, 400.0), (500.0, 510.0)], [(90.0, 95.0), (600.0, 700.0), (398.0, 460.0)], 1000.0, 30.0
    )
    assert (found.n_true, found.n_true_found) == (2, 2)
    assert (found.n_found, found.n_found_true) == (2, 1)
    assert scored([(500.0, 510.0)], [], 1000.0, 10.0).n_true == 1


def test_nothing_is_no_share():
    found = scored([], [], 60.0)
    assert math.isnan(found.sensitivity) and math.isnan(found.positive_predictivity) and found.burden == (0.0, 0.0)


def test_touching_is_no_overlap():
    found = scored([(0.0, 50.0)], [(50.0, 100.0)], 100.0)
    assert (found.n_true_found, found.n_found_true, found.both_s) == (0, 0, 0.0)
