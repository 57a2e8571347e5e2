"""Knows the study of Thota et al. 2025 (arXiv 2511.08650) on CPSC 2018: the lightweight net on twelve leads and on one."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.data.build import build, told
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.paired import paired, paired_labels
from einthoven.evaluation.predictions import Predictions
from einthoven.models.resnet1d import RESNET18
from einthoven.report import plots
from einthoven.report.tables import cells
from einthoven.signal.leads import STANDARD
from einthoven.studies.folds import Contestant, CrossValidation
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.recipe import Recipe

LEADS = {"12": STANDARD, "I": ("I",)}
RECIPE = Recipe(
    epochs=40,
    batch=32,
    lr=1e-3,
    weight_decay=1e-3,
    loss="weighted",
    schedule="plateau",
    patience=10,
    augment=("gain", "noise"),
)
"""The paper's rate, batch, class weights, halving on a plateau and early stopping; it trains for 100 epochs at most."""
NETS = {
    "litenet": ("litenet", {}, RECIPE, 1.0),
    "resnet18": ("resnet1d", RESNET18, replace(RECIPE, epochs=20), 5.0),
}
"""Architecture, settings, recipe and cost; an epoch of the larger net takes nine times as long, and it has half of them."""
PAPER = {("litenet", "12"): "0.839 (ten folds)", ("litenet", "I"): "0.786 (one split)"}
"""F1 as its paper states it; on one split of the rows 0.866 on twelve leads."""


def run(source: Path, protocol_name: str, folder: Path, quick: bool, folds: str = "10") -> dict:
    """Train what is missing, test each fold once, write results, table, figures and the page.

    Parameters
    ----------
    source : a folder that holds recordings of CPSC 2018, MATLAB or WFDB, anywhere below it
    protocol_name : ``clean``, ``paper`` or ``both``; a folder keeps what was run before
    folder : of the study; folds : how many of the ten folds are tested

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    stores = {
        leads: build(CPSC2018, source, replace(CPSC2018.preparation, leads=names)) for leads, names in LEADS.items()
    }
    numbers = range(1 if quick else int(folds))
    contestants = {
        f"{net}-{leads}": Contestant(architecture, settings, recipe, leads, cost)
        for leads in LEADS
        for net, (architecture, settings, recipe, cost) in NETS.items()
    }
    settings = {
        "study": "cpsc2018",
        "quick": quick,
        "folds": len(numbers),
        "contestants": {name: found.stated for name, found in contestants.items()},
        "stores": [store.fingerprint for store in stores.values()],
    }
    asked = ("clean", "paper") if protocol_name == "both" else (protocol_name,)
    kept = {name for name in ("clean", "paper") if (Path(folder) / "steps" / f"{name}-scores.json").exists()}
    weights = {
        f"{name}-train-{label}-f{fold}": found.cost
        for name in sorted({*asked, *kept})
        for fold in numbers
        for label, found in contestants.items()
    }
    steps = Steps(folder, settings, weights | {f"{name}-scores": 0.5 for name in sorted({*asked, *kept})})
    study = _Run(steps, stores, contestants, numbers, Path(folder), quick)
    return study.whole(asked)


@dataclass
class _Run:
    steps: Steps
    stores: dict[str, Store]
    contestants: dict[str, Contestant]
    folds: range
    folder: Path
    quick: bool

    def whole(self, asked: tuple[str, ...]) -> dict:
        scored = {}
        for name in ("clean", "paper"):
            if name in asked or (self.folder / "steps" / f"{name}-scores.json").exists():
                scored[name] = self._by(name)
        results = {
            "study": "cpsc2018",
            "smoke_run": self.quick,
            "folds": len(self.folds),
            "protocols": scored,
            "recordings": len(np.unique(next(iter(self.stores.values())).index.patient)),
            "left_out": told(next(iter(self.stores.values()))),
            "seconds": self.steps.seconds,
        }
        results |= _table(results)
        self._draw(results)
        write_results(results, self.folder)
        return results

    def _by(self, name: str) -> dict:
        runs = CrossValidation(
            self.steps.of(name),
            CPSC2018,
            CPSC2018.protocol(name),
            self.stores,
            self.contestants,
            self.folds,
            self.folder / name,
            self.quick,
        )
        trained = runs.train()
        return runs.steps.do("scores", lambda: self._score(runs, trained))

    def _score(self, runs: CrossValidation, trained: dict[str, dict]) -> dict:
        draws, unit = 50 if self.quick else DRAWS, runs.protocol.unit
        answers = {label: runs.pooled(label) for label in self.contestants}
        scores = {}
        for label, found in answers.items():
            found.write(runs.folder / "predictions" / f"{label}.csv")
            scores[label] = {"model": label} | runs.told() | evaluate(found, unit, draws)
        tests = {
            f"litenet - resnet18, {leads}": _compared(
                answers[f"litenet-{leads}"], answers[f"resnet18-{leads}"], unit, draws
            )
            for leads in LEADS
        }
        sizes = {label: trained[f"{label}-f{self.folds[0]}"]["n_parameters"] for label in self.contestants}
        return {"scores": scores, "paired": tests, "parameters": sizes}

    def _draw(self, results: dict) -> None:
        groups = {
            f"protocol {name}": {label: row["macro_f1"] for label, row in found["scores"].items()}
            for name, found in results["protocols"].items()
        }
        plots.spread(groups, "macro-F1, 95 % interval", self.folder / "figures" / "protocols.png")
        for name, found in results["protocols"].items():
            for label in (f"litenet-{leads}" for leads in LEADS):
                draw = plots.classes if "macro_auroc" in found["scores"][label] else plots.confusion
                draw(found["scores"][label], self.folder / "figures" / f"{label}-{name}.png")


def _compared(first: Predictions, second: Predictions, unit: str, draws: int) -> dict:
    return (paired_labels if first.multi else paired)(first, second, unit, draws)


def _table(results: dict) -> dict:
    columns = [
        "net",
        "leads",
        "protocol",
        "macro-F1",
        "macro AUROC",
        "subset accuracy",
        *CPSC2018.protocol("clean").labels.classes,
    ]
    columns += ["parameters", "paper: F1"]
    rows, sizes = [], []
    for name, found in results["protocols"].items():
        for label, row in found["scores"].items():
            net, leads = label.split("-")
            exact = "subset_accuracy" if "subset_accuracy" in row else "accuracy"
            area = "macro_auroc" if "macro_auroc" in row else "macro_auc"
            figures = [" (".join(cells(row[metric])) + ")" for metric in ("macro_f1", area, exact)]
            each = [cells(part["f1"])[0] for part in row["per_class"].values()]
            published = PAPER.get((net, leads), "") if name == "paper" else ""
            leak = " (LEAKS PATIENTS)" if row["leaks_patients"] else ""
            rows.append([net, leads, name + leak, *figures, *each, f"{found['parameters'][label]:,}", published])
        tested = next(iter(found["scores"].values()))
        sizes.append(f"{tested['n_test']:,} rows of {tested['n_patients']:,} recordings by protocol {name}")
    smoke = ["SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."] if results["smoke_run"] else []
    sizes.append(f"{results['folds']} of ten folds tested")
    title = f"CPSC 2018, {results['recordings']:,} of its 6,877 recordings: {'; '.join(sizes)}"
    remarks = [
        *smoke,
        "Protocol paper has a row for each label of a recording, in any part; clean keeps the labels of a recording together.",
        "Windows of 30 s at 125 Hz, filled with zeros. F1 by class; intervals over recordings, by protocol paper over rows.",
        *results["left_out"],
        f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing.",
    ]
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks, "shown": columns[:6]}


CPSC2018_STUDY = Study(
    "cpsc2018",
    "CPSC 2018: the lightweight net, twelve leads and one",
    "cpsc2018",
    ("clean", "paper", "both"),
    run,
    folds=("10", "5", "3"),
)
