"""Repeat Thota et al. 2025 on CPSC 2018: a lightweight net on twelve leads and on lead I."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.data.build import told
from einthoven.evaluation.predictions import joined
from einthoven.models.resnet1d import RESNET18
from einthoven.report import plots
from einthoven.report import study as page
from einthoven.signal.leads import STANDARD
from einthoven.studies.declaration import TRAININGS, Draw, Member, Published, Results, Step, Study, StudyModel
from einthoven.studies.engine import StudyRun
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
SHORTER = replace(RECIPE, epochs=20)
"""An epoch of the larger net takes nine times as long."""
MODELS = {
    f"{name}-{leads}": replace(model, store=leads)
    for leads in LEADS
    for name, model in {
        "litenet": StudyModel("litenet", {}, RECIPE),
        "resnet18": StudyModel("resnet1d", RESNET18, SHORTER, cost=5.0),
    }.items()
}
PAPER = "Thota et al. 2025 (arXiv 2511.08650)"
"""On one split of the rows its F1 on twelve leads is 0.866."""


def _members(run: StudyRun) -> list[Member]:
    """Return each model for each fold of each protocol."""
    folds = range(1 if run.quick else int(run.folds))
    return [
        Member(f"{name}-f{fold}", name, protocol, fold, seed=fold, within=protocol)
        for protocol in run.protocols
        for name in run.study.models
        for fold in folds
    ]


def _score(protocol: str, run: StudyRun) -> Results:
    """Score the pooled answers of all folds by a protocol."""
    mine = [member for member in run.members.values() if member.protocol == protocol]
    answers = {
        name: joined([run.answers(member.step, "test") for member in mine if member.model == name])
        for name in run.study.models
    }
    declared = run.named(protocol)
    first = {member.model: run.found[member.step]["n_parameters"] for member in mine}
    return run.score(answers, run.stated_for_card(declared), declared.unit, protocol) | {"parameters": first}


def _results(run: StudyRun) -> Results:
    """Return the scores by protocol, and what was at hand."""
    return {
        "folds": 1 if run.quick else int(run.folds),
        "protocols": {name: run.found[f"{name}-scores"] for name in run.protocols},
        "recordings": len(np.unique(run.store.index.patient)),
        "left_out": told(run.store),
    }


def _table(run: StudyRun, found: Results) -> Results:
    """Lay out a row for each model and protocol."""
    rows, sizes = [], []
    for name, by in found["protocols"].items():
        rows += [(label, row | {"n": by["parameters"][label]}) for label, row in by["scores"].items()]
        tested = next(iter(by["scores"].values()))
        sizes.append(f"{tested['n_test']:,} rows of {tested['n_patients']:,} recordings by protocol {name}")
    sizes.append(f"{found['folds']} of ten folds tested")
    paper = {row.name: row.figures["macro_f1"] for row in run.study.published}
    columns: dict[str, page.Cell] = {
        "net": lambda label, _: label.split("-")[0],
        "leads": lambda label, _: label.split("-")[1],
        "protocol": lambda label, row: row["protocol"] + page.leaking(label, row),
        "macro-F1": page.figure("macro_f1"),
        "macro AUROC": page.figure("macro_auroc", "macro_auc"),
        "subset accuracy": page.figure("subset_accuracy", "accuracy"),
        **{name: page.class_f1(name) for name in CPSC2018.protocol("clean").labels.classes},
        "parameters": page.count("n"),
        "paper: F1": lambda label, row: paper.get(label, "") if row["protocol"] == "paper" else "",
    }
    remarks = [
        "Protocol paper has a row for each label of a recording, in any part; clean keeps the labels of a recording together.",
        "Windows of 30 s at 125 Hz, filled with zeros. F1 by class; intervals over recordings, by protocol paper over rows.",
        *found["left_out"],
    ]
    title = f"CPSC 2018, {found['recordings']:,} of its 6,877 recordings: {'; '.join(sizes)}"
    return page.table(found, title, columns, remarks, list(columns)[:6], rows)


def _draw_protocols(run: StudyRun, found: Results, file: Path) -> None:
    """Draw macro-F1 by protocol."""
    groups = {
        f"protocol {name}": {label: row["macro_f1"] for label, row in by["scores"].items()}
        for name, by in found["protocols"].items()
    }
    plots.spread(groups, "macro-F1, 95 % interval", file)


def _draw_classes(label: str, protocol: str, run: StudyRun, found: Results, file: Path) -> None:
    """Draw the classes of a model, or which are taken for which."""
    row = found["protocols"].get(protocol, {"scores": {}})["scores"].get(label)
    if row is not None:
        (plots.classes if "macro_auroc" in row else plots.confusion)(row, file)


FIGURES: dict[str, Draw | None] = {"protocols": _draw_protocols}
FIGURES |= {
    f"litenet-{leads}-{protocol}": partial(_draw_classes, f"litenet-{leads}", protocol)
    for protocol in ("clean", "paper")
    for leads in LEADS
}
CPSC2018_STUDY = Study(
    name="cpsc2018",
    title="CPSC 2018: the lightweight net, twelve leads and one",
    corpus=CPSC2018,
    protocols=("clean", "paper"),
    one_folder=True,
    folds=("10", "5", "3"),
    stores={leads: replace(CPSC2018.preparation, leads=names) for leads, names in LEADS.items()},
    same_recordings=True,
    models=MODELS,
    members=_members,
    keeps_answers=True,
    steps=(TRAININGS, *(Step(f"{name}-scores", partial(_score, name), 0.5, name) for name in ("clean", "paper"))),
    compared={"paired": {f"litenet - resnet18, {leads}": (f"litenet-{leads}", f"resnet18-{leads}") for leads in LEADS}},
    results=_results,
    table=_table,
    figures=FIGURES,
    published=(
        Published(PAPER, "litenet-12", {"macro_f1": "0.839 (ten folds)"}),
        Published(PAPER, "litenet-I", {"macro_f1": "0.786 (one split)"}),
    ),
)
