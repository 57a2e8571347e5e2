"""Knows what the study of MIT-BIH draws: curves, answers to imbalance, ensembles, generated beats, Grad-CAM. Trains nothing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from einthoven.data.store import Store
from einthoven.evaluation.predictions import Predictions
from einthoven.explanation.gradcam import attention, gradcam
from einthoven.inference.predictor import load
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.training.task import Task

_SHOWN = 8


@dataclass(frozen=True)
class Drawn:
    """What a study drew from: its task, its generated windows with their class numbers, the names of its models."""

    task: Task
    windows: np.ndarray
    labels: np.ndarray
    architectures: tuple[str, ...]
    strategies: tuple[str, ...]
    ensembles: tuple[str, ...]


def draw(results: dict, drawn: Drawn, folder: Path) -> None:
    """Draw all figures but Grad-CAM into ``figures``."""
    figures, scores, task = folder / "figures", results["scores"], drawn.task
    for label in (*[f"{name}-none" for name in drawn.architectures], "ensemble-top2_weighted"):
        answers = Predictions.read(folder / "predictions" / f"{label}.csv")
        plots.roc(answers, scores[label], figures / f"roc-{label}.png")
        plots.confusion(scores[label], figures / f"confusion-{label}.png")
    f1 = {label: found["macro_f1"] for label, found in scores.items()}
    groups = {name: {s: f1[f"{name}-{s}"] for s in drawn.strategies} for name in drawn.architectures}
    plots.spread(groups, "macro-F1, 95 % interval", figures / "imbalance.png")
    single = {"single, no answer to imbalance": {name: f1[f"{name}-none"] for name in drawn.architectures}}
    fused = {"ensembles": {label: f1[f"ensemble-{label}"] for label in drawn.ensembles}}
    plots.spread(single | fused, "macro-F1, 95 % interval", figures / "ensembles.png")
    curves = {
        name: {s: page.learning_curve(folder / "runs" / f"{name}-{s}-s0" / "logs") for s in drawn.strategies}
        for name in drawn.architectures
    }
    plots.curves(curves, "epoch", "validation macro-F1", figures / "learning.png")
    pairs = {}
    for at in np.unique(drawn.labels).tolist():
        mine = task.train[task.labels[task.train] == at][:_SHOWN]
        pairs[task.classes[at]] = (task.windows[mine][:, 0], drawn.windows[drawn.labels == at][:_SHOWN, 0])
    if pairs:
        prepared = task.preparation
        plots.real_and_generated(pairs, prepared.before_s, prepared.fs_hz, figures / "generated.png")


def explain(places: dict[str, Path], store: Store, chosen: dict[str, np.ndarray], folder: Path) -> dict:
    """Draw, for each model, Grad-CAM (and attention, where it has it) of each class over its mean beat, the R peaks aligned.

    Parameters
    ----------
    places : a run or bundle for each name
    chosen : of each class, in the order of class numbers, the windows of the store that are explained

    Returns
    -------
    ``beats_per_class``; ``share_of_map``: how much of each mean map lies over P, QRS and T
    """
    beats = {name: store.windows[at][:, 0].mean(axis=0) for name, at in chosen.items()}
    told = {}
    for label, place in places.items():
        predictor = load(place)
        before_s, fs_hz = predictor.card.preparation.before_s, predictor.card.preparation.fs_hz
        maps, looks = {}, {}
        for name, at in chosen.items():
            windows = store.windows[at]
            asked = np.full(len(at), predictor.card.classes.index(name))
            maps[name] = gradcam(predictor.network, windows, asked).mean(axis=0)
            look = attention(predictor.network, windows)
            if look is not None:
                looks[name] = look.mean(axis=0)
        plots.gradcam(beats, maps, looks, before_s, fs_hz, label, folder / "figures" / f"gradcam-{label}.png")
        told[label] = {name: _shares(values, before_s, fs_hz) for name, values in maps.items()}
    return {"beats_per_class": {name: len(at) for name, at in chosen.items()}, "share_of_map": told}


def _shares(values: np.ndarray, before_s: float, fs_hz: float) -> dict[str, float]:
    at_s = np.arange(len(values)) / fs_hz - before_s
    total = max(float(values.sum()), 1e-12)
    found = {name: values[(at_s >= low) & (at_s < high)].sum() / total for name, (low, high) in plots.WAVES_S.items()}
    return {name: round(float(share), 4) for name, share in found.items()}
