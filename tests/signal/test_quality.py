"""Stretches of a lead are judged by rules and by the index, wherever they are in the recording."""

import numpy as np
import pytest

from einthoven.signal import quality
from einthoven.signal.not_ecg import KINDS, signal

FS_HZ = 360.0


def verdicts(signal_mv, fs_hz=FS_HZ):
    found = quality.examine(np.atleast_2d(np.asarray(signal_mv, np.float32)), ("MLII",), fs_hz)
    return [quality.VERDICTS[at] for at in found.verdicts[0]]


def test_each_fault_has_its_verdict_in_its_stretch(ecg):
    lead, _ = ecg
    spoilt = lead[: 360 * 40].copy()
    spoilt[360 * 5 : 360 * 8] = np.nan
    spoilt[360 * 15 : 360 * 20] = 0.7
    spoilt[360 * 25 : 360 * 30] = np.clip(3 * spoilt[360 * 25 : 360 * 30], -0.1, 0.8)
    found = verdicts(spoilt)
    assert (found[1], found[3], found[5]) == ("missing", "flat", "clipped")
    assert {found[at] for at in (0, 2, 6, 7)} == {"good"}


def test_a_lead_that_is_missing_or_flat_throughout():
    assert set(verdicts(np.zeros(3600))) == {"flat"}
    assert set(verdicts(np.full(3600, np.nan))) == {"missing"}


def test_noise_between_good_stretches_is_unreadable(ecg):
    lead = np.array(ecg[0][: 360 * 40])
    lead[360 * 10 : 360 * 20] += 0.8 * np.random.default_rng(0).standard_normal(3600)
    found = verdicts(lead)
    assert set(found[2:4]) == {"unreadable"} and set(found[:2] + found[5:]) == {"good"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_ecg_is_not_readable(kind):
    """Nine in ten stretches; 0.95 over many more in the results. Jumps of electrodes imitate beats in one of five."""
    n_good, n = 0, 0
    for seed in range(8):
        made = signal(kind, 360 * 20, FS_HZ, np.random.default_rng(100 + seed))
        found = quality.examine(made[None], ("MLII",), FS_HZ)
        n_good, n = n_good + int(found.readable.sum()), n + found.readable.size
    assert n_good <= (0.35 if kind == "electrode steps" else 0.1) * n


def test_the_index_does_not_depend_on_scale_polarity_offset_and_rate(ecg):
    lead = np.array(ecg[0][: 360 * 30], np.float64)[None]
    index = quality.examine(lead, ("I",), FS_HZ).numbers
    for other in (0.3 * lead, -lead, lead + 5.0):
        np.testing.assert_allclose(quality.examine(other, ("I",), FS_HZ).numbers, index, atol=1e-3)


def test_the_last_stretch_ends_where_the_signal_ends():
    assert quality.stretch_bounds(3600, 360.0).tolist() == [0, 1800, 3600]
    assert quality.stretch_bounds(3600 + 700, 360.0).tolist() == [0, 1800, 4300]
    assert quality.stretch_bounds(3600 + 720, 360.0).tolist() == [0, 1800, 3600, 4320]
    assert quality.stretch_bounds(700, 360.0).tolist() == [0, 700]


def test_shares_of_spans(ecg):
    lead = np.array(ecg[0][: 360 * 20])
    lead[360 * 5 : 360 * 10] = np.nan
    found = quality.examine(lead[None], ("MLII",), FS_HZ)
    share = found.share_in(np.array([0, 360 * 4, 360 * 5]), np.array([360 * 20, 360 * 6, 360 * 10]))
    np.testing.assert_allclose(share, [[0.75, 0.5, 0.0]])
    assert found.readable_share == pytest.approx(0.75)
    assert [(row.start_s, row.end_s, row.verdict) for row in found.stretches][1] == (5.0, 10.0, "missing")


def test_an_inverted_lead_is_told(ecg):
    lead, beats = ecg
    rng = np.random.default_rng(0)
    upright = 0.02 * rng.standard_normal(len(lead))
    for beat in beats:
        upright[beat - 3 : beat + 4] += 1.0
    assert not quality.looks_inverted(upright, beats, 360)
    assert quality.looks_inverted(-upright, beats, 360)


def test_gaps_are_bridged():
    got = quality.interpolated(np.array([0.0, np.nan, np.nan, 3.0]))
    assert got.tolist() == pytest.approx([0, 1, 2, 3])
    assert quality.interpolated(np.full(4, np.nan)).tolist() == [0, 0, 0, 0]
