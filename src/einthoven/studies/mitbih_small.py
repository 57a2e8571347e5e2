"""Knows the study of the smallest nets on MIT-BIH: ArrhythmiNet on five symbols in both protocols, Self-ONN patient by patient."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from einthoven.corpora.corpus import Protocol
from einthoven.corpora.mitdb import MITDB, TESTED_ALONE
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.predictions import joined
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, score_test_part
from einthoven.report import plots
from einthoven.report.tables import cells
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of

NETS = ("arrhythminet_v1", "arrhythminet_v2")
PROTOCOLS = ("clean", "paper")
POWERS = (1, 3, 7)
RECIPE = Recipe(epochs=10, keep="last", patience=1000)
FOLDS = {"clean": 0, "paper": None}
"""Of DS1, which persons validate. They decide nothing here, the last epoch is kept; so they are four without bundle branch block,
which few of DS1 have: the protocol's own would hold back 98 % of its right ones."""
OWN = Recipe(epochs=60, batch=32, lr=2e-3, patience=1000, augment=("shift", "gain", "noise"))
"""Of a net for one patient: some six hundred windows."""
PAPER = {
    "arrhythminet_v1": {"accuracy": 0.99, "kilobytes": 302.18},
    "arrhythminet_v2": {"accuracy": 0.98, "kilobytes": 157.76},
    "self_onn_q7": {"F1 S": 0.766, "F1 V": 0.937},
}
"""ArrhythmiNet (arXiv 2505.03787), beats at random; Self-ONN (arXiv 2110.02215), patient-specific."""


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train what is missing, test each once, write results, tables, figures and the page.

    Parameters
    ----------
    source : folder of the corpus; protocol_name : of ArrhythmiNet: ``clean``, ``paper`` or ``both``; a folder keeps what was run
    before; folder : of the study

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    wanted = replace(MITDB.preparation, leads=("MLII|II|V5",))
    stores = {"beats": build(MITDB, source, wanted), "two leads": build(MITDB, source, MITDB.preparation)}
    patients = TESTED_ALONE[:2] if quick else TESTED_ALONE
    settings = {
        "study": "mitbih-small",
        "quick": quick,
        "recipes": [RECIPE.as_dict(), OWN.as_dict()],
        "patients": patients,
        "folds": FOLDS,
        "stores": [store.fingerprint for store in stores.values()],
    }
    costs = {f"{net}-{name}": 10.0 for net in NETS for name in PROTOCOLS}
    costs |= {f"self-onn-q{q}-{patient}": 0.2 for q in POWERS for patient in patients}
    steps = Steps(folder, settings, costs | {f"self-onn-q{q}": 0.2 for q in POWERS})
    asked = PROTOCOLS if protocol_name == "both" else (protocol_name,)
    return _Run(steps, stores, patients, Path(folder), quick).whole(asked)


@dataclass
class _Run:
    steps: Steps
    stores: dict[str, Store]
    patients: tuple[str, ...]
    folder: Path
    quick: bool

    def whole(self, asked: tuple[str, ...]) -> dict:
        works = {
            f"{net}-{name}": partial(self._five, net, name)
            for net in NETS
            for name in PROTOCOLS
            if name in asked or (self.folder / "steps" / f"{net}-{name}.json").exists()
        }
        own = {
            f"self-onn-q{q}-{patient}": partial(self._own, q, at)
            for q in POWERS
            for at, patient in enumerate(self.patients)
        }
        scores = dict(zip(works, self.steps.each(works | own), strict=False))
        for q in POWERS:
            scores[f"self_onn_q{q}"] = self.steps.do(f"self-onn-q{q}", lambda q=q: self._pooled(q))
        results = {"study": "mitbih-small", "smoke_run": self.quick, "scores": scores, "seconds": self.steps.seconds}
        results |= _table(results)
        for label in {"arrhythminet_v2-paper", "arrhythminet_v2-clean", "self_onn_q7"} & set(scores):
            plots.confusion(scores[label], self.folder / "figures" / f"confusion-{label}.png")
        write_results(results, self.folder)
        return results

    @property
    def _draws(self) -> int:
        return 50 if self.quick else DRAWS

    def _five(self, net: str, name: str) -> dict:
        """A net on N, L, R, A and V by one of the corpus's protocols."""
        protocol = MITDB.with_labels(MITDB.protocol(name), "nlrav")
        store, out = self.stores["beats"], self.folder / "runs" / f"{net}-{name}"
        recipe = replace(RECIPE, epochs=1) if self.quick else RECIPE
        task = task_of(MITDB, protocol, store, 0, (), FOLDS[name])
        if self.quick:
            task = replace(task, train=task.train[::9])
        card = fit(task, net, {}, recipe, out, devices=1)
        every = 9 if self.quick else 1
        answers, found = score_test_part(load(out), MITDB, protocol, store, every=every, fold=FOLDS[name])
        answers.write(self.folder / "predictions" / f"{net}-{name}.csv")
        known = {"model": net, "n_parameters": card.n_parameters, "kilobytes": self._kilobytes(out)}
        return known | found | evaluate(answers, protocol.unit, self._draws)

    def _own(self, q: int, at: int) -> dict:
        """A net for one patient."""
        recipe = replace(OWN, epochs=1) if self.quick else OWN
        task = task_of(MITDB, self._protocol, self.stores["two leads"], 0, (), at)
        card = fit(task, "self_onn", {"q": q}, recipe, self._place(q, at), devices=1)
        return {"n_parameters": card.n_parameters, "best_epoch": card.training["best_epoch"] + 1}

    def _pooled(self, q: int) -> dict:
        """The answers of all patients' own nets for what came after their first five minutes."""
        store, pieces = self.stores["two leads"], []
        for at in range(len(self.patients)):
            test = self._protocol.parts(store.index, 0, (), at).test
            pieces.append(predictions_for(load(self._place(q, at)), self._protocol, store, test))
        answers = joined(pieces)
        answers.write(self.folder / "predictions" / f"self_onn_q{q}.csv")
        first = self._place(q, 0)
        known = {
            "model": f"self_onn, q {q}",
            "corpus": MITDB.name,
            "corpus_version": MITDB.version,
            "protocol": self._protocol.name,
            "leaks_patients": True,
            "remark": self._protocol.remark,
            "rows": "beats",
            "n_parameters": load(first).card.n_parameters,
            "kilobytes": self._kilobytes(first),
        }
        return known | evaluate(answers, self._protocol.unit, self._draws)

    @property
    def _protocol(self) -> Protocol:
        return MITDB.protocol("patient_specific")

    def _place(self, q: int, at: int) -> Path:
        return self.folder / "runs" / f"self-onn-q{q}-{self.patients[at]}"

    def _kilobytes(self, run: Path) -> float:
        return round((run / "bundle" / "weights.safetensors").stat().st_size / 1024, 2)


def _table(results: dict) -> dict:
    columns = [
        "net",
        "protocol",
        "beats",
        "accuracy",
        "macro-F1",
        "F1 by class",
        "parameters",
        "KB, float32",
        "published",
    ]
    rows = []
    for label, found in results["scores"].items():
        leak = " (LEAKS PATIENTS)" if found["leaks_patients"] else ""
        each = ", ".join(f"{name} {cells(row['f1'])[0]}" for name, row in found["per_class"].items())
        figures = [" (".join(cells(found[metric])) + ")" for metric in ("accuracy", "macro_f1")]
        theirs = PAPER.get(label.removesuffix("-paper"), {}) if not label.endswith("-clean") else {}
        rows.append(
            [
                found["model"],
                found["protocol"] + leak,
                f"{found['n_test']:,}",
                *figures,
                each,
                f"{found['n_parameters']:,}",
                f"{found['kilobytes']:.0f}",
                ", ".join(f"{name} {value:g}" for name, value in theirs.items()),
            ]
        )
    smoke = ["SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."] if results["smoke_run"] else []
    remarks = [
        *smoke,
        "ArrhythmiNet: one lead, N, L, R, A and V as its paper has it; protocol paper parts beats at random, clean parts patients "
        "(DS1, DS2). Left bundle branch block is two persons in DS1 and two in DS2, right is three and three: their "
        "figures rest on so few.",
        MITDB.protocol("clean").remark,
        "Self-ONN: two leads, a net for each of the 24 records, from 245 common beats and its own first five minutes; S = A a J S.",
        f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing.",
    ]
    title = "MIT-BIH: the smallest nets"
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks, "shown": columns[:5] + columns[6:8]}


MITBIH_SMALL = Study("mitbih-small", "MIT-BIH: the smallest nets", "mitdb", ("clean", "paper", "both"), run)
