"""Repeat Song et al. 2026 on MIT-BIH: four networks, six treatments of rare classes, six ensembles."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven import console
from einthoven.corpora.mitdb import MITDB
from einthoven.engine.declaration import TRAININGS, Draw, Published, Quick, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation import generated as quality
from einthoven.evaluation.choosing import operating_point
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, score_test_part
from einthoven.report import plots, study_figures, study_table
from einthoven.report.average_maps import draw_average_maps
from einthoven.signal.windows import Windows
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.gan import Generation, generate
from einthoven.training.recipe import Recipe
from einthoven.training.synthetic import load_windows, save_windows

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
"""Treatments of rare classes; the two that are named so also train on generated beats."""
MODELS = {
    f"{name}-{strategy}": StudyModel(name, recipe=recipe, cost=8.0)
    for strategy, recipe in STRATEGIES.items()
    for name in ARCHITECTURES
}
BY_ARCHITECTURE = {name: {strategy: f"{name}-{strategy}" for strategy in STRATEGIES} for name in ARCHITECTURES}
PAPER, _AHEAD = "Song et al. 2026 (arXiv 2602.17701)", "Song et al. 2026:"
"""Its split is not facts."""
_N_SHOWN = 8
ENSEMBLES = ("mean", "vote", "weighted", "top2_weighted", "dynamic", "top2_classes")
"""Named by the rule that they fuse by; top2_weighted is the weighted one of the two best."""
BEST_TWO = "ensemble-top2_weighted"
_PRECISION = 0.988
"""Macro precision of the operating point."""
_TREES, _QUICK_TREES = 100, 5
"""Trees of the forest that tells generated beats from real ones."""
_N_EXPLAINED = 400
"""Beats of a class that a map is averaged over, at most."""


def _generation(run: StudyRun) -> Generation:
    how = Generation(**run.study.settings["generation"])
    return replace(how, steps=5, batch=16) if run.quick else how


def _first(run: StudyRun) -> Member:
    return next(iter(run.members.values()))


def _generate_beats(run: StudyRun) -> Results:
    """Generate beats of the rare classes, and compare them with real ones."""
    task, how = _first(run).task, _generation(run)
    windows, labels = generate(task, how, run.folder)
    save_windows(run.folder / "synthetic", windows.signal, labels)
    counts = np.bincount(labels, minlength=len(task.classes)).tolist()
    train, held_out = ((task.windows[part].signal, task.labels[part]) for part in (task.train, task.validation))
    n_trees = _QUICK_TREES if run.quick else _TREES
    found = quality.compare(*train, *held_out, windows.signal, labels, task.classes, n_trees=n_trees)
    return {"windows": dict(zip(task.classes, counts, strict=True)), "how": how.as_dict(), "quality": found}


def _generated_beats(run: StudyRun) -> tuple[Windows, np.ndarray]:
    """Return the generated windows and their class numbers."""
    signal, labels = load_windows(run.folder / "synthetic", run.steps.file("generated"))
    return Windows(signal), labels


def _train(member: Member) -> Results:
    """Train a network with a treatment of rare classes."""
    architecture, strategy = member.model.split("-")
    task = member.task
    if strategy.startswith("generated"):
        task = task.with_generated(*_generated_beats(member.run), _generation(member.run).as_dict())
    return {"architecture": architecture, "strategy": strategy, "seed": member.seed} | member.train(task)


def _trained(run: StudyRun) -> Results:
    """Return the results of the trainings of the first seed by model."""
    return {member.model: run.results[step] for step, member in run.members.items()}


def _winner(run: StudyRun) -> str:
    """Return the model that is best on validation."""
    rows = _trained(run)
    return max(rows, key=lambda name: rows[name]["validation_macro_f1"])


def _train_winner(seed: int, run: StudyRun) -> Results:
    """Train the winner with another seed."""
    name = _winner(run)
    return _train(Member(run, f"{name}-s{seed}", name, run.protocol.name, seed=seed))


def _train_on_synthetic(run: StudyRun) -> Results:
    """Train with generated beats in place of all real ones of rare classes; score on real validation beats."""
    windows, labels = _generated_beats(run)
    rare, first = np.unique(labels), _first(run)
    if not len(rare):
        return {"trained_on_synthetic": {}}
    task, recipe, out = first.task, first.recipe, run.folder / "runs" / "cnn-synthetic-only-s0"
    real = task.train[~np.isin(task.labels[task.train], rare)]
    mixed = replace(task, train=real).with_generated(windows, labels, _generation(run).as_dict())
    fit(mixed, "cnn", {}, replace(recipe, epochs=max(1, recipe.epochs // 2)), out, devices=1)
    found = {}
    for trained_on, place in (("synthetic", out), ("real", first.folder)):
        answers = predictions_for(load(place), run.protocol, run.store, task.validation)
        scores = run.evaluate(answers)["per_class"]
        found[trained_on] = {task.classes[at]: scores[task.classes[at]]["f1"] for at in rare.tolist()}
    return {"trained_on_synthetic": found}


def _fuse_ensembles(run: StudyRun) -> Results:
    """Fuse the networks, each with the treatment of rare classes that was best on validation data."""
    score = {name: row["validation_macro_f1"] for name, row in _trained(run).items()}
    known = [[name for name in names.values() if name in score] for names in BY_ARCHITECTURE.values()]
    order = sorted(
        (max(names, key=lambda name: score[name]) for names in known if names), key=lambda name: -score[name]
    )
    validation, found = _first(run).task.validation, {}
    for label in ENSEMBLES:
        rule, chosen = ("weighted", order[:2]) if label == "top2_weighted" else (label, order)
        weights = [score[name] for name in chosen] if rule == "weighted" else []
        out = run.folder / "ensembles" / label
        fuse(out, [run.members[f"train-{name}-s0"].bundle for name in chosen], rule, weights)
        answers = predictions_for(load(out), run.protocol, run.store, validation)
        macro_f1 = run.evaluate(answers)["macro_f1"]["value"]
        found[label] = {"members": chosen, "rule": rule, "weights": weights, "validation_macro_f1": macro_f1}
        if label == "top2_weighted":
            found[label]["operating_point"] = operating_point(answers, _PRECISION)
    return found


def _score(run: StudyRun) -> Results:
    """Predict the test set once with each frozen model, and compare each treatment of rare classes with none."""
    best, runs = _winner(run), run.folder / "runs"
    places = {name: runs / f"{name}-s0" for name in run.study.models}
    places |= {f"{best}-s{seed}": runs / f"{best}-s{seed}" for seed in run.study.settings["more_seeds"]}
    places |= {f"ensemble-{label}": run.folder / "ensembles" / label for label in ENSEMBLES}
    answers, facts = {}, {}
    for label, place in console.progress(places.items(), "predicting the test set", len(places)):
        tested = score_test_part(load(place), run.corpus, run.protocol, run.store, every=run.test_every)
        answers[label], facts[label] = tested
    found = run.score(answers, facts, run.protocol.unit)
    for label, place in places.items():
        run.publish(place, found["scores"][label], graph=False)
    weights = run.results["ensembles"]["top2_weighted"]["operating_point"]["weights"]
    shifted = answers[BEST_TWO].weighted(tuple(weights))
    point = {"model": f"{BEST_TWO} at the operating point", "weights": weights}
    found["scores"]["operating_point"] = point | run.evaluate(shifted)
    return found


def _explain(run: StudyRun) -> Results:
    """Draw Grad-CAM, and attention, of each class over its mean test beat, for each network and for the best two together."""
    plain = {m.model.removesuffix("-none"): m.folder for m in run.members.values() if m.model.endswith("-none")}
    places = plain | {BEST_TWO: run.folder / "ensembles" / "top2_weighted"}
    test, most = run.protocol.parts(run.store.index, 0).test, 20 if run.quick else _N_EXPLAINED
    labels, chosen = run.protocol.labels.targets(run.store.index.symbol[test]), {}
    for at, name in enumerate(run.protocol.labels.classes):
        mine = test[labels == at]
        if len(mine):
            chosen[name] = run.store.windows[mine[:: max(1, len(mine) // most)]]
    files = {label: run.folder / "figures" / f"gradcam-{label}.png" for label in places}
    shares = {label: draw_average_maps(load(place), chosen, label, files[label]) for label, place in places.items()}
    return {"beats_per_class": {name: len(windows) for name, windows in chosen.items()}, "share_of_map": shares}


def _results(run: StudyRun) -> Results:
    found, trained, winner = run.results, _trained(run), _winner(run)
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


def _draw_generated(run: StudyRun, found: Results, file: Path) -> None:
    task = _first(run).task
    windows, labels = _generated_beats(run)
    pairs = {}
    for at in np.unique(labels).tolist():
        real = task.train[task.labels[task.train] == at][:_N_SHOWN]
        pairs[task.classes[at]] = (task.windows[real].signal[:, 0], windows.signal[labels == at][:_N_SHOWN, 0])
    if pairs:
        plots.real_and_generated(pairs, task.preparation.before / task.preparation.fs_hz, task.preparation.fs_hz, file)


FUSED = {
    "single, no answer to imbalance": {name: f"{name}-none" for name in ARCHITECTURES},
    "ensembles": {label: f"ensemble-{label}" for label in ENSEMBLES},
}
FIGURES: dict[str, Draw | None] = {
    "imbalance": partial(study_figures.draw_groups, "macro_f1", "macro-F1", BY_ARCHITECTURE),
    "ensembles": partial(study_figures.draw_groups, "macro_f1", "macro-F1", FUSED),
    "learning": partial(study_figures.draw_learning, BY_ARCHITECTURE),
    "generated": _draw_generated,
}
for _label in (*(f"{name}-none" for name in ARCHITECTURES), BEST_TWO):
    FIGURES[f"roc-{_label}"] = partial(study_figures.draw_roc, _label)
    FIGURES[f"confusion-{_label}"] = partial(study_figures.draw_classes, _label)
    FIGURES[f"gradcam-{_label.removesuffix('-none')}"] = None

MITBIH = Study(
    name="mitbih",
    corpus=MITDB,
    protocols=("clean", "paper"),
    stores={"": MITDB.preparation},
    models=MODELS,
    members=lambda run: [Member(run, f"{name}-s0", name, run.protocol.name, work=_train) for name in run.study.models],
    trained=lambda card: {
        "best_epoch": card.training["best_epoch"] + 1,
        "validation_macro_f1": card.training["validation_macro_f1"],
    },
    quick=Quick(at_most=1500, test_every=15),
    settings={"generation": Generation().as_dict(), "more_seeds": [1, 2]},
    steps=(
        Step("generated", _generate_beats, 6.0),
        TRAININGS,
        Step("train-synthetic-only", _train_on_synthetic, 4.0),
        Step("ensembles", _fuse_ensembles),
        tuple(Step(f"train-winner-s{seed}", partial(_train_winner, seed), 8.0) for seed in (1, 2)),
        Step("scores", _score, 8.0),
        Step("explained", _explain, 2.0),
    ),
    compared={
        "against_none": {name: (name, f"{name.split('-')[0]}-none") for name in MODELS if not name.endswith("-none")}
    },
    results=_results,
    table=lambda run, found: study_table.beat_table(
        found, ["model", *study_table.BEAT_METRICS, "against none"], run.study.published
    ),
    figures=FIGURES,
    published=(
        Published(PAPER, f"{_AHEAD} CNN-LSTM, its best single model", {"accuracy": "0.982", "macro_f1": "0.951"}),
        Published(
            PAPER,
            f"{_AHEAD} Top2-Weighted",
            dict(zip(study_table.BEAT_METRICS[1:], ("0.986", "0.934", "0.958"), strict=True)),
        ),
    ),
)
