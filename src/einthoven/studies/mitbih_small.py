"""Score the smallest nets on MIT-BIH: ArrhythmiNet on five symbols by both protocols, Self-ONN patient by patient."""

from functools import partial
from typing import Any

from einthoven.corpora.mitdb import MITDB, TESTED_ALONE
from einthoven.engine.declaration import TRAININGS, Published, Quick, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.predictions import joined
from einthoven.inference.predictor import load
from einthoven.inference.scoring import score_test_part
from einthoven.report import study_figures, study_table
from einthoven.report.tables import cells
from einthoven.training.recipe import Recipe

NETS = ("arrhythminet_v1", "arrhythminet_v2")
POWERS = (1, 3, 7)
RECIPE = Recipe(epochs=10, keep="last", patience=1000)
OF_ONE_PATIENT = Recipe(epochs=60, batch=32, lr=2e-3, patience=1000, augment=("shift", "gain", "noise"))
"""For some six hundred windows."""
FOLDS = {"clean": 0, "paper": None}
"""Fold of DS1 that validates. The last epoch is kept, so it decides nothing. It has four persons without bundle branch block: the
protocol's own validation set would take 98 % of the right bundle branch blocks of DS1."""
MODELS = {net: StudyModel(net, {}, RECIPE, "one lead", cost=10.0) for net in NETS}
MODELS |= {f"self_onn_q{q}": StudyModel("self_onn", {"q": q}, OF_ONE_PATIENT, "two leads", cost=0.2) for q in POWERS}


def _members(run: StudyRun) -> list[Member]:
    patients = list(enumerate(TESTED_ALONE[:2] if run.quick else TESTED_ALONE))
    scored: dict[str, Any] = {"labels": "nlrav", "work": _train_and_score, "ahead": ""}
    nets = [Member(run, f"{net}-{by}", net, by, FOLDS[by], **scored) for net in NETS for by in run.protocols]
    return nets + [
        Member(run, f"self-onn-q{q}-{patient}", f"self_onn_q{q}", "patient_specific", at, ahead="")
        for q in POWERS
        for at, patient in patients
    ]


def _train_and_score(member: Member) -> Results:
    """Train a net on N, L, R, A and V by one of the corpus's protocols, and score it on the test set."""
    run, protocol, size = member.run, member.protocol, member.train()
    tested = load(member.folder), run.corpus, protocol, run.store
    answers, facts = score_test_part(*tested, every=run.test_every, fold=member.fold)
    facts |= {"model": member.model, "kilobytes": _kilobytes(member), "n_parameters": size["n_parameters"]}
    return run.score_one(member.label, answers, facts, protocol.unit)


def _pool(q: int, run: StudyRun) -> Results:
    """Score all patients' own nets on what follows their first five minutes."""
    name = f"self_onn_q{q}"
    answers, first = joined(run.predict("test", model=name)), next(m for m in run.members.values() if m.model == name)
    known = {"model": f"self_onn, q {q}", "n_parameters": run.results[first.step]["n_parameters"]}
    facts = run.facts(first.protocol, rows="beats", kilobytes=_kilobytes(first), **known)
    return run.score_one(name, answers, facts, first.protocol.unit)


def _kilobytes(member: Member) -> float:
    return round((member.bundle / "weights.safetensors").stat().st_size / 1024, 2)


def _results(run: StudyRun) -> Results:
    nets = {label: row for label, row in run.trained.items() if label.startswith(NETS)}
    return {"scores": nets | {f"self_onn_q{q}": run.results[f"self-onn-q{q}"] for q in POWERS}}


def _table(run: StudyRun, found: Results) -> Results:
    columns: dict[str, study_table.Cell] = {
        "net": lambda _, row: row["model"],
        "protocol": study_table.protocol,
        "beats": study_table.count("n_test"),
        "accuracy": study_table.figure("accuracy"),
        "macro-F1": study_table.figure("macro_f1"),
        "F1 by class": lambda _, row: ", ".join(
            f"{name} {cells(of['f1'])[0]}" for name, of in row["per_class"].items()
        ),
        "parameters": study_table.count("n_parameters"),
        "KB, float32": lambda _, row: f"{row['kilobytes']:.0f}",
        "published": study_table.beside(run.study.published),
    }
    remarks = [
        "ArrhythmiNet: one lead, N, L, R, A and V as its paper has it; protocol paper splits beats at random, clean splits "
        "patients (DS1, DS2). Left bundle branch block is two persons in DS1 and two in DS2, right is three and three: their "
        "figures rest on so few.",
        MITDB.protocol("clean").remark,
        "Self-ONN: two leads, a network for each of the 24 records, from 245 common beats and its own first five minutes; "
        "S = A a J S.",
    ]
    shown = [name for name in columns if name not in ("F1 by class", "published")]
    return study_table.table(found, "MIT-BIH: the smallest nets", columns, remarks, shown)


MITBIH_SMALL = Study(
    name="mitbih-small",
    corpus=MITDB,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={"one lead": MITDB.preparation.with_settings(leads=("MLII|II|V5",)), "two leads": MITDB.preparation},
    models=MODELS,
    members=_members,
    trained=lambda card: {"best_epoch": card.training["best_epoch"] + 1},
    quick=Quick(train_every=9, test_every=9),
    steps=(TRAININGS, tuple(Step(f"self-onn-q{q}", partial(_pool, q), 0.2) for q in POWERS)),
    results=_results,
    table=_table,
    figures={
        f"confusion-{label}": partial(study_figures.draw_classes, label)
        for label in ("arrhythminet_v2-paper", "arrhythminet_v2-clean", "self_onn_q7")
    },
    published=(
        Published("arXiv 2505.03787", "arrhythminet_v1-paper", {"accuracy": "0.99", "kilobytes": "302.18"}),
        Published("arXiv 2505.03787", "arrhythminet_v2-paper", {"accuracy": "0.98", "kilobytes": "157.76"}),
        Published("arXiv 2110.02215, patient-specific", "self_onn_q7", {"F1 S": "0.766", "F1 V": "0.937"}),
    ),
)
