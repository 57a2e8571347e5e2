"""Knows how the inter-patient beat model comes to be: cross-validated over the patients of DS1, fused, tested on DS2 once."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Protocol
from einthoven.corpora.mitdb import MITDB
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.share import with_own_share
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result, predictions_for, score_test_part
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.signal.preparation import Preparation
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of

MODEL = "mitbih-clean-context"
ARCHITECTURE = "patient_context"
VARIANTS = ("runs", "patterns")
"""Rhythms that are simulated for a member: each fold trains one of each."""
PREPARATION = Preparation(
    leads=("MLII|II|V5", "V1|V5|V2|V4"), fs_hz=180.0, before_s=0.3, after_s=0.5, scaling="millivolt", patient=True
)
RECIPE = Recipe(
    epochs=4,
    lr=3e-3,
    weight_decay=0.02,
    balance=0.3,
    smoothing=0.05,
    keep="last",
    augment=("shift", "stretch", "gain", "others", "noise"),
)
_FACTORS = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)
_COUNTS = (0.0, 300.0, 1000.0, 3000.0, 10_000.0)
"""Beats that the share of class S in all people counts like, beside a person's own answers; 0: no share of a person's own."""
PUBLISHED = ({"what": "Saenz-Cogollo and Agelli 2020, random forest on six features", "F1 S": 0.73, "F1 V": 0.91},)


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train a member for each fold and simulated rhythm, choose class weights and how far a person's own share of class S counts
    on their validation patients, fuse, open DS2 once.

    Parameters
    ----------
    source : folder of the corpus; folder : of the study

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    protocol = MITDB.protocol(protocol_name)
    recipe = replace(RECIPE, epochs=1, simulated=20) if quick else RECIPE
    variants = VARIANTS[:1] if quick else VARIANTS
    store = build(MITDB, source, PREPARATION, protocol.without)
    settings = {
        "study": "mitbih-clean",
        "quick": quick,
        "architecture": ARCHITECTURE,
        "recipe": recipe.as_dict(),
        "preparation": PREPARATION.as_dict(),
        "variants": variants,
        "chosen_from": [_FACTORS, _COUNTS],
        "store": store.fingerprint,
    }
    members = [f"{ARCHITECTURE}-{variant}-f{fold}" for variant in variants for fold in range(protocol.n_folds)]
    costs = {f"train-{member}": 1.0 for member in members} | {"cross-validation": 0.5, "fused": 0.1, "scores": 0.5}
    study = _Run(Steps(folder, settings, costs), protocol, store, recipe, variants, Path(folder), quick)
    return study.whole()


@dataclass
class _Run:
    steps: Steps
    protocol: Protocol
    store: Store
    recipe: Recipe
    variants: tuple[str, ...]
    folder: Path
    quick: bool

    def whole(self) -> dict:
        members = [(variant, fold) for variant in self.variants for fold in range(self.protocol.n_folds)]
        found = self.steps.each(
            {
                f"train-{ARCHITECTURE}-{variant}-f{fold}": partial(self._train, variant, fold)
                for variant, fold in members
            }
        )
        trained = {f"{variant}-f{fold}": row for (variant, fold), row in zip(members, found, strict=True)}
        validated = self.steps.do("cross-validation", self._validate)
        self.steps.do("fused", lambda: self._fuse(validated))
        scores = self.steps.do("scores", self._score)
        results = {
            "study": "mitbih-clean",
            "protocol": self.protocol.name,
            "smoke_run": self.quick,
            "trained": trained,
            "cross_validation": validated,
            "scores": {
                f"{MODEL} on DS2": scores,
                "DS1, each patient by members that never saw them": validated["own_share"],
                "the same without a share of the person's own": validated["weighted"],
                "the same without class weights either": validated["plain"],
            },
            "against_none": {},
            "seconds": self.steps.seconds,
        }
        results |= page.table(results, ())
        results["shown"] = ["model", "accuracy", "F1 S", "F1 V"]
        for row in PUBLISHED:
            figures = {name: f"{value:.2f}" for name, value in row.items() if name != "what"}
            results["rows"].append([row["what"], *[figures.get(name, "") for name in results["columns"][1:]]])
        answers = Predictions.read(self.folder / "predictions.csv")
        plots.roc(answers, scores, self.folder / "figures" / "roc.png")
        plots.confusion(scores, self.folder / "figures" / "confusion.png")
        write_results(results, self.folder)
        return results

    def _member(self, variant: str, fold: int) -> Path:
        return self.folder / "runs" / f"{ARCHITECTURE}-{variant}-f{fold}"

    def _train(self, variant: str, fold: int) -> dict:
        task = task_of(MITDB, self.protocol, self.store, 0, (), fold)
        if self.quick:
            task = replace(task, train=task.train[::10])
        recipe = replace(self.recipe, simulate=(variant,))
        card = fit(task, ARCHITECTURE, {}, recipe, self._member(variant, fold), devices=1)
        return {"validated": card.training["records"]["validation"], "n_parameters": card.n_parameters}

    def _validate(self) -> dict:
        """Answers for each patient of DS1 by the members that did not see them, pooled; what is chosen is chosen on these."""
        pieces = []
        for fold in range(self.protocol.n_folds):
            chosen = self.protocol.parts(self.store.index, 0, (), fold).validation
            each = [
                predictions_for(load(self._member(variant, fold)), self.protocol, self.store, chosen)
                for variant in self.variants
            ]
            pieces.append(mean(each))
        pooled = joined(pieces)
        weights = choose(pooled, (0.0,))[0]
        own_weights, own_share = choose(pooled, _COUNTS)
        draws = 50 if self.quick else DRAWS
        told = {"leaks_patients": False, "remark": self.protocol.remark}
        return {
            "class_weights": list(own_weights),
            "class_weights_without_own_share": list(weights),
            "own": own_share,
            "plain": told | evaluate(pooled, self.protocol.unit, draws),
            "weighted": told | evaluate(pooled.weighted(weights), self.protocol.unit, draws),
            "own_share": told | evaluate(shared(pooled.weighted(own_weights), own_share), self.protocol.unit, draws),
        }

    def _fuse(self, validated: dict) -> dict:
        members = [
            self._member(variant, fold) / "bundle" for variant in self.variants for fold in range(self.protocol.n_folds)
        ]
        chosen = {"class_weights": validated["class_weights"], "class_prior_adaptation": validated["own"]}
        card = fuse(self.folder / MODEL, members, "mean", **chosen)
        return {"n_parameters": card.n_parameters}

    def _score(self) -> dict:
        every = 15 if self.quick else 1
        predictor = load(self.folder / MODEL)
        predictions, found = score_test_part(predictor, MITDB, self.protocol, self.store, every=every)
        predictions.write(self.folder / "predictions.csv")
        metrics = {"model": MODEL} | found | evaluate(predictions, self.protocol.unit, 50 if self.quick else DRAWS)
        if not self.quick:
            keep_result(predictor, metrics)
            add_graph(self.folder / MODEL)
        return metrics


def choose(answers: Predictions, counts: tuple[float, ...]) -> tuple[tuple[float, ...], dict]:
    """Weights of the classes S and V, and how far a person's own share of S counts, that give the best mean of their F1 on
    validation patients.

    Parameters
    ----------
    counts : beats that the share of all people may count like; 0 stands for no share of a person's own

    Returns
    -------
    the weights; plain values as :class:`einthoven.bundle.Card` has them in ``class_prior_adaptation``, empty for none
    """
    at = {name: answers.classes.index(name) for name in ("N", "S", "V")}
    among = np.isin(answers.truth, (at["N"], at["S"]))
    share = float((answers.truth[among] == at["S"]).mean())
    best, chosen = -1.0, ((), {})
    counts = counts if 0 < share < 1 else (0.0,)
    for early, ventricular, like in product(_FACTORS, _FACTORS, counts):
        weights = np.ones(len(answers.classes))
        weights[at["S"]], weights[at["V"]] = early, ventricular
        own = {"of": "S", "beside": "N", "share": round(share, 6), "counts": like} if like else {}
        said = shared(answers.weighted(tuple(weights)), own).decided
        score = np.mean([_f1(answers.truth == at[name], said == at[name]) for name in ("S", "V")])
        if score > best:
            best, chosen = score, (tuple(weights.tolist()), own)
    return chosen


def shared(answers: Predictions, own: dict) -> Predictions:
    """Answers with each record's own share of a class, as a bundle's card says it."""
    return replace(answers, probability=with_own_share(answers.probability, answers.record, answers.classes, own))


def _f1(truth: np.ndarray, said: np.ndarray) -> float:
    return 2 * float((truth & said).sum()) / max(1, int(truth.sum() + said.sum()))


MITBIH_CLEAN = Study("mitbih-clean", "MIT-BIH, patients nobody has seen", "mitdb", ("clean",), run)
