"""Repeat Jafari and Jafari 2026 on PTB-XL: how much temporal modelling is enough."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.multilabel import HEADLINE, quality
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.inference.predictor import load
from einthoven.models import cost, speed
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.signal.preparation import crops
from einthoven.studies.declaration import TRAININGS, Draw, Member, Published, Results, Step, Study, StudyModel
from einthoven.studies.engine import StudyRun
from einthoven.training.recipe import Recipe

AUGMENT = ("gain", "noise", "wander", "rotated")
RECIPE = Recipe(epochs=50, batch=32, lr=2e-3, weight_decay=0.1, keep="last", patience=1000, augment=AUGMENT)
ALIGNED = replace(RECIPE, augment=("gain", "noise", "shift", "stretch", "rotated"))
"""Of nets on typical beats."""
CROPPED = replace(RECIPE, batch=64, lr=1e-2, weight_decay=0.01, augment=("gain", "noise", "rotated"))
"""Crops at a high rate, as the public benchmark trains (arXiv 2004.13701)."""
TYPICAL = "typical beats"
"""The store whose windows have typical beats beside them."""
LADDER = {
    "cnn": (),
    "lstm": ("lstm",),
    "gru": ("gru",),
    "bilstm": ("bilstm",),
    "lstm_lstm": ("lstm", "lstm"),
    "gru_gru": ("gru", "gru"),
    "bilstm_bilstm": ("bilstm", "bilstm"),
    "lstm_gru": ("lstm", "gru"),
    "bilstm_lstm": ("bilstm", "lstm"),
    "bilstm_gru": ("bilstm", "gru"),
}
"""Recurrent layers on the same convolutions."""
DEEPER = {
    f"{name} - {other}": (name, other)
    for name, layers in LADDER.items()
    for other in ("_".join(layers[:-1]) or "cnn",)
    if layers
}
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
    """What is tested in turn, by name: groups of folds, or the publisher's own test fold."""
    if run.folds == "official":
        return {"official": None}
    return {f"g{group}": group for group in range(1 if run.quick else len(GROUPS))}


def _seeds(run: StudyRun) -> list[int]:
    return [0] if run.quick else [0, 1]


def _members(run: StudyRun) -> list[Member]:
    return [
        Member(f"{name}-s{seed}-{part}", name, "clean", fold, seed)
        for seed in _seeds(run)
        for name in run.study.models
        for part, fold in _parts(run).items()
    ]


def _answers(run: StudyRun, name: str, what: str, part: str, seeds: Sequence[int] = ()) -> Predictions:
    """Mean answers of a model over its seeds, for the validation or test part of a group."""
    return mean([run.answers(f"train-{name}-s{seed}-{part}", what) for seed in seeds or _seeds(run)])


def _cost(run: StudyRun) -> Results:
    """Count parameters and multiply-accumulates, and time training (crops, if it sees crops) and answering."""
    import torch

    found: Results = {"threads": torch.get_num_threads()}
    for name, model in run.study.models.items():
        predictor = load(run.place(run.members[f"train-{name}-s0-{next(iter(_parts(run)))}"]))
        network, seen, n_crops = predictor.network, np.array(run.stores[model.store].windows[:32]), 1
        if model.crop_s:
            seen = crops(seen, predictor.card.preparation)
            n_crops = seen.shape[1]
        x, repeats = torch.from_numpy(seen.reshape(-1, *seen.shape[-2:])), 2 if run.quick else 5
        found[name] = {
            "parameters": cost.parameters(network),
            "multiply_accumulates": n_crops * cost.multiply_accumulates(network, *x.shape[1:]),
            "training_windows_per_s": round(speed.training_windows_per_s(network, x, repeats), 1),
            "inference_windows_per_s": round(speed.inference_windows_per_s(network, x, repeats) / n_crops, 1),
        }
    return found


def _choose(run: StudyRun) -> Results:
    """Choose, for each group, the hybrid that answers its validation fold best; no test part is opened.

    A group's validation fold is tested in another group, so no choice is carried from one to the next.
    """
    found = {}
    for part in _parts(run):
        single = {name: quality(_answers(run, name, "validation", part)) for name in run.study.models}
        hybrids = [name for name, model in run.study.models.items() if model.architecture == "hybrid"]
        found[part] = {"single_on_validation": single, "best_hybrid": max(hybrids, key=lambda name: single[name])}
    return found


def _score(run: StudyRun) -> Results:
    """Answer the test parts once with each frozen model; the answers of all groups are pooled, and those of each seed alone."""
    parts, models = list(_parts(run)), run.study.models
    best = [run.found["chosen"][part]["best_hybrid"] for part in parts]

    def pooled(names: Sequence[str], *seeds: int) -> Predictions:
        return joined([_answers(run, name, "test", part, seeds) for name, part in zip(names, parts, strict=True)])

    answers = {name: pooled([name] * len(parts)) for name in models} | {CHOSEN: pooled(best)}
    found = run.score(answers, run.stated(run.protocol), run.protocol.unit)
    each_seed: dict[str, list[Results]] = {}
    for name in models:
        scored = [evaluate(pooled([name] * len(parts), seed), run.protocol.unit, 1) for seed in _seeds(run)]
        each_seed[name] = [{metric: one[metric]["value"] for metric in HEADLINE} for one in scored]
    return found | {"each_seed": each_seed}


def _results(run: StudyRun) -> Results:
    folds = [["10"] if fold is None else list(GROUPS[fold]) for fold in _parts(run).values()]
    found = {"folds": folds, "trained": run.trained, "cost": run.found["cost"], "chosen": run.found["chosen"]}
    return found | run.found["scores"]


def _table(run: StudyRun, found: Results) -> Results:
    def price(key: str, form: str, per: float = 1) -> page.Cell:
        return lambda label, _: form.format(found["cost"][label][key] / per) if label in found["cost"] else ""

    columns = {
        "model": page.label,
        **{metric: page.figure(metric, digits=4 if metric == "hamming_loss" else 3) for metric in HEADLINE},
        "parameters": price("parameters", "{:,.0f}"),
        "MMAC": price("multiply_accumulates", "{:.1f}", 1e6),
        "trained /s": price("training_windows_per_s", "{:.0f}"),
        "answered /s": price("inference_windows_per_s", "{:.0f}"),
    }
    first, n_seeds = next(iter(found["scores"].values())), len(_seeds(run))
    tested = "fold 10" if run.folds == "official" else "three groups of folds tested in turn"
    at_hand = f"{first['n_test']:,} records of {first['n_patients']:,} patients at hand"
    remarks = [
        f"{first['remark']} Each row is the mean over {n_seeds} seed{'s' * (n_seeds > 1)}.",
        *[f"Chosen for {part}: the hybrid {found['chosen'][part]['best_hybrid']}." for part in _parts(run)],
        f"No AUROC and AUPRC, for want of both labels: {', '.join(first['undefined']) or 'none'}.",
    ]
    title = f"PTB-XL, 23 subclasses: {at_hand}, {tested}; {page.drawn(first)}"
    shown = ["model", *_DEPTH, "hamming_loss", "subset_accuracy"]
    published = [(row.name, row.figures) for row in run.study.published]
    return page.table(found, title, columns, remarks, shown, published=published)


def _draw_cost(metric: str, run: StudyRun, found: Results, file: Path) -> None:
    price = {name: found["cost"][name]["multiply_accumulates"] / 1e6 for name in run.study.models}
    points = {name: (price[name], found["scores"][name][metric]) for name in price}
    plots.trade(points, "million multiply-accumulates a record", f"{metric.replace('_', ' ')}, 95 % interval", file)


def _draw_depth(run: StudyRun, found: Results, file: Path) -> None:
    depth = {metric: {name: row[metric]["difference"] for name, row in found["deeper"].items()} for metric in _DEPTH}
    plots.spread(depth, "gained by one layer more, 95 % interval", file)


FIGURES: dict[str, Draw | None] = {"depth": _draw_depth, "classes-chosen-hybrid": partial(page.draw_classes, CHOSEN)}
FIGURES |= {f"cost-{metric}": partial(_draw_cost, metric) for metric in ("macro_auroc", "macro_auprc")}
PTBXL_STUDY = Study(
    name="ptbxl",
    title="PTB-XL: how much temporal modelling is enough",
    corpus=PTBXL,
    protocols=("clean",),
    folds=("groups", "official"),
    stores={"": PTBXL.preparation, TYPICAL: replace(PTBXL.preparation, patient=True)},
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
    figures=FIGURES,
    published=(PUBLISHED,),
)
