"""The Challenge 2017: its labels, its folds, its score; counts on the real recordings where they are at hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from einthoven.corpora.challenge2017 import CHALLENGE2017, LABELS, folds_of
from einthoven.corpora.split import PARTS
from einthoven.data.build import build, told
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.evaluate import evaluate, headline
from einthoven.evaluation.predictions import Predictions
from tests.conftest import real


def test_it_is_read_and_what_is_left_out_is_counted(challenge2017_like, home):
    store = build(CHALLENGE2017, challenge2017_like, CHALLENGE2017.preparation)
    assert len(np.unique(store.index.record)) == 39
    assert told(store) == [
        "left out, no recording: 1 (A00040)",
        "left out, no label in REFERENCE-v3.csv: 1 (A09999)",
    ]
    assert set(store.index.symbol) == set(LABELS.classes)
    assert store.windows.shape[1:] == (1, 4500)
    long = store.index.record == "A00007"  # 58 s: a window of 30 s, and what is left over is more than half of one
    assert long.sum() == 2


def test_folds_test_each_recording_once(challenge2017_like, home):
    store = build(CHALLENGE2017, challenge2017_like, CHALLENGE2017.preparation)
    protocol = CHALLENGE2017.protocol("clean")
    tested = []
    for fold in range(5):
        split = protocol.parts(store.index, 0, (), fold)
        sets = [set(store.index.record[getattr(split, part)]) for part in PARTS]
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]
        tested += sorted(sets[2])
    assert sorted(tested) == sorted(np.unique(store.index.record))
    everybody = protocol.parts(store.index, 0)
    assert len(everybody.test) == len(store.windows)
    assert not len(everybody.train)
    assert set(folds_of(store.index, 0)) == set(range(5))


@pytest.mark.parametrize("row", ["A00001,X", "A00001", "A00002,A\nA00002,N"])
def test_a_table_that_cannot_be_is_refused(row, tmp_path):
    (tmp_path / "REFERENCE-v3.csv").write_text(row + "\n")
    with pytest.raises(CorpusIncomplete, match="line"):
        CHALLENGE2017.entries(tmp_path, 300.0)


def test_the_score_is_the_mean_of_three():
    rng = np.random.default_rng(0)
    truth, probability = rng.integers(0, 4, 200), rng.random((200, 4))
    rows = np.arange(200).astype(str)
    found = evaluate(Predictions(LABELS.classes, truth, probability, rows, rows, np.zeros(200, int)), "patient", 50)
    per = f1_score(truth, probability.argmax(axis=1), average=None)
    assert found["challenge_score"]["value"] == pytest.approx(per[:3].mean(), abs=1e-6)
    assert found["challenge_score"]["low"] < found["challenge_score"]["value"] < found["challenge_score"]["high"]
    assert headline(found)[0] == "challenge_score"


def test_the_real_recordings_are_counted():
    listing = CHALLENGE2017.entries(real("challenge-2017"), 300.0)
    labels, counts = np.unique([entry.codes for entry in listing], return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {"N": 4061, "O": 1932, "A": 606, "~": 223}
