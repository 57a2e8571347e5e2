"""Knows the study of Song et al. 2026 (arXiv 2602.17701) on MIT-BIH: which models, which answers to imbalance, which ensembles."""

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven import console
from einthoven.corpora.corpus import Protocol
from einthoven.corpora.mitdb import MITDB
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.errors import StudyDamaged
from einthoven.evaluation import generated as quality
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result, predictions_for, score_test_part
from einthoven.paths import folder_aside
from einthoven.report import study as page
from einthoven.studies import mitbih_figures
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.gan import Generation, generate
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task, task_of

ARCHITECTURES = ("cnn", "cnn_lstm", "cnn_lstm_attention", "resnet1d")
STRATEGIES: dict[str, dict] = {
    "none": {},
    "weights": {"loss": "weighted"},
    "focal": {"loss": "focal"},
    "oversampling": {"balance": 1.0},
    "generated": {},
    "generated_focal": {"loss": "focal"},
}
"""Answers to rare classes: what each changes in the recipe; the two that are named so also train on generated beats."""
ENSEMBLES = {
    "mean": "mean",
    "vote": "vote",
    "weighted": "weighted",
    "top2_weighted": "weighted",
    "dynamic": "dynamic",
    "top2_classes": "top2_classes",
}
"""Name of each ensemble and the rule it fuses by."""
MORE_SEEDS = (1, 2)
PAPER = (
    {"what": "CNN-LSTM, its best single model", "accuracy": 0.982, "macro_f1": 0.951},
    {"what": "Top2-Weighted", "macro_precision": 0.986, "macro_recall": 0.934, "macro_f1": 0.958},
)
"""What Song et al. 2026 report; their split is not stated."""
_MOST_EXPLAINED = 400
_CALIBRATION_PRECISION = 0.988


@dataclass(frozen=True)
class Size:
    """How large a run is: the whole study, or a smoke run of it."""

    recipe: Recipe
    generation: Generation
    most_windows: int | None
    draws: int


WHOLE = Size(Recipe(epochs=8), Generation(), None, DRAWS)
SMOKE = Size(Recipe(epochs=1), Generation(steps=5, batch=16), 1500, 50)


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train what is missing, score each frozen model on the test part once, write results, tables, figures and the page.

    Parameters
    ----------
    source : folder of the corpus; folder : of the study

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    size = SMOKE if quick else WHOLE
    protocol = MITDB.protocol(protocol_name)
    store = build(MITDB, source, MITDB.preparation, protocol.without)
    settings = {
        "study": "mitbih",
        "protocol": protocol_name,
        "quick": quick,
        "recipe": size.recipe.as_dict(),
        "generation": size.generation.as_dict(),
        "store": store.fingerprint,
    }
    steps = Steps(folder, settings, _costs())
    task = _thinned(task_of(MITDB, protocol, store, size.recipe.seed), size.most_windows)
    study = _Run(steps, protocol, store, task, size, Path(folder))
    return study.whole()


def _costs() -> dict[str, float]:
    """Steps in their order, with what each costs beside one epoch's worth of training."""
    costs = {"generated": 6.0}
    costs |= {f"train-{name}-{strategy}-s0": 8.0 for strategy in STRATEGIES for name in ARCHITECTURES}
    costs |= {"train-synthetic-only": 4.0, "ensembles": 1.0}
    costs |= {f"train-winner-s{seed}": 8.0 for seed in MORE_SEEDS}
    return costs | {"scores": 8.0, "explained": 2.0}


@dataclass
class _Run:
    steps: Steps
    protocol: Protocol
    store: Store
    task: Task
    size: Size
    folder: Path

    def whole(self) -> dict:
        made = self.steps.do("generated", self._generate)
        members = [(name, strategy, 0) for strategy in STRATEGIES for name in ARCHITECTURES]
        found = self._trained(members)
        trained = {f"{name}-{strategy}": row for (name, strategy, _), row in zip(members, found, strict=True)}
        made |= self.steps.do("train-synthetic-only", self._train_on_synthetic)
        fused = self.steps.do("ensembles", lambda: self._fuse(trained))
        winner = max(trained, key=lambda member: trained[member]["validation_macro_f1"])
        more = self._trained([(*winner.rsplit("-", 1), seed) for seed in MORE_SEEDS])
        scores = self.steps.do("scores", lambda: self._score(trained, winner))
        explained = self.steps.do("explained", self._explain)
        results = {
            "study": "mitbih",
            "protocol": self.protocol.name,
            "smoke_run": self.size is SMOKE,
            "generated": made,
            "trained": trained,
            "winner": {"member": winner, "seeds": [trained[winner], *more]},
            "ensembles": fused,
            **scores,
            "explained": explained,
            "seconds": self.steps.seconds,
        }
        results |= page.table(results, PAPER)
        results["shown"] = ["model", "accuracy", "macro_precision", "macro_recall", "macro_f1", "against none"]
        drawn = mitbih_figures.Drawn(self.task, *self._synthetic(), ARCHITECTURES, tuple(STRATEGIES), tuple(ENSEMBLES))
        mitbih_figures.draw(results, drawn, self.folder)
        write_results(results, self.folder)
        return results

    def _explain(self) -> dict:
        """Grad-CAM of each class over its test beats, for each model and the best two together."""
        places = {name: self._member(name, "none", 0) for name in ARCHITECTURES}
        places["ensemble-top2_weighted"] = self.folder / "ensembles" / "top2_weighted"
        test = self.protocol.parts(self.store.index, self.size.recipe.seed).test
        labels = self.protocol.labels.targets(self.store.index.symbol[test])
        most = _MOST_EXPLAINED if self.size is WHOLE else 20
        chosen = {
            name: test[_every(np.flatnonzero(labels == at), most)]
            for at, name in enumerate(self.task.classes)
            if (labels == at).any()
        }
        return mitbih_figures.explain(places, self.store, chosen, self.folder)

    def _generate(self) -> dict:
        windows, labels = generate(self.task, self.size.generation, self.folder)
        with folder_aside(self.folder / "synthetic") as aside:
            np.save(aside / "windows.npy", windows)
            np.save(aside / "labels.npy", labels)
        counts = np.bincount(labels, minlength=len(self.task.classes))
        told = dict(zip(self.task.classes, counts.tolist(), strict=True))
        found = quality.compare(
            self.task.windows[self.task.train],
            self.task.labels[self.task.train],
            self.task.windows[self.task.validation],
            self.task.labels[self.task.validation],
            windows,
            labels,
            self.task.classes,
        )
        return {"windows": told, "how": self.size.generation.as_dict(), "quality": found}

    def _synthetic(self) -> tuple[np.ndarray, np.ndarray]:
        place = self.folder / "synthetic"
        try:
            return np.load(place / "windows.npy", allow_pickle=False), np.load(place / "labels.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StudyDamaged(
                f"the generated beats of the study are gone from {place}.",
                found=f"{type(error).__name__}: {str(error)[:120]}",
                expected="windows.npy and labels.npy, as the step 'generated' had written them",
                remedy=f"rm {self.folder / 'steps' / 'generated.json'}      they are then made again",
            ) from error

    def _task(self, strategy: str) -> Task:
        if not strategy.startswith("generated"):
            return self.task
        return self.task.with_generated(*self._synthetic(), self.size.generation.as_dict())

    def _member(self, name: str, strategy: str, seed: int) -> Path:
        return self.folder / "runs" / f"{name}-{strategy}-s{seed}"

    def _trained(self, members: list[tuple[str, str, int]]) -> list[dict]:
        """What the training of each (architecture, strategy, seed) gave."""
        return self.steps.each(
            {
                f"train-{name}-{strategy}-s{seed}" if seed == 0 else f"train-winner-s{seed}": partial(
                    self._train, name, strategy, seed
                )
                for name, strategy, seed in members
            }
        )

    def _train(self, name: str, strategy: str, seed: int) -> dict:
        recipe = replace(self.size.recipe, seed=seed, **STRATEGIES[strategy])
        card = fit(self._task(strategy), name, {}, recipe, self._member(name, strategy, seed), devices=1)
        return {
            "architecture": name,
            "strategy": strategy,
            "seed": seed,
            "n_parameters": card.n_parameters,
            "best_epoch": card.training["best_epoch"] + 1,
            "validation_macro_f1": card.training["validation_macro_f1"],
        }

    def _train_on_synthetic(self) -> dict:
        """Rare classes by generated beats alone, all else real; scored on real validation beats."""
        windows, labels = self._synthetic()
        rare = np.unique(labels)
        if not len(rare):
            return {"trained_on_synthetic": {}}
        real = self.task.train[~np.isin(self.task.labels[self.task.train], rare)]
        task = replace(self.task, train=real).with_generated(windows, labels, self.size.generation.as_dict())
        recipe = replace(self.size.recipe, epochs=max(1, self.size.recipe.epochs // 2))
        out = self.folder / "runs" / "cnn-synthetic-only-s0"
        fit(task, "cnn", {}, recipe, out, devices=1)
        found = {}
        for told, run_ in (("synthetic", out), ("real", self._member("cnn", "none", 0))):
            answers = predictions_for(load(run_), self.protocol, self.store, self.task.validation)
            scores = evaluate(answers, self.protocol.unit, self.size.draws)["per_class"]
            found[told] = {self.task.classes[at]: scores[self.task.classes[at]]["f1"] for at in rare.tolist()}
        return {"trained_on_synthetic": found}

    def _fuse(self, trained: dict[str, dict]) -> dict:
        """Ensembles of the four models, each by the strategy that served it best on validation."""
        best = {}
        for name in ARCHITECTURES:
            mine = {label: row for label, row in trained.items() if row["architecture"] == name}
            best[name] = max(mine, key=lambda label: mine[label]["validation_macro_f1"])
        order = sorted(best.values(), key=lambda label: -trained[label]["validation_macro_f1"])
        found = {}
        for label, rule in ENSEMBLES.items():
            chosen = order[:2] if label == "top2_weighted" else order
            members = [self.folder / "runs" / f"{member}-s0" / "bundle" for member in chosen]
            weights = [trained[member]["validation_macro_f1"] for member in chosen] if rule == "weighted" else ()
            out = self.folder / "ensembles" / label
            fuse(out, members, rule, weights)
            answers = predictions_for(load(out), self.protocol, self.store, self.task.validation)
            score = evaluate(answers, self.protocol.unit, self.size.draws)["macro_f1"]["value"]
            found[label] = {"members": chosen, "rule": rule, "weights": list(weights), "validation_macro_f1": score}
            if label == "top2_weighted":
                found[label]["operating_point"] = _operating_point(answers)
        return found

    def _score(self, trained: dict[str, dict], winner: str) -> dict:
        """Every frozen model answers for the test part once; each strategy is compared with none."""
        places = {member: self.folder / "runs" / f"{member}-s0" for member in trained}
        places |= {f"{winner}-s{seed}": self.folder / "runs" / f"{winner}-s{seed}" for seed in MORE_SEEDS}
        places |= {f"ensemble-{label}": self.folder / "ensembles" / label for label in ENSEMBLES}
        answers, scores = {}, {}
        for label, place in console.progress(places.items(), "scoring the test part", len(places)):
            every = 1 if self.size.most_windows is None else 15
            predictor = load(place)
            predictions, found = score_test_part(predictor, MITDB, self.protocol, self.store, every=every)
            answers[label] = predictions
            scores[label] = {"model": label} | found | evaluate(predictions, self.protocol.unit, self.size.draws)
            predictions.write(self.folder / "predictions" / f"{label}.csv")
            if self.size is WHOLE:
                keep_result(predictor, scores[label])
        point = json.loads((self.folder / "steps" / "ensembles.json").read_text())["top2_weighted"]["operating_point"]
        shifted = answers["ensemble-top2_weighted"].weighted(tuple(point["weights"]))
        told = {"model": "ensemble-top2_weighted at the operating point", "weights": point["weights"]}
        scores["operating_point"] = told | evaluate(shifted, self.protocol.unit, self.size.draws)
        tests = {
            member: paired(answers[member], answers[f"{row['architecture']}-none"], self.protocol.unit, self.size.draws)
            for member, row in trained.items()
            if row["strategy"] != "none"
        }
        return {"scores": scores, "against_none": tests}


def _operating_point(answers: Predictions) -> dict:
    """Class weights, found on validation: rare classes turned down until the macro precision suffices, or is the best there is."""
    n = np.bincount(answers.truth, minlength=len(answers.classes))
    common = int(n.argmax())
    tried = []
    for factor in np.geomspace(1.0, 0.02, 25):
        weights = [1.0 if at == common else round(float(factor), 4) for at in range(len(answers.classes))]
        got = evaluate(answers.weighted(tuple(weights)), "beat", 1)
        precision, recall = got["macro_precision"]["value"], got["macro_recall"]["value"]
        tried.append({"weights": weights, "validation_macro_precision": precision, "validation_macro_recall": recall})
        if precision >= _CALIBRATION_PRECISION:
            return tried[-1]
    return max(tried, key=lambda point: point["validation_macro_precision"])


def _thinned(task: Task, most: int | None) -> Task:
    """A smoke run's task: every k-th window of each part."""
    if most is None:
        return task
    return replace(task, train=_every(task.train, most), validation=_every(task.validation, most // 2))


def _every(chosen: np.ndarray, most: int) -> np.ndarray:
    return chosen[:: max(1, len(chosen) // most)]


MITBIH = Study("mitbih", "MIT-BIH: beats, imbalance, ensembles", "mitdb", ("clean", "paper"), run)
