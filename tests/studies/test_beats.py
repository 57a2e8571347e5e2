"""The study of beats on small corpora: people apart, two readings, the bundle, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from einthoven import bundle
from einthoven.corpora.mitdb import DS1, DS2
from einthoven.corpora.qtdb import person_elsewhere
from einthoven.errors import FileDamaged
from einthoven.inference.predictor import load
from einthoven.studies import beats, beats_data
from einthoven.studies.beats_data import N_FOLDS, SAME_PERSON, Pool, drawn, folds_of


def pool_of(records: dict[str, list[int]]) -> Pool:
    """A pool of these records with labels, without windows."""
    labels = np.concatenate([np.array(own) for own in records.values()])
    names = np.repeat(list(records), [len(own) for own in records.values()])
    return Pool(None, labels, names, beats_data.PREPARATIONS["one"], None, {})


def test_people_of_the_test_train_nothing_and_likely_twins_share_a_fold():
    records = {f"mitdb/{name}": [0, 1] for name in (*DS1, *DS2, "102")}
    records |= {f"svdb/{name}": [0] * 3 + [1] * (name % 7) for name in range(800, 895)}
    folds = folds_of(pool_of(records))
    assert not {f"mitdb/{name}" for name in (*DS2, "102")} & set(folds)
    assert {name.split("/")[1] for name in folds if name.startswith("mitdb/")} == set(DS1)
    assert set(folds.values()) == set(range(N_FOLDS))
    assert all(folds[first] == folds[second] for first, second in SAME_PERSON)


def test_a_fold_has_its_share_of_the_records_with_most_early_beats():
    records = {f"svdb/{name}": [0] + [1] * (name - 799) for name in range(800, 820)}
    folds = folds_of(pool_of(records))
    assert sorted(folds[f"svdb/{name}"] for name in range(815, 820)) == list(range(N_FOLDS))


@pytest.mark.parametrize(
    ("record", "person"),
    [
        ("sel100", "mitdb/100"),
        ("sel233", "mitdb/233"),
        ("sel803", "svdb/803"),
        ("sel30", ""),
        ("sel16265", ""),
        ("100", ""),
        ("sel306", ""),
    ],
)
def test_qtdb_shares_people_with_other_databases_by_name(record, person):
    assert person_elsewhere(record) == person


def test_early_and_ventricular_beats_all_train():
    labels = np.array([0] * 900 + [1] * 50 + [2] * 50 + [-1] * 50)
    kept = labels[drawn(labels, False, np.random.default_rng(0))]
    assert (kept == 1).sum() == (kept == 2).sum() == 50 and 200 < (kept == 0).sum() < 400
    assert not (kept < 0).any()
    assert len(drawn(labels, True, np.random.default_rng(0))) < 200
