"""Score the smallest nets on MIT-BIH: ArrhythmiNet on five symbols by both protocols, Self-ONN patient by patient."""

from functools import partial
from typing import Any

from einthoven.corpora.mitdb import MITDB, TESTED_ALONE
from einthoven.evaluation.predictions import joined
from einthoven.report import study_figures as figures
from einthoven.report import study_table as page
from einthoven.report.tables import cells
from einthoven.studies.declaration import TRAININGS, Member, Published, Quick, Results, Step, Study, StudyModel
from einthoven.studies.engine import StudyRun
from einthoven.training.recipe import Recipe

NETS = ("arrhythminet_v1", "arrhythminet_v2")
POWERS = (1, 3, 7)
RECIPE = Recipe(epochs=10, keep="last", patience=1000)
OF_ONE_PATIENT = Recipe(epochs=60, batch=32, lr=2e-3, patience=1000, augment=("shift", "gain", "noise"))
"""Of some six hundred windows."""
FOLDS = {"clean": 0, "paper": None}
"""Which fold of DS1 validates. It decides nothing here, the last epoch is kept; so it is four persons without bundle branch
block, which few of DS1 have: the protocol's own would hold back 98 % of its right ones."""
MODELS = {net: StudyModel(net, {}, RECIPE, "one lead", cost=10.0) for net in NETS}
MODELS |= {f"self_onn_q{q}": StudyModel("self_onn", {"q": q}, OF_ONE_PATIENT, "two leads", cost=0.2) for q in POWERS}


def _members(run: StudyRun) -> list[Member]:
    patients = list(enumerate(TESTED_ALONE[:2] if run.quick else TESTED_ALONE))
    nets = [(net, by) for net in NETS for by in run.protocols]
    own = [(q, at, patient) for q in POWERS for at, patient in patients]
    scored: dict[str, Any] = {"labels": "nlrav", "work": _train_and_score, "ahead": ""}
    return [Member(f"{net}-{by}", net, by, FOLDS[by], **scored) for net, by in nets] + [
        Member(f"self-onn-q{q}-{patient}", f"self_onn_q{q}", "patient_specific", at, ahead="") for q, at, patient in own
    ]


def _train_and_score(run: StudyRun, member: Member) -> Results:
    """Train a net on N, L, R, A and V by one of the corpus's protocols, and score it on the test part."""
    n_parameters, protocol = run.train(member)["n_parameters"], run.protocol_of(member)
    answers, found = run.test(run.place(member), protocol, member.fold)
    answers.write(run.folder / "predictions" / f"{member.label}.csv")
    known = {"model": member.model, "n_parameters": n_parameters, "kilobytes": _kilobytes(run, member)}
    return known | found | run.evaluate(answers, protocol)


def _pool(q: int, run: StudyRun) -> Results:
    """Score the answers of all patients' own nets for what came after their first five minutes."""
    mine = [member for member in run.members.values() if member.model == f"self_onn_q{q}"]
    answers, protocol = joined(run.each("test", model=f"self_onn_q{q}")), run.protocol_of(mine[0])
    answers.write(run.folder / "predictions" / f"self_onn_q{q}.csv")
    known: Results = {"model": f"self_onn, q {q}"} | run.stated(protocol, rows="beats")
    known |= {"n_parameters": run.found[mine[0].step]["n_parameters"], "kilobytes": _kilobytes(run, mine[0])}
    return known | run.evaluate(answers, protocol)


def _kilobytes(run: StudyRun, member: Member) -> float:
    return round((run.place(member) / "bundle" / "weights.safetensors").stat().st_size / 1024, 2)


def _results(run: StudyRun) -> Results:
    nets = {label: row for label, row in run.trained.items() if label.startswith(NETS)}
    return {"scores": nets | {f"self_onn_q{q}": run.found[f"self-onn-q{q}"] for q in POWERS}}


def _table(run: StudyRun, found: Results) -> Results:
    columns: dict[str, page.Cell] = {
        "net": lambda _, row: row["model"],
        "protocol": page.protocol,
        "beats": page.count("n_test"),
        "accuracy": page.figure("accuracy"),
        "macro-F1": page.figure("macro_f1"),
        "F1 by class": lambda _, row: ", ".join(
            f"{name} {cells(of['f1'])[0]}" for name, of in row["per_class"].items()
        ),
        "parameters": page.count("n_parameters"),
        "KB, float32": lambda _, row: f"{row['kilobytes']:.0f}",
        "published": page.beside(run.study.published),
    }
    remarks = [
        "ArrhythmiNet: one lead, N, L, R, A and V as its paper has it; protocol paper parts beats at random, clean parts patients "
        "(DS1, DS2). Left bundle branch block is two persons in DS1 and two in DS2, right is three and three: their "
        "figures rest on so few.",
        MITDB.protocol("clean").remark,
        "Self-ONN: two leads, a net for each of the 24 records, from 245 common beats and its own first five minutes; S = A a J S.",
    ]
    shown = [name for name in columns if name not in ("F1 by class", "published")]
    return page.table(found, "MIT-BIH: the smallest nets", columns, remarks, shown)


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
        f"confusion-{label}": partial(figures.draw_classes, label)
        for label in ("arrhythminet_v2-paper", "arrhythminet_v2-clean", "self_onn_q7")
    },
    published=(
        Published("arXiv 2505.03787", "arrhythminet_v1-paper", {"accuracy": "0.99", "kilobytes": "302.18"}),
        Published("arXiv 2505.03787", "arrhythminet_v2-paper", {"accuracy": "0.98", "kilobytes": "157.76"}),
        Published("arXiv 2110.02215, patient-specific", "self_onn_q7", {"F1 S": "0.766", "F1 V": "0.937"}),
    ),
)
