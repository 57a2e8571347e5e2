"""Heart rate variability is that of normal beats alone, and refused where there are too few."""

import numpy as np
import pytest

from einthoven.interpretation.rate import rate_of
from einthoven.interpretation.variability import variability_of


def chain(rr_s):
    times_s = np.concatenate(([0.0], np.cumsum(rr_s)))
    follows = np.ones(len(times_s), bool)
    follows[0] = False
    return times_s, follows


@pytest.fixture(scope="module")
def hour():
    rng = np.random.default_rng(0)
    return 0.8 + 0.05 * rng.standard_normal(5000) + 0.05 * np.sin(np.arange(5000) / 400)


def test_measures_are_those_of_the_task_force(hour):
    times_s, follows = chain(hour)
    found = variability_of(times_s, np.ones(len(times_s), bool), follows, False)
    assert found.sdnn_ms == pytest.approx(1000 * np.std(hour, ddof=1))
    assert found.rmssd_ms == pytest.approx(1000 * np.sqrt(np.mean(np.diff(hour) ** 2)))
    assert found.pnn50 == pytest.approx(np.mean(np.abs(np.diff(hour)) > 0.05))
    assert found.sdann_ms < found.sdnn_ms and found.n == 5000


def test_an_ectopic_beat_takes_both_its_intervals_out(hour):
    times_s, follows = chain(hour)
    normal = np.ones(len(times_s), bool)
    normal[100] = False
    times_s[100] -= 0.3
    found = variability_of(times_s, normal, follows, False)
    kept = np.delete(hour, [99, 100])
    assert found.sdnn_ms == pytest.approx(1000 * np.std(kept, ddof=1)) and found.n == 4998
    steps = np.delete(np.diff(hour), [98, 99, 100])
    assert found.rmssd_ms == pytest.approx(1000 * np.sqrt(np.mean(steps**2)))


@pytest.mark.parametrize(
    ("n", "share", "irregular", "reason"),
    [(300, 1.0, False, "300.00 s are needed"), (5000, 0.5, False, "80%"), (5000, 1.0, True, "fibrillation")],
)
def test_too_few_normal_beats_are_refused(hour, n, share, irregular, reason):
    times_s, follows = chain(hour[:n])
    normal = np.random.default_rng(1).random(n + 1) < share
    found = variability_of(times_s, normal, follows, irregular)
    assert found.sdnn_ms is None and found.pnn50 is None and reason.replace("300.00", "300") in found.reason


def test_the_rate_is_of_beats_that_follow_each_other():
    times_s, follows = chain(np.concatenate((np.full(20, 1.0), np.full(20, 0.5))))
    rate = rate_of(times_s, follows)
    assert (rate.min, rate.max, rate.n) == (pytest.approx(60), pytest.approx(120), 40)
    assert rate.mean == pytest.approx(80)
    follows[25] = False
    assert rate_of(times_s, follows).n == 39
    assert rate_of(times_s[:1], follows[:1]) is None
