"""Leads are joined by how sure they are, peaks are apart, and only narrow complexes are moved."""

import numpy as np
import pytest

from einthoven.signal import heartbeat_evidence as he


def seen(places, n=640, height=1.0):
    at = np.arange(n)
    return height * np.exp(-0.5 * ((at[:, None] - np.asarray(places)) / 1.6) ** 2).max(axis=1)


def found_in(evidence):
    return he.peaks(evidence, he.last_clear(evidence))


BEATS = np.arange(30, 620, 50)


def test_one_lead_is_taken_as_it_is():
    one = seen(BEATS)
    np.testing.assert_array_equal(he.joined(one[None]), one)


@pytest.mark.parametrize("other", [seen([1], height=0.0), seen(np.arange(5, 640, 23), height=0.45)])
def test_a_lead_that_sees_nothing_or_is_unsure_does_not_spoil_a_clear_one(other):
    for leads in (np.stack((seen(BEATS), other)), np.stack((other, seen(BEATS)))):
        np.testing.assert_array_equal(found_in(he.joined(leads)), BEATS)


def test_no_lead_sees_a_beat():
    assert not len(found_in(he.joined(np.zeros((2, 640)))))


def test_peaks_are_above_the_limit_and_apart():
    faint = seen([110], height=he.LIMIT + 0.01)
    assert found_in(np.maximum(seen([80]), faint)).tolist() == [80, 110]
    assert found_in(np.maximum(seen([80]), seen([110], height=he.LIMIT - 0.01))).tolist() == [80]
    close = np.maximum(seen([100]), seen([110], height=0.9))
    assert found_in(close).tolist() == [100]
    assert found_in(seen([100, 114])).tolist() == [100, 114]
    plateau = np.where((np.arange(640) > 99) & (np.arange(640) < 104), 0.9, 0.0)
    assert found_in(plateau).tolist() == [100]


def test_faint_evidence_alone_is_noise_without_a_heart():
    faint = seen(BEATS, height=0.45)
    assert not len(found_in(faint))
    after_beats = np.where(np.arange(640) < 300, seen(BEATS), faint)
    assert found_in(after_beats)[:9].tolist() == BEATS[:9].tolist(), (
        "a heart that was seen clearly does not vanish at once"
    )


def test_a_peak_at_either_end_is_found():
    assert found_in(seen([0, 639])).tolist() == [0, 639]


def complex_of(width_s, fs_hz=360.0, at_s=2.0):
    t = np.arange(round(10 * fs_hz)) / fs_hz
    return np.exp(-0.5 * ((t - at_s) / width_s) ** 2)[None]


def test_a_narrow_complex_is_moved_to_its_peak_and_a_wide_one_is_not():
    evidence = seen([130])[None]  # 31 ms after the peak
    at = found_in(evidence[0])
    assert he.placed(at, evidence, 0, complex_of(0.012), 360.0).tolist() == [720]
    assert he.placed(at, evidence, 0, -complex_of(0.012), 360.0).tolist() == [720]
    assert he.placed(at, evidence, 0, complex_of(0.06), 360.0).tolist() == [731]


def test_the_peak_is_that_of_the_surer_lead():
    first, second = complex_of(0.012), complex_of(0.012, at_s=2.03)
    both, sure, unsure = np.concatenate((first, second)), seen([129]), seen([129], height=0.3)
    at = np.array([129])
    assert he.placed(at, np.stack((sure, sure)), 0, both, 360.0).tolist() == [720]
    assert he.placed(at, np.stack((unsure, sure)), 0, both, 360.0).tolist() == [731]


def test_no_peak_has_no_place():
    assert he.placed(np.zeros(0, np.int64), np.zeros((1, 64)), 0, np.zeros((1, 360)), 360.0).dtype == np.int64
