"""Repeat the pediatric benchmark of Chen 2025: four nets, nine and twelve leads, and what its split hides."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.ptbxl import TABLE as PTBXL_TABLE
from einthoven.corpora.zzu_pecg import NINE, ZZU_PECG
from einthoven.corpora.zzu_pecg import TABLE as ZZU_TABLE
from einthoven.data.build import told
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.multilabel import counted
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import require_unseen
from einthoven.models.resnet1d import PEDIATRIC
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.signal.leads import STANDARD
from einthoven.studies.declaration import TRAININGS, Member, Published, Quick, Results, Study, StudyModel
from einthoven.studies.engine import StudyRun
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task

LEADS = {"9": NINE, "12": STANDARD}
RECIPE = Recipe(epochs=20, batch=64, lr=7e-4, weight_decay=0.01, loss="weighted", patience=1000, augment=())
"""The paper's loss, optimiser, rate and batch; it trains for 200 epochs."""
NETS = {
    "resnet1d": StudyModel("resnet1d", PEDIATRIC, RECIPE, cost=4.0),
    "bilstm": StudyModel("bilstm", {}, RECIPE, cost=4.0),
    "transformer": StudyModel("transformer", {}, RECIPE),
    "mamba2": StudyModel("mamba2", {}, RECIPE, cost=6.0),
}
AGES = {
    "neonate": (0.0, 28 / 365.25),
    "infant": (28 / 365.25, 1.0),
    "child": (1.0, 12.0),
    "adolescent": (12.0, 18.0),
    "adult": (18.0, 200.0),
}
"""Groups of age in years, from and below."""
PAPER = {
    "resnet1d-9": ("0.0076", "0.8915"),
    "resnet1d-12": ("0.0069", "0.9467"),
    "bilstm-9": ("0.0148", "0.7975"),
    "bilstm-12": ("0.0092", "0.9096"),
    "transformer-9": ("0.0178", "0.8182"),
    "transformer-12": ("0.0116", "0.9008"),
    "mamba2-9": ("0.0124", "0.8563"),
    "mamba2-12": ("0.0188", "0.8430"),
}
"""Hamming loss and macro-F1 on ZZU-pECG, windows split at random."""
_CORPORA: dict[str, tuple[Corpus, dict[str, str]]] = {
    ZZU_TABLE: (ZZU_PECG, {}),
    PTBXL_TABLE: (PTBXL, {"clean": "patients"}),
}
"""The corpus by the table in its folder, and its names of the protocols."""


def _corpus_in(source: Path) -> tuple[Corpus, dict[str, str]]:
    for name, found in _CORPORA.items():
        if (source / name).is_file():
            return found
    raise CorpusIncomplete(
        f"{source} holds neither ZZU-pECG nor PTB-XL.",
        found="no table of either",
        expected=" or ".join(_CORPORA),
        remedy="einthoven download zzu-pecg      says where to get it",
    )


def _train_and_score(run: StudyRun, member: Member) -> Results:
    """Train a net on leads over their own spread, and score it on its test part, by age too."""
    protocol, store = run.protocol_of(member), run.stores[run.study.models[member.model].store]
    task, test = scaled(run.task(member), store, protocol), protocol.parts(store.index, 0).test
    test = test[::2] if run.quick else test
    run.train(member, task)
    predictor = load(run.place(member))
    require_unseen(predictor, run.corpus, protocol, store, test)
    answers = Predictions(
        classes=predictor.card.classes,
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
    answers.write(run.folder / "predictions" / f"{member.label}.csv")
    card, rows = predictor.card, "windows" if protocol.leaks else "records"
    known = {"model": f"{member.model.replace('-', ', ')} leads"} | run.stated(protocol, rows=rows)
    known |= {"n_parameters": card.n_parameters, "best_epoch": card.training["best_epoch"] + 1}
    return known | evaluate(answers, protocol.unit, run.draws) | {"ages": _by_age(answers, ages)}


def scaled(task: Task, store: Store, protocol: Protocol) -> Task:
    """Return a task with every lead over its spread: of each part by itself, as the paper has it, or of the training part.

    Parameters
    ----------
    task : Task
        What is trained on.
    store : Store
        Its windows.
    protocol : Protocol
        Its protocol; one that leaks patients scales as the paper does.

    Returns
    -------
    Task
        The same with scaled windows, and with the training part's mean and spread in its preparation.
    """
    windows, parts = np.array(store.windows), protocol.parts(store.index, 0)
    mean, sd = _moments(windows[parts.train])
    if protocol.leaks:
        for part in (parts.train, parts.validation, parts.test):
            own_mean, own_sd = _moments(windows[part])
            windows[part] = (windows[part] - own_mean) / own_sd
    else:
        windows = (windows - mean) / sd
    spread = {"mean_mv": tuple(mean.ravel().tolist()), "sd_mv": tuple(sd.ravel().tolist())}
    return replace(task, windows=windows, preparation=replace(store.preparation, **spread))


def _moments(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each lead [leads, 1], float32."""
    mean = windows.mean(axis=(0, 2), dtype=np.float64)[:, None]
    return mean.astype(np.float32), (windows.std(axis=(0, 2), dtype=np.float64)[:, None] + 1e-6).astype(np.float32)


def _by_age(answers: Predictions, ages: np.ndarray) -> Results:
    found = {}
    for name, (low, high) in AGES.items():
        rows = (ages >= low) & (ages < high)
        if rows.any():
            part = answers.at(rows)
            got = counted(part.truth > 0, part.decided, np.ones((1, rows.sum()), np.uint16))
            figures = {key: round(float(got[key][0]), 4) for key in ("hamming_loss", "macro_f1", "micro_f1")}
            found[name] = {"n": int(rows.sum()), "n_patients": len(np.unique(part.patient))} | figures
    return found


def _results(run: StudyRun) -> Results:
    return {
        "corpus": run.corpus.name,
        "recordings": len(np.unique(run.stores["12"].index.record)),
        "scores": run.trained,
        "left_out": {leads: told(store) for leads, store in run.stores.items()},
    }


def _table(run: StudyRun, found: Results) -> Results:
    are_children = run.corpus is ZZU_PECG
    paper = {f"{row.name}-paper": row.figures for row in run.study.published if are_children}
    columns: dict[str, page.Cell] = {
        "net": lambda label, _: label.split("-")[0],
        "leads": lambda label, _: label.split("-")[1],
        "protocol": lambda label, row: label.split("-")[2] + page.leaking(label, row),
        "tested": lambda _, row: f"{row['n_test']:,} {row['rows']} of {row['n_patients']:,} patients",
        "hamming_loss": page.figure("hamming_loss", digits=4),
        **{name: page.figure(name) for name in ("macro_f1", "micro_f1", "macro_auroc", "subset_accuracy")},
        "parameters": page.count("n_parameters"),
        "paper: Hamming": lambda label, _: paper.get(label, {}).get("hamming_loss", ""),
        "paper: macro-F1": lambda label, _: paper.get(label, {}).get("macro_f1", ""),
    }
    adults = "" if are_children else " These are not children: the pediatric study's nets and protocols on adults."
    remarks = [
        f"{run.corpus.title} {run.corpus.version}; windows of 3 s.{adults}",
        "Protocol paper parts windows: those of one recording are in training and test. Protocol clean parts patients; "
        "the answers to a recording's windows are averaged.",
        *[f"{leads} leads: {line}" for leads, lines in found["left_out"].items() for line in lines],
    ]
    title = f"Pediatric benchmark on {run.corpus.name}: four nets, nine and twelve leads"
    return page.table(found, title, columns, remarks, list(columns)[:8])


def _draw_protocols(run: StudyRun, found: Results, file: Path) -> None:
    groups: dict[str, Results] = {f"protocol {name}": {} for name in run.protocols}
    for label, row in found["scores"].items():
        net, leads, name = label.split("-")
        groups[f"protocol {name}"][f"{net}, {leads} leads"] = row["macro_f1"]
    plots.spread(groups, "macro-F1, 95 % interval", file)


def _members(run: StudyRun) -> list[Member]:
    return [
        Member(f"{name}-{protocol}", name, protocol, work=_train_and_score)
        for protocol in run.protocols
        for name in run.study.models
    ]


PEDIATRIC_STUDY = Study(
    name="pediatric",
    title="ZZU-pECG: children, nine and twelve leads",
    corpus=ZZU_PECG,
    corpus_in=_corpus_in,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={leads: replace(ZZU_PECG.preparation, leads=names) for leads, names in LEADS.items()},
    models={f"{net}-{leads}": replace(model, store=leads) for leads in LEADS for net, model in NETS.items()},
    members=_members,
    quick=Quick(train_every=3),
    steps=(TRAININGS,),
    results=_results,
    table=_table,
    figures={"protocols": _draw_protocols}
    | {f"classes-resnet1d-12-{name}": partial(page.draw_classes, f"resnet1d-12-{name}") for name in ("clean", "paper")},
    published=tuple(
        Published("Chen 2025 (arXiv 2510.03780)", name, {"hamming_loss": loss, "macro_f1": f1})
        for name, (loss, f1) in PAPER.items()
    ),
)
