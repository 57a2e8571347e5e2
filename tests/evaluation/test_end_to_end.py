"""Beats of whole records are scored as EC57 counts them."""

import numpy as np
import pytest

from einthoven.evaluation.end_to_end import Beats, score, table

CLASSES = ("N", "V")
NOTHING = np.zeros((0, 2), np.int64)


def beats(*pairs):
    at, classes = zip(*pairs, strict=True) if pairs else ((), ())
    return Beats(np.array(at, np.int64), np.array(classes, np.int64))


ANNOTATED = beats((100, 0), (200, 1), (300, 1), (400, 0), (500, -1), (600, 0))
FOUND = beats((105, 0), (201, 0), (398, 0), (450, 1), (499, 1), (601, -1))


def test_every_beat_has_its_place_in_the_table():
    counts = table(ANNOTATED, FOUND, 2, 100.0, NOTHING)
    assert counts.tolist() == [
        [2, 0, 1, 0],  # N: two right, one without a class
        [1, 0, 0, 1],  # V: one taken for N, one missed
        [0, 1, 0, 0],  # another beat, taken for V
        [0, 1, 0, 0],  # no beat, taken for V
    ]


def test_a_missed_beat_is_a_false_negative_and_an_invented_one_a_false_positive():
    found = score(table(ANNOTATED, FOUND, 2, 100.0, NOTHING)[None], np.array(["p"]), CLASSES, draws=10)
    n, v = found["per_class"]["N"], found["per_class"]["V"]
    assert (n["n"], n["missed"], n["unanswered"], n["invented"]) == (3, 0, 1, 0)
    assert n["recall"]["value"] == pytest.approx(2 / 3, abs=1e-6) and n["precision"]["value"] == pytest.approx(
        2 / 3, abs=1e-6
    )
    assert (v["n"], v["missed"], v["invented"]) == (2, 1, 1)
    assert v["recall"]["value"] == 0 and v["precision"]["value"] == 0  # a beat of no class is no false V
    assert (found["n_beats"], found["missed"], found["invented"]) == (6, 1, 1)
    assert found["sensitivity"]["value"] == pytest.approx(5 / 6, abs=1e-6)
    assert found["positive_predictivity"]["value"] == pytest.approx(5 / 6, abs=1e-6)


def test_spans_without_annotated_beats_are_not_scored():
    counts = table(ANNOTATED, FOUND, 2, 100.0, np.array([[440, 520]]))
    assert counts[2].sum() == 0 and counts[3].sum() == 0


def test_what_is_perfect_scores_one_and_intervals_resample_patients():
    perfect = table(ANNOTATED, ANNOTATED, 2, 100.0, NOTHING)
    bad = table(ANNOTATED, FOUND, 2, 100.0, NOTHING)
    alone = score(perfect[None], np.array(["p"]), CLASSES, draws=50)
    assert alone["per_class"]["V"]["f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    both = score(np.stack((perfect, bad)), np.array(["p", "q"]), CLASSES, draws=200)
    assert both["per_class"]["V"]["f1"]["low"] == 0.0 and both["per_class"]["V"]["f1"]["high"] == 1.0


def test_a_class_without_a_beat_has_no_recall():
    counts = table(beats((100, 0)), beats((100, 0)), 2, 100.0, NOTHING)
    assert score(counts[None], np.array(["p"]), CLASSES, draws=5)["per_class"]["V"]["recall"]["value"] is None


def test_no_beat_at_all():
    counts = table(beats(), beats((50, 1)), 2, 100.0, NOTHING)
    assert counts.tolist() == [[0] * 4, [0] * 4, [0] * 4, [0, 1, 0, 0]]
