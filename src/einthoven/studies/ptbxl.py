"""Knows the study of Jafari and Jafari 2026 (arXiv 2601.18830) on PTB-XL: how much temporal modelling is enough."""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Protocol
from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.multilabel import HEADLINE, quality
from einthoven.evaluation.paired import paired_labels
from einthoven.evaluation.predictions import Predictions, joined, mean
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, require_unseen
from einthoven.models import cost
from einthoven.signal.preparation import crops
from einthoven.studies import ptbxl_figures
from einthoven.studies.ptbxl_members import ALIGNED, BEAT_AND_WINDOW, INCEPTION, PAPER, RECIPE, Model
from einthoven.studies.study import Steps, Study, write_results
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of

LADDER = {
    "cnn": (),
    "lstm": ("lstm",),
    "gru": ("gru",),
    "bilstm": ("bilstm",),
    "lstm_lstm": ("lstm", "lstm"),
    "gru_gru": ("gru", "gru"),
    "bilstm_bilstm": ("bilstm", "bilstm"),
    "lstm_gru": ("lstm", "gru"),
    "bilstm_lstm": ("bilstm", "lstm"),
    "bilstm_gru": ("bilstm", "gru"),
}
"""Recurrent layers on the same convolutions."""
DEEPER = (
    ("lstm", "cnn"),
    ("gru", "cnn"),
    ("bilstm", "cnn"),
    ("lstm_lstm", "lstm"),
    ("gru_gru", "gru"),
    ("bilstm_bilstm", "bilstm"),
    ("lstm_gru", "lstm"),
    ("bilstm_lstm", "bilstm"),
    ("bilstm_gru", "bilstm"),
)
"""Steps of depth: each net, and the one it adds a layer to."""
MODELS_ = {name: Model("hybrid", {"recurrence": layers}) for name, layers in LADDER.items()} | {
    "xresnet1d101": Model("xresnet1d", {}),
    "inception": INCEPTION,
    "s4": Model("s4", {}),
    "typical_beat": Model("typical_beat", {"window_width": 0}, True, training=ALIGNED),
    "typical_beat_wide": Model("typical_beat", {"window_width": 0, "width": 96, "hidden": 256}, True, training=ALIGNED),
    "typical_beat_window": BEAT_AND_WINDOW,
    "forest": Model("forest", {"n_trees": 200}, True),
}
REFERENCE = "xresnet1d101"
SEEDS = (0, 1)


def run(source: Path, protocol_name: str, folder: Path, quick: bool, folds: str = "groups") -> dict:
    """Train what is missing, choose on validation, open the test parts once, write results, tables, figures and the page.

    Parameters
    ----------
    source : folder of the corpus; folder : of the study
    folds : ``groups``: three groups of folds are tested in turn; ``official``: 1 to 8 train, 9 validates, 10 tests

    Returns
    -------
    plain values: ``title``, ``columns``, ``rows``, ``remarks``, and all that ``results.json`` holds
    """
    protocol = PTBXL.protocol(protocol_name)
    recipe = replace(RECIPE, epochs=1) if quick else RECIPE
    seeds = SEEDS[:1] if quick else SEEDS
    parts: tuple[int | None, ...] = (None,) if folds == "official" else tuple(range(len(GROUPS)))
    parts = parts[:1] if quick else parts
    stores = {patient: build(PTBXL, source, replace(PTBXL.preparation, patient=patient)) for patient in (False, True)}
    settings = {
        "study": "ptbxl",
        "quick": quick,
        "folds": folds,
        "recipe": recipe.as_dict(),
        "seeds": seeds,
        "models": {name: model.stated for name, model in MODELS_.items()},
        "stores": [store.fingerprint for store in stores.values()],
    }
    weight = {"xresnet1d101": 4.0, "inception": 6.0, "s4": 7.0, "forest": 0.1}
    costs = {
        f"train-{name}-s{seed}-{_named(part)}": weight.get(name, 1.0)
        for name in MODELS_
        for seed in seeds
        for part in parts
    }
    steps = Steps(folder, settings, costs | {"cost": 1.0, "chosen": 1.0, "scores": 2.0})
    study = _Run(steps, protocol, stores, recipe, seeds, parts, Path(folder), quick)
    return study.whole()


def _named(part: int | None) -> str:
    return "official" if part is None else f"g{part}"


@dataclass
class _Run:
    steps: Steps
    protocol: Protocol
    stores: dict[bool, Store]
    recipe: Recipe
    seeds: tuple[int, ...]
    parts: tuple[int | None, ...]
    folder: Path
    quick: bool

    def whole(self) -> dict:
        works = {
            f"{name}-s{seed}-{_named(part)}": partial(self._train, name, seed, part)
            for seed in self.seeds
            for name in MODELS_
            for part in self.parts
        }
        found = self.steps.each({f"train-{label}": work for label, work in works.items()})
        trained = dict(zip(works, found, strict=True))
        costs = self.steps.do("cost", self._cost)
        chosen = self.steps.do("chosen", self._choose)
        scored = self.steps.do("scores", lambda: self._score(chosen))
        results = {
            "study": "ptbxl",
            "smoke_run": self.quick,
            "folds": [list(GROUPS[part]) if part is not None else ["10"] for part in self.parts],
            "trained": trained,
            "cost": costs,
            "chosen": chosen,
            **scored,
            "seconds": self.steps.seconds,
        }
        results |= ptbxl_figures.table(results, PAPER, len(self.seeds))
        ptbxl_figures.draw(results, self.folder / "figures")
        write_results(results, self.folder)
        return results

    def _member(self, name: str, seed: int, part: int | None) -> Path:
        return self.folder / "runs" / f"{name}-s{seed}-{_named(part)}"

    def _train(self, name: str, seed: int, part: int | None) -> dict:
        model = MODELS_[name]
        task = model.sees(task_of(PTBXL, self.protocol, self.stores[model.patient], 0, (), part))
        if self.quick:
            task = replace(task, train=task.train[::4])
        recipe = replace(self.recipe, seed=seed, **model.training)
        card = fit(task, model.architecture, model.settings, recipe, self._member(name, seed, part), devices=1)
        return {"n_parameters": card.n_parameters, "counts": card.training["counts"]["train"]}

    def _cost(self) -> dict:
        """Parameters, multiply-accumulates, and windows a second in training (crops, where it sees crops) and in answering."""
        import torch

        found = {}
        for name, model in MODELS_.items():
            predictor = load(self._member(name, self.seeds[0], self.parts[0]))
            network, seen = predictor.network, np.array(self.stores[model.patient].windows[:32])
            if model.crop_s:
                seen = crops(seen, predictor.card.preparation)
            n_crops = seen.shape[1] if model.crop_s else 1
            x = torch.from_numpy(seen.reshape(-1, *seen.shape[-2:]))

            def learn(network=network, x=x) -> None:
                network.train()(x).square().mean().backward()

            def answer(network=network, x=x) -> None:
                with torch.inference_mode():
                    network.eval()(x)

            found[name] = {
                "parameters": cost.parameters(network),
                "multiply_accumulates": n_crops * cost.multiply_accumulates(network, *x.shape[1:]),
                "training_windows_per_s": round(len(x) / _fastest(learn, 2 if self.quick else 5), 1),
                "inference_windows_per_s": round(len(x) / n_crops / _fastest(answer, 2 if self.quick else 5), 1),
            }
        return found | {"threads": torch.get_num_threads()}

    def _answers(self, name: str, what: str, part: int | None) -> Predictions:
        """Answers of a model for the validation or test part of a group, the mean over its seeds."""
        store = self.stores[MODELS_[name].patient]
        chosen = getattr(self.protocol.parts(store.index, 0, (), part), what)
        each = []
        for seed in self.seeds:
            predictor = load(self._member(name, seed, part))
            if what == "test":
                require_unseen(predictor, PTBXL, self.protocol, store, chosen)
            each.append(predictions_for(predictor, self.protocol, store, chosen))
        return mean(each)

    def _choose(self) -> dict:
        """For each group the hybrid that answers its validation fold best; no test part is opened.

        What validates for one group is tested in another, so no choice is carried from one to the next.
        """
        return {_named(part): self._chosen_for(part) for part in self.parts}

    def _chosen_for(self, part: int | None) -> dict:
        answers = {name: self._answers(name, "validation", part) for name in MODELS_}
        single = {name: quality(found) for name, found in answers.items()}
        return {
            "single_on_validation": single,
            "best_hybrid": max(LADDER, key=lambda name: single[name]),
        }

    def _score(self, chosen: dict) -> dict:
        """Every frozen model answers for the test parts once; the answers of all groups are pooled."""
        draws, unit = 50 if self.quick else DRAWS, self.protocol.unit
        each = {name: [self._answers(name, "test", part) for part in self.parts] for name in MODELS_}
        answers = {name: joined(pieces) for name, pieces in each.items()}
        answers["chosen hybrid"] = joined(
            [each[chosen[_named(part)]["best_hybrid"]][at] for at, part in enumerate(self.parts)]
        )
        told = {
            "corpus": PTBXL.name,
            "corpus_version": PTBXL.version,
            "protocol": self.protocol.name,
            "leaks_patients": self.protocol.leaks,
            "remark": self.protocol.remark,
            "rows": "records",
        }
        scores = {}
        for name, found in answers.items():
            found.write(self.folder / "predictions" / f"{name.replace(' ', '-')}.csv")
            scores[name] = {"model": name} | told | evaluate(found, unit, draws)
        deeper = {
            f"{name} - {other}": paired_labels(answers[name], answers[other], unit, draws) for name, other in DEEPER
        }
        against = {
            f"{name} - {REFERENCE}": paired_labels(answers[name], answers[REFERENCE], unit, draws)
            for name in ("chosen hybrid", "s4")
            if name in answers
        }
        return {"scores": scores, "each_seed": self._each_seed(), "deeper": deeper, "against_reference": against}

    def _each_seed(self) -> dict:
        """Macro AUROC of each model for each seed by itself: how much the seed decides."""
        found = {}
        for name in MODELS_:
            found[name] = []
            for seed in self.seeds:
                alone = replace(self, seeds=(seed,))
                answers = joined([alone._answers(name, "test", part) for part in self.parts])
                got = evaluate(answers, self.protocol.unit, 1)
                found[name].append({metric: got[metric]["value"] for metric in HEADLINE})
        return found


def _fastest(work, repeats: int) -> float:
    work()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


PTBXL_STUDY = Study(
    "ptbxl", "PTB-XL: how much temporal modelling is enough", "ptb-xl", ("clean",), run, folds=("groups", "official")
)
