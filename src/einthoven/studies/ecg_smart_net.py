"""Find infarctions, and 23 subclasses, with ECG-SMART-NET on PTB-XL, beside a regression on the components of the same beats."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Listing, Protocol
from einthoven.corpora.ptbxl import PTBXL
from einthoven.engine.declaration import TRAININGS, Published, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.detection import detected, difference
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions, joined
from einthoven.report import study_figures, study_table
from einthoven.training.recipe import Recipe

Array = NDArray[Any]

POSITIVE = "infarction"
TASKS = ("infarction", "subclasses")
BASELINE = "components"
N_COMPONENTS = 60
_PROTOCOL = "nine"
RECIPE = Recipe(epochs=15, batch=32, lr=1e-3, weight_decay=0.05, keep="last", patience=1000, augment=("shift", "noise"))
_COST = {16: 1.0, 32: 3.0, 64: 11.0, 128: 40.0}
MODELS = {
    f"beat-{width}": StudyModel("ecg_smart_net", {"width": width}, RECIPE, "beats", cost=cost)
    for width, cost in _COST.items()
} | {
    f"strip-{width}": StudyModel(
        "ecg_smart_net", {"width": width, "strip": True}, RECIPE, "strips", cost=2.5 * _COST[width]
    )
    for width in (16, 32)
}
"""The paper's width is 64; strips are whole windows of ten seconds at 100 Hz."""
PAPER = "arXiv 2405.09567"


def _entries(folder: Path, fs_hz: float) -> Listing:
    """List the records at 100 Hz, whatever rate they are read at: most copies of the corpus hold no others."""
    return PTBXL.entries(folder, 100.0)


def _members(run: StudyRun) -> list[Member]:
    folds = range(1 if run.quick else run.corpus.protocol(_PROTOCOL).n_folds)
    return [
        Member(run, f"{name}-{task}-f{fold}", name, _PROTOCOL, fold, labels=task)
        for task in TASKS
        for name in run.study.models
        for fold in folds
    ]


def _folds(run: StudyRun) -> list[int]:
    return sorted({member.fold for member in run.members.values() if member.fold is not None})


def _protocol(run: StudyRun, task: str) -> Protocol:
    return run.corpus.with_labels(run.corpus.protocol(_PROTOCOL), task)


def _by_components(run: StudyRun, protocol: Protocol, fold: int) -> Predictions:
    """Answer a fold by a logistic regression on the principal components of the beats of all other folds."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    store = run.stores["strips"]
    split = protocol.parts(store.index, 0, (), fold)
    learned = np.concatenate((split.train, split.validation))
    beats = [_flat(store.windows[chosen].beat) for chosen in (learned, split.test)]
    targets = protocol.labels.targets(store.index.symbol)
    columns = targets.T if protocol.labels.multilabel else np.stack((targets == 0, targets == 1))
    found = []
    for truth in columns[:, learned] > 0:
        if truth.all() or not truth.any():
            found.append(np.full(len(split.test), truth.mean()))
            continue
        n = min(N_COMPONENTS, len(learned) - 1)
        fitted = make_pipeline(PCA(n, random_state=0), StandardScaler(), LogisticRegression(max_iter=2000))
        found.append(fitted.fit(beats[0], truth).predict_proba(beats[1])[:, 1])
    index, test = store.index, split.test
    return Predictions(
        protocol.labels.classes,
        targets[test],
        np.stack(found, axis=1),
        index.record[test],
        index.patient[test],
        index.position[test],
    )


def _flat(beat: Array | None) -> Array:
    assert beat is not None, "the store has beats"
    return np.asarray(beat).reshape(len(beat), -1)


def _score(task: str, run: StudyRun) -> Results:
    """Pool the answers of all folds, and compare each model with the regression."""
    protocol = _protocol(run, task)
    answers = {name: joined(run.predict("test", model=name, labels=task)) for name in run.study.models}
    answers |= {BASELINE: joined([_by_components(run, protocol, fold) for fold in _folds(run)])}
    scores, tests = {}, {}
    for name, found in answers.items():
        size = {"n_parameters": run.trained[f"{name}-{task}-f0"]["n_parameters"]} if name != BASELINE else {}
        facts = run.facts(protocol, **size)
        scores[f"{name}-{task}"] = run.score_one(f"{name}-{task}", found, facts, protocol.unit)
        if task == "infarction":
            scores[f"{name}-{task}"] |= detected([found], POSITIVE, protocol.unit, run.draws)
        if name != BASELINE:
            tests[f"{name} - {BASELINE}, {task}"] = _against(found, answers[BASELINE], protocol.unit, run.draws)
    return {"scores": scores, "paired": tests}


def _against(found: Predictions, baseline: Predictions, unit: str, draws: int) -> Results:
    if found.multilabel:
        return paired(found, baseline, unit, draws)
    return difference([found], [baseline], POSITIVE, unit, draws)


def _results(run: StudyRun) -> Results:
    found = [run.results[f"{task}-scores"] for task in TASKS]
    return {name: {key: row for one in found for key, row in one[name].items()} for name in ("scores", "paired")}


def _table(run: StudyRun, found: Results) -> Results:
    def against(label: str, _: Results) -> str:
        name, task = label.rsplit("-", 1)
        row = found["paired"].get(f"{name} - {BASELINE}, {task}", {})
        test = row.get("auc", row.get("macro_auroc"))
        if test is None or None in test["difference"].values():
            return ""
        return "{value:+.3f} ({low:+.3f} to {high:+.3f})".format(**test["difference"])

    columns: dict[str, study_table.Cell] = {
        "model": lambda label, _: label.rsplit("-", 1)[0],
        "task": lambda label, _: label.rsplit("-", 1)[1],
        "records": study_table.count("n_test"),
        "patients": study_table.count("n_patients"),
        "AUC": study_table.figure("auc", "macro_auroc"),
        "average precision": study_table.figure("average_precision", "macro_auprc"),
        "AUC less that of components": against,
        "parameters": lambda _, row: f"{row['n_parameters']:,}" if "n_parameters" in row else "",
        "published": lambda label, _: study_table.beside(run.study.published)(label, {}),
    }
    first = next(iter(found["scores"].values()))
    infarction = next(row for row in found["scores"].values() if "prevalence" in row)
    remarks = [
        "This is no detection of occlusion. infarction: any statement of an infarction, of any place and age, against none "
        f"({infarction['n_positive']} of {infarction['n_test']} records, {infarction['prevalence']:.3f}, the average precision of "
        "chance). subclasses: the 23 diagnostic ones, means over classes.",
        f"Nine folds by patient, pooled; {study_table.drawn(first)}. Records at 100 Hz; beats are read at 500 Hz (12 x 400), "
        "strips at 100 Hz.",
        f"{BASELINE}: logistic regression on {N_COMPONENTS} principal components of the same beat, 12 x 80 at 100 Hz.",
    ]
    title = "PTB-XL: infarctions and subclasses by ECG-SMART-NET"
    return study_table.table(found, title, columns, remarks, list(columns)[:7])


ECG_SMART_NET_STUDY = Study(
    name="ecg-smart-net",
    corpus=replace(PTBXL, entries=_entries),
    protocols=("clean",),
    stores={
        "beats": PTBXL.preparation.with_settings(fs_hz=500.0, inputs=("signal", "aligned_beat")),
        "strips": PTBXL.preparation.with_settings(inputs=("signal", "aligned_beat")),
    },
    models=MODELS,
    members=_members,
    cross_validated=True,
    steps=(TRAININGS, *(Step(f"{task}-scores", partial(_score, task), 0.5) for task in TASKS)),
    results=_results,
    table=_table,
    figures={
        f"classes-{name}-subclasses": partial(study_figures.draw_classes, f"{name}-subclasses") for name in MODELS
    },
    published=(Published(PAPER, "beat-64-infarction", {"AUC": "0.953 (occlusion, private records)"}),),
)
