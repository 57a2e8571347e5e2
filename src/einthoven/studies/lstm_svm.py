"""Detect ectopic beats in ten seconds with LSTM layers and a support vector machine, beside RR intervals alone, on MIT-BIH."""

from dataclasses import replace
from functools import partial

import numpy as np

from einthoven.corpora.corpus import Index, Protocol
from einthoven.corpora.mitdb import ECTOPY, MITDB, PACED
from einthoven.corpora.split import Split, stratified
from einthoven.engine.declaration import TRAININGS, Published, Quick, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.calibration import METHODS
from einthoven.evaluation.detection import detected, difference
from einthoven.inference.calibrated import calibrate
from einthoven.report import study_figures, study_table
from einthoven.signal.rhythm import INTERVAL_NAMES
from einthoven.training.recipe import Recipe
from einthoven.training.support_vectors import on_trained

POSITIVE = "ectopy"
SEEDS = (0, 1)
RECIPE = Recipe(epochs=20, batch=64, lr=2e-3, patience=10, augment=("gain", "noise"))
MODELS = {
    "lstm_svm": StudyModel("lstm_svm", {}, RECIPE, "strip", cost=10.0),
    "lstm": StudyModel("lstm_svm", {"svm": False}, RECIPE, "strip", cost=10.0),
    "rr": StudyModel(
        "forest", {"n_bins": 0, "n_read": len(INTERVAL_NAMES), "summed": True}, RECIPE, "intervals", cost=0.2
    ),
}
"""The system; the same network with its own last layer; boosted trees on RR intervals alone."""
MACHINE, NETWORK = "lstm_svm", "lstm"
PAIRS = {"lstm_svm - lstm": (MACHINE, NETWORK), "lstm_svm - rr": (MACHINE, "rr")}
PAPER = "arXiv 2312.09442"


def _split_at_random(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    labels = ECTOPY.targets(index.symbol)
    rest, test = stratified(labels, 0.2, seed)
    train, validation = stratified(labels[rest], 0.1, seed + 1)
    kept = ~np.isin(index.record, (*left_out, *PACED))
    return Split(*(part[kept[part]] for part in (rest[train], rest[validation], test)))


SEGMENTS = replace(
    MITDB,
    protocols={
        "clean": replace(MITDB.protocol("clean"), labels=ECTOPY),
        "paper": Protocol(
            name="paper",
            summary="a stratified random 80/20 split of all segments of ten seconds; paced records are excluded",
            labels=ECTOPY,
            leaks=True,
            unit="window",
            remark="LEAKS PATIENTS: segments of the same person are in training and test set; no estimate for new patients.",
            without=PACED,
            declared_shared=(),
            split=_split_at_random,
        ),
    },
)
"""The MIT-BIH database in consecutive windows, each with or without a S, V or F beat."""


def _members(run: StudyRun) -> list[Member]:
    return [
        Member(run, f"{name}-{by}-s{seed}", name, by, seed=seed)
        for name in (NETWORK, "rr")
        for by in run.protocols
        for seed in (_seeds(run, by) if name == NETWORK else SEEDS[:1])
    ]


def _seeds(run: StudyRun, by: str) -> tuple[int, ...]:
    return SEEDS if by == "clean" and not run.quick else SEEDS[:1]


def _machines(run: StudyRun, by: str) -> list[Member]:
    return [Member(run, f"{MACHINE}-{by}-s{seed}", MACHINE, by, seed=seed) for seed in _seeds(run, by)]


def _fit_machines(by: str, run: StudyRun) -> Results:
    """Put a machine on each trained network, and calibrate it on the same validation records."""
    found = {}
    for member in _machines(run, by):
        task = member.task
        on_trained(task, run.members[f"train-{NETWORK}-{by}-s{member.seed}"].bundle, member.folder, member.seed)
        card = calibrate(member.folder, run.corpus, member.protocol, member.store, task.validation, METHODS[:1])
        found[member.label] = {"n_parameters": card.n_parameters, "n_vectors": card.settings["n_vectors"]}
    return found


def _score(by: str, run: StudyRun) -> Results:
    """Score all models by one protocol; metrics are averaged over seeds, figures are those of the first."""
    protocol = run.protocols[by]
    answers = {MACHINE: [member.predict("test") for member in _machines(run, by)]}
    answers |= {name: run.predict("test", model=name, protocol_name=by) for name in (NETWORK, "rr")}
    sizes = run.trained | run.results[f"{by}-machines"]
    scores = {}
    for name, seeds in answers.items():
        size = sizes[f"{name}-{by}-s{SEEDS[0]}"]["n_parameters"]
        facts = run.facts(protocol, rows="windows", n_parameters=size)
        scores[name] = run.score_one(f"{name}-{by}", seeds[0], facts, protocol.unit)
        scores[name] |= detected(seeds, POSITIVE, protocol.unit, run.draws)
    paired = {
        pair: difference(answers[first], answers[second], POSITIVE, protocol.unit, run.draws)
        for pair, (first, second) in PAIRS.items()
    }
    return {"scores": scores, "paired": paired}


def _results(run: StudyRun) -> Results:
    scored = {by: run.results[f"{by}-scores"] for by in run.protocols}
    return {
        "scores": {f"{name}-{by}": row for by, found in scored.items() for name, row in found["scores"].items()},
        "paired": {f"{pair}, {by}": row for by, found in scored.items() for pair, row in found["paired"].items()},
    }


def _table(run: StudyRun, found: Results) -> Results:
    columns: dict[str, study_table.Cell] = {
        "model": study_table.part_of_label(0),
        "protocol": study_table.protocol,
        "segments": study_table.count("n_test"),
        "with ectopy (AP of chance)": lambda _, row: f"{row['n_positive']:,} ({row['prevalence']:.3f})",
        "AP": study_table.figure("average_precision"),
        "AP by seed": lambda _, row: ", ".join(f"{value:.3f}" for value in row["by_seed"]["average_precision"]),
        "AUC": study_table.figure("auc"),
        "parameters": study_table.count("n_parameters"),
        "published AP": study_table.beside(run.study.published, "average_precision"),
    }
    first = next(iter(found["scores"].values()))
    remarks = [
        "44 records without those of paced beats, 180 segments of ten seconds each; positive: any S, V or F beat (AAMI). "
        "AP: average precision; a model that knows nothing has that of the share of positive segments.",
        f"Mean over the seeds (one by protocol paper); {study_table.drawn({'interval': first['detection_interval']})}; by protocol "
        "paper over segments.",
        "rr: boosted trees on RR intervals of beats that were detected, in each segment alone. lstm: the network of lstm_svm with "
        "its own last layer.",
        *dict.fromkeys(row["remark"] for row in found["scores"].values()),
    ]
    title = "MIT-BIH: ectopic beats in ten seconds"
    return study_table.table(found, title, columns, remarks, [name for name in columns if name != "AP by seed"])


LSTM_SVM_STUDY = Study(
    name="lstm-svm",
    corpus=SEGMENTS,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={
        "strip": MITDB.preparation.with_settings(leads=("MLII|II|V5",), fs_hz=360.0, window_s=10.0),
        "intervals": MITDB.preparation.with_settings(
            leads=("MLII|II|V5",), window_s=10.0, inputs=("signal", "beat", "rhythm")
        ),
    },
    models=MODELS,
    members=_members,
    quick=Quick(at_most=40),
    steps=(
        TRAININGS,
        *(Step(f"{by}-machines", partial(_fit_machines, by), 0.2, by) for by in ("clean", "paper")),
        *(Step(f"{by}-scores", partial(_score, by), 0.5, by) for by in ("clean", "paper")),
    ),
    results=_results,
    table=_table,
    figures={
        f"confusion-{name}-{by}": partial(study_figures.draw_classes, f"{name}-{by}")
        for name in ("lstm_svm", "rr")
        for by in ("clean", "paper")
    },
    published=(Published(PAPER, "lstm_svm-paper", {"average_precision": "0.9402 (split not stated)"}),),
)
