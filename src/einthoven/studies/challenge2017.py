"""Knows the study of recordings of a hand-held device: which nets tell fibrillation from all else, and how small they can be."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven.corpora.challenge2017 import CHALLENGE2017, N_FOLDS
from einthoven.data.build import build, told
from einthoven.evaluation.evaluate import DRAWS, evaluate, headline
from einthoven.evaluation.official import CHALLENGE2017 as CLASSES
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.weights import for_expected_f1
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result
from einthoven.models import cost
from einthoven.report import plots
from einthoven.report.tables import cells
from einthoven.studies.folds import Contestant, CrossValidation
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe

RECIPE = Recipe(
    epochs=30,
    batch=64,
    lr=2e-3,
    weight_decay=0.05,
    balance=0.25,
    smoothing=0.05,
    keep="last",
    patience=1000,
    augment=("rolled", "inverted", "gain", "noise"),
)
"""Half of the traces are turned upside down, as some of the real ones are."""
MEASURED = "measured"
"""The store whose windows have typical beats and measurements of rhythm beside them."""
TREES = {"n_trees": 1000, "n_bins": 27, "beat": 135, "n_numbers": 116, "summed": True, "upright": True}
SHORTER = replace(RECIPE, epochs=7)
"""Of the larger nets that read the trace alone: four to eight minutes of one core, where ``rhythm`` has nine."""
SMALLER = replace(RECIPE, epochs=10)
"""Of the smallest nets; as long."""
CONTESTANTS = {
    "rhythm": Contestant("rhythm", {}, RECIPE, MEASURED),
    "rhythm_again": Contestant("rhythm", {}, RECIPE, MEASURED, seed=1),
    "trees": Contestant("forest", TREES, RECIPE, MEASURED, 0.1),
    "arrhythminet_v1": Contestant("arrhythminet_v1", {}, SMALLER),
    "arrhythminet_v2": Contestant("arrhythminet_v2", {}, SMALLER, "", 1.1),
    "hybrid": Contestant("hybrid", {"widths": (24, 48, 64, 96)}, SHORTER, "", 0.5),
    "resnet1d": Contestant("resnet1d", {"widths": (24, 48, 96, 128)}, SHORTER),
    "litenet": Contestant("litenet", {}, SHORTER),
}
SMALL = ("arrhythminet_v1", "arrhythminet_v2")
NETS, BOOSTED = ("rhythm", "rhythm_again"), "trees"
"""Members of the best model; the nets have equal parts."""
_SHARES = (0.0, 0.2, 0.35, 0.5)
"""Of the trees, to choose from."""
BEST, SMALLEST = "challenge2017-rhythm", "challenge2017-small"
"""Names of the models that come with einthoven."""
_LEAD = "nets and trees"


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train what is missing, choose on validation, open the test parts once, write results, tables, figures, models and the page.

    Parameters
    ----------
    source : folder of the corpus; folder : of the study

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    plain = CHALLENGE2017.preparation
    stores = {
        "": build(CHALLENGE2017, source, plain),
        MEASURED: build(CHALLENGE2017, source, replace(plain, patient=True, rhythm=True)),
    }
    folds = range(2 if quick else N_FOLDS)
    settings = {
        "study": "challenge2017",
        "quick": quick,
        "contestants": {name: found.stated for name, found in CONTESTANTS.items()},
        "stores": [store.fingerprint for store in stores.values()],
    }
    weights = {f"train-{name}-f{fold}": found.cost for fold in folds for name, found in CONTESTANTS.items()}
    steps = Steps(folder, settings, weights | {"chosen": 0.2, "scores": 0.5, "models": 0.2})
    protocol = CHALLENGE2017.protocol(protocol_name)
    runs = CrossValidation(steps, CHALLENGE2017, protocol, stores, CONTESTANTS, folds, Path(folder), quick)
    return _Run(runs).whole()


@dataclass
class _Run:
    runs: CrossValidation

    def whole(self) -> dict:
        runs, steps = self.runs, self.runs.steps
        trained = runs.train()
        chosen = steps.do("chosen", self._choose)
        scored = steps.do("scores", lambda: self._score(chosen))
        made = steps.do("models", lambda: self._models(chosen, scored))
        results = {
            "study": "challenge2017",
            "smoke_run": runs.quick,
            "trained": trained,
            "chosen": chosen,
            **scored,
            "models": made,
            "seconds": steps.seconds,
        }
        results |= _table(results, told(runs.stores[""]))
        self._draw(results)
        write_results(results, runs.folder)
        return results

    def _choose(self) -> dict:
        """On validation parts: the small net; class weights of the best model, for each fold and for the whole."""
        small = {
            name: float(np.mean([_score(self.runs.answers(name, "validation", fold)) for fold in self.runs.folds]))
            for name in SMALL
        }
        members = [self._members("validation", fold) for fold in self.runs.folds]
        fused = {share: [_fused(answers, share) for answers in members] for share in _SHARES}
        each = [_best({share: found[at] for share, found in fused.items()}) for at in range(len(self.runs.folds))]
        whole = _best({share: joined(found) for share, found in fused.items()})
        best = max(small, key=lambda name: small[name])
        return {"small_on_validation": small, "small": best, "best": each, "best_of_the_whole": whole}

    def _members(self, part: str, fold: int) -> list[Predictions]:
        """Answers of nets and trees for a part of a fold, the trees' last."""
        return [self.runs.answers(name, part, fold) for name in (*NETS, BOOSTED)]

    def _score(self, chosen: dict) -> dict:
        draws = 50 if self.runs.quick else DRAWS
        answers = {name: self.runs.pooled(name) for name in CONTESTANTS}
        weighted = [
            _fused(self._members("test", fold), found["share"]).weighted(found["class_weights"])
            for fold, found in zip(self.runs.folds, chosen["best"], strict=True)
        ]
        answers = {_LEAD: joined(weighted)} | answers
        scores = {}
        for name, found in answers.items():
            found.write(self.runs.folder / "predictions" / f"{name.replace(' ', '-')}.csv")
            scores[name] = {"model": name} | self.runs.told() | evaluate(found, self.runs.protocol.unit, draws)
        tests = {
            f"{_LEAD} - {name}": paired(answers[_LEAD], found, self.runs.protocol.unit, draws)
            for name, found in answers.items()
            if name != _LEAD
        }
        return {"scores": scores, "paired": tests, "cost": self._cost()}

    def _cost(self) -> dict:
        found = {}
        for name, contestant in CONTESTANTS.items():
            network = load(self.runs.member(name, self.runs.folds[0])).network
            n_rows, n_samples = self.runs.stores[contestant.store].windows.shape[1:]
            found[name] = {
                "parameters": cost.parameters(network),
                "multiply_accumulates": cost.multiply_accumulates(network, n_rows, n_samples),
            }
        return found

    def _models(self, chosen: dict, scored: dict) -> dict:
        """The models that come with einthoven: nets and trees of all folds as one, and the small net of the first fold."""
        found = chosen["best_of_the_whole"]
        parts = {name: (1 - found["share"]) / len(NETS) for name in NETS} | {BOOSTED: found["share"]}
        parts = {name: part for name, part in parts.items() if part}
        members = [self.runs.member(name, fold) / "bundle" for fold in self.runs.folds for name in parts]
        weights = [part / len(self.runs.folds) for _ in self.runs.folds for part in parts.values()]
        best = self.runs.folder / BEST
        fuse(best, members, "weighted", weights, found["class_weights"], half=True)
        fold = self.runs.folds[0]
        small = self.runs.folder / SMALLEST
        fuse(small, [self.runs.member(chosen["small"], fold) / "bundle"], "mean", half=True)
        crossed = "Cross-validated: each recording is answered by members that never saw it. "
        apart = "On the recordings of the fold that it never saw. "
        draws = 50 if self.runs.quick else DRAWS
        own = evaluate(self.runs.answers(chosen["small"], "test", fold), self.runs.protocol.unit, draws)
        own = {"model": SMALLEST} | self.runs.told() | own
        rows = {best: (scored["scores"][_LEAD], crossed), small: (own, apart)}
        for place, (found, remark) in rows.items():
            if not self.runs.quick:
                keep_result(load(place), found | {"remark": remark + found["remark"]})
                add_graph(place)
        return {
            place.name: {
                "bytes": sum(file.stat().st_size for file in place.iterdir()),
                "challenge_score": found["challenge_score"],
                "n_test": found["n_test"],
            }
            for place, (found, _) in rows.items()
        }

    def _draw(self, results: dict) -> None:
        scores, costs = results["scores"], results["cost"]
        figures = self.runs.folder / "figures"
        plots.spread(
            {"five-fold cross-validation": {name: found["challenge_score"] for name, found in scores.items()}},
            "mean F1 of N, A and O, 95 % interval",
            figures / "scores.png",
        )
        points = {
            name: (costs[name]["multiply_accumulates"] / 1e6, scores[name]["challenge_score"]) for name in CONTESTANTS
        }
        plots.trade(points, "million multiply-accumulates for 30 s", "challenge score", figures / "cost.png")
        plots.confusion(scores[_LEAD], figures / "confusion.png")


def _score(answers) -> float:
    return evaluate(answers, "patient", 1)["challenge_score"]["value"]


def _fused(members: list[Predictions], share: float) -> Predictions:
    """Of nets and trees, the trees at a share."""
    *nets, trees = members
    return replace(trees, probability=(1 - share) * mean(nets).probability + share * trees.probability)


def _best(fused: dict[float, Predictions]) -> dict:
    """Of answers for each share of the trees, weighted for the best expected score, the share whose score is best."""
    weights = {share: for_expected_f1(found, CLASSES[:3]) for share, found in fused.items()}
    scores = {share: _score(found.weighted(weights[share])) for share, found in fused.items()}
    share = max(scores, key=lambda share: scores[share])
    return {"share": share, "class_weights": weights[share], "scores": {f"{at:g}": scores[at] for at in scores}}


def _table(results: dict, left_out: list[str]) -> dict:
    scores, costs = results["scores"], results["cost"]
    first = scores[_LEAD]
    names = headline(first)
    columns = ["model", *names, *(f"F1 {name}" for name in first["per_class"]), "parameters", "MMAC"]
    rows = []
    for name, found in scores.items():
        figures = [" (".join(cells(found[metric])) + ")" for metric in names]
        each = [cells(row["f1"])[0] for row in found["per_class"].values()]
        price = costs.get(name)
        ends = [f"{price['parameters']:,}", f"{price['multiply_accumulates'] / 1e6:.1f}"] if price else ["", ""]
        rows.append([name, *figures, *each, *ends])
    drawn = first["interval"]
    n_folds = len({name.rsplit("-f", 1)[1] for name in results["trained"]})
    title = (
        f"Challenge 2017: {first['n_test']:,} recordings at hand, {n_folds}-fold cross-validation by recording; "
        f"{drawn['level']:.0%} intervals over recordings, {drawn['draws']:,} draws"
    )
    smoke = ["SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."] if results["smoke_run"] else []
    shares = ", ".join(f"{found['share']:g}" for found in results["chosen"]["best"])
    remarks = [
        *smoke,
        f"challenge_score is the official one: the mean F1 of N, A and O. {first['remark']}",
        f"{_LEAD}: two seeds of rhythm, and boosted trees at a share of {shares} in the folds; share and class weights are chosen "
        "on each fold's validation part.",
        *left_out,
        f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing.",
    ]
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks, "shown": columns[:2] + columns[7:10]}


CHALLENGE2017_STUDY = Study("challenge2017", "Challenge 2017: one lead, hand-held", "challenge-2017", ("clean",), run)
