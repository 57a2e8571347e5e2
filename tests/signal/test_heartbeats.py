import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import RecordUnreadable
from einthoven.signal import heartbeats
from einthoven.signal.windows import around_beats, tile
from tests.conftest import beats_and_symbols, synthetic_ecg

POSITIONS = st.lists(st.integers(0, 5000), unique=True, max_size=40).map(
    lambda found: np.array(sorted(found), np.int64)
)


@pytest.fixture(scope="module")
def regular():
    rng = np.random.default_rng(3)
    beats, symbols = beats_and_symbols(60 * 360, 360, rng, "N")
    return synthetic_ecg(beats, symbols, 60 * 360, 360, rng)[0], beats


def test_beats_are_found(regular):
    lead, beats = regular
    matching = heartbeats.match(beats, heartbeats.find(lead, 360), 360, 50)
    assert matching.sensitivity > 0.97
    assert matching.positive_predictivity > 0.97


def test_an_inverted_lead_gives_the_same_beats(regular):
    lead, _ = regular
    assert heartbeats.match(heartbeats.find(lead, 360), heartbeats.find(-lead, 360), 360, 30).sensitivity > 0.97


def test_nothing_beats_in_a_flat_or_short_lead():
    assert len(heartbeats.find(np.zeros(3600), 360)) == 0
    assert len(heartbeats.find(np.ones(10), 360)) == 0


@pytest.mark.parametrize("shape", [(3600, 1), (1800, 2), (2, 2, 1800), ()])
def test_anything_but_leads_by_samples_is_refused(shape):
    with pytest.raises(RecordUnreadable, match="found in leads by samples") as refused:
        heartbeats.find(np.zeros(shape), 360)
    assert refused.value.found == f"an array of shape {shape}"


@given(POSITIONS, POSITIONS)
def test_matching_counts_everything_once(reference, test):
    got = heartbeats.match(reference, test, 100)
    assert sorted([*got.pairs[:, 0], *got.missed]) == list(range(len(reference)))
    assert sorted([*got.pairs[:, 1], *got.extra]) == list(range(len(test)))
    if len(got.pairs):
        assert np.abs(reference[got.pairs[:, 0]] - test[got.pairs[:, 1]]).max() <= 15


@given(POSITIONS)
def test_a_list_matches_itself(beats):
    got = heartbeats.match(beats, beats, 100)
    assert len(got.pairs) == len(beats)


def test_matching_agrees_with_wfdb(ecg):
    """wfdb's comparitor counts matches of the same two lists within the same window."""
    from wfdb.processing import compare_annotations

    _, beats = ecg
    rng = np.random.default_rng(0)
    shifted = np.unique(beats[rng.random(len(beats)) > 0.1] + rng.integers(-40, 40))
    ours, theirs = heartbeats.match(beats, shifted, 360), compare_annotations(beats, shifted, 54)
    assert (len(ours.pairs), len(ours.missed), len(ours.extra)) == (theirs.tp, theirs.fn, theirs.fp)


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 60))
def test_tiles_cover_the_signal(n_samples, window, step):
    starts = tile(n_samples, window, step)
    if n_samples < window:
        assert len(starts) == 0
        return
    assert starts[0] == 0
    assert starts[-1] + window == n_samples
    assert (np.diff(starts) > 0).all()
    if step <= window:
        assert np.diff(starts).max(initial=0) <= window


@given(st.integers(0, 49), st.integers(0, 60), st.integers(1, 60))
def test_a_window_holds_the_samples_around_its_beat(beat, before, after):
    signal = np.arange(50.0)[None]
    got = around_beats(signal, np.array([beat]), before, after)[0, 0]
    np.testing.assert_array_equal(got, np.clip(np.arange(beat - before, beat + after), 0, 49))


@pytest.mark.parametrize("tolerance_ms", [0.0, 150.0])
def test_the_tolerance_is_inclusive(tolerance_ms):
    reach = round(tolerance_ms / 1000 * 100)
    assert len(heartbeats.match(np.array([500]), np.array([500 + reach]), 100, tolerance_ms).pairs) == 1
    assert len(heartbeats.match(np.array([500]), np.array([501 + reach]), 100, tolerance_ms).pairs) == 0
