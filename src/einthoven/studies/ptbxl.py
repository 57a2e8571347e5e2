"""Repeat Jafari and Jafari 2026 on PTB-XL: how much temporal modelling is enough."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.data.batches import tensors
from einthoven.engine.declaration import TRAININGS, Full, Published, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.multilabel import HEADLINE, quality
from einthoven.evaluation.predictions import joined, mean
from einthoven.inference.predictor import load
from einthoven.models import speed
from einthoven.models.inputs import InputShape
from einthoven.report import plots, study_figures, study_table
from einthoven.signal.preparation import crops
from einthoven.training.recipe import Recipe

AUGMENT: Final = ("gain", "noise", "wander", "rotated")
RECIPE = Recipe(epochs=50, batch=32, lr=2e-3, weight_decay=0.1, keep="last", patience=1000, augment=AUGMENT)
ALIGNED = replace(RECIPE, augment=("gain", "noise", "shift", "stretch", "rotated"))
"""For nets on typical beats."""
CROPPED = replace(RECIPE, batch=64, lr=1e-2, weight_decay=0.01, augment=("gain", "noise", "rotated"))
"""For crops, with a high learning rate, as in the public benchmark (arXiv 2004.13701)."""
FULL = Full(5000, {"batch": 128, "average": 0.999})
"""For all of PTB-XL: batches as in the public benchmark, and averaged weights, which pay where there are many steps."""
TYPICAL = "typical beats"
"""The store whose windows have typical beats beside them."""
_PAIRS = [
    ("lstm", "lstm"),
    ("gru", "gru"),
    ("bilstm", "bilstm"),
    ("lstm", "gru"),
    ("bilstm", "lstm"),
    ("bilstm", "gru"),
]
LAYERS: list[tuple[str, ...]] = [("lstm",), ("gru",), ("bilstm",), *_PAIRS]
LADDER: dict[str, tuple[str, ...]] = {"cnn": ()} | {"_".join(layers): layers for layers in LAYERS}
"""Recurrent layers on the same convolutions."""
_STEPS = [("_".join(layers), "_".join(layers[:-1]) or "cnn") for layers in LAYERS]
DEEPER = {f"{name} - {other}": (name, other) for name, other in _STEPS}
"""Steps of depth: each net, and the one it adds a layer to."""
REFERENCE, CHOSEN = "xresnet1d101", "chosen hybrid"
WINDOW_TOO = StudyModel("typical_beat", {}, ALIGNED, TYPICAL)
MODELS = {name: StudyModel("hybrid", {"recurrence": layers}, RECIPE) for name, layers in LADDER.items()} | {
    REFERENCE: StudyModel("xresnet1d", {}, RECIPE, cost=4.0),
    "inception": StudyModel("inception1d", {}, CROPPED, crop_s=2.5, cost=6.0),
    "s4": StudyModel("s4", {}, RECIPE, cost=7.0),
    "typical_beat": replace(WINDOW_TOO, settings={"window_width": 0}),
    "typical_beat_wide": replace(WINDOW_TOO, settings={"window_width": 0, "width": 96, "hidden": 256}),
    "typical_beat_window": WINDOW_TOO,
    "forest": StudyModel("forest", {"n_trees": 200}, RECIPE, TYPICAL, cost=0.1),
}
PUBLISHED = Published(
    "Jafari and Jafari 2026 (arXiv 2601.18830)",
    "Jafari 2026, CNN and BiLSTM, all of PTB-XL, fold 10",
    {"hamming_loss": "0.0338", "macro_auprc": "0.4715", "micro_f1": "0.6979", "subset_accuracy": "0.5723"},
)
_DEPTH = ("macro_auroc", "macro_auprc", "micro_f1")


def _parts(run: StudyRun) -> dict[str, int | None]:
    """Return what is tested in turn, by name: groups of folds, or the publisher's own test fold."""
    if run.folds == "official":
        return {"official": None}
    return {f"g{group}": group for group in range(1 if run.quick else len(GROUPS))}


def _seeds(run: StudyRun) -> list[int]:
    return [0] if run.quick else [0, 1]


def _members(run: StudyRun) -> list[Member]:
    parts = _parts(run).items()
    trainings = [(name, seed, part, fold) for seed in _seeds(run) for name in run.study.models for part, fold in parts]
    return [Member(run, f"{name}-s{seed}-{p}", name, "clean", fold, seed, p) for name, seed, p, fold in trainings]


def _cost(run: StudyRun) -> Results:
    """Count parameters and multiply-accumulates, and time training (of crops, if it sees crops) and prediction."""
    import torch

    found: Results = {"threads": torch.get_num_threads()}
    for name, model in run.study.models.items():
        predictor, n_crops = load(run.members[f"train-{name}-s0-{next(iter(_parts(run)))}"].folder), 1
        seen, prepared = run.stores[model.store].windows[: 2 if run.quick else 32], predictor.card.preparation
        if model.crop_s:
            seen, n_crops = crops(seen, prepared)
        shape, repeats = InputShape.of(prepared), 1 if run.quick else 5
        found[name] = speed.measured(predictor.network, shape, tensors(seen), n_crops, repeats)
    return found


def _choose(run: StudyRun) -> Results:
    """Choose, for each group, the hybrid that is best on its validation fold; no test set is used.

    A group's validation fold is tested in another group, so each group has its own choice.
    """
    found: Results = {}
    hybrids = [name for name, model in run.study.models.items() if model.architecture == "hybrid"]
    for part in _parts(run):
        single = {name: quality(mean(run.predict("validation", model=name, group=part))) for name in run.study.models}
        found[part] = {"single_on_validation": single, "best_hybrid": max(hybrids, key=lambda name: single[name])}
    return found


def _score(run: StudyRun) -> Results:
    """Predict the test sets once with each frozen model; pool the predictions of all groups, and those of each seed alone."""
    parts, models, unit = list(_parts(run)), run.study.models, run.protocol.unit
    best = {part: run.results["chosen"][part]["best_hybrid"] for part in parts}
    answers = {name: joined([mean(run.predict("test", model=name, group=part)) for part in parts]) for name in models}
    answers[CHOSEN] = joined([mean(run.predict("test", model=best[part], group=part)) for part in parts])
    found = run.score(answers, run.facts(run.protocol), unit)
    each_seed: dict[str, list[Results]] = {}
    for name in models:
        alone = [evaluate(joined(run.predict("test", model=name, seed=seed)), unit, 1) for seed in _seeds(run)]
        each_seed[name] = [{metric: one[metric]["value"] for metric in HEADLINE} for one in alone]
    return found | {"each_seed": each_seed}


def _results(run: StudyRun) -> Results:
    folds = [["10"] if fold is None else list(GROUPS[fold]) for fold in _parts(run).values()]
    found = {"folds": folds, "trained": run.trained, "cost": run.results["cost"], "chosen": run.results["chosen"]}
    return found | run.results["scores"] | ({"full": FULL.recipe} if run.is_full else {})


def _table(run: StudyRun, found: Results) -> Results:
    columns = {
        "model": study_table.label,
        **{metric: study_table.figure(metric, digits=4 if metric == "hamming_loss" else 3) for metric in HEADLINE},
        "parameters": study_table.price(found, "parameters", "{:,.0f}"),
        "MMAC": study_table.price(found, "multiply_accumulates", "{:.1f}", 1e6),
        "trained /s": study_table.price(found, "training_windows_per_s", "{:.0f}"),
        "answered /s": study_table.price(found, "inference_windows_per_s", "{:.0f}"),
    }
    first, n_seeds = next(iter(found["scores"].values())), len(_seeds(run))
    tested = "fold 10" if run.folds == "official" else "three groups of folds tested in turn"
    at_hand = f"{first['n_test']:,} records of {first['n_patients']:,} patients at hand"
    remarks = [
        f"{first['remark']} Each row is the mean over {n_seeds} seed{'s' * (n_seeds > 1)}.",
        *[f"Chosen for {part}: the hybrid {found['chosen'][part]['best_hybrid']}." for part in _parts(run)],
        f"No AUROC and AUPRC, because one of the two labels does not occur: {', '.join(first['undefined']) or 'none'}.",
    ]
    if "full" in found:
        changes = ", ".join(f"{name} {value:g}" for name, value in found["full"].items())
        remarks.append(f"Trained by the recipes for the whole database: {changes}.")
    title = f"PTB-XL, 23 subclasses: {at_hand}, {tested}; {study_table.drawn(first)}"
    shown = ["model", *_DEPTH, "hamming_loss", "subset_accuracy"]
    return study_table.table(found, title, columns, remarks, shown, published=run.study.published)


def _draw_depth(run: StudyRun, found: Results, file: Path) -> None:
    depth = {metric: {name: row[metric]["difference"] for name, row in found["deeper"].items()} for metric in _DEPTH}
    plots.spread(depth, "gained by one layer more, 95 % interval", file)


PTBXL_STUDY = Study(
    name="ptbxl",
    corpus=PTBXL,
    protocols=("clean",),
    folds=("groups", "official"),
    stores={"": PTBXL.preparation, TYPICAL: PTBXL.preparation.with_settings(inputs=("signal", "beat", "summary"))},
    models=MODELS,
    members=_members,
    trained=lambda card: {"counts": card.training["counts"]["train"]},
    steps=(TRAININGS, Step("cost", _cost), Step("chosen", _choose), Step("scores", _score, 2.0)),
    compared={
        "deeper": DEEPER,
        "against_reference": {f"{name} - {REFERENCE}": (name, REFERENCE) for name in (CHOSEN, "s4")},
    },
    results=_results,
    table=_table,
    figures={
        "depth": _draw_depth,
        "classes-chosen-hybrid": partial(study_figures.draw_classes, CHOSEN),
        "cost-macro_auroc": partial(study_figures.draw_cost, "macro_auroc", "macro auroc, 95 % interval", "a record"),
        "cost-macro_auprc": partial(study_figures.draw_cost, "macro_auprc", "macro auprc, 95 % interval", "a record"),
    },
    published=(PUBLISHED,),
    full=FULL,
)
