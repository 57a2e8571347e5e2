"""The pattern of intervals around a beat: against a plain count, and what leaves it as it is."""

import numpy as np
import pytest

from einthoven.signal.beat_patterns import NAMES, UNITS, pattern_features

RNG = np.random.default_rng(0)


def column(found, name: str):
    return found[:, NAMES.index(name)]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_beats(n):
    found = pattern_features(np.arange(n) * 0.8)
    assert found.shape == (n, len(NAMES)) and found.dtype == np.float32
    assert np.isfinite(found).all() and (n > 2 or not found.any())


def test_names_and_units_pair():
    assert len(NAMES) == len(UNITS) == len(set(NAMES))


def test_a_slower_heart_with_the_same_pattern_is_the_same():
    intervals = 0.6 * np.exp(0.1 * RNG.standard_normal(150))
    np.testing.assert_allclose(
        pattern_features(np.cumsum(intervals)), pattern_features(1.7 * np.cumsum(intervals)), atol=2e-4
    )


def test_bigeminy_is_periodic_by_two_beats_and_trigeminy_by_three():
    two, three = np.tile([0.5, 1.1], 100), np.tile([0.5, 1.1, 0.8], 70)
    for intervals, lag in ((two, 2), (three, 3)):
        found = pattern_features(np.cumsum(intervals))
        by_lag = {at: column(found, f"autocorrelation of RR of 61 beats, lag {at}")[100] for at in (1, 2, 3)}
        assert max(by_lag, key=by_lag.get) == lag and by_lag[lag] > 0.9


def test_a_run_of_early_beats_is_counted_from_both_ends():
    intervals = np.full(120, 0.9)
    intervals[50:55] = 0.5
    intervals[55] = 1.3
    found = pattern_features(np.cumsum(intervals))
    before, after = (
        column(found, "early beats in a row before this beat"),
        column(found, "early beats in a row after this beat"),
    )
    np.testing.assert_array_equal(before[49:57], [0, 0, 1, 2, 3, 4, 5, 0])
    np.testing.assert_array_equal(after[48:56], [0, 5, 4, 3, 2, 1, 0, 0])
    assert column(found, "beats since a pause")[55] == 0 and column(found, "beats since a pause")[60] == 5
    assert column(found, "beats until a sudden early beat")[40] == 10
    assert column(found, "beats since a pause")[10] == 50, "the farthest that counts"


def test_shares_and_quantiles_are_those_of_a_plain_count():
    beats_s = np.cumsum(0.8 * np.exp(0.15 * RNG.standard_normal(300)))
    found = pattern_features(beats_s)
    rr = np.log(np.append(np.median(np.diff(beats_s)), np.diff(beats_s)))
    for at in (40, 150, 250):
        near = rr[at - 30 : at + 31]
        alike = np.mean([abs(one - rr[at]) < 0.04 for one in near])
        assert column(found, "share of 61 beats with an RR like this one")[at] == pytest.approx(alike, abs=1e-6)
        slow = column(found, "RR before against the 90 quantile of 61 beats")[at]
        assert slow == pytest.approx(rr[at] - np.percentile(near, 90), abs=1e-5)


def test_blocks_of_beats_do_not_show(monkeypatch):
    beats_s = np.cumsum(0.8 * np.exp(0.15 * RNG.standard_normal(400)))
    whole = pattern_features(beats_s)
    monkeypatch.setattr("einthoven.signal.beat_patterns._BLOCK", 64)
    np.testing.assert_array_equal(pattern_features(beats_s), whole)
