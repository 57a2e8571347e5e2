"""Make the bundled models of twelve leads, score them, and write docs/results/twelve_leads.md.

python docs/twelve_leads.py DIR NETS OUT

DIR holds ptb-xl, challenge-2021, cpsc2018 and ludb. NETS is the model that einthoven study ptbxl-model wrote. OUT is the folder of
the study; the models are written to OUT/ptbxl-diagnoses and OUT/ptbxl-rhythm.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twelve_leads_page import page

from einthoven.bundle import load_card, rewrite_card
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import LABEL_SETS
from einthoven.evaluation.calibrating import cross_fitted
from einthoven.evaluation.conformal import conformal, measured
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.multilabel import HEADLINE
from einthoven.evaluation.paired import paired
from einthoven.evaluation.partly_known import difference
from einthoven.evaluation.predictions import Predictions, decide, joined
from einthoven.evaluation.reliability import reliability
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result
from einthoven.studies import twelve_leads as study
from einthoven.studies.twelve_leads import Choice, TwelveLeads, mixed, predictions
from einthoven.studies.twelve_leads_data import OWN_PARTS
from einthoven.studies.twelve_leads_fits import DIAGNOSES, EXCLUDING, RHYTHM

Array = NDArray[Any]
EARLIER = Choice((), 0.5)
"""The earlier model names a class from 0.5 on, and the nearest where none reaches it."""
COVERAGE = 0.9
REMARK = (
    "Cross-validated: each record of folds 1 to 9 is answered by trees and regressions that never saw its group of three folds, "
    "and by nets that never saw its fold; shares and threshold were chosen without its group."
)


def said(part: dict[str, Array], probability: Array, threshold: float) -> Array:
    """Return the diagnoses that are named."""
    return decide(probability, (threshold,) * probability.shape[1], True)


def own(parts: dict[str, dict[str, Array]], choices: dict[str, Choice]) -> tuple[Predictions, Predictions]:
    """Return the predictions of the new and of the earlier model for PTB-XL, decided part by part."""
    new, earlier = [], []
    for name in OWN_PARTS:
        part, choice = parts[name], choices[name]
        for found, probability, how in (
            (new, mixed(part, choice.shares), choice),
            (earlier, part["earlier"], EARLIER),
        ):
            one = predictions(part, probability, DIAGNOSES, how)
            found.append(replace(one, said=one.decided))
    return joined(new), joined(earlier)


def elsewhere(parts: dict[str, dict[str, Array]], choices: dict[str, Choice]) -> dict[str, Any]:
    """Score both models on the sources that the new one did not see, by shares and threshold chosen without them."""
    names = [name for name in parts if name not in OWN_PARTS]
    together = study.joined([parts[name] for name in names])
    truth = together["truth"][:, DIAGNOSES.columns]
    kept = np.isfinite(truth).any(axis=1)
    new = np.concatenate([mixed(parts[name], choices[name].shares) for name in names])
    named = np.concatenate(
        [said(parts[name], mixed(parts[name], choices[name].shares), choices[name].threshold) for name in names]
    )
    earlier = together["earlier"], said(together, together["earlier"], EARLIER.threshold)
    rows = together["person"][kept], together["source"][kept]
    both = [(p[kept], d[kept]) for p, d in ((new, named), earlier)]
    found = {
        label: study.evaluate_known(truth[kept], *model, *rows, DIAGNOSES.classes)
        for label, model in zip(("new", "earlier"), both, strict=True)
    }
    return found | {"difference": difference(truth[kept], *both, *rows)}


def normal_in_arrhythmia(parts: dict[str, dict[str, Array]], choices: dict[str, Choice]) -> dict[str, int]:
    """Count the records in fibrillation, flutter or paced rhythm, and of how many a normal electrocardiogram is said."""
    counts = dict.fromkeys(("n", "new", "earlier", "annotated", "new, not annotated"), 0)
    for name in OWN_PARTS:
        part = parts[name]
        columns = [RHYTHM.columns.start + RHYTHM.classes.index(one) for one in EXCLUDING]
        there = (part["truth"][:, columns] == 1).any(axis=1)
        new = said(part, mixed(part, choices[name].shares), choices[name].threshold)[:, 0]
        normal = part["truth"][:, 0] == 1
        counts["n"] += int(there.sum())
        counts["new"] += int((there & new).sum())
        counts["earlier"] += int((there & said(part, part["earlier"], EARLIER.threshold)[:, 0]).sum())
        counts["annotated"] += int((there & normal).sum())
        counts["new, not annotated"] += int((there & new & ~normal).sum())
    return counts


def calibrated(found: Predictions) -> Predictions:
    """Return predictions with probabilities of calibrations that were fitted to other patients."""
    p = np.clip(found.deciding.astype(np.float64), 1e-7, 1 - 1e-7)
    crossed = cross_fitted(np.log(p / (1 - p)), found.truth, found.patient)
    return replace(found, probability=crossed.astype(np.float32), score=found.deciding)


def calibration(found: Predictions) -> dict[str, Any]:
    """Measure probabilities before and after calibration."""
    both = {"before": reliability(found, "patient", 1000), "after": reliability(calibrated(found), "patient", 1000)}
    return {when: {name: one[name] for name in ("ece", "brier", "nll")} for when, one in both.items()}


def keep_sets(place: Path, found: Predictions) -> dict[str, Any]:
    """Write prediction sets on a card, and their coverage on records that made no quantile; return the latter."""
    given, card = calibrated(found), load_card(place)
    at = np.random.default_rng(0).permutation(len(given.truth)) % 10
    sets = np.zeros(given.probability.shape, bool)
    for k in range(10):
        others = conformal(given.probability[at != k], given.truth[at != k], card.classes)
        sets[at == k] = others.sets(given.probability[at == k], COVERAGE)
    held_out = measured(sets, given.truth, card.classes, COVERAGE)
    made = conformal(given.probability, given.truth, card.classes, held_out)
    held_out["by_class"] |= dict.fromkeys(made.not_promised)
    rewrite_card(place, replace(card, conformal=made))
    return held_out


def facts(labels: str) -> dict[str, Any]:
    """Return what a card says beside a score."""
    protocol = PTBXL.protocol("nested")
    known = {"corpus": PTBXL.name, "corpus_version": PTBXL.version, "protocol": protocol.name, "remark": REMARK}
    known |= {"protocol_summary": protocol.summary, "labels": labels, "leaks_patients": False, "shared_patients": []}
    return known | {"rows": "records", "left_out_of_the_store": {}, "unlabelled": 0}


def results(this: TwelveLeads) -> dict[str, Any]:
    """Make the models and return every figure of the page."""
    parts = this.by_part
    choices = {name: study.chosen({key: part for key, part in parts.items() if key != name}) for name in parts}
    whole = study.chosen(parts)
    new, earlier = own(parts, choices)
    together = study.joined([parts[name] for name in OWN_PARTS])
    of_rhythm = predictions(together, together["rhythms"], RHYTHM, Choice((), 0.5))
    of_rhythm = replace(of_rhythm, at_least_one=False)
    scores = {"new": evaluate(new, "patient"), "earlier": evaluate(earlier, "patient")}
    scores["rhythm"] = evaluate(of_rhythm, "patient")
    families = {
        family: {
            metric: one[metric]
            for one in [evaluate(predictions(together, together[family], DIAGNOSES, EARLIER), "patient")]
            for metric in HEADLINE
        }
        for family in study.FAMILIES
    }
    diagnoses, rhythm = study.model(this, whole)
    keep_result(load(diagnoses), facts(DIAGNOSES.label_set) | scores["new"])
    keep_result(load(rhythm), facts(LABEL_SETS["rhythms"].name) | scores["rhythm"])
    return {
        "choices": {name: vars(choice) for name, choice in ({"whole": whole} | choices).items()},
        "records": {name: len(part["record"]) for name, part in parts.items()},
        "scores": scores,
        "families": families,
        "difference": paired(new, earlier, "patient"),
        "elsewhere": elsewhere(parts, choices),
        "normal": normal_in_arrhythmia(parts, choices),
        "calibration": {"ptbxl-diagnoses": calibration(new), "ptbxl-rhythm": calibration(of_rhythm)},
        "sets": {diagnoses.name: keep_sets(diagnoses, new), rhythm.name: keep_sets(rhythm, of_rhythm)},
        "bytes": {place.name: sum(file.stat().st_size for file in place.iterdir()) for place in (diagnoses, rhythm)},
    }


if __name__ == "__main__":
    source, nets, out = map(Path, sys.argv[1:4])
    found = results(TwelveLeads(source, nets, out))
    here = Path(__file__).parent / "results"
    (here / "twelve_leads.json").write_text(json.dumps(found, indent=1) + "\n")
    (here / "twelve_leads.md").write_text(page(found))
