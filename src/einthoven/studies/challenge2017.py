"""Detect atrial fibrillation in recordings of a hand-held device: how well, and with how small a net."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from einthoven.corpora.challenge2017 import CHALLENGE2017, N_FOLDS
from einthoven.data.build import left_out_lines
from einthoven.engine.declaration import TRAININGS, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.choosing import best_share_for_challenge, challenge_score
from einthoven.evaluation.evaluate import headline
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.trust import trust_in
from einthoven.inference.predictor import load
from einthoven.models import cost
from einthoven.models.inputs import InputShape
from einthoven.report import study_figures, study_table
from einthoven.studies.distilled import distil, distil_all
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe

REGULARISED = Recipe(weight_decay=0.05, balance=0.25, smoothing=0.05, augment=("rolled", "inverted", "gain", "noise"))
RECIPE = replace(REGULARISED, epochs=30, batch=64, lr=2e-3, keep="last", patience=1000)
"""Half of the traces are turned upside down, as some of the real ones are."""
SHORTER = replace(RECIPE, epochs=7)
"""For the larger nets that read the trace alone: four to eight minutes of one core, where ``rhythm`` takes nine."""
SMALLER = replace(RECIPE, epochs=10)
"""For the smallest nets; as long."""
MEASURED = "measured"
"""The store whose windows have typical beats and measurements of rhythm beside them."""
TREES = {"n_trees": 1000, "n_bins": 27, "beat_span": 135, "n_read": 116, "summed": True, "upright": True}
DISTILLED = "distilled"
"""One network that the others taught."""
MODELS = {
    "rhythm": StudyModel("rhythm", {}, RECIPE, MEASURED),
    "rhythm_again": StudyModel("rhythm", {}, RECIPE, MEASURED, seed=1),
    "trees": StudyModel("forest", TREES, RECIPE, MEASURED, cost=0.1),
    DISTILLED: StudyModel("rhythm", {}, replace(RECIPE, smoothing=0.0), MEASURED),
    "arrhythminet_v1": StudyModel("arrhythminet_v1", {}, SMALLER),
    "arrhythminet_v2": StudyModel("arrhythminet_v2", {}, SMALLER, cost=1.1),
    "hybrid": StudyModel("hybrid", {"widths": (24, 48, 64, 96)}, SHORTER, cost=0.5),
    "resnet1d": StudyModel("resnet1d", {"widths": (24, 48, 96, 128)}, SHORTER),
    "litenet": StudyModel("litenet", {}, SHORTER),
}
SMALL = ("arrhythminet_v1", "arrhythminet_v2")
NETS, BOOSTED = ("rhythm", "rhythm_again"), "trees"
"""Members of the best model; the nets have equal shares."""
SHARES = [0.0, 0.2, 0.35, 0.5]
"""Shares of the trees to choose from."""
BEST, SMALLEST = "challenge2017-rhythm", "challenge2017-small"
"""Names of the models that come with einthoven."""
TOGETHER, TAUGHT = "nets and trees", "distilled and trees"
MIXTURES: dict[str, tuple[str, ...]] = {TOGETHER: NETS, TAUGHT: (DISTILLED,)}
"""Networks that are joined with trees, by the name of the mixture."""
_CROSSED = "Cross-validated: each recording is answered by a network and trees of the same recipes that never saw it."
_APART = "On the recordings of the fold that it never saw."


def _folds(run: StudyRun) -> range:
    return range(2 if run.quick else N_FOLDS)


def _members(run: StudyRun) -> list[Member]:
    trainings = [(name, model.seed, fold) for name, model in run.study.models.items() for fold in _folds(run)]
    return [
        Member(run, f"{name}-f{fold}", name, "clean", fold, fold + 100 * seed)
        for name, seed, fold in trainings
        if name != DISTILLED
    ]


def _student(run: StudyRun, fold: int | None) -> Member:
    """Return the distilled network of a fold, or without one that of all recordings."""
    return Member(
        run, f"distilled-{'of-all' if fold is None else f'f{fold}'}", DISTILLED, "clean", fold or 0, fold or 0
    )


def _member(run: StudyRun, name: str, fold: int) -> Member:
    return _student(run, fold) if name == DISTILLED else run.members[f"train-{name}-f{fold}"]


def _distil(fold: int | None, run: StudyRun) -> Results:
    """Train the distilled network of a fold, or that of all recordings."""
    if fold is None:
        return distil_all(_student(run, None), NETS, _folds(run))
    return distil(_student(run, fold), NETS) if fold in _folds(run) else {}


def _mixture(run: StudyRun, mixture: str, part: str, fold: int, share: float) -> Predictions:
    """Return the predictions of networks and trees for a part of a fold, the trees with a share."""
    nets = [_member(run, name, fold).predict(part) for name in MIXTURES[mixture]]
    trees = _member(run, BOOSTED, fold).predict(part)
    return trees.moved((1 - share) * mean(nets).probability + share * trees.deciding)


def _chosen(run: StudyRun, mixture: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return share and class weights of a mixture for each fold, and for the whole."""
    by_fold = [{share: _mixture(run, mixture, "validation", fold, share) for share in SHARES} for fold in _folds(run)]
    whole = {share: joined([answers[share] for answers in by_fold]) for share in SHARES}
    return [best_share_for_challenge(answers) for answers in by_fold], best_share_for_challenge(whole)


def _choose(run: StudyRun) -> Results:
    """Choose on validation data: the small net; share and class weights of the mixtures, for each fold and for the whole."""
    alone = {name: [challenge_score(answers) for answers in run.predict("validation", model=name)] for name in SMALL}
    small = {name: float(np.mean(scores)) for name, scores in alone.items()}
    (best, of_the_whole), (taught, taught_of_the_whole) = (_chosen(run, mixture) for mixture in (TOGETHER, TAUGHT))
    return {
        "small_on_validation": small,
        "small": max(small, key=lambda name: small[name]),
        "best": best,
        "best_of_the_whole": of_the_whole,
        "taught": taught,
        "taught_of_the_whole": taught_of_the_whole,
    }


def _score(run: StudyRun) -> Results:
    """Score the pooled predictions of all folds, and count what each network costs."""
    answers = {
        mixture: joined(
            [
                _mixture(run, mixture, "test", fold, chosen["share"]).weighted(chosen["class_weights"])
                for fold, chosen in zip(_folds(run), run.results["chosen"][key], strict=True)
            ]
        )
        for mixture, key in ((TOGETHER, "best"), (TAUGHT, "taught"))
    }
    answers |= {
        name: joined([_member(run, name, fold).predict("test") for fold in _folds(run)]) for name in run.study.models
    }
    price = {}
    for name in run.study.models:
        predictor = load(run.folder / "runs" / f"{name}-f0")
        network, shape = predictor.network, InputShape.of(predictor.card.preparation)
        macs = cost.multiply_accumulates(network, shape)
        price[name] = {"parameters": cost.parameters(network), "multiply_accumulates": macs}
    return run.score(answers, run.facts(run.protocol, on_card=True), run.protocol.unit) | {"cost": price}


def _publish(run: StudyRun) -> Results:
    """Make the models that come with einthoven.

    One is the distilled network of all recordings beside the trees of all folds; the other is the small net of the first fold.
    """
    chosen, small = run.results["chosen"], run.members[f"train-{run.results['chosen']['small']}-f0"]
    share, weights = (chosen["taught_of_the_whole"][name] for name in ("share", "class_weights"))
    told = {"answers": "each recording by the distilled network and the trees of the fold that tests it"}
    crossed = joined([_mixture(run, TAUGHT, "test", fold, share) for fold in _folds(run)])
    best = trust_in(crossed, told, whole=True, weights=tuple(weights))
    trees = [_member(run, BOOSTED, fold).bundle for fold in _folds(run)] if share else []
    shares = [1 - share, *(share / len(trees) for _ in trees)]
    bundles = [_student(run, None).bundle, *trees]
    fuse(run.folder / BEST, bundles, "weighted", shares, tuple(weights), half=True, trust=best)
    of_small = trust_in(small.predict("validation"), {"answers": "validation part of the first fold"}, whole=True)
    fuse(run.folder / SMALLEST, [small.bundle], "mean", half=True, trust=of_small)
    alone = run.evaluate(small.predict("test"))
    alone = {"model": SMALLEST} | run.facts(run.protocol, on_card=True) | alone
    found, scored = {}, run.results["scores"]["scores"][TAUGHT]
    for name, metrics, remark in ((BEST, scored, _CROSSED), (SMALLEST, alone, _APART)):
        size = run.publish(run.folder / name, metrics | {"remark": f"{remark} {metrics['remark']}"})
        found[name] = {"bytes": size, "challenge_score": metrics["challenge_score"], "n_test": metrics["n_test"]}
    return found


def _table(run: StudyRun, found: Results) -> Results:
    first = found["scores"][TOGETHER]
    columns: dict[str, study_table.Cell] = {
        "model": study_table.label,
        **{name: study_table.figure(name) for name in headline(first)},
        **{f"F1 {name}": study_table.class_f1(name) for name in first["per_class"]},
        "parameters": study_table.price(found, "parameters", "{:,.0f}"),
        "MMAC": study_table.price(found, "multiply_accumulates", "{:.1f}", 1e6),
    }
    shares = ", ".join(f"{chosen['share']:g}" for chosen in found["chosen"]["best"])
    remarks = [
        f"challenge_score is the official one: the mean F1 of N, A and O. {first['remark']}",
        f"{TOGETHER}: two seeds of rhythm, and boosted trees at a share of {shares} in the folds. Share and class weights are "
        "chosen on each fold's validation part.",
        *left_out_lines(run.store),
    ]
    if TAUGHT in found["scores"]:
        shares = ", ".join(f"{chosen['share']:g}" for chosen in found["chosen"]["taught"])
        remarks.insert(
            2,
            f"{DISTILLED}: one network, taught by the labels, the two networks of its fold, and trees that did not see the "
            f"recording. {TAUGHT}: the same beside the trees of its fold, at a share of {shares}.",
        )
    tested = f"{first['n_test']:,} recordings at hand, {len(_folds(run))}-fold cross-validation by recording"
    shown = [*list(columns)[:2], *list(columns)[7:10]]
    return study_table.table(
        found, f"Challenge 2017: {tested}; {study_table.drawn(first, 'recording')}", columns, remarks, shown
    )


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
    steps=(
        TRAININGS,
        tuple(
            Step(f"distil-{'all' if fold is None else fold}", partial(_distil, fold))
            for fold in (*range(N_FOLDS), None)
        ),
        Step("chosen", _choose, 0.2),
        Step("scores", _score, 0.5),
        Step("models", _publish, 0.2),
    ),
    compared={
        "paired": {f"{TOGETHER} - {name}": (TOGETHER, name) for name in (*MODELS, TAUGHT)}
        | {f"{TAUGHT} - {DISTILLED}": (TAUGHT, DISTILLED)}
    },
    results=lambda run: (
        {"trained": run.trained} | run.results["scores"] | {name: run.results[name] for name in ("chosen", "models")}
    ),
    table=_table,
    figures={
        "scores": partial(
            study_figures.draw_groups,
            "challenge_score",
            "mean F1 of N, A and O",
            {"five-fold cross-validation": {name: name for name in (TOGETHER, TAUGHT, *MODELS)}},
        ),
        "cost": partial(study_figures.draw_cost, "challenge_score", "challenge score", "for 30 s"),
        "confusion": partial(study_figures.draw_classes, TOGETHER),
    },
)
