"""Repeat Song et al. 2026 on MIT-BIH: four networks, six answers to rare classes, six ensembles."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.mitdb import MITDB
from einthoven.evaluation.predictions import Predictions
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.studies import mitbih_steps as steps
from einthoven.studies.declaration import TRAININGS, Draw, Member, Published, Quick, Results, Step, Study, StudyModel
from einthoven.studies.engine import StudyRun
from einthoven.training.gan import Generation
from einthoven.training.recipe import Recipe

ARCHITECTURES = ("cnn", "cnn_lstm", "cnn_lstm_attention", "resnet1d")
RECIPE = Recipe(epochs=8)
STRATEGIES = {
    "none": RECIPE,
    "weights": replace(RECIPE, loss="weighted"),
    "focal": replace(RECIPE, loss="focal"),
    "oversampling": replace(RECIPE, balance=1.0),
    "generated": RECIPE,
    "generated_focal": replace(RECIPE, loss="focal"),
}
"""Answers to rare classes; the two that are named so also train on generated beats."""
MODELS = {
    f"{name}-{strategy}": StudyModel(name, recipe=recipe, cost=8.0)
    for strategy, recipe in STRATEGIES.items()
    for name in ARCHITECTURES
}
PAPER, _AHEAD = "Song et al. 2026 (arXiv 2602.17701)", "Song et al. 2026:"
"""Its split is not stated."""
METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
_N_SHOWN = 8


def _members(run: StudyRun) -> list[Member]:
    protocol = next(iter(run.protocols))
    return [Member(f"{name}-s0", name, protocol, work=steps.train) for name in run.study.models]


def _results(run: StudyRun) -> Results:
    found, trained = run.found, steps.trained(run)
    winner = steps.winner(run)
    seeds = [trained[winner], *(found[f"train-winner-s{seed}"] for seed in run.study.settings["more_seeds"])]
    return {
        "protocol": run.protocol.name,
        "generated": found["generated"] | found["train-synthetic-only"],
        "trained": trained,
        "winner": {"member": winner, "seeds": seeds},
        "ensembles": found["ensembles"],
        **found["scores"],
        "explained": found["explained"],
    }


def beat_table(run: StudyRun, found: Results, first: Results, shown: list[str]) -> Results:
    """Lay out a table of beats: overall metrics, F1 of each class, the test against no answer to rare classes."""

    def against_none(label: str, _: Results) -> str:
        test = found["against_none"].get(label)
        return f"{test['difference']['value']:+.3f} (p {test['p']:.3f})" if test else ""

    columns: dict[str, page.Cell] = {"model": page.label} | {name: page.figure(name) for name in METRICS}
    columns |= {f"F1 {name}": page.class_f1(name, interval=True) for name in first["per_class"]}
    tested = f"{first['n_test']:,} beats of {first['n_patients']} patients"
    title = f"MIT-BIH, protocol {first['protocol']}: {tested}; {page.drawn(first)}"
    columns |= {"against none": against_none}
    return page.table(found, title, columns, [first["remark"]], shown, published=run.study.published)


def _table(run: StudyRun, found: Results) -> Results:
    return beat_table(run, found, next(iter(found["scores"].values())), ["model", *METRICS, "against none"])


def _draw_roc(label: str, run: StudyRun, found: Results, file: Path) -> None:
    if label in found["scores"]:
        plots.roc(Predictions.read(run.folder / "predictions" / f"{label}.csv"), found["scores"][label], file)


def _by_architecture(run: StudyRun) -> dict[str, list[str]]:
    """The strategies of each architecture."""
    groups: dict[str, list[str]] = {}
    for name in run.study.models:
        architecture, strategy = name.split("-")
        groups.setdefault(architecture, []).append(strategy)
    return groups


def _draw_imbalance(run: StudyRun, found: Results, file: Path) -> None:
    f1 = {label: row["macro_f1"] for label, row in found["scores"].items()}
    groups = {name: {each: f1[f"{name}-{each}"] for each in of} for name, of in _by_architecture(run).items()}
    plots.spread(groups, "macro-F1, 95 % interval", file)


def _draw_ensembles(run: StudyRun, found: Results, file: Path) -> None:
    f1 = {label: row["macro_f1"] for label, row in found["scores"].items()}
    single = {name: f1[f"{name}-none"] for name in _by_architecture(run)}
    fused = {label: f1[f"ensemble-{label}"] for label in steps.ENSEMBLES}
    groups = {"single, no answer to imbalance": single, "ensembles": fused}
    plots.spread(groups, "macro-F1, 95 % interval", file)


def _draw_learning(run: StudyRun, found: Results, file: Path) -> None:
    curves = {
        name: {each: page.learning_curve(run.folder / "runs" / f"{name}-{each}-s0" / "logs") for each in of}
        for name, of in _by_architecture(run).items()
    }
    plots.curves(curves, "epoch", "validation macro-F1", file)


def _draw_generated(run: StudyRun, found: Results, file: Path) -> None:
    task = run.task(next(iter(run.members.values())))
    windows, labels = steps.generated_beats(run)
    pairs = {}
    for at in np.unique(labels).tolist():
        real = task.train[task.labels[task.train] == at][:_N_SHOWN]
        pairs[task.classes[at]] = (task.windows[real].signal[:, 0], windows[labels == at][:_N_SHOWN, 0])
    if pairs:
        plots.real_and_generated(pairs, task.preparation.before / task.preparation.fs_hz, task.preparation.fs_hz, file)


FIGURES: dict[str, Draw | None] = {"imbalance": _draw_imbalance, "ensembles": _draw_ensembles}
FIGURES |= {"learning": _draw_learning, "generated": _draw_generated}
for _label in (*(f"{name}-none" for name in ARCHITECTURES), steps.BEST_TWO):
    FIGURES |= {f"roc-{_label}": partial(_draw_roc, _label), f"confusion-{_label}": partial(page.draw_classes, _label)}
    FIGURES |= {f"gradcam-{_label.removesuffix('-none')}": None}

MITBIH = Study(
    name="mitbih",
    corpus=MITDB,
    protocols=("clean", "paper"),
    stores={"": MITDB.preparation},
    models=MODELS,
    members=_members,
    trained=steps.told,
    quick=Quick(at_most=1500, test_every=15),
    settings={"generation": Generation().as_dict(), "more_seeds": [1, 2]},
    steps=(
        Step("generated", steps.generate_beats, 6.0),
        TRAININGS,
        Step("train-synthetic-only", steps.train_on_synthetic, 4.0),
        Step("ensembles", steps.fuse_ensembles),
        tuple(Step(f"train-winner-s{seed}", partial(steps.train_winner, seed), 8.0) for seed in (1, 2)),
        Step("scores", steps.score, 8.0),
        Step("explained", steps.explain, 2.0),
    ),
    compared={
        "against_none": {name: (name, f"{name.split('-')[0]}-none") for name in MODELS if not name.endswith("-none")}
    },
    results=_results,
    table=_table,
    figures=FIGURES,
    published=(
        Published(PAPER, f"{_AHEAD} CNN-LSTM, its best single model", {"accuracy": "0.982", "macro_f1": "0.951"}),
        Published(PAPER, f"{_AHEAD} Top2-Weighted", dict(zip(METRICS[1:], ("0.986", "0.934", "0.958"), strict=True))),
    ),
)
