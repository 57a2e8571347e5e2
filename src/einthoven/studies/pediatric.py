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
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.by_age import evaluate_by_age
from einthoven.inference.predictor import load
from einthoven.inference.seen_patients import require_unseen
from einthoven.inference.window_answers import window_answers
from einthoven.models.resnet1d import PEDIATRIC
from einthoven.report import study_figures as figures
from einthoven.report import study_table as page
from einthoven.signal.leads import STANDARD
from einthoven.studies.declaration import TRAININGS, Member, Published, Quick, Results, Study, StudyModel
from einthoven.studies.engine import StudyRun
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
HAMMING = {"resnet1d": ("0.0076", "0.0069"), "bilstm": ("0.0148", "0.0092")}
HAMMING |= {"transformer": ("0.0178", "0.0116"), "mamba2": ("0.0124", "0.0188")}
MACRO_F1 = {"resnet1d": ("0.8915", "0.9467"), "bilstm": ("0.7975", "0.9096")}
MACRO_F1 |= {"transformer": ("0.8182", "0.9008"), "mamba2": ("0.8563", "0.8430")}
"""As published for nine and for twelve leads, windows split at random."""
_CORPORA = {ZZU_TABLE: (ZZU_PECG, {}), PTBXL_TABLE: (PTBXL, {"clean": "patients"})}
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


def _members(run: StudyRun) -> list[Member]:
    names = [(name, protocol) for protocol in run.protocols for name in run.study.models]
    return [Member(f"{name}-{protocol}", name, protocol, work=_train_and_score, ahead="") for name, protocol in names]


def _train_and_score(run: StudyRun, member: Member) -> Results:
    """Train a net on leads over their own spread, and score it on its test part, by age too."""
    protocol, store = run.protocol_of(member), run.store_of(member)
    task, test = scaled_by_parts(run.task(member), store, protocol), protocol.parts(store.index, 0).test
    test = test[::2] if run.quick else test
    told = run.train(member, task)
    predictor = load(run.place(member))
    require_unseen(predictor, run.corpus, protocol, store, test)
    answers = window_answers(predictor, protocol, store, test, task.windows[test])
    ages, rows = store.index.age_years[test], "windows"
    if not protocol.leaks:
        _, first = np.unique(answers.record, return_index=True)
        answers, ages, rows = answers.by_record(), ages[np.sort(first)], "records"
    answers.write(run.folder / "predictions" / f"{member.label}.csv")
    known = {"model": f"{member.model.replace('-', ', ')} leads"} | run.stated(protocol, rows=rows) | told
    return known | run.evaluate(answers, protocol) | {"ages": evaluate_by_age(answers, ages)}


def _results(run: StudyRun) -> Results:
    left_out = {leads: left_out_lines(store) for leads, store in run.stores.items()}
    n = len(np.unique(run.stores["12"].index.record))
    return {"corpus": run.corpus.name, "recordings": n, "scores": run.trained, "left_out": left_out}


def _table(run: StudyRun, found: Results) -> Results:
    are_children = run.corpus is ZZU_PECG
    published = run.study.published if are_children else ()
    columns: dict[str, page.Cell] = {
        "net": page.part_of_label(0),
        "leads": page.part_of_label(1),
        "protocol": lambda label, row: label.split("-")[2] + page.leaking(row),
        "tested": lambda _, row: f"{row['n_test']:,} {row['rows']} of {row['n_patients']:,} patients",
        "hamming_loss": page.figure("hamming_loss", digits=4),
        **{name: page.figure(name) for name in ("macro_f1", "micro_f1", "macro_auroc", "subset_accuracy")},
        "parameters": page.count("n_parameters"),
        "paper: Hamming": page.beside(published, "hamming_loss"),
        "paper: macro-F1": page.beside(published, "macro_f1"),
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
    by: Results = {name: {"scores": {}} for name in run.protocols}
    for label, row in found["scores"].items():
        net, leads, name = label.split("-")
        by[name]["scores"][f"{net}, {leads} leads"] = row
    figures.draw_protocols(run, {"protocols": by}, file)


PEDIATRIC_STUDY = Study(
    name="pediatric",
    corpus=ZZU_PECG,
    corpus_in=_corpus_in,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={leads: ZZU_PECG.preparation.with_settings(leads=names) for leads, names in LEADS.items()},
    models={f"{net}-{leads}": replace(model, store=leads) for leads in LEADS for net, model in NETS.items()},
    members=_members,
    trained=lambda card: {"best_epoch": card.training["best_epoch"] + 1},
    quick=Quick(train_every=3),
    steps=(TRAININGS,),
    results=_results,
    table=_table,
    figures={"protocols": _draw_protocols}
    | {
        f"classes-resnet1d-12-{name}": partial(figures.draw_classes, f"resnet1d-12-{name}")
        for name in ("clean", "paper")
    },
    published=tuple(
        Published(
            "Chen 2025 (arXiv 2510.03780)", f"{net}-{leads}-paper", {"hamming_loss": HAMMING[net][at], "macro_f1": f1}
        )
        for net, both in MACRO_F1.items()
        for at, (leads, f1) in enumerate(zip(LEADS, both, strict=True))
    ),
)
