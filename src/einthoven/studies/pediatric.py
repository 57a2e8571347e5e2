"""Knows the pediatric benchmark of Chen 2025 (arXiv 2510.03780): four nets, nine and twelve leads, and what its split hides."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.ptbxl import TABLE as PTBXL_TABLE
from einthoven.corpora.zzu_pecg import NINE, ZZU_PECG
from einthoven.corpora.zzu_pecg import TABLE as ZZU_TABLE
from einthoven.data.build import build, told
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.multilabel import counted
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import require_unseen
from einthoven.models.resnet1d import PEDIATRIC
from einthoven.report import plots
from einthoven.report.tables import cells
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task, task_of

NETS = {
    "resnet1d": ("resnet1d", PEDIATRIC),
    "bilstm": ("bilstm", {}),
    "transformer": ("transformer", {}),
    "mamba2": ("mamba2", {}),
}
LEADS = {"9": NINE, "12": STANDARD}
RECIPE = Recipe(epochs=20, batch=64, lr=7e-4, weight_decay=0.01, loss="weighted", patience=1000, augment=())
"""The paper's loss, optimiser, rate and batch; it trains for 200 epochs."""
AGES = (
    ("neonate", 0.0, 28 / 365.25),
    ("infant", 28 / 365.25, 1.0),
    ("child", 1.0, 12.0),
    ("adolescent", 12.0, 18.0),
    ("adult", 18.0, 200.0),
)
"""Groups of age in years, from and below."""
PAPER = {
    ("resnet1d", "9"): (0.0076, 0.8915),
    ("resnet1d", "12"): (0.0069, 0.9467),
    ("bilstm", "9"): (0.0148, 0.7975),
    ("bilstm", "12"): (0.0092, 0.9096),
    ("transformer", "9"): (0.0178, 0.8182),
    ("transformer", "12"): (0.0116, 0.9008),
    ("mamba2", "9"): (0.0124, 0.8563),
    ("mamba2", "12"): (0.0188, 0.8430),
}
"""Hamming loss and macro-F1 on ZZU-pECG, windows parted at random."""
_CORPORA = {ZZU_TABLE: (ZZU_PECG, {"clean": "clean", "paper": "paper"})}
_CORPORA |= {PTBXL_TABLE: (PTBXL, {"clean": "patients", "paper": "paper"})}
"""The corpus by the table that lies in its folder, and its protocols."""


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train what is missing, score each net on its test part once, write results, table, figures and the page.

    Parameters
    ----------
    source : folder of ZZU-pECG; of PTB-XL, to run the same on adults
    protocol_name : ``clean``, ``paper`` or ``both``; a folder keeps what was run before
    folder : of the study
    """
    corpus, names = _corpus_in(source)
    prepared = replace(ZZU_PECG.preparation, leads=STANDARD)
    stores = {leads: build(corpus, source, replace(prepared, leads=names_)) for leads, names_ in LEADS.items()}
    recipe = replace(RECIPE, epochs=1) if quick else RECIPE
    settings = {
        "study": "pediatric",
        "corpus": corpus.name,
        "quick": quick,
        "recipe": recipe.as_dict(),
        "stores": [store.fingerprint for store in stores.values()],
    }
    asked = tuple(names) if protocol_name == "both" else (protocol_name,)
    weight = {"resnet1d": 4.0, "bilstm": 4.0, "transformer": 1.0, "mamba2": 6.0}
    costs = {f"{net}-{leads}-{name}": weight[net] for name in names for leads in LEADS for net in NETS}
    steps = Steps(folder, settings, costs)
    study = _Run(steps, corpus, {name: corpus.protocol(names[name]) for name in names}, stores, recipe, folder, quick)
    return study.whole(asked)


def _corpus_in(source: Path) -> tuple[Corpus, dict[str, str]]:
    for table, found in _CORPORA.items():
        if (Path(source) / table).is_file():
            return found
    raise CorpusIncomplete(
        f"{source} holds neither ZZU-pECG nor PTB-XL.",
        found="no table of either",
        expected=" or ".join(_CORPORA),
        remedy="einthoven download zzu-pecg      says where to get it",
    )


@dataclass
class _Run:
    steps: Steps
    corpus: Corpus
    protocols: dict[str, Protocol]
    stores: dict[str, Store]
    recipe: Recipe
    folder: Path
    quick: bool

    def whole(self, asked: tuple[str, ...]) -> dict:
        works = {
            f"{net}-{leads}-{name}": partial(self._train, net, leads, name)
            for name in self.protocols
            for leads in LEADS
            for net in NETS
            if name in asked or (self.folder / "steps" / f"{net}-{leads}-{name}.json").exists()
        }
        scores = dict(zip(works, self.steps.each(works), strict=True))
        left_out = {leads: told(store) for leads, store in self.stores.items()}
        results = {
            "study": "pediatric",
            "corpus": self.corpus.name,
            "smoke_run": self.quick,
            "recordings": len(np.unique(self.stores["12"].index.record)),
            "scores": scores,
            "left_out": left_out,
            "seconds": self.steps.seconds,
        }
        results |= _table(results, self.corpus)
        self._draw(scores)
        write_results(results, self.folder)
        return results

    def _train(self, net: str, leads: str, name: str) -> dict:
        protocol, store = self.protocols[name], self.stores[leads]
        task = _scaled(task_of(self.corpus, protocol, store, 0), store, protocol)
        test = protocol.parts(store.index, 0).test
        if self.quick:
            task, test = replace(task, train=task.train[::3]), test[::2]
        architecture, settings = NETS[net]
        out = self.folder / "runs" / f"{net}-{leads}-{name}"
        card = fit(task, architecture, settings, self.recipe, out, devices=1)
        predictor = load(out)
        require_unseen(predictor, self.corpus, protocol, store, test)
        answers = Predictions(
            classes=card.classes,
            truth=protocol.labels.targets(store.index.symbol[test]),
            probability=predictor.probabilities(task.windows[test]),
            record=store.index.record[test],
            patient=store.index.patient[test],
            position=store.index.position[test],
        )
        ages = store.index.age_years[test]
        if not protocol.leaks:
            _, first = np.unique(answers.record, return_index=True)
            answers, ages = answers.by_record(), ages[np.sort(first)]
        answers.write(self.folder / "predictions" / f"{net}-{leads}-{name}.csv")
        known = {
            "model": f"{net}, {leads} leads",
            "corpus": self.corpus.name,
            "corpus_version": self.corpus.version,
            "protocol": protocol.name,
            "leaks_patients": protocol.leaks,
            "remark": protocol.remark,
            "rows": "windows" if protocol.leaks else "records",
            "n_parameters": card.n_parameters,
            "best_epoch": card.training["best_epoch"] + 1,
        }
        scores = evaluate(answers, protocol.unit, 50 if self.quick else DRAWS)
        return known | scores | {"ages": _by_age(answers, ages)}

    def _draw(self, scores: dict) -> None:
        groups = {
            f"protocol {name}": {
                f"{net}, {leads} leads": scores[f"{net}-{leads}-{name}"]["macro_f1"]
                for leads in LEADS
                for net in NETS
                if f"{net}-{leads}-{name}" in scores
            }
            for name in self.protocols
        }
        groups = {name: rows for name, rows in groups.items() if rows}
        plots.spread(groups, "macro-F1, 95 % interval", self.folder / "figures" / "protocols.png")
        for label in ("resnet1d-12-clean", "resnet1d-12-paper"):
            if label in scores:
                plots.classes(scores[label], self.folder / "figures" / f"classes-{label}.png")


def _scaled(task: Task, store: Store, protocol: Protocol) -> Task:
    """The task with every lead over its own spread: of each part by itself, as the paper has it, or of the training part."""
    windows = np.array(store.windows)
    parts = protocol.parts(store.index, 0)
    mean, sd = _moments(windows[parts.train])
    if protocol.leaks:
        for part in (parts.train, parts.validation, parts.test):
            own_mean, own_sd = _moments(windows[part])
            windows[part] = (windows[part] - own_mean) / own_sd
    else:
        windows = (windows - mean) / sd
    prepared: Preparation = replace(
        store.preparation, mean_mv=tuple(mean.ravel().tolist()), sd_mv=tuple(sd.ravel().tolist())
    )
    return replace(task, windows=windows, preparation=prepared)


def _moments(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each lead [leads, 1], float32."""
    mean = windows.mean(axis=(0, 2), dtype=np.float64)[:, None]
    return mean.astype(np.float32), (windows.std(axis=(0, 2), dtype=np.float64)[:, None] + 1e-6).astype(np.float32)


def _by_age(answers: Predictions, ages: np.ndarray) -> dict:
    found = {}
    for name, low, high in AGES:
        rows = (ages >= low) & (ages < high)
        if rows.any():
            part = answers.at(rows)
            got = counted(part.truth > 0, part.decided, np.ones((1, rows.sum()), np.uint16))
            kept = ("hamming_loss", "macro_f1", "micro_f1")
            patients = len(np.unique(part.patient))
            found[name] = {"n": int(rows.sum()), "n_patients": patients} | {
                key: round(float(got[key][0]), 4) for key in kept
            }
    return found


def _table(results: dict, corpus: Corpus) -> dict:
    shown = ("hamming_loss", "macro_f1", "micro_f1", "macro_auroc", "subset_accuracy")
    columns = ["net", "leads", "protocol", "tested", *shown, "parameters", "paper: Hamming", "paper: macro-F1"]
    rows = []
    for label, found in results["scores"].items():
        net, leads, name = label.split("-")
        figures = [" (".join(cells(found[metric], 4 if metric == "hamming_loss" else 3)) + ")" for metric in shown]
        theirs = PAPER[net, leads] if corpus is ZZU_PECG and name == "paper" else None
        published = [f"{value:.4f}" for value in theirs] if theirs else ["", ""]
        leak = " (LEAKS PATIENTS)" if found["leaks_patients"] else ""
        tested = f"{found['n_test']:,} {found['rows']} of {found['n_patients']:,} patients"
        rows.append([net, leads, name + leak, tested, *figures, f"{found['n_parameters']:,}", *published])
    n = sum(results["seconds"].values()) / 3600
    smoke = ["SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."] if results["smoke_run"] else []
    adults = (
        "" if corpus is ZZU_PECG else " These are not children: the pediatric study's nets and protocols on adults."
    )
    remarks = [
        *smoke,
        f"{corpus.title} {corpus.version}; windows of 3 s.{adults}",
        "Protocol paper parts windows: those of one recording are in training and test. Protocol clean parts patients; "
        "the answers to a recording's windows are averaged.",
        *[f"{leads} leads: {line}" for leads, lines in results["left_out"].items() for line in lines],
        f"{n:.1f} hours of computing.",
    ]
    title = f"Pediatric benchmark on {corpus.name}: four nets, nine and twelve leads"
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks, "shown": columns[:8]}


PEDIATRIC_STUDY = Study(
    "pediatric", "ZZU-pECG: children, nine and twelve leads", "zzu-pecg", ("clean", "paper", "both"), run
)
