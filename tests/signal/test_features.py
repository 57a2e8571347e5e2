"""FEATURES, over the dict: every measurement has a name and a unit, and stands where it is said to stand."""

import numpy as np
import pytest

from einthoven.signal import typical_beat, waves
from einthoven.signal.features import FEATURES, BeatContext, WindowContext, columns, compute
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import INPUTS, Beats, Preparation, SignalSpec, Span, Tiles, prepare

OF_BEATS = tuple(name for name, known in FEATURES.items() if known.per == "beat")
OF_WINDOWS = tuple(name for name, known in FEATURES.items() if known.per == "window")


@pytest.fixture(scope="module")
def twelve(ecg) -> Span:
    """A minute of twelve leads in mV, with a little noise in each."""
    rng = np.random.default_rng(0)
    shares = np.linspace(0.3, 1.2, 12) * np.where(np.arange(12) % 4 == 3, -1, 1)
    signal = shares[:, None] * ecg[0] + 0.01 * rng.standard_normal((12, len(ecg[0])))
    return Span(signal.astype(np.float32), 360.0, STANDARD, "strip")


@pytest.fixture(scope="module")
def contexts(twelve, ecg):
    """All the beats of the record, and one window of it."""
    prepared = Preparation(SignalSpec(STANDARD, 360.0, scaling="millivolt"), Beats(0.3, 0.5))
    cut = prepare(twelve, prepared, ecg[1])
    scaled, typical = typical_beat.beside_beats(cut.signal, prepared.before, 360.0)
    window = twelve.signal_mv[:, :3600]
    return {
        "beat": BeatContext(scaled, typical, ecg[1] / 360.0, prepared.before, 360.0),
        "window": WindowContext(window, 360.0, waves.SPAN_S, ecg[1][ecg[1] < 3600]),
    }


@pytest.mark.parametrize("name", FEATURES)
def test_every_measurement_has_a_name_and_a_unit(name, contexts, ecg):
    known = FEATURES[name]
    found = known.compute(contexts[known.per])
    n = len(known)
    assert len(known.names) == len(known.units) == n > 0
    assert found.shape == ((len(ecg[1]), n) if known.per == "beat" else (n,))
    assert np.isfinite(found).all()
    assert known.title and all(part.strip() == part and part for part in (*known.names, *known.units))
    assert len(set(known.names)) == n, "a name names one measurement"


def test_they_are_of_beats_or_of_windows_and_all_are_inputs():
    assert {known.per for known in FEATURES.values()} == {"beat", "window"}
    assert ("signal", "beat", "aligned_beat", *FEATURES) == INPUTS


@pytest.mark.parametrize("names", [OF_BEATS, OF_WINDOWS, OF_BEATS[::-1], OF_WINDOWS[1:]])
def test_sets_stand_side_by_side_where_columns_says(names, contexts):
    context = contexts[FEATURES[names[0]].per]
    found = compute(names, context)
    at = columns(names)
    assert list(at) == list(names) and found.dtype == np.float32
    assert found.shape[-1] == sum(len(FEATURES[name]) for name in names) == at[names[-1]].stop
    for name, span in at.items():
        wanted = FEATURES[name].compute(context).astype(np.float32)
        assert span.stop - span.start == len(FEATURES[name])
        np.testing.assert_array_equal(found[..., span], wanted)
    assert columns(()) == {}


def test_through_the_one_door_beats_have_theirs(twelve, ecg, contexts):
    """Times are seconds of the record at its own rate; P waves and likeness are of the first lead."""
    wanted = Preparation(
        SignalSpec(STANDARD[1:3], 360.0, scaling="millivolt"), Beats(0.3, 0.5), ("signal", "beat", *OF_BEATS)
    )
    windows = prepare(twelve, wanted, ecg[1])
    names = [name for part in wanted.feature_sets for name in FEATURES[part].names]
    assert windows.features.shape == (len(ecg[1]), wanted.n_features) == (len(ecg[1]), len(names))
    rr = np.diff(ecg[1] / 360.0)
    np.testing.assert_allclose(windows.features[1:, names.index("RR before")], np.log(rr), atol=1e-5)
    np.testing.assert_allclose(windows.features[:-1, names.index("RR after")], np.log(rr), atol=1e-5)
    from_first = FEATURES["similarity"].compute(
        BeatContext(windows.signal, windows.beat[0], ecg[1] / 360.0, wanted.before, 360.0)
    )
    np.testing.assert_array_equal(windows.features[:, wanted.columns["similarity"]], from_first)


def test_through_the_one_door_windows_have_theirs(twelve):
    """Every ten seconds, a row; its typical beat is the one that was measured."""
    wanted = Preparation(SignalSpec(STANDARD, 100.0, scaling="millivolt"), Tiles(10.0), ("signal", "beat", *OF_WINDOWS))
    windows = prepare(twelve, wanted)
    assert windows.features.shape == (6, wanted.n_features)
    rate = FEATURES["summary"].names.index("beats per second")
    again = FEATURES["rhythm"].names.index("beats per second")
    summary, rhythm = (windows.features[:, wanted.columns[name]] for name in ("summary", "rhythm"))
    np.testing.assert_allclose(summary[:, rate], rhythm[:, again], atol=1e-6)
    assert 1.0 < summary[:, rate].mean() < 1.6
    for row, beat in zip(windows.features, windows.beat, strict=True):
        of_waves = waves.wave_features(beat, 100.0, float(row[wanted.columns["summary"]][0]))
        np.testing.assert_array_equal(row[wanted.columns["waves"]], of_waves)
    alone = prepare(twelve, wanted.with_settings(inputs=("signal", "rhythm")))
    np.testing.assert_array_equal(alone.features, rhythm)
    assert alone.beat is None, "it is found for the measurements, and not kept"
