"""Repeat Thota et al. 2025 on CPSC 2018: a lightweight net on twelve leads and on lead I."""

from dataclasses import replace
from functools import partial

import numpy as np

from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.data.build import left_out_lines
from einthoven.engine.declaration import TRAININGS, Draw, Published, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.predictions import joined
from einthoven.models.resnet1d import RESNET18
from einthoven.report import study_figures, study_table
from einthoven.signal.leads import STANDARD
from einthoven.training.recipe import Recipe

RECIPE = Recipe(epochs=40, batch=32, lr=1e-3, weight_decay=1e-3, loss="weighted", schedule="plateau", patience=10)
"""The paper's rate, batch, class weights, halving on a plateau and early stopping; it trains for 100 epochs at most."""
NETS = {
    "litenet": StudyModel("litenet", {}, replace(RECIPE, augment=("gain", "noise"))),
    "resnet18": StudyModel("resnet1d", RESNET18, replace(RECIPE, epochs=20, augment=("gain", "noise")), cost=5.0),
}
"""An epoch of the larger net takes nine times as long, and it has half of them."""
LEADS = {"12": STANDARD, "I": ("I",)}
PAPER = "Thota et al. 2025 (arXiv 2511.08650)"
"""On one split of the rows its F1 on twelve leads is 0.866."""


def _members(run: StudyRun) -> list[Member]:
    models, folds = run.study.models, range(1 if run.quick else int(run.folds))
    trainings = [(by, name, fold) for by in run.protocols for name in models for fold in folds]
    return [Member(run, f"{name}-f{fold}", name, by, fold, fold, within=by) for by, name, fold in trainings]


def _score(protocol: str, run: StudyRun) -> Results:
    """Score the pooled predictions of all folds by a protocol."""
    names, declared = run.study.models, run.protocols[protocol]
    answers = {name: joined(run.predict("test", protocol_name=protocol, model=name)) for name in names}
    sizes = {name: run.results[f"{protocol}-train-{name}-f0"]["n_parameters"] for name in names}
    return run.score(answers, run.facts(declared, on_card=True), declared.unit, protocol) | {"parameters": sizes}


def _results(run: StudyRun) -> Results:
    n_folds, n = len({member.fold for member in run.members.values()}), len(np.unique(run.store.index.patient))
    scored = {name: run.results[f"{name}-scores"] for name in run.protocols}
    return {"folds": n_folds, "protocols": scored, "recordings": n, "left_out": left_out_lines(run.store)}


def _table(run: StudyRun, found: Results) -> Results:
    rows, sizes = [], []
    for name, by in found["protocols"].items():
        rows += [(label, row | {"n": by["parameters"][label]}) for label, row in by["scores"].items()]
        tested = next(iter(by["scores"].values()))
        sizes.append(f"{tested['n_test']:,} rows of {tested['n_patients']:,} recordings by protocol {name}")
    beside = study_table.beside(run.study.published, "macro_f1")
    columns: dict[str, study_table.Cell] = {
        "net": study_table.part_of_label(0),
        "leads": study_table.part_of_label(1),
        "protocol": study_table.protocol,
        "macro-F1": study_table.figure("macro_f1"),
        "macro AUROC": study_table.figure("macro_auroc", "macro_auc"),
        "subset accuracy": study_table.figure("subset_accuracy", "accuracy"),
        **{name: study_table.class_f1(name) for name in CPSC2018.protocol("clean").labels.classes},
        "parameters": study_table.count("n"),
        "paper: F1": lambda label, row: beside(label, row) if row["protocol"] == "paper" else "",
    }
    remarks = [
        "Protocol paper has a row for each label of a recording, in any part; clean keeps the labels of a recording together.",
        "Windows of 30 s at 125 Hz, filled with zeros. F1 by class; intervals over recordings, by protocol paper over rows.",
        *found["left_out"],
    ]
    tested = "; ".join([*sizes, f"{found['folds']} of ten folds tested"])
    title = f"CPSC 2018, {found['recordings']:,} of its 6,877 recordings: {tested}"
    return study_table.table(found, title, columns, remarks, list(columns)[:6], rows)


FIGURES: dict[str, Draw | None] = {
    f"litenet-{leads}-{protocol}": partial(study_figures.draw_classes, f"litenet-{leads}", protocol=protocol)
    for protocol in ("clean", "paper")
    for leads in LEADS
}
CPSC2018_STUDY = Study(
    name="cpsc2018",
    corpus=CPSC2018,
    protocols=("clean", "paper"),
    one_folder=True,
    folds=("10", "5", "3"),
    stores={leads: CPSC2018.preparation.with_settings(leads=names) for leads, names in LEADS.items()},
    models={f"{net}-{leads}": replace(model, store=leads) for leads in LEADS for net, model in NETS.items()},
    members=_members,
    cross_validated=True,
    steps=(TRAININGS, *(Step(f"{name}-scores", partial(_score, name), 0.5, name) for name in ("clean", "paper"))),
    compared={"paired": {f"litenet - resnet18, {leads}": (f"litenet-{leads}", f"resnet18-{leads}") for leads in LEADS}},
    results=_results,
    table=_table,
    figures=FIGURES | {"protocols": study_figures.draw_protocols},
    published=(
        Published(PAPER, "litenet-12", {"macro_f1": "0.839 (ten folds)"}),
        Published(PAPER, "litenet-I", {"macro_f1": "0.786 (one split)"}),
    ),
)
