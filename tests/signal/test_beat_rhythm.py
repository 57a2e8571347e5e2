"""The rhythm around a beat: what leaves its measurements as they are, and what they must see."""

import numpy as np
import pytest

from einthoven.signal.beat_rhythm import (
    P_WAVE_NAMES,
    RR_NAMES,
    SIMILARITY_NAMES,
    _running_median,
    p_wave_features,
    rr_features,
    similarity_features,
)

FS_HZ = 180.0
BEFORE = 54
RNG = np.random.default_rng(0)


def column(name: str) -> int:
    return RR_NAMES.index(name)


def beats_of(intervals_s):
    return np.cumsum(intervals_s)


def test_a_steady_rhythm_is_zero_against_itself():
    numbers = rr_features(beats_of(np.full(100, 0.8)))
    assert numbers.shape == (100, len(RR_NAMES))
    against_itself = [at for at, name in enumerate(RR_NAMES) if "against" in name]
    assert len(against_itself) == 28
    np.testing.assert_allclose(numbers[:, against_itself], 0, atol=1e-5)
    np.testing.assert_allclose(numbers[:, column("RR before")], np.log(0.8), atol=1e-5)


def test_an_early_beat_stands_out_at_any_heart_rate():
    for rate_s in (0.5, 0.8, 1.1):
        intervals = np.full(100, rate_s)
        intervals[50], intervals[51] = 0.6 * rate_s, 1.4 * rate_s
        found = rr_features(beats_of(intervals))
        early = found[:, column("RR before against the median of 41 beats")]
        assert early.argmin() == 50
        assert early[50] == pytest.approx(np.log(0.6), abs=1e-5)
        late = found[:, column("RR after against the median of 41 beats")]
        assert late.argmax() == 50 and late[50] == pytest.approx(np.log(1.4), abs=1e-5)
        neighbour = found[:, column("RR of beat +1 against the median of 41 beats")]
        assert neighbour.argmin() == 49, "it is the next beat of the one ahead"


def test_a_faster_clock_changes_only_what_is_absolute():
    intervals = 0.8 + 0.05 * RNG.standard_normal(200)
    slow, fast = rr_features(beats_of(intervals)), rr_features(beats_of(0.8 * intervals))
    changed = np.flatnonzero(np.abs(slow - fast).max(axis=0) > 1e-4)
    assert {RR_NAMES[at] for at in changed} == {"RR before", "RR after"}


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_beats(n):
    lead = RNG.standard_normal((n, 144)).astype(np.float32)
    for found, names in (
        (rr_features(np.arange(n) * 0.8), RR_NAMES),
        (p_wave_features(lead, np.hanning(144), BEFORE, FS_HZ), P_WAVE_NAMES),
        (similarity_features(lead, BEFORE, FS_HZ), SIMILARITY_NAMES),
    ):
        assert found.shape == (n, len(names)) and found.dtype == np.float32
        assert np.isfinite(found).all()
        assert n > 1 or not found.any()


def test_an_odd_beat_resembles_no_neighbour():
    lead = np.tile(np.hanning(144), (40, 1)) + 0.01 * RNG.standard_normal((40, 144))
    lead[20] = -np.hanning(144)
    numbers = similarity_features(lead, BEFORE, FS_HZ)
    assert numbers.shape == (40, len(SIMILARITY_NAMES))
    assert numbers[20].max() < -0.9
    assert np.median(numbers[10]) > 0.95
    before = SIMILARITY_NAMES.index("correlation of the QRS complex with that of beat -1")
    assert numbers[21, before] < -0.9 < 0.9 < numbers[20 + 2, before]


def test_p_waves_are_alike_where_they_are_there():
    """In fibrillation there are none: what lies there resembles the typical P wave by chance."""
    p_wave = np.zeros(144)
    p_wave[10:30] = 0.2 * np.hanning(20)
    noise = 0.02 * RNG.standard_normal((100, 144))
    there, away = (p_wave_features(noise + wave, p_wave, BEFORE, FS_HZ) for wave in (p_wave, 0.0))
    assert there[:, 0].min() > 0.85 > 0.3 > np.abs(away[:, 0]).max()
    assert there[:, 1].max() < 0.03 < 0.05 < away[:, 1].min()


@pytest.mark.parametrize("n", [1, 5, 300])
@pytest.mark.parametrize("size", [11, 41, 121])
def test_the_running_median_is_that_of_scipy(n, size):
    from scipy.ndimage import median_filter

    values = np.random.default_rng(1).standard_normal(n)
    np.testing.assert_array_equal(_running_median(values, size), median_filter(values, size, mode="nearest"))
