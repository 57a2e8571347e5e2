"""Repeat the pediatric benchmark of Chen 2025: four nets, nine and twelve leads, and what its split hides."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.ptbxl import TABLE as PTBXL_TABLE
from einthoven.corpora.zzu_pecg import NINE, ZZU_PECG
from einthoven.corpora.zzu_pecg import TABLE as ZZU_TABLE
from einthoven.data.build import left_out_lines
from einthoven.engine.declaration import TRAININGS, Published, Quick, Results, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.by_age import evaluate_by_age
from einthoven.inference.given_windows import predict_windows
from einthoven.inference.predictor import load
from einthoven.inference.seen_patients import require_unseen
from einthoven.models.resnet1d import PEDIATRIC
from einthoven.report import study_figures, study_table
from einthoven.signal.leads import STANDARD
from einthoven.training.recipe import Recipe
from einthoven.training.scaling import scaled_by_parts

LEADS = {"9": NINE, "12": STANDARD}
RECIPE = Recipe(epochs=20, batch=64, lr=7e-4, weight_decay=0.01, loss="weighted", patience=1000, augment=())
"""The paper's loss, optimiser, rate and batch; it trains for 200 epochs."""
NETS = {
    "resnet1d": StudyModel("resnet1d", PEDIATRIC, RECIPE, cost=4.0),
    "bilstm": StudyModel("bilstm", {}, RECIPE, cost=4.0),
    "transformer": StudyModel("transformer", {}, RECIPE),
    "mamba2": StudyModel("mamba2", {}, RECIPE, cost=6.0),
}
MODELS = {f"{net}-{leads}": replace(model, store=leads) for leads in LEADS for net, model in NETS.items()}
PAPER = {
    "resnet1d": {"9": ("0.0076", "0.8915"), "12": ("0.0069", "0.9467")},
    "bilstm": {"9": ("0.0148", "0.7975"), "12": ("0.0092", "0.9096")},
    "transformer": {"9": ("0.0178", "0.8182"), "12": ("0.0116", "0.9008")},
    "mamba2": {"9": ("0.0124", "0.8563"), "12": ("0.0188", "0.8430")},
}
"""Hamming loss and macro-F1 as published (Chen 2025, arXiv 2510.03780), windows split at random."""
ADULTS = replace(PTBXL, protocols=PTBXL.protocols | {"clean": PTBXL.protocol("patients")})
CORPORA = {ZZU_TABLE: ZZU_PECG, PTBXL_TABLE: ADULTS}
"""The corpus by the table in its folder."""


def _corpus_in(source: Path) -> Corpus:
    for name, found in CORPORA.items():
        if (source / name).is_file():
            return found
    raise CorpusIncomplete(
        f"{source} holds neither ZZU-pECG nor PTB-XL.",
        found="no table of either",
        expected=" or ".join(CORPORA),
        remedy="einthoven download zzu-pecg      prints where to get it",
    )


def _members(run: StudyRun) -> list[Member]:
    names = [(name, by) for by in run.protocols for name in run.study.models]
    return [Member(run, f"{name}-{by}", name, by, work=_train_and_score, ahead="") for name, by in names]


def _train_and_score(member: Member) -> Results:
    """Train a net on leads scaled by their own spread, and score it on its test set, by age too."""
    run, protocol, store = member.run, member.protocol, member.store
    task, test = scaled_by_parts(member.task, store, protocol), protocol.parts(store.index, 0).test
    test = test[::2] if run.quick else test
    trained, predictor = member.train(task), load(member.folder)
    require_unseen(predictor, run.corpus, protocol, store, test)
    answers = predict_windows(predictor, protocol, store, test, task.windows[test])
    ages, rows = store.index.age_years[test], "windows"
    if not protocol.leaks:
        _, first = np.unique(answers.record, return_index=True)
        answers, ages, rows = answers.by_record(), ages[np.sort(first)], "records"
    facts = run.facts(protocol, model=f"{member.model.replace('-', ', ')} leads", rows=rows, **trained)
    scored = run.score_one(member.label, answers, facts, protocol.unit)
    return scored | {"ages": evaluate_by_age(answers, ages)}


def _results(run: StudyRun) -> Results:
    left_out = {leads: left_out_lines(store) for leads, store in run.stores.items()}
    n = len(np.unique(run.stores["12"].index.record))
    return {"corpus": run.corpus.name, "recordings": n, "scores": run.trained, "left_out": left_out}


def _table(run: StudyRun, found: Results) -> Results:
    are_children = run.corpus is ZZU_PECG
    published = run.study.published if are_children else ()
    columns: dict[str, study_table.Cell] = {
        "net": study_table.part_of_label(0),
        "leads": study_table.part_of_label(1),
        "protocol": lambda label, row: label.split("-")[2] + study_table.leaking(row),
        "tested": lambda _, row: f"{row['n_test']:,} {row['rows']} of {row['n_patients']:,} patients",
        "hamming_loss": study_table.figure("hamming_loss", digits=4),
        **{name: study_table.figure(name) for name in ("macro_f1", "micro_f1", "macro_auroc", "subset_accuracy")},
        "parameters": study_table.count("n_parameters"),
        "paper: Hamming": study_table.beside(published, "hamming_loss"),
        "paper: macro-F1": study_table.beside(published, "macro_f1"),
    }
    adults = "" if are_children else " These are not children: the pediatric study's nets and protocols on adults."
    remarks = [
        f"{run.corpus.title} {run.corpus.version}; windows of 3 s.{adults}",
        "Protocol paper splits windows: those of one recording are in training and test. Protocol clean splits "
        "patients. The predictions for a recording's windows are averaged.",
        *[f"{leads} leads: {line}" for leads, lines in found["left_out"].items() for line in lines],
    ]
    title = f"Pediatric benchmark on {run.corpus.name}: four nets, nine and twelve leads"
    return study_table.table(found, title, columns, remarks, list(columns)[:8])


BY_PROTOCOL = {
    f"protocol {by}": {f"{name.replace('-', ', ')} leads": f"{name}-{by}" for name in MODELS}
    for by in ("clean", "paper")
}
PEDIATRIC_STUDY = Study(
    name="pediatric",
    corpus=ZZU_PECG,
    corpus_in=_corpus_in,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={leads: ZZU_PECG.preparation.with_settings(leads=names) for leads, names in LEADS.items()},
    models=MODELS,
    members=_members,
    trained=lambda card: {"best_epoch": card.training["best_epoch"] + 1},
    quick=Quick(train_every=3),
    steps=(TRAININGS,),
    results=_results,
    table=_table,
    figures={"protocols": partial(study_figures.draw_groups, "macro_f1", "macro-F1", BY_PROTOCOL)}
    | {
        f"classes-{name}": partial(study_figures.draw_classes, name)
        for name in ("resnet1d-12-clean", "resnet1d-12-paper")
    },
    published=tuple(
        Published("Chen 2025 (arXiv 2510.03780)", f"{net}-{leads}-paper", {"hamming_loss": hamming, "macro_f1": f1})
        for net, by_leads in PAPER.items()
        for leads, (hamming, f1) in by_leads.items()
    ),
)
