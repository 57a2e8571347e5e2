"""Calibrate the bundled models on answers of members that never saw the person, and write docs/results/calibration.json.

The models of the studies beats and rhythm are calibrated by their studies, mitbih-clean-context by docs/join_beats.py, and those
of twelve leads by docs/twelve_leads.py.

python docs/calibrate_bundled.py ANSWERS

ANSWERS is the folder that docs/member_answers.py wrote.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from calibration_page import page
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.corpora.challenge2017 import CHALLENGE2017, folds_of
from einthoven.corpora.corpus import Index
from einthoven.corpora.mitdb import DS2, MITDB, VALIDATION
from einthoven.evaluation.calibrating import cross_fitted, fitted
from einthoven.evaluation.calibration import METHODS, log_softmax, sigmoid
from einthoven.evaluation.class_prior import with_adapted_priors
from einthoven.evaluation.conformal import conformal, measured
from einthoven.evaluation.doubt import BEATS_MARKED, RECORDS_MARKED, doubt
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.reliability import reliability
from einthoven.inference.scored import uncalibrated
from einthoven.paths import ASSETS

Array = NDArray[Any]
COVERAGE = 0.9
_EVERY = 5  # beats of a person are alike: each fifth fits as well as all


def answers(folder: Path, name: str) -> dict[str, Array]:
    """Return the arrays of a file."""
    return dict(np.load(folder / f"{name}.npz"))


def index_of(found: dict[str, Array]) -> Index:
    """Return the index of answers, for the split of a protocol."""
    names = ("record", "patient", "symbol", "position", "group")
    return Index(**{name: found[name] for name in names}, age_years=np.zeros(len(found["record"])))


def fused(members: Array, shares: Array, multilabel: bool = False) -> Array:
    """Return the logits of an ensemble of members [n, members, classes] with shares [n, members]; members of share 0 are silent."""
    p = (
        sigmoid(members)
        if multilabel
        else np.exp(log_softmax(members.reshape(-1, members.shape[2])).reshape(members.shape))
    )
    mean = (p * shares[:, :, None]).sum(axis=1) / shares.sum(axis=1, keepdims=True)
    if multilabel:
        mean = np.clip(mean, 1e-7, 1 - 1e-7)
        return np.log(mean / (1 - mean))
    return np.log(np.maximum(mean, 1e-9))


def predictions(card: bundle.Card, logits: Array, probability: Array | None, found: dict[str, Array]) -> Predictions:
    """Return predictions with what decides, and with probabilities; the scores where there are none."""
    score = with_adapted_priors(uncalibrated(logits, card), found["record"], card.classes, card.class_prior_adaptation)
    return Predictions(
        card.classes, found["target"], score if probability is None else probability, found["record"], found["patient"],
        found["position"], card.thresholds, card.at_least_one, score=score,
    )  # fmt: skip


def part(found: dict[str, Array], rows: Array, **more: Array) -> dict[str, Array]:
    """Return some rows, with further arrays for them."""
    names = ("record", "patient", "position", "target")
    return {name: found[name][rows] for name in names} | more


def joined(*parts: dict[str, Array]) -> dict[str, Array]:
    """Return the rows of several parts."""
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def summary(given: Predictions, unit: str = "patient") -> dict[str, Any]:
    """Return what is measured of probabilities."""
    found = reliability(given, unit, 1000)
    return {name: found[name] for name in ("ece", "brier", "nll", "aurc", "error_at", "ece_by_patient")}


def of_rhythm(folder: Path) -> dict[str, Any]:
    """Calibrate challenge2017-rhythm: each recording by the three members of the fold that tests it."""
    card, found = bundle.load_card(ASSETS / "challenge2017-rhythm"), answers(folder, "rhythm")
    of, weights = folds_of(index_of(found), 0), np.asarray(card.settings["weights"])
    fold = np.array([member["fold"] for member in card.training["members"]])
    unseen = fold == of[:, None]
    rows = part(found, np.ones(len(of), bool), logits=fused(found["members"], weights * unseen))
    n = np.unique(rows["record"], return_inverse=True, return_counts=True)
    told = "each recording by the 3 of 15 members that never saw it"
    ratio = _sharper(card, found, of, fold, weights)
    return records(card, rows, 1 / n[2][n[1]], {"answers": told, "slopes_times": round(ratio, 4)}, ratio)


def _sharper(card: bundle.Card, found: dict[str, Array], of: Array, fold: Array, weights: Array) -> float:
    """Return how much larger slopes are for members of all folds than for those of one.

    Recordings that validate in a second fold are answered by the members of one fold and of two; a slope is taken to be
    a + b / (number of folds).
    """
    index, split = index_of(found), CHALLENGE2017.protocol("clean").split
    unseen = of[:, None] == np.arange(5)
    for at in range(5):
        unseen[split(index, 0, (), at).validation, at] = True
    rows = np.flatnonzero(unseen.sum(axis=1) >= 2)
    rng = np.random.default_rng(0)
    slopes = []
    for k in (1, 2):
        chosen = np.zeros((len(rows), 5), bool)
        for at, row in enumerate(rows):
            chosen[at, rng.permutation(np.flatnonzero(unseen[row]))[:k]] = True
        logits = fused(found["members"][rows], weights * chosen[:, fold])
        one = fitted(logits, found["target"][rows], found["record"][rows], card.classes, {}, methods=("temperature",))
        slopes.append(one.slopes[0])
    b = 2 * (slopes[0] - slopes[1])
    return float((slopes[0] - b + b / 5) / slopes[0])


def of_small(folder: Path) -> dict[str, Any]:
    """Calibrate challenge2017-small on the recordings of the test and the validation part of its fold."""
    card, found = bundle.load_card(ASSETS / "challenge2017-small"), answers(folder, "small")
    split = CHALLENGE2017.protocol("clean").split(index_of(found), 0, (), 0)
    rows = np.sort(np.concatenate((split.validation, split.test)))
    kept = part(found, rows, logits=found["fused"][rows])
    n = np.unique(kept["record"], return_inverse=True, return_counts=True)
    told = {"answers": "test and validation part of fold 0, which did not train it"}
    # Cross-validated, temperature has the smaller calibration error (0.017, dirichlet 0.020), though not the best likelihood.
    return records(card, kept, 1 / n[2][n[1]], told, methods=("temperature",))


def records(
    card: bundle.Card,
    rows: dict[str, Array],
    weight: Array,
    told: dict[str, Any],
    ratio: float = 1.0,
    methods: tuple[str, ...] = METHODS,
) -> dict[str, Any]:
    """Fit, cross-validate and write the card of a model of whole records."""
    data = {"corpus": card.training["corpus"], "protocol": card.training["protocol"]} | told
    logits, truth, patient = rows["logits"], rows["target"], rows["patient"]
    found = fitted(logits, truth, patient, card.classes, data, weight, methods)
    crossed = cross_fitted(logits, truth, patient, weight, (found.method,))
    given = predictions(card, logits, crossed, rows).by_record()
    before = predictions(card, logits, None, rows).by_record()
    at = np.random.default_rng(0).permutation(len(given.truth)) % 10
    sets = np.zeros(given.probability.shape, bool)
    for k in range(10):
        sets[at == k] = conformal(given.probability[at != k], given.truth[at != k], card.classes).sets(
            given.probability[at == k], COVERAGE
        )
    held_out = measured(sets, given.truth, card.classes, COVERAGE) | data
    made = conformal(given.probability, given.truth, card.classes, held_out)
    held_out["by_class"] |= dict.fromkeys(made.not_promised)
    found = replace(found, slopes=tuple(float(f"{slope * ratio:.6g}") for slope in found.slopes))
    new = replace(card, calibration=found, conformal=made)
    if not card.multilabel:
        confidence = given.probability[np.arange(len(given.truth)), given.decided]
        wrong = given.decided != given.truth
        new = replace(new, doubt=doubt(confidence, wrong, given.patient, RECORDS_MARKED, data))
    return written(new, summary(before), summary(given))


def beats(
    card: bundle.Card,
    rows: dict[str, Array],
    told: dict[str, Any],
    weight: Array | None = None,
    methods: tuple[str, ...] = METHODS,
) -> dict[str, Any]:
    """Fit, cross-validate over people and write the card of a model of beats."""
    thin = np.zeros(len(rows["target"]), bool)
    thin[::_EVERY] = True
    of, truth, patient = rows["logits"], rows["target"], rows["patient"]
    weight = np.ones(len(truth)) if weight is None else weight
    found = fitted(of[thin], truth[thin], patient[thin], card.classes, told, weight[thin], methods)
    found = replace(found, fitted_on=found.fitted_on | {"n": len(truth)})
    crossed = np.zeros(of.shape)
    names, member = np.unique(patient, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(len(names)) % 10)[member]
    for k in range(10):
        some = thin & (fold != k)
        one = fitted(of[some], truth[some], patient[some], card.classes, {}, weight[some], (found.method,))
        crossed[fold == k] = one.apply(of[fold == k])
    given, before = predictions(card, of, crossed, rows), predictions(card, of, None, rows)
    confidence = crossed[np.arange(len(truth)), given.decided]
    new = replace(card, calibration=found, doubt=None)
    if not card.training["leaks_patients"]:
        data = told | {"probabilities": "cross-validated over people"}
        new = replace(new, doubt=doubt(confidence, given.decided != truth, patient, BEATS_MARKED, data))
    by_corpus: dict[str, Any] = {}
    for corpus in np.unique(rows["corpus"]).tolist():
        here = rows["corpus"] == corpus
        of_corpus = written(new, summary(before.at(here)), summary(given.at(here)), keep=False)
        if new.doubt is not None:
            of_corpus["doubt"] = doubt_of(confidence[here] < new.doubt.limit, (given.decided != truth)[here])
        by_corpus[corpus] = of_corpus
    return written(new, {}, {}) | {"by_corpus": by_corpus}


def doubt_of(marked: Array, wrong: Array) -> dict[str, float]:
    """Return what the marks find."""
    from einthoven.evaluation.doubt import measured as found

    return found(marked, wrong)


def written(card: bundle.Card, before: dict[str, Any], after: dict[str, Any], keep: bool = True) -> dict[str, Any]:
    """Write the card, and return what goes into the results."""
    if not keep:
        return {"before": before, "after": after}
    bundle.rewrite_card(ASSETS / card.name, card)
    kept = json.loads(json.dumps(card.as_dict()))
    facts = {name: kept[name] for name in ("calibration", "doubt")}
    facts["conformal"] = kept["conformal"] and kept["conformal"]["held_out"]
    return facts | ({"before": before, "after": after} if after else {})


def of_mlii(folder: Path) -> dict[str, Any]:
    """Calibrate mitbih-cnn-lstm-mlii on its validation patients, on 208 (left out of training) and on SVDB."""
    card = bundle.load_card(ASSETS / "mitbih-cnn-lstm-mlii")
    found, other = answers(folder, "mlii-mitdb"), answers(folder, "mlii-svdb")
    rows = np.isin(found["record"], (*VALIDATION, "208")) & (found["target"] >= 0)
    own = part(found, rows, logits=found["fused"][rows], corpus=np.full(rows.sum(), "mitdb DS1"))
    both = joined(own, _svdb(other))
    told = {"corpus": "mitdb (DS1), svdb", "protocol": "clean"}
    told["answers"] = "validation patients of DS1, 208 (left out of training), people of SVDB"
    told["weights"] = "each database by its people"
    is_own = both["corpus"] == "mitdb DS1"
    share = len(np.unique(both["patient"][is_own])) / len(np.unique(both["patient"]))
    weight = np.where(is_own, share / is_own.sum(), (1 - share) / (~is_own).sum()) * len(is_own)
    # By its likelihood dirichlet is better than temperature by 5 %; the two databases differ too much for the standard error.
    return beats(card, both, told, weight, ("dirichlet",))


def _svdb(found: dict[str, Array]) -> dict[str, Array]:
    rows = found["target"] >= 0
    return part(found, rows, logits=found["fused"][rows], corpus=np.full(rows.sum(), "svdb"))


def of_vote(folder: Path) -> dict[str, Any]:
    """Calibrate mitbih-paper-vote on the validation part of its protocol, which leaks patients."""
    card, found = bundle.load_card(ASSETS / "mitbih-paper-vote"), answers(folder, "vote")
    rows = MITDB.protocol("paper").split(index_of(found), 0, (), None).validation
    kept = part(found, rows, logits=found["fused"][rows], corpus=np.full(len(rows), "mitdb validation"))
    # The protocol mixes the beats of all people, so a beat is a unit of its own.
    kept |= {"patient": np.arange(len(rows)).astype(str)}
    told = {
        "corpus": "mitdb",
        "protocol": "paper",
        "answers": "the validation part, which shares its people with training",
    }
    return beats(card, kept, told)


def on_ds2(folder: Path) -> dict[str, Any]:
    """Measure on DS2, with cards that are frozen."""
    results = {}
    for name, file in (("mitbih-cnn-lstm-mlii", "mlii-mitdb"),):
        card, found = bundle.load_card(ASSETS / name), answers(folder, file)
        rows = np.isin(found["record"], DS2) & (found["target"] >= 0)
        logits, kept = found["fused"][rows], part(found, rows)
        assert card.calibration is not None and card.doubt is not None
        given = predictions(card, logits, card.calibration.apply(logits), kept)
        confidence = given.probability[np.arange(len(given.truth)), given.decided]
        found_by_doubt = doubt_of(confidence < card.doubt.limit, given.decided != given.truth)
        before = summary(predictions(card, logits, None, kept))
        results[name] = {"before": before, "after": summary(given), "doubt": found_by_doubt}
    return results


MODELS = {
    "challenge2017-rhythm": of_rhythm,
    "challenge2017-small": of_small,
    "mitbih-cnn-lstm-mlii": of_mlii,
    "mitbih-paper-vote": of_vote,
    "DS2": on_ds2,
}

if __name__ == "__main__":
    folder = Path(__file__).parent / "results"
    place = folder / "calibration.json"
    results = json.loads(place.read_text()) if place.exists() else {}
    for name in sys.argv[2:] or MODELS:
        results[name] = MODELS[name](Path(sys.argv[1]))
        place.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    text = folder / "calibration.md"
    head = text.read_text().partition("<!-- tables -->")[0] if text.exists() else ""
    text.write_text(f"{head}<!-- tables -->\n\n{page(results)}")
