"""Classify rhythms and beats with SEVGGNet-LSTM, with and without its squeeze-and-excitation, beside RR intervals alone."""

from functools import partial

from einthoven.corpora.challenge2017 import CHALLENGE2017, N_FOLDS
from einthoven.corpora.mitdb import MITDB
from einthoven.data.build import left_out_lines
from einthoven.engine.declaration import TRAININGS, Quick, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.predictions import joined
from einthoven.report import study_figures, study_table
from einthoven.signal.rhythm import INTERVAL_NAMES
from einthoven.studies.challenge2017 import SHORTER
from einthoven.training.recipe import Recipe

NETS = {"squeezed": {}, "plain": {"squeeze": False}}
"""The network, and what it is without squeeze-and-excitation."""
_RR = {"n_bins": 0, "n_read": len(INTERVAL_NAMES), "summed": True}
_NO_FIGURES = "No figure of the paper (arXiv 2210.17111) could be read; nothing is compared with it."
OF_BEATS = Recipe(epochs=10, batch=256, lr=2e-3)


def _of_rhythms(run: StudyRun) -> list[Member]:
    folds = range(1 if run.quick else N_FOLDS)
    return [Member(run, f"{name}-f{fold}", name, "clean", fold, fold) for name in run.study.models for fold in folds]


def _score_rhythms(run: StudyRun) -> Results:
    answers = {name: joined(run.predict("test", model=name)) for name in run.study.models}
    sizes = {name: run.trained[f"{name}-f0"]["n_parameters"] for name in answers}
    found = run.score(answers, run.facts(run.protocol, on_card=True), run.protocol.unit)
    scores = {name: row | {"n_parameters": sizes[name]} for name, row in found["scores"].items()}
    return found | {"scores": scores}


def _table_of_rhythms(run: StudyRun, found: Results) -> Results:
    first = found["scores"]["squeezed"]
    columns: dict[str, study_table.Cell] = {
        "model": study_table.label,
        "recordings": study_table.count("n_test"),
        "challenge score": study_table.figure("challenge_score"),
        **{f"F1 {name}": study_table.class_f1(name) for name in first["per_class"]},
        "parameters": study_table.count("n_parameters"),
    }
    remarks = [
        f"The challenge score is the official one: the mean F1 of N, A and O. {first['remark']}",
        "rr: boosted trees on RR intervals alone.",
        _NO_FIGURES,
        *left_out_lines(run.store),
    ]
    title = f"Challenge 2017: SEVGGNet-LSTM, five folds by recording; {study_table.drawn(first, 'recording')}"
    return study_table.table(found, title, columns, remarks, list(columns)[:3])


SEVGGNET_STUDY = Study(
    name="sevggnet",
    corpus=CHALLENGE2017,
    protocols=("clean",),
    stores={
        "": CHALLENGE2017.preparation,
        "intervals": CHALLENGE2017.preparation.with_settings(inputs=("signal", "beat", "rhythm")),
    },
    models={name: StudyModel("sevggnet_lstm", settings, SHORTER) for name, settings in NETS.items()}
    | {"rr": StudyModel("forest", _RR, SHORTER, "intervals", cost=0.1)},
    members=_of_rhythms,
    cross_validated=True,
    steps=(TRAININGS, Step("scores", _score_rhythms, 0.2)),
    compared={"paired": {f"squeezed - {name}": ("squeezed", name) for name in ("plain", "rr")}},
    results=lambda run: run.results["scores"],
    table=_table_of_rhythms,
    figures={f"confusion-{name}": partial(study_figures.draw_classes, name) for name in ("squeezed", "rr")},
)


def _of_beats(run: StudyRun) -> list[Member]:
    return [Member(run, f"{name}-{by}", name, by) for by in run.protocols for name in run.study.models]


def _score_beats(by: str, run: StudyRun) -> Results:
    protocol = run.protocols[by]
    answers = {name: run.members[f"train-{name}-{by}"].predict("test") for name in run.study.models}
    sizes = {name: run.trained[f"{name}-{by}"]["n_parameters"] for name in answers}
    facts = {name: run.facts(protocol, rows="beats", n_parameters=sizes[name]) for name in answers}
    return run.score(answers, facts, protocol.unit, by)


def _results_of_beats(run: StudyRun) -> Results:
    return {"protocols": {by: run.results[f"{by}-scores"] for by in run.protocols}}


def _table_of_beats(run: StudyRun, found: Results) -> Results:
    rows = [(label, row) for by in found["protocols"].values() for label, row in by["scores"].items()]
    columns: dict[str, study_table.Cell] = {
        "model": study_table.label,
        "protocol": study_table.protocol,
        "beats": study_table.count("n_test"),
        "accuracy": study_table.figure("accuracy"),
        "macro-F1": study_table.figure("macro_f1"),
        "F1 S": study_table.class_f1("S"),
        "F1 V": study_table.class_f1("V"),
        "parameters": study_table.count("n_parameters"),
    }
    remarks = [
        "Two leads, two seconds around each beat. Protocol paper splits beats at random into N, S, V, F and Q; clean splits "
        "patients (DS1, DS2), without Q.",
        _NO_FIGURES,
        MITDB.protocol("clean").remark,
    ]
    return study_table.table(found, "MIT-BIH beats: SEVGGNet-LSTM", columns, remarks, list(columns)[:5], rows)


SEVGGNET_BEATS_STUDY = Study(
    name="sevggnet-beats",
    corpus=MITDB,
    protocols=("clean", "paper"),
    one_folder=True,
    stores={"": MITDB.preparation},
    models={name: StudyModel("sevggnet_lstm", settings, OF_BEATS) for name, settings in NETS.items()},
    members=_of_beats,
    quick=Quick(train_every=9, test_every=9),
    steps=(TRAININGS, *(Step(f"{by}-scores", partial(_score_beats, by), 0.2, by) for by in ("clean", "paper"))),
    compared={"paired": {"squeezed - plain": ("squeezed", "plain")}},
    results=_results_of_beats,
    table=_table_of_beats,
    figures={
        f"confusion-{by}": partial(study_figures.draw_classes, "squeezed", protocol=by) for by in ("clean", "paper")
    },
)
