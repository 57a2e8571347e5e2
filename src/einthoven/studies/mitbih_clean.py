"""Make the inter-patient beat model: cross-validated over the patients of DS1, fused, tested on DS2 once."""

from dataclasses import replace
from typing import Final

from einthoven.corpora.mitdb import MITDB
from einthoven.engine.declaration import TRAININGS, Published, Quick, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.choosing import S_SHARE_COUNTS, adapted, best_for_s_and_v
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.trust import trust_in
from einthoven.inference.predictor import load
from einthoven.inference.scoring import score_test_part
from einthoven.report import plots, study_table
from einthoven.signal.preparation import Beats, Preparation, SignalSpec
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe

MODEL = "mitbih-clean-context"
PREPARATION = Preparation(
    SignalSpec(("MLII|II|V5", "V1|V5|V2|V4"), fs_hz=180.0, scaling="millivolt"),
    Beats(before_s=0.3, after_s=0.5),
    ("signal", "beat", "rr", "p_waves", "similarity"),
)
AUGMENT: Final = ("shift", "stretch", "gain", "other_leads", "noise")
RECIPE = Recipe(epochs=4, lr=3e-3, weight_decay=0.02, balance=0.3, smoothing=0.05, keep="last", augment=AUGMENT)
MODELS = {name: StudyModel("patient_context", {}, replace(RECIPE, simulate=(name,))) for name in ("runs", "patterns")}
"""By the rhythms that are simulated in training."""


def _members(run: StudyRun) -> list[Member]:
    rhythms = list(MODELS)[: 1 if run.quick else None]
    folds = [(rhythm, fold) for rhythm in rhythms for fold in range(run.protocol.n_folds)]
    return [Member(run, f"patient_context-{rhythm}-f{fold}", rhythm, "clean", fold) for rhythm, fold in folds]


def _pooled(run: StudyRun) -> Predictions:
    return joined([mean(run.predict("validation", fold=fold)) for fold in range(run.protocol.n_folds)])


def _validate(run: StudyRun) -> Results:
    """Pool the validation predictions of all folds, and choose class weights and shares of class S on them."""
    pooled = _pooled(run)
    weights, _ = best_for_s_and_v(pooled, (0.0,))
    own_weights, own = best_for_s_and_v(pooled, S_SHARE_COUNTS)
    answers = {"plain": pooled, "weighted": pooled.weighted(weights)}
    answers["own_share"] = adapted(pooled.weighted(own_weights), own)
    facts = {"leaks_patients": False, "remark": run.protocol.remark}
    found = {name: facts | run.evaluate(each) for name, each in answers.items()}
    return {"class_weights": list(own_weights), "class_weights_without_own_share": list(weights), "own": own} | found


def _fuse(run: StudyRun) -> Results:
    chosen, members = run.results["cross-validation"], [member.bundle for member in run.members.values()]
    weights, own = chosen["class_weights"], chosen["own"]
    told = {"answers": "people of DS1, each by members that never saw them"}
    found = trust_in(_pooled(run), told, whole=False, weights=tuple(weights))
    place = run.folder / MODEL
    card = fuse(place, members, "mean", class_weights=weights, class_prior_adaptation=own, trust=found)
    return {"n_parameters": card.n_parameters}


def _score(run: StudyRun) -> Results:
    """Predict DS2 with the fused model, once."""
    place = run.folder / MODEL
    answers, facts = score_test_part(load(place), run.corpus, run.protocol, run.store, every=run.test_every)
    answers.write(run.folder / "predictions.csv")
    metrics = {"model": MODEL} | facts | run.evaluate(answers)
    run.publish(place, metrics)
    return metrics


def _results(run: StudyRun) -> Results:
    validated = run.results["cross-validation"]
    return {
        "protocol": run.protocol.name,
        "trained": {label.removeprefix("patient_context-"): row for label, row in run.trained.items()},
        "cross_validation": validated,
        "scores": {
            f"{MODEL} on DS2": run.results["scores"],
            "DS1, each patient by members that never saw them": validated["own_share"],
            "the same without a share of the person's own": validated["weighted"],
            "the same without class weights either": validated["plain"],
        },
        "against_none": {},
    }


MITBIH_CLEAN = Study(
    name="mitbih-clean",
    corpus=MITDB,
    protocols=("clean",),
    stores={"": PREPARATION},
    models=MODELS,
    members=_members,
    trained=lambda card: {"validated": card.training["records"]["validation"]},
    quick=Quick(train_every=10, test_every=15, recipe={"epochs": 1, "simulated": 20}),
    steps=(TRAININGS, Step("cross-validation", _validate, 0.5), Step("fused", _fuse, 0.1), Step("scores", _score, 0.5)),
    results=_results,
    table=lambda run, found: study_table.beat_table(found, ["model", "accuracy", "F1 S", "F1 V"], run.study.published),
    figures={
        "roc": lambda run, _, file: plots.roc(
            Predictions.read(run.folder / "predictions.csv"), run.results["scores"], file
        ),
        "confusion": lambda run, _, file: plots.confusion(run.results["scores"], file),
    },
    published=(
        Published(
            "Saenz-Cogollo and Agelli 2020 (doi:10.3390/a13040075)",
            "Saenz-Cogollo and Agelli 2020, random forest on six features",
            {"F1 S": "0.73", "F1 V": "0.91"},
        ),
    ),
)
