"""Ectopic beats are counted within chains of beats; couplets, runs, bigeminy and pauses are those of a cardiologist."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.interpretation.ectopy import Pause, ectopy_of

NAMES = ("N", "S", "V", "F")


def found(classes: str, rr_s=0.8, breaks=()):
    times_s = np.cumsum(np.broadcast_to(rr_s, len(classes)))
    follows = np.ones(len(classes), bool)
    follows[[0, *breaks]] = False
    return ectopy_of(times_s, list(classes), follows, NAMES)


def test_single_beats_couplets_and_runs_are_told_apart():
    ectopy = found("NVNNVVNNVVVNSSNNVVVVVN")
    assert ectopy.counts == {"N": 9, "S": 2, "V": 11, "F": 0}
    assert ectopy.couplets == {"S": 1, "V": 1} and ectopy.triplets == {"S": 0, "V": 1}
    assert [(run.beat, run.n) for run in ectopy.runs] == [("V", 3), ("V", 5)]
    assert ectopy.runs[1].rate_bpm == pytest.approx(75)


def test_nothing_is_joined_across_a_stretch_that_cannot_be_read():
    assert found("NVVVN", breaks=[2]).runs == () and found("NVVVN").runs != ()
    assert found("NVVVN", breaks=[2]).couplets["V"] == 1


@pytest.mark.parametrize(
    ("classes", "kind", "n"), [("NVNVNVN", "bigeminy", 3), ("NNVNNVNNVN", "trigeminy", 3), ("NSNSNSNS", "bigeminy", 4)]
)
def test_bigeminy_and_trigeminy_are_found(classes, kind, n):
    (pattern,) = found(classes).patterns
    assert (pattern.kind, pattern.n) == (kind, n)
    assert found(classes[: -len(classes) // 2]).patterns == ()


def test_a_pause_is_over_two_seconds_and_within_a_chain():
    rr_s = np.array([0.8, 0.8, 2.1, 0.8, 1.9])
    (pause,) = found("NNNNN", rr_s).pauses
    assert pause == Pause(pytest.approx(1.6), pytest.approx(3.7)) and pause.length_s == pytest.approx(2.1)
    assert found("NNNNN", rr_s, breaks=[2]).pauses == ()


def test_beats_an_hour_are_of_the_time_that_was_assessed():
    assert found("NV" * 1800, 1.0).per_hour["V"] == pytest.approx(1800, rel=1e-3)
    assert "F" not in found("NVF").per_hour


@given(st.text(alphabet="NSVF", max_size=60), st.sets(st.integers(1, 59)))
def test_every_ectopic_beat_is_in_one_place(classes, breaks):
    if not classes:
        return
    ectopy = found(classes, breaks=[at for at in breaks if at < len(classes)])
    for beat in "SV":
        in_runs = sum(run.n for run in ectopy.runs if run.beat == beat)
        assert in_runs + 2 * ectopy.couplets[beat] <= ectopy.counts[beat] == classes.count(beat)


def test_each_couplet_is_listed_with_its_time_and_rate():
    times_s = np.cumsum([1.0, 0.8, 0.4, 0.5, 1.0, 0.5, 0.5, 0.5])
    found = ectopy_of(times_s, list("NNVVNVVV"), np.arange(8) > 0, ("N", "S", "V"))
    assert [(one.start_s, one.end_s, one.n) for one in found.pairs] == [(times_s[2], times_s[3], 2)]
    assert found.pairs[0].rate_bpm == pytest.approx(120) and [one.n for one in found.runs] == [3]
    assert found.couplets["V"] == 1 and found.classes.tolist() == list("NNVVNVVV")
