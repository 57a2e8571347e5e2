"""The aligned beat: what it leaves out, how beats are moved onto each other, where its level and its R peak lie."""

from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.errors import ConfigurationFault
from einthoven.signal import aligned_beat
from einthoven.signal.aligned_beat import SPAN_S, of_window
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles, prepare
from tests.layouts import twelve_leads

FS_HZ = 500.0
BEFORE, AFTER = (round(span * FS_HZ) for span in SPAN_S)
PLACES = [600, 1500, 2400, 3300]


def wave() -> np.ndarray:
    """A beat of one lead around its R peak [400]: P, QRS, T."""
    t = np.arange(-BEFORE, AFTER) / FS_HZ
    parts = ((0.12, -0.16, 0.015), (1.0, 0.0, 0.01), (0.25, 0.28, 0.04))
    return sum(height * np.exp(-(((t - at) / width) ** 2) / 2) for height, at, width in parts)


def window(places: list[int], odd: int | None = None) -> np.ndarray:
    """Two leads [2, 5000] with a beat at each place; the odd one is upside down in the second lead."""
    signal = np.zeros((2, 5000))
    for at in places:
        for lead, sign in zip(signal, (1.0, -0.5 if at != odd else 2.0), strict=True):
            lead[at - BEFORE : at + AFTER] += sign * wave()
    return signal


def test_it_is_the_beat_with_its_r_peak_where_it_is_said_to_be():
    found = of_window(window(PLACES), FS_HZ)
    assert found.shape == (2, 400) and found[0].argmax() == BEFORE
    np.testing.assert_allclose(found, np.stack((wave(), -0.5 * wave())), atol=0.01)


def test_a_beat_that_is_odd_in_one_lead_is_left_out_of_that_lead():
    odd, usual = window(PLACES[:3], odd=1500), window(PLACES[:3])
    np.testing.assert_allclose(of_window(odd, FS_HZ), of_window(usual, FS_HZ), atol=1e-3)
    aligned = np.stack([usual[:, at - BEFORE : at + AFTER] for at in PLACES[:2]] + [3 * usual[:, 475:875]])
    np.testing.assert_array_equal(aligned_beat._median(aligned, aligned[0]), np.median(aligned[:2], axis=0))


def test_beats_whose_peak_was_found_beside_it_are_moved_onto_the_others():
    wide = np.zeros((1, 400 + 2 * 25))
    wide[0, 25 + 7 : 25 + 7 + 400] = wave()
    wide += 0.3
    template = (wave() - wave().mean())[None]
    moved = aligned_beat._aligned(wide[None], template, 25)
    np.testing.assert_allclose(moved[0], template, atol=1e-6)


def test_its_level_is_that_ahead_of_the_complex():
    moved = of_window(window(PLACES) + np.array([[0.4], [-0.2]]), FS_HZ)
    np.testing.assert_allclose(moved[:, :20], 0, atol=1e-3)
    assert moved[0].max() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("places", [[], [2500], [1000, 3000]])
def test_few_beats(places):
    found = of_window(window(places), FS_HZ)
    assert found.shape == (2, 400) and np.isfinite(found).all()


def test_it_takes_the_place_of_the_typical_beat():
    spec = SignalSpec(STANDARD, FS_HZ, scaling="millivolt")
    preparation = Preparation(spec, Tiles(10.0), ("signal", "aligned_beat", "summary"))
    assert (preparation.beat_samples, preparation.r_peak) == (400, 125)
    strip = twelve_leads(10.0, FS_HZ, np.random.default_rng(0))
    windows = prepare(SimpleNamespace(signal_mv=strip, fs_hz=FS_HZ, leads=STANDARD, where="a strip"), preparation)
    np.testing.assert_array_equal(windows.beat[0], of_window(windows.signal[0], FS_HZ))
    assert windows.features.shape == (1, 7)


@pytest.mark.parametrize("inputs", [("signal", "beat", "aligned_beat"), ("signal", "aligned_beat", "waves")])
def test_it_stands_beside_no_other_beat(inputs):
    with pytest.raises(ConfigurationFault) as told:
        Preparation(SignalSpec(STANDARD, FS_HZ, scaling="millivolt"), Tiles(10.0), inputs)
    assert "aligned_beat is for windows" in told.value.found
