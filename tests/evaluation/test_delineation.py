"""Scores of boundaries: one-to-one pairs, annotated stretches, open boundaries, false P waves; against a plain count."""

import numpy as np
import pytest

from einthoven.evaluation.delineation import NARROW_S, Compared, beats_without_p, matched, nearest_pairs, scored
from einthoven.signal.boundaries import QRS, P, T, waves_from


def rhythm(n: int = 20, shift_s: float = 0.0, start_s: float = 1.0):
    """A P wave, a QRS complex and a T wave in each of `n` seconds."""
    spans = ((P, -0.2, -0.1), (QRS, -0.04, 0.05), (T, 0.2, 0.4))
    rows = [
        (kind, start_s + beat + on + shift_s, start_s + beat + (on + off) / 2 + shift_s, start_s + beat + off + shift_s)
        for beat in range(n)
        for kind, on, off in spans
    ]
    return waves_from(rows)


def test_pairs_are_one_to_one_and_the_nearest_first():
    pairs = nearest_pairs(np.array([1.0, 1.1, 3.0]), np.array([1.04, 2.9]), 0.15)
    assert pairs.tolist() == [[0, 0], [2, 1]]
    pairs = nearest_pairs(np.array([1.0, 1.1]), np.array([1.09, 1.2]), 0.15)
    assert pairs.tolist() == [[1, 0]], "what is left is beyond the tolerance"


def test_all_found_with_a_constant_error():
    found = scored([Compared(str(at), rhythm(), rhythm(shift_s=0.012)) for at in range(5)])
    assert (found["n_records"], found["n_leads"]) == (5, 5)
    for name, row in found["boundaries"].items():
        assert row["f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}, name
        assert (row["n"], row["missed"], row["extra"]) == (100, 0, 0)
        assert row["mean_ms"]["value"] == pytest.approx(12, abs=1e-6) and row["sd_ms"]["value"] < 1e-4
    assert found["p_f1"]["value"] == found["qrs_f1"]["value"] == found["t_f1"]["value"] == 1
    assert found["sd_ms"]["value"] < 1e-4


def test_counts_and_deviation_as_written_out():
    rng = np.random.default_rng(0)
    rows, errors, missed, extra = [], [], 0, 0
    for at in range(6):
        truth = rhythm(30)
        error = 0.02 * rng.standard_normal(len(truth))
        kept = rng.random(len(truth)) > 0.1
        shifted = [
            (int(kind), on + e, peak, off)
            for kind, on, peak, off, e in zip(
                truth.kind, truth.onset_s, truth.peak_s, truth.offset_s, error, strict=True
            )
        ]
        added = [(P, 1.45 + beat, 1.47 + beat, 1.5 + beat) for beat in range(at)]
        rows.append(
            Compared(str(at), truth, waves_from([row for row, keep in zip(shifted, kept, strict=True) if keep] + added))
        )
        is_p = truth.kind == P
        errors += error[is_p & kept].tolist()
        missed += int((is_p & ~kept).sum())
        extra += at
    row = scored(rows)["boundaries"]["P onset"]
    n = len(errors)
    assert (row["n"], row["missed"], row["extra"]) == (n + missed, missed, extra)
    assert row["f1"]["value"] == pytest.approx(2 * n / (2 * n + missed + extra), abs=1e-6)
    assert row["mean_ms"]["value"] == pytest.approx(1000 * np.mean(errors), abs=1e-4)
    assert row["sd_ms"]["value"] == pytest.approx(1000 * np.std(errors), abs=1e-4)
    assert row["f1"]["low"] <= row["f1"]["value"] <= row["f1"]["high"]


def test_ours_outside_the_annotated_stretch_count_only_where_they_match():
    truth, found = rhythm(5, start_s=3.0), rhythm(10, start_s=1.0)
    assert matched(Compared("a", truth, found), QRS, "onset", 0.15).extra == 0
    one = Compared("a", truth, found, stretches_s=np.array([[0.0, 6.0]]))
    assert matched(one, QRS, "onset", 0.15).extra == 2
    between = np.array([[2.8, 3.4], [5.8, 7.4]])
    assert matched(Compared("a", truth[truth.peak_s > 5.5], found, stretches_s=between), QRS, "onset", 0.15).extra == 1


def test_a_boundary_that_is_left_open_is_no_error():
    truth = rhythm(3)
    truth.onset_s[4] = np.nan
    lead = Compared("a", truth, rhythm(3))
    onset, offset = (matched(lead, QRS, end, 0.15) for end in ("onset", "offset"))
    assert (len(onset.errors_s), onset.missed, onset.extra) == (2, 0, 0)
    assert (len(offset.errors_s), offset.missed, offset.extra) == (3, 0, 0)


def test_narrow_tolerances():
    lead = [Compared("a", rhythm(), rhythm(shift_s=0.06))]
    narrow = {name: row["f1"]["value"] for name, row in scored(lead, NARROW_S)["boundaries"].items()}
    assert narrow == dict.fromkeys(("P onset", "P offset", "QRS onset", "QRS offset", "T onset"), 0.0) | {
        "T offset": 1.0
    }


def test_false_p_waves_are_counted_apart():
    truth, found = rhythm(), rhythm()
    without = truth[truth.kind != P]
    told = scored([Compared("af", without, found, has_p=False), Compared("sinus", without, found)])["false_p"]
    assert told["per_beat_in_rhythms_without_p"]["n_beats"] == 20
    assert told["per_beat_in_rhythms_without_p"]["value"] == pytest.approx(19 / 20), "the first is ahead of the stretch"
    assert told["share_of_beats_without_p_mark"]["value"] == 1.0
    assert beats_without_p(truth, found) == (0, 0)
    assert beats_without_p(without, without) == (19, 0)


def test_nothing_to_score():
    found = scored([])
    assert found["n_records"] == 0 and found["p_f1"]["value"] is None
