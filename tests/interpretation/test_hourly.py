"""Hours are counted by hand: heart rate, ectopic beats, pauses, fibrillation, unreadable time."""

from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.interpretation.ectopy import ectopy_of
from einthoven.interpretation.episodes import Episode, Episodes
from einthoven.interpretation.hourly import hours_of, unreadable_s

QUALITY = SimpleNamespace(
    bounds=np.array([0, 5, 10, 15, 20, 22]) * 10, fs_hz=10.0, readable_in_any=np.array([1, 1, 0, 1, 0], bool)
)
"""22 s in stretches of 5 s; the third and the last are not readable."""


def hours(beats_s, follows=None, **more):
    beats_s = np.asarray(beats_s, float)
    is_next = np.arange(len(beats_s)) > 0 if follows is None else np.asarray(follows, bool)
    return hours_of(beats_s, is_next, QUALITY, 22.0, span_s=10.0, **more)


def test_spans_cover_the_recording_and_share_out_the_beats():
    found = hours(np.arange(0.5, 22.0, 1.0))
    assert [(one.start_s, one.end_s, one.n_beats) for one in found] == [(0, 10, 10), (10, 20, 10), (20, 22, 2)]
    assert [one.unreadable_s for one in found] == [0.0, 5.0, 2.0]
    assert found[0].mean_bpm == pytest.approx(60) and found[2].min_bpm is None
    assert found[0].ectopic == {} and found[0].pauses is None and found[0].af_s is None


def test_the_slowest_and_the_fastest_eight_intervals_have_their_time():
    slow, fast = 0.5 + np.arange(9) * 0.9, 10.5 + np.cumsum([0.0, *[0.6] * 8, 0.7, 0.7])
    first, second, _ = hours(np.concatenate((slow, fast)))
    assert (first.min_bpm, first.min_at_s) == (pytest.approx(60 / 0.9), 0.5)
    assert (second.max_bpm, second.max_at_s) == (pytest.approx(100), 10.5)


def test_intervals_across_what_is_unreadable_do_not_count():
    beats_s = 0.5 + np.arange(9) * 0.5
    follows = np.arange(9) > 0
    follows[4] = False
    (first, *_) = hours(np.concatenate((beats_s[:4], beats_s[4:] + 3.0)), follows)
    assert first.mean_bpm == pytest.approx(120) and first.max_bpm is None


def test_ectopic_beats_pauses_and_fibrillation_are_counted_where_they_are():
    times_s = np.array([1.0, 2.0, 3.0, 5.5, 11.0, 12.0, 21.0])
    follows = np.array([0, 1, 1, 1, 0, 1, 0], bool)
    ectopy = ectopy_of(times_s, list("NVNNVVS"), follows, ("N", "S", "V"))
    rhythm = Episodes((Episode("A", 8.0, 14.0, 0.9), Episode("N", 14.0, 22.0, 0.9)), 14.0)
    first, second, third = hours(times_s, follows, rhythm=rhythm, ectopy=ectopy)
    assert first.ectopic == {"S": 0, "V": 1} and second.ectopic["V"] == 2 and third.ectopic["S"] == 1
    assert (first.pauses, first.longest_pause_s, second.pauses) == (1, 2.5, 0) and second.longest_pause_s is None
    assert (first.af_s, second.af_s, third.af_s) == (2.0, 4.0, 0.0)


def test_unreadable_time_between_two_moments():
    assert unreadable_s(QUALITY, 0.0, 22.0) == 7.0 and unreadable_s(QUALITY, 12.0, 21.0) == 4.0
