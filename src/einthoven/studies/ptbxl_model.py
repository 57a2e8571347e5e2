"""Make the bundled model of PTB-XL, and test its recipe on groups of folds in turn; fold 10 is not opened."""

from dataclasses import replace
from functools import partial

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.engine.declaration import TRAININGS, Results, Step, Study, StudyModel
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.mixing import best_shares, mixed
from einthoven.evaluation.multilabel import HEADLINE
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.thresholds import RULES, with_rule
from einthoven.evaluation.trust import trust_in
from einthoven.report import study_figures, study_table
from einthoven.report.tables import cells
from einthoven.signal.features import columns
from einthoven.studies.ptbxl import ALIGNED, PUBLISHED, RECIPE
from einthoven.training.fuse import fuse

MODEL = "ptbxl-typical-beat"
INPUTS = ("signal", "beat", "summary", "waves")
_ALL = columns(("summary", "waves"))["waves"].stop
_APART = {"n_trees": 2300, "n_bins": 0, "n_read": _ALL, "summed": True, "apart": True}
MODELS = {
    "window": StudyModel("typical_beat", {}, ALIGNED),
    "measured": StudyModel("typical_beat", {"n_read": _ALL}, ALIGNED),
    "boosted": StudyModel("forest", _APART, RECIPE, cost=0.15),
    "randomised": StudyModel("forest", {"n_trees": 16, "n_bins": 0, "n_read": _ALL}, RECIPE, cost=0.1),
}
"""Nets on the typical beat and the window, the second also on what an electrocardiograph measures; a hundred small trees a class on
the same measurements; and large trees, few in each of several members to keep the bundle small: each has some three hundred nodes
with a probability for every class."""
FAMILIES = {"nets on typical beats": ["window", "measured"], "boosted": ["boosted"], "randomised": ["randomised"]}
DECISIONS = ["half", "half_at_least_one"]
"""Decision rules to choose from. No threshold is tuned: validation predictions are a single member's, those of the test a mean."""
_WHOLE, _ALL_MODELS = "whole", "all"


def nested_folds(quick: bool) -> dict[str, tuple[str, range]]:
    """Return the protocol and the folds that members are trained by, for each group of folds that is tested, and for the whole.

    Each fold validates one member; no member of a group is trained or validated on what the group tests.

    Parameters
    ----------
    quick : bool
        Whether this is a smoke run, of one group and two folds.
    """
    n = PTBXL.protocol("nested").n_folds // len(GROUPS)
    groups = range(1 if quick else len(GROUPS))
    found = {f"g{at}": ("nested", range(at * n, at * n + (2 if quick else n))) for at in groups}
    return found | {_WHOLE: ("jackknife", range(2 if quick else PTBXL.protocol("jackknife").n_folds))}


def _members(run: StudyRun) -> list[Member]:
    groups = [(group, by, fold) for group, (by, folds) in nested_folds(run.quick).items() for fold in folds]
    names = run.study.models
    return [Member(run, f"{n}-{by}-f{fold}", n, by, fold, fold, group) for n in names for group, by, fold in groups]


def _answers(run: StudyRun, group: str, part: str) -> dict[str, Predictions]:
    """Return the predictions of each model: for validation those of all folds joined, for the test set the members' mean."""
    together = mean if part == "test" else joined
    return {name: together(run.predict(part, model=name, group=group)) for name in run.study.models}


def _choose(run: StudyRun) -> Results:
    """Choose shares of the families and a decision rule on validation folds; no test set is used."""
    families, found = run.study.settings["families"], {}
    for group in nested_folds(run.quick):
        answers = _answers(run, group, "validation")
        shares = best_shares(answers, families)
        both, metrics = mixed(answers, families, shares), {}
        for rule in RULES:
            got = evaluate(with_rule(both, rule), "patient", 1)
            metrics[rule] = {metric: got[metric]["value"] for metric in HEADLINE}
        decision = max(DECISIONS, key=lambda rule: metrics[rule]["micro_f1"])
        chosen = dict(zip(families, shares, strict=True))
        found[group] = {"shares": chosen, "decision": decision, "validation": metrics}
    return found


def _score(run: StudyRun) -> Results:
    """Predict each group of folds once, by what was chosen for it; pool the predictions of all groups."""
    protocol, families = PTBXL.protocol("nested"), run.study.settings["families"]
    by_group = {group: _answers(run, group, "test") for group in nested_folds(run.quick) if group != _WHOLE}
    decided = []
    for group, answers in by_group.items():
        chosen = run.results["chosen"][group]
        both = with_rule(mixed(answers, families, list(chosen["shares"].values())), chosen["decision"])
        decided.append(replace(both, said=both.decided))
    pooled = {name: joined([answers[name] for answers in by_group.values()]) for name in run.study.models}
    every = {_ALL_MODELS: joined(decided)} | pooled
    remark = (
        "Cross-validated: each record of folds 1 to 9 is predicted by members of the same recipe that never saw its group of "
        f"folds. Shares and decision were chosen outside it. {protocol.remark}"
    )
    found = run.score(every, run.facts(protocol, on_card=True, leaks_patients=False, remark=remark), protocol.unit)
    without = run.evaluate(every[_ALL_MODELS].without("LMI"), protocol)
    return found | {"without_LMI": {name: without[name] for name in HEADLINE}}


def _fuse(run: StudyRun) -> Results:
    """Fuse members of all nine folds; the card has what the same recipe reached in cross-validation."""
    by, folds = nested_folds(run.quick)[_WHOLE]
    chosen, members, weights = run.results["chosen"][_WHOLE], [], []
    for family, names in run.study.settings["families"].items():
        share = chosen["shares"][family]
        mine = [f"train-{name}-{by}-f{fold}" for name in names if share for fold in folds]
        members += [run.members[step].bundle for step in mine]
        weights += [share / len(names) / len(folds)] * len(mine)
    place, at_least_one = run.folder / MODEL, chosen["decision"] == "half_at_least_one"
    both = mixed(_answers(run, _WHOLE, "validation"), run.study.settings["families"], list(chosen["shares"].values()))
    found = trust_in(both, {"answers": "folds 1 to 9, each by the members that it validates"}, whole=True)
    card = fuse(place, members, "weighted", weights, at_least_one=at_least_one, half=True, trust=found)
    size = run.publish(place, run.results["scores"]["scores"][_ALL_MODELS])
    return {"n_parameters": card.n_parameters, "members": len(members), "bytes": size}


def _results(run: StudyRun) -> Results:
    chosen = {group: run.results["chosen"][group] for group in nested_folds(run.quick)}
    return {"chosen": chosen} | run.results["scores"] | {"fused": run.results["fused"]}


def _table(run: StudyRun, found: Results) -> Results:
    first, chosen = found["scores"][_ALL_MODELS], found["chosen"]
    columns = {"answered by": study_table.label} | {metric: study_table.figure(metric, digits=4) for metric in HEADLINE}
    shares = {
        group: ", ".join(f"{family} {share:.2f}" for family, share in row["shares"].items())
        for group, row in chosen.items()
    }
    without = (f"{name} {' ('.join(cells(row, 4))})" for name, row in found["without_LMI"].items())
    remarks = [
        f"{first['remark']} A kind's row is the mean of its members, decided by 0.5.",
        *[f"{group}: shares {shares[group]}; {row['decision']}." for group, row in chosen.items()],
        f"Without LMI, most of whose few records are in one group: {', '.join(without)}.",
        "No AUROC and AUPRC, because one of the two labels does not occur: "
        f"{', '.join(first['undefined']) or 'none'}. Fold 10 was not opened.",
    ]
    tested = f"{first['n_test']:,} records of {first['n_patients']:,} patients of folds 1 to 9"
    title = f"{MODEL}: {tested}, {len(chosen) - 1} of {len(GROUPS)} groups of folds tested; {study_table.drawn(first)}"
    shown = ["answered by", *HEADLINE[:3], "hamming_loss", "subset_accuracy"]
    return study_table.table(found, title, columns, remarks, shown, published=run.study.published)


PTBXL_MODEL = Study(
    name="ptbxl-model",
    corpus=PTBXL,
    protocols=("clean",),
    stores={"": PTBXL.preparation.with_settings(inputs=INPUTS)},
    models=MODELS,
    members=_members,
    settings={"families": FAMILIES, "decisions": DECISIONS},
    steps=(TRAININGS, Step("chosen", _choose), Step("scores", _score), Step("fused", _fuse)),
    results=_results,
    table=_table,
    figures={"classes": partial(study_figures.draw_classes, _ALL_MODELS)},
    published=(PUBLISHED,),
)
