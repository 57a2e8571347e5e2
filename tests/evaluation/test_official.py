"""The official scores of challenges: named by a protocol, refused for other classes, read back from an evaluation."""

import json
from dataclasses import replace

import numpy as np
import pytest

from einthoven.corpora import CORPORA
from einthoven.errors import ConfigurationFault
from einthoven.evaluation import official
from einthoven.evaluation.evaluate import evaluate, headline
from einthoven.evaluation.paired import compare_answered, evaluated
from einthoven.evaluation.predictions import Predictions

SINGLE = ("N", "A", "O", "~")


def _single(classes, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    rows = np.arange(80)
    return Predictions(
        classes, rng.integers(0, len(classes), 80), rng.dirichlet(np.ones(len(classes)), 80), rows, rows, rows
    )


def _several() -> Predictions:
    rng = np.random.default_rng(1)
    names = official.challenge2021_weights()[0]
    rows = np.arange(60)
    truth = (rng.random((60, len(names))) < 0.2).astype(np.float32)
    return Predictions(names, truth, rng.random((60, len(names))), rows, rows, rows)


def test_classes_of_the_same_names_have_no_official_score_by_themselves():
    assert "challenge_score" not in evaluate(_single(SINGLE), "patient", 10)
    assert "challenge_score" not in evaluate(_several(), "patient", 10)


def test_the_score_is_that_which_the_protocol_names_in_any_order_of_the_classes():
    found = evaluate(_single(SINGLE), "patient", 10, official_score="challenge2017")
    per = [found["per_class"][name]["f1"]["value"] for name in "NAO"]
    assert found["official_score"] == "challenge2017" and headline(found)[0] == "challenge_score"
    assert found["challenge_score"]["value"] == pytest.approx(np.mean(per), abs=1e-6)
    first = _single(SINGLE)
    order = np.array([3, 1, 0, 2])
    moved = replace(
        first,
        classes=tuple(SINGLE[at] for at in order),
        truth=order.argsort()[first.truth],
        probability=first.probability[:, order],
    )
    assert evaluate(moved, "patient", 10, official_score="challenge2017")["challenge_score"] == found["challenge_score"]


def test_multilabel_scores_do_not_depend_on_the_order_of_the_classes():
    whole = _several()
    order = np.random.default_rng(2).permutation(len(whole.classes))
    moved = replace(
        whole,
        classes=tuple(whole.classes[at] for at in order),
        truth=whole.truth[:, order],
        probability=whole.probability[:, order],
    )
    first, second = (evaluate(each, "patient", 10, official_score="challenge2021") for each in (whole, moved))
    assert first["challenge_score"] == second["challenge_score"] and first["official_score"] == "challenge2021"


@pytest.mark.parametrize(
    ("classes", "name"), [(SINGLE, "challenge1999"), (SINGLE, "challenge2021"), (("N", "A", "O"), "challenge2017")]
)
def test_an_unknown_score_and_one_of_other_classes_are_refused(classes, name):
    with pytest.raises(ConfigurationFault) as caught:
        evaluate(_single(classes), "patient", 10, official_score=name)
    assert caught.value.found in (name, ", ".join(classes)) and "official_score=" in caught.value.remedy


@pytest.mark.parametrize("name", CORPORA)
def test_each_protocol_names_a_score_of_its_own_classes(name):
    for protocol in CORPORA[name].protocols.values():
        scores = official.MULTILABEL if protocol.labels.multilabel else official.SINGLE_LABEL
        assert not protocol.official_score or set(scores[protocol.official_score][0]()) == set(protocol.labels.classes)
    declared = {corpus: found.protocols["clean"].official_score for corpus, found in CORPORA.items()}
    assert declared["challenge-2017"] == "challenge2017" and declared["challenge-2021"] == "challenge2021"
    assert not any(declared[corpus] for corpus in declared.keys() - {"challenge-2017", "challenge-2021"})


@pytest.mark.parametrize("is_named", [True, False])
def test_two_evaluations_are_compared_by_the_score_that_they_name(is_named, tmp_path):
    """An evaluation of an older version has the score and not its name."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        answers = _single(SINGLE, 0)
        answers = replace(answers, probability=_single(SINGLE, seed).probability)
        metrics = evaluate(answers, "patient", 10, official_score="challenge2017")
        metrics |= {key: key for key in ("model", "corpus", "corpus_version", "protocol", "remark", "rows")}
        metrics |= {"leaks_patients": False}
        if not is_named:
            del metrics["official_score"]
        (folder / "metrics.json").write_text(json.dumps(metrics))
        answers.write(folder / "predictions.csv")
    found = compare_answered(*map(evaluated, folders), draws=20)
    assert list(found["metrics"]) == ["challenge_score"]
