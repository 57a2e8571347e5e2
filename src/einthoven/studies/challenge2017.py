"""Detect atrial fibrillation in recordings of a hand-held device: how well, and with how small a net."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.challenge2017 import CHALLENGE2017, N_FOLDS
from einthoven.data.build import left_out_lines
from einthoven.evaluation.choosing import best_share_for_challenge, challenge_score
from einthoven.evaluation.evaluate import headline
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.inference.predictor import load
from einthoven.models import cost
from einthoven.models.inputs import InputShape
from einthoven.report import plots
from einthoven.report import study_figures as figures
from einthoven.report import study_table as page
from einthoven.studies.declaration import TRAININGS, Member, Results, Step, Study, StudyModel
from einthoven.studies.engine import StudyRun
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe

REGULARISED = Recipe(weight_decay=0.05, balance=0.25, smoothing=0.05, augment=("rolled", "inverted", "gain", "noise"))
RECIPE = replace(REGULARISED, epochs=30, batch=64, lr=2e-3, keep="last", patience=1000)
"""Half of the traces are turned upside down, as some of the real ones are."""
SHORTER = replace(RECIPE, epochs=7)
"""Of the larger nets that read the trace alone: four to eight minutes of one core, where ``rhythm`` has nine."""
SMALLER = replace(RECIPE, epochs=10)
"""Of the smallest nets; as long."""
MEASURED = "measured"
"""The store whose windows have typical beats and measurements of rhythm beside them."""
TREES = {"n_trees": 1000, "n_bins": 27, "beat_span": 135, "n_read": 116, "summed": True, "upright": True}
MODELS = {
    "rhythm": StudyModel("rhythm", {}, RECIPE, MEASURED),
    "rhythm_again": StudyModel("rhythm", {}, RECIPE, MEASURED, seed=1),
    "trees": StudyModel("forest", TREES, RECIPE, MEASURED, cost=0.1),
    "arrhythminet_v1": StudyModel("arrhythminet_v1", {}, SMALLER),
    "arrhythminet_v2": StudyModel("arrhythminet_v2", {}, SMALLER, cost=1.1),
    "hybrid": StudyModel("hybrid", {"widths": (24, 48, 64, 96)}, SHORTER, cost=0.5),
    "resnet1d": StudyModel("resnet1d", {"widths": (24, 48, 96, 128)}, SHORTER),
    "litenet": StudyModel("litenet", {}, SHORTER),
}
SMALL = ("arrhythminet_v1", "arrhythminet_v2")
NETS, BOOSTED = ("rhythm", "rhythm_again"), "trees"
"""Members of the best model; the nets have equal parts."""
SHARES = [0.0, 0.2, 0.35, 0.5]
"""Of the trees, to choose from."""
BEST, SMALLEST = "challenge2017-rhythm", "challenge2017-small"
"""Names of the models that come with einthoven."""
TOGETHER = "nets and trees"
_CROSSED = "Cross-validated: each recording is answered by members that never saw it."
_APART = "On the recordings of the fold that it never saw."


def _folds(run: StudyRun) -> range:
    return range(2 if run.quick else N_FOLDS)


def _members(run: StudyRun) -> list[Member]:
    trainings = [(name, model.seed, fold) for name, model in run.study.models.items() for fold in _folds(run)]
    return [Member(f"{name}-f{fold}", name, "clean", fold, fold + 100 * seed) for name, seed, fold in trainings]


def _together(run: StudyRun, part: str, fold: int, share: float) -> Predictions:
    """Answers of nets and trees for a part of a fold, the trees at a share."""
    *nets, trees = (run.answers(f"train-{name}-f{fold}", part) for name in (*NETS, BOOSTED))
    return replace(trees, probability=(1 - share) * mean(nets).probability + share * trees.probability)


def _choose(run: StudyRun) -> Results:
    """Choose on validation parts: the small net; share and class weights of the best model, for each fold and for the whole."""
    alone = {name: [challenge_score(answers) for answers in run.each("validation", model=name)] for name in SMALL}
    small = {name: float(np.mean(scores)) for name, scores in alone.items()}
    by_fold = [{share: _together(run, "validation", fold, share) for share in SHARES} for fold in _folds(run)]
    whole = {share: joined([answers[share] for answers in by_fold]) for share in SHARES}
    return {
        "small_on_validation": small,
        "small": max(small, key=lambda name: small[name]),
        "best": [best_share_for_challenge(answers) for answers in by_fold],
        "best_of_the_whole": best_share_for_challenge(whole),
    }


def _score(run: StudyRun) -> Results:
    """Score the pooled answers of all folds, and count what each network costs."""
    weighted = [
        _together(run, "test", fold, chosen["share"]).weighted(chosen["class_weights"])
        for fold, chosen in zip(_folds(run), run.found["chosen"]["best"], strict=True)
    ]
    answers = {TOGETHER: joined(weighted)} | {name: joined(run.each("test", model=name)) for name in run.study.models}
    price = {}
    for name, model in run.study.models.items():
        network, shape = load(run.place(f"train-{name}-f0")).network, InputShape.of(run.stores[model.store].preparation)
        macs = cost.multiply_accumulates(network, shape)
        price[name] = {"parameters": cost.parameters(network), "multiply_accumulates": macs}
    return run.score(answers, run.stated_on_card(run.protocol), run.protocol.unit) | {"cost": price}


def _fuse(run: StudyRun) -> Results:
    """Make the models that come with einthoven: nets and trees of all folds as one, and the small net of the first fold."""
    chosen, small = run.found["chosen"]["best_of_the_whole"], f"train-{run.found['chosen']['small']}-f0"
    parts = {name: (1 - chosen["share"]) / len(NETS) for name in NETS} | {BOOSTED: chosen["share"]}
    members = [(f"train-{name}-f{fold}", part) for fold in _folds(run) for name, part in parts.items() if part]
    bundles = [run.place(step) / "bundle" for step, _ in members]
    weights = [part / len(_folds(run)) for _, part in members]
    fuse(run.folder / BEST, bundles, "weighted", weights, chosen["class_weights"], half=True)
    fuse(run.folder / SMALLEST, [run.place(small) / "bundle"], "mean", half=True)
    own = {"model": SMALLEST} | run.stated_on_card(run.protocol)
    own |= run.evaluate(run.answers(small, "test"))
    together = run.found["scores"]["scores"][TOGETHER]
    found = {}
    for name, metrics, remark in ((BEST, together, _CROSSED), (SMALLEST, own, _APART)):
        size = run.publish(run.folder / name, metrics | {"remark": f"{remark} {metrics['remark']}"})
        found[name] = {"bytes": size, "challenge_score": metrics["challenge_score"], "n_test": metrics["n_test"]}
    return found


def _table(run: StudyRun, found: Results) -> Results:
    first = found["scores"][TOGETHER]
    columns: dict[str, page.Cell] = {
        "model": page.label,
        **{name: page.figure(name) for name in headline(first)},
        **{f"F1 {name}": page.class_f1(name) for name in first["per_class"]},
        "parameters": page.price(found, "parameters", "{:,.0f}"),
        "MMAC": page.price(found, "multiply_accumulates", "{:.1f}", 1e6),
    }
    shares = ", ".join(f"{chosen['share']:g}" for chosen in found["chosen"]["best"])
    remarks = [
        f"challenge_score is the official one: the mean F1 of N, A and O. {first['remark']}",
        f"{TOGETHER}: two seeds of rhythm, and boosted trees at a share of {shares} in the folds; share and class weights are "
        "chosen on each fold's validation part.",
        *left_out_lines(run.store),
    ]
    tested = f"{first['n_test']:,} recordings at hand, {len(_folds(run))}-fold cross-validation by recording"
    shown = [*list(columns)[:2], *list(columns)[7:10]]
    return page.table(found, f"Challenge 2017: {tested}; {page.drawn(first, 'recording')}", columns, remarks, shown)


def _draw_scores(run: StudyRun, found: Results, file: Path) -> None:
    scores = {name: row["challenge_score"] for name, row in found["scores"].items()}
    plots.spread({"five-fold cross-validation": scores}, "mean F1 of N, A and O, 95 % interval", file)


CHALLENGE2017_STUDY = Study(
    name="challenge2017",
    corpus=CHALLENGE2017,
    protocols=("clean",),
    stores={
        "": CHALLENGE2017.preparation,
        MEASURED: CHALLENGE2017.preparation.with_settings(inputs=("signal", "beat", "summary", "rhythm")),
    },
    models=MODELS,
    members=_members,
    trained=lambda card: {key: card.training[key] for key in card.training if key.startswith("validation_")},
    cross_validated=True,
    settings={"shares": SHARES},
    steps=(TRAININGS, Step("chosen", _choose, 0.2), Step("scores", _score, 0.5), Step("models", _fuse, 0.2)),
    compared={"paired": {f"{TOGETHER} - {name}": (TOGETHER, name) for name in MODELS}},
    results=lambda run: (
        {"trained": run.trained} | run.found["scores"] | {name: run.found[name] for name in ("chosen", "models")}
    ),
    table=_table,
    figures={
        "scores": _draw_scores,
        "cost": partial(figures.draw_cost, "challenge_score", "challenge score", "for 30 s"),
        "confusion": partial(figures.draw_classes, TOGETHER),
    },
)
