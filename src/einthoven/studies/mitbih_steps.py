"""Steps of the study of MIT-BIH: generated beats, ensembles, the test part, Grad-CAM averages."""

from dataclasses import replace

import numpy as np

from einthoven import console
from einthoven.bundle import Card
from einthoven.evaluation import generated as quality
from einthoven.evaluation.choosing import operating_point
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions
from einthoven.explanation.average import average_maps, share_by_wave
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for
from einthoven.report import plots
from einthoven.studies.declaration import Member, Results
from einthoven.studies.engine import StudyRun, thinned
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.gan import Generation, generate
from einthoven.training.synthetic import load_windows, save_windows
from einthoven.training.task import Task

ENSEMBLES = ("mean", "vote", "weighted", "top2_weighted", "dynamic", "top2_classes")
"""Named by the rule that they fuse by; top2_weighted is the weighted one of the two best."""
BEST_TWO = "ensemble-top2_weighted"
_PRECISION = 0.988
"""Macro precision of the operating point."""
_N_EXPLAINED = 400


def _generation(run: StudyRun) -> Generation:
    how = Generation(**run.study.settings["generation"])
    return replace(how, steps=5, batch=16) if run.quick else how


def _task(run: StudyRun) -> Task:
    return run.task(next(iter(run.members.values())))


def generate_beats(run: StudyRun) -> Results:
    """Generate beats of the rare classes, and compare them with real ones."""
    task, how = _task(run), _generation(run)
    windows, labels = generate(task, how, run.folder)
    save_windows(run.folder / "synthetic", windows.signal, labels)
    counts = np.bincount(labels, minlength=len(task.classes)).tolist()
    real = [
        values for part in (task.train, task.validation) for values in (task.windows[part].signal, task.labels[part])
    ]
    found = quality.compare(*real, windows.signal, labels, task.classes)
    return {"windows": dict(zip(task.classes, counts, strict=True)), "how": how.as_dict(), "quality": found}


def generated_beats(run: StudyRun) -> tuple[np.ndarray, np.ndarray]:
    """Return the generated windows and their class numbers."""
    return load_windows(run.folder / "synthetic", run.steps.file("generated"))


def told(card: Card) -> Results:
    """Return what is told of a training."""
    return {"best_epoch": card.training["best_epoch"] + 1, "validation_macro_f1": card.training["validation_macro_f1"]}


def train(run: StudyRun, member: Member) -> Results:
    """Train a network with an answer to rare classes."""
    architecture, strategy = member.model.split("-")
    task = run.task(member)
    if strategy.startswith("generated"):
        task = task.with_generated(*generated_beats(run), _generation(run).as_dict())
    told = run.train(member, task)
    return {"architecture": architecture, "strategy": strategy, "seed": member.seed} | told


def trained(run: StudyRun) -> Results:
    """Return what each training of the first seed gave, by model."""
    return {member.model: run.found[step] for step, member in run.members.items()}


def winner(run: StudyRun) -> str:
    """Return the model that is best on validation."""
    rows = trained(run)
    return max(rows, key=lambda name: rows[name]["validation_macro_f1"])


def train_winner(seed: int, run: StudyRun) -> Results:
    """Train the winner with another seed."""
    name = winner(run)
    return train(run, Member(f"{name}-s{seed}", name, next(iter(run.protocols)), seed=seed))


def train_on_synthetic(run: StudyRun) -> Results:
    """Train on rare classes of generated beats alone, all else real; score on real validation beats."""
    windows, labels = generated_beats(run)
    rare, task = np.unique(labels), _task(run)
    if not len(rare):
        return {"trained_on_synthetic": {}}
    real = task.train[~np.isin(task.labels[task.train], rare)]
    mixed = replace(task, train=real).with_generated(windows, labels, _generation(run).as_dict())
    recipe = run.recipe(run.study.models["cnn-none"])
    out = run.folder / "runs" / "cnn-synthetic-only-s0"
    fit(mixed, "cnn", {}, replace(recipe, epochs=max(1, recipe.epochs // 2)), out, devices=1)
    found = {}
    for told, place in (("synthetic", out), ("real", run.folder / "runs" / "cnn-none-s0")):
        answers = predictions_for(load(place), run.protocol, run.store, task.validation)
        scores = evaluate(answers, run.protocol.unit, run.draws)["per_class"]
        found[told] = {task.classes[at]: scores[task.classes[at]]["f1"] for at in rare.tolist()}
    return {"trained_on_synthetic": found}


def fuse_ensembles(run: StudyRun) -> Results:
    """Fuse the networks, each with the answer to rare classes that served it best on validation."""
    score = {name: row["validation_macro_f1"] for name, row in trained(run).items()}
    best: dict[str, str] = {}
    for name, row in trained(run).items():
        known = best.get(row["architecture"])
        best[row["architecture"]] = name if known is None or score[name] > score[known] else known
    order = sorted(best.values(), key=lambda name: -score[name])
    validation = _task(run).validation
    found: Results = {}
    for label in ENSEMBLES:
        rule, chosen = ("weighted", order[:2]) if label == "top2_weighted" else (label, order)
        weights = [score[name] for name in chosen] if rule == "weighted" else []
        out = run.folder / "ensembles" / label
        fuse(out, [run.folder / "runs" / f"{name}-s0" / "bundle" for name in chosen], rule, weights)
        answers = predictions_for(load(out), run.protocol, run.store, validation)
        macro_f1 = evaluate(answers, run.protocol.unit, run.draws)["macro_f1"]["value"]
        found[label] = {"members": chosen, "rule": rule, "weights": weights, "validation_macro_f1": macro_f1}
        if label == "top2_weighted":
            found[label]["operating_point"] = operating_point(answers, _PRECISION)
    return found


def score(run: StudyRun) -> Results:
    """Answer the test part once with each frozen model, and compare each answer to rare classes with none."""
    best, runs = winner(run), run.folder / "runs"
    places = {name: runs / f"{name}-s0" for name in run.study.models}
    places |= {f"{best}-s{seed}": runs / f"{best}-s{seed}" for seed in run.study.settings["more_seeds"]}
    places |= {f"ensemble-{label}": run.folder / "ensembles" / label for label in ENSEMBLES}
    answers: dict[str, Predictions] = {}
    told: dict[str, Results] = {}
    for label, place in console.progress(places.items(), "scoring the test part", len(places)):
        answers[label], told[label] = run.test(place, run.protocol)
    found = run.score(answers, told, run.protocol.unit)
    for label, place in places.items():
        run.keep_result(place, found["scores"][label])
    weights = run.found["ensembles"]["top2_weighted"]["operating_point"]["weights"]
    shifted = answers[BEST_TWO].weighted(tuple(weights))
    point = {"model": f"{BEST_TWO} at the operating point", "weights": weights}
    found["scores"]["operating_point"] = point | evaluate(shifted, run.protocol.unit, run.draws)
    return found


def explain(run: StudyRun) -> Results:
    """Draw Grad-CAM, and attention, of each class over its mean test beat, for each network and for the best two together."""
    names = [name for name in run.study.models if name.endswith("-none")]
    places = {name.removesuffix("-none"): run.folder / "runs" / f"{name}-s0" for name in names}
    places[BEST_TWO] = run.folder / "ensembles" / "top2_weighted"
    test = run.protocol.parts(run.store.index, 0).test
    labels = run.protocol.labels.targets(run.store.index.symbol[test])
    chosen = {
        name: run.store.windows[test[thinned(np.flatnonzero(labels == at), 20 if run.quick else _N_EXPLAINED)]]
        for at, name in enumerate(run.protocol.labels.classes)
        if (labels == at).any()
    }
    beats, shares = {name: windows.signal[:, 0].mean(axis=0) for name, windows in chosen.items()}, {}
    for label, place in places.items():
        predictor = load(place)
        prepared = predictor.card.preparation
        time = prepared.before / prepared.fs_hz, prepared.fs_hz
        maps = average_maps(predictor, chosen)
        file = run.folder / "figures" / f"gradcam-{label}.png"
        plots.gradcam(beats, maps.gradcam, maps.attention, *time, label, file)
        shares[label] = {name: share_by_wave(of, *time, plots.WAVES_S) for name, of in maps.gradcam.items()}
    return {"beats_per_class": {name: len(windows) for name, windows in chosen.items()}, "share_of_map": shares}
