"""Knows how the bundled model of PTB-XL comes to be, and how well its recipe does where it is tested; fold 10 stays shut."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.multilabel import HEADLINE
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.evaluation.thresholds import RULES, with_rule
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result, predictions_for, require_unseen
from einthoven.report import plots
from einthoven.report.tables import cells
from einthoven.studies.ptbxl_members import (
    BEAT_AND_WINDOW,
    BOOSTED,
    MEASURED,
    PAPER,
    RANDOMISED,
    RECIPE,
    best_shares,
    fused,
    turning,
)
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of

MODEL = "ptbxl-typical-beat"
KINDS = {
    "window": BEAT_AND_WINDOW,
    "measured": MEASURED,
    "boosted": BOOSTED,
    "randomised": RANDOMISED,
}
FAMILIES = {
    "nets on typical beats": ("window", "measured"),
    "boosted": ("boosted",),
    "randomised": ("randomised",),
}
"""Within a family all count alike."""
DECISIONS = ("half", "half_at_least_one")
"""What may be chosen. No threshold is tuned: validation answers are a single member's, the test's are a mean of several."""
_WHOLE = "whole"


def run(source: Path, protocol_name: str, folder: Path, quick: bool) -> dict:
    """Train members inside each group of folds, choose on their validation folds, test each group once; then the same on all
    nine folds, fused into the bundle.

    Parameters
    ----------
    source : folder of the corpus; folder : of the study

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    recipe = replace(RECIPE, epochs=1) if quick else RECIPE
    store = build(PTBXL, source, replace(PTBXL.preparation, patient=True, waves=True))
    jackknife = PTBXL.protocol("jackknife")
    turns = {f"g{group}": ("nested", folds) for group, folds in turning(quick).items()}
    turns[_WHOLE] = "jackknife", range(2 if quick else jackknife.n_folds)
    settings = {
        "study": "ptbxl-model",
        "quick": quick,
        "recipe": recipe.as_dict(),
        "kinds": {kind: model.stated for kind, model in KINDS.items()},
        "families": FAMILIES,
        "decisions": DECISIONS,
        "store": store.fingerprint,
    }
    weight = {"boosted": 0.15, "randomised": 0.1}
    costs = {
        f"train-{kind}-{protocol}-f{fold}": weight.get(kind, 1.0)
        for protocol, folds in turns.values()
        for fold in folds
        for kind in KINDS
    }
    steps = Steps(folder, settings, costs | {"chosen": 1.0, "scores": 1.0, "fused": 1.0})
    return _Run(steps, store, recipe, turns, Path(folder), quick).whole()


@dataclass
class _Run:
    steps: Steps
    store: Store
    recipe: Recipe
    turns: dict[str, tuple[str, range]]
    """For each group, and for the whole, the protocol its members train by, and their folds."""
    folder: Path
    quick: bool

    def whole(self) -> dict:
        works = {
            f"train-{kind}-{protocol}-f{fold}": partial(self._train, kind, protocol, fold)
            for kind in KINDS
            for protocol, folds in self.turns.values()
            for fold in folds
        }
        self.steps.each(works)
        found = self.steps.do("chosen", lambda: {turn: self._choose(turn) for turn in self.turns})
        chosen = {turn: found[turn] for turn in self.turns}
        scored = self.steps.do("scores", lambda: self._score(chosen))
        bundled = self.steps.do("fused", lambda: self._fuse(chosen[_WHOLE], scored["scores"]["all"]))
        results = {
            "study": "ptbxl-model",
            "smoke_run": self.quick,
            "chosen": chosen,
            **scored,
            "fused": bundled,
            "seconds": self.steps.seconds,
        }
        results |= _table(results)
        plots.classes(scored["scores"]["all"], self.folder / "figures" / "classes.png")
        write_results(results, self.folder)
        return results

    def _member(self, kind: str, protocol: str, fold: int) -> Path:
        return self.folder / "runs" / f"{kind}-{protocol}-f{fold}"

    def _train(self, kind: str, protocol: str, fold: int) -> dict:
        model = KINDS[kind]
        task = task_of(PTBXL, PTBXL.protocol(protocol), self.store, 0, (), fold)
        if self.quick:
            task = replace(task, train=task.train[::4])
        recipe = replace(self.recipe, seed=fold, **model.training)
        card = fit(task, model.architecture, model.settings, recipe, self._member(kind, protocol, fold), devices=1)
        return {"n_parameters": card.n_parameters}

    def _answers(self, kind: str, turn: str, part: str) -> Predictions:
        """Answers of a kind: on validation each member's for its own folds, joined; on test the members' mean."""
        name, folds = self.turns[turn]
        protocol, store, each = PTBXL.protocol(name), self.store, []
        for fold in folds:
            predictor = load(self._member(kind, name, fold))
            asked = getattr(protocol.parts(store.index, 0, (), fold), part)
            if part == "test":
                require_unseen(predictor, PTBXL, protocol, store, asked)
            each.append(predictions_for(predictor, protocol, store, asked))
        return mean(each) if part == "test" else joined(each)

    def _choose(self, turn: str) -> dict:
        """Shares of the families and a decision, on validation folds; no test part is opened."""
        answers = {kind: self._answers(kind, turn, "validation") for kind in KINDS}
        shares = best_shares(answers, FAMILIES)
        both = fused(answers, FAMILIES, shares)
        found = {}
        for rule in RULES:
            got = evaluate(with_rule(both, rule), "patient", 1)
            found[rule] = {metric: got[metric]["value"] for metric in HEADLINE}
        decision = max(DECISIONS, key=lambda rule: found[rule]["micro_f1"])
        return {"shares": dict(zip(FAMILIES, shares, strict=True)), "decision": decision, "validation": found}

    def _score(self, chosen: dict) -> dict:
        """Every group of folds answered once, by what was chosen for it; the answers of all groups pooled."""
        draws, unit = 50 if self.quick else DRAWS, PTBXL.protocol("nested").unit
        groups = [turn for turn in self.turns if turn != _WHOLE]
        each = {kind: [self._answers(kind, turn, "test") for turn in groups] for kind in KINDS}
        together = []
        for at, turn in enumerate(groups):
            answers = {kind: pieces[at] for kind, pieces in each.items()}
            both = fused(answers, FAMILIES, list(chosen[turn]["shares"].values()))
            decided = with_rule(both, chosen[turn]["decision"])
            together.append(replace(decided, said=decided.decided))
        answers = {"all": joined(together)} | {kind: joined(pieces) for kind, pieces in each.items()}
        scores = {}
        for name, found in answers.items():
            found.write(self.folder / "predictions" / f"{name}.csv")
            scores[name] = {"model": name} | self._told() | evaluate(found, unit, draws)
        without = evaluate(answers["all"].without("LMI"), unit, draws)
        return {"scores": scores, "without_LMI": {name: without[name] for name in HEADLINE}}

    def _fuse(self, chosen: dict, scored: dict) -> dict:
        """The bundle: members of all nine folds; on its card what the same recipe reached in cross-validation."""
        name, folds = self.turns[_WHOLE]
        members, weights = [], []
        for family, kinds in FAMILIES.items():
            share = chosen["shares"][family]
            for kind in kinds if share else ():
                for fold in folds:
                    members.append(self._member(kind, name, fold) / "bundle")
                    weights.append(share / len(kinds) / len(folds))
        decided = (), chosen["decision"] == "half_at_least_one"
        card = fuse(self.folder / MODEL, members, "weighted", weights, (), *decided, half=True)
        if not self.quick:
            keep_result(load(self.folder / MODEL), scored)
            add_graph(self.folder / MODEL)
        size = sum(file.stat().st_size for file in (self.folder / MODEL).iterdir())
        return {"n_parameters": card.n_parameters, "members": len(members), "bytes": size}

    def _told(self) -> dict:
        protocol, store = PTBXL.protocol("nested"), self.store
        return {
            "corpus": PTBXL.name,
            "corpus_version": PTBXL.version,
            "protocol": protocol.name,
            "protocol_summary": protocol.summary,
            "leaks_patients": False,
            "shared_patients": [],
            "remark": "Cross-validated: each record of folds 1 to 9 is answered by members of the same recipe that never saw its "
            "group of folds, with shares and decision chosen outside it. " + protocol.remark,
            "rows": "records",
            "left_out_of_the_store": store.left_out,
            "unlabelled": int((~protocol.labels.is_labelled(store.index.symbol)).sum()),
        }


def _table(results: dict) -> dict:
    scores, chosen = results["scores"], results["chosen"]
    rows = [[name, *[" (".join(cells(found[key], 4)) + ")" for key in HEADLINE]] for name, found in scores.items()]
    published = [f"{PAPER[metric]:.4f}" if metric in PAPER else "" for metric in HEADLINE]
    rows.append(["Jafari 2026, CNN and BiLSTM, all of PTB-XL, fold 10", *published])
    first = scores["all"]
    drawn = first["interval"]
    told = [
        f"{turn}: shares {', '.join(f'{family} {share:.2f}' for family, share in found['shares'].items())}; {found['decision']}."
        for turn, found in chosen.items()
    ]
    without = (f"{name} {' ('.join(cells(found, 4))})" for name, found in results["without_LMI"].items())
    return {
        "title": f"{MODEL}: {first['n_test']:,} records of {first['n_patients']:,} patients of folds 1 to 9, {len(chosen) - 1} of "
        f"{len(GROUPS)} groups of folds tested; {drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws",
        "columns": ["answered by", *HEADLINE],
        "shown": ["answered by", *HEADLINE[:3], "hamming_loss", "subset_accuracy"],
        "rows": rows,
        "remarks": [
            *(["SMOKE RUN: an epoch each; these numbers mean nothing."] if results["smoke_run"] else []),
            f"{first['remark']} A kind's row is the mean of its members, decided by 0.5.",
            *told,
            f"Without LMI, most of whose few records are in one group: {', '.join(without)}.",
            f"No AUROC and AUPRC, for want of both labels: {', '.join(first['undefined']) or 'none'}. Fold 10 was not opened.",
            f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing.",
        ],
    }


PTBXL_MODEL = Study("ptbxl-model", "PTB-XL: the model that comes with einthoven", "ptb-xl", ("clean",), run)
