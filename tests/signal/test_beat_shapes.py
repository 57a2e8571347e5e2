"""The shape of a beat and the beats that look like it: a mark moved, a beat of another shape, many beats."""

import numpy as np
import pytest

from einthoven.signal import beat_likeness, beat_shapes
from einthoven.signal.beat_likeness import AVERAGED, LEVELS, alike, likeness_features
from einthoven.signal.beat_shapes import NAMES, SPAN_S, centred, shape_features

FS_HZ, BEFORE, N = 128.0, 50, 130
RNG = np.random.default_rng(0)
TIME_S = (np.arange(N) - BEFORE) / FS_HZ


def narrow(at_s: float = 0.0) -> np.ndarray:
    t = TIME_S - at_s
    return (
        np.exp(-((t / 0.015) ** 2))
        + 0.15 * np.exp(-(((t + 0.16) / 0.025) ** 2))
        + 0.3 * np.exp(-(((t - 0.28) / 0.05) ** 2))
    )


def wide() -> np.ndarray:
    return 1.3 * np.exp(-((TIME_S / 0.05) ** 2)) - 0.5 * np.exp(-(((TIME_S - 0.25) / 0.06) ** 2))


def record(n: int = 60, odd: int | None = 30) -> np.ndarray:
    """Beats [n, 1, samples], one of them wide."""
    beats = np.tile(narrow(), (n, 1)) + 0.01 * RNG.standard_normal((n, N))
    if odd is not None:
        beats[odd] = wide()
    return beats[:, None].astype(np.float32)


def measured(beats):
    return shape_features(centred(beats, BEFORE, FS_HZ)[:, 0], FS_HZ)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_beats(n):
    found = measured(record(n, None))
    assert found.shape == (n, len(NAMES)) and found.dtype == np.float32 and np.isfinite(found).all()
    assert n > 1 or not found.any()


def test_it_does_not_matter_where_in_the_complex_the_mark_is():
    clean = np.stack([narrow()] * 30)[:, None].astype(np.float32)
    moved = np.stack([narrow(at) for at in RNG.integers(-6, 7, 30) / FS_HZ])[:, None].astype(np.float32)
    np.testing.assert_allclose(centred(moved, BEFORE, FS_HZ), centred(clean, BEFORE, FS_HZ), atol=1e-3)
    assert centred(moved, BEFORE, FS_HZ).shape[2] == sum(round(span * FS_HZ) for span in SPAN_S)


def test_gain_and_offset_do_not_show():
    beats = record()
    np.testing.assert_allclose(measured(3 * beats + 1), measured(beats), rtol=2e-3, atol=5e-3)


def test_a_wide_beat_stands_out_and_is_told_to_its_neighbours():
    found = measured(record())
    at = {name: NAMES.index(name) for name in NAMES}
    assert found[:, at["width of the QRS complex against the median"]].argmax() == 30
    assert found[:, at["correlation of the QRS complex with the typical one"]].argmin() == 30
    assert found[:, at["highest point after the QRS complex"]].argmin() == 30
    assert found[31, at["width of the QRS complex against the median, of beat -1"]] == pytest.approx(
        found[30, at["width of the QRS complex against the median"]]
    )
    assert found[29, at["correlation of the QRS complex with that of beat +1"]] < 0.9
    assert found[10, at["width of the QRS complex"]] < 0.06 < found[30, at["width of the QRS complex"]]


def test_blocks_of_beats_do_not_show(monkeypatch):
    beats = record(80)
    whole = measured(beats)
    monkeypatch.setattr(beat_shapes, "_BLOCK", 7)
    np.testing.assert_array_equal(measured(beats), whole)


def test_alike_beats_share_their_mean():
    beats = record(60, None)
    beats[::3, 0] = wide()
    averaged = np.zeros((60, len(AVERAGED)), np.float32)
    averaged[::3, 0] = np.linspace(-1, 0, 20)
    found = likeness_features(centred(beats, BEFORE, FS_HZ), averaged, FS_HZ)
    np.testing.assert_allclose(found[::3, 0], 1 / 3, atol=1e-6)
    np.testing.assert_allclose(found[::3, 1], -0.5, atol=1e-5)
    np.testing.assert_allclose(found[1::3, 1], 0, atol=1e-6)


def test_a_long_recording_is_compared_in_parts(monkeypatch):
    beats = centred(record(60), BEFORE, FS_HZ)
    monkeypatch.setattr(beat_likeness, "_PART", 25)
    parts = list(alike(beats, FS_HZ))
    assert [(here.start, here.stop) for here, _ in parts] == [(0, 20), (20, 40), (40, 60)]
    assert all(matrix.shape == (20, 20) for _, matrix in parts)
    found = likeness_features(beats, np.zeros((60, len(AVERAGED))), FS_HZ)
    assert found[30, 0] == pytest.approx(1 / 20) and found[0, 0] == 1.0
    assert len(LEVELS) * (1 + len(AVERAGED)) == found.shape[1]


def test_a_flat_lead_gives_numbers():
    beats = np.zeros((10, 2, N), np.float32)
    assert np.isfinite(measured(beats)).all()
    assert np.isfinite(likeness_features(centred(beats, BEFORE, FS_HZ), np.zeros((10, 7)), FS_HZ)).all()


@pytest.mark.parametrize("n", [2, 20, 400])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_medians_of_near_beats_are_the_same_with_and_without_compiled_parts(n, kind, monkeypatch):
    beats = np.random.default_rng(n).standard_normal((n, 9)).astype(kind)
    compiled = beat_shapes._local(beats)
    assert compiled.dtype == kind
    around = [beats[np.clip(np.arange(at - 15, at + 16), 0, n - 1)] for at in range(n)]
    np.testing.assert_array_equal(compiled, [np.median(few, axis=0) for few in around])
    monkeypatch.setattr(beat_shapes, "part", lambda *names: None)
    np.testing.assert_array_equal(beat_shapes._local(beats), compiled)
