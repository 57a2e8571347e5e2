"""Make the bundled models of twelve leads: trees and regressions on records of several sources, beside the nets of ptbxl-model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

from einthoven import bundle
from einthoven.corpora.ptbxl import JACKKNIFE
from einthoven.evaluation.multilabel import quality
from einthoven.evaluation.partly_known import evaluate_known
from einthoven.evaluation.predictions import Predictions, decide
from einthoven.evaluation.trust import trust_in
from einthoven.export.graph import add_graph
from einthoven.paths import output_folder, written_aside
from einthoven.studies import twelve_leads_fits as fits
from einthoven.studies.twelve_leads_data import OWN, OWN_PARTS, Pool, by_record, pooled
from einthoven.studies.twelve_leads_fits import DIAGNOSES, RHYTHM, Asked, Earlier, excluded
from einthoven.training.fuse import fuse

Array = NDArray[Any]

DIAGNOSES_MODEL, RHYTHM_MODEL = "ptbxl-diagnoses", "ptbxl-rhythm"
FAMILIES = ("nets", "trees", "regression")
PARTS = 6
"""Shares of the families are multiples of a sixth."""
THRESHOLDS = (0.5, 0.4)
"""Thresholds to choose from; the nearest class is named where none reaches it."""
RHYTHM_SHARES = {"trees": 0.5, "regression": 0.5}


@dataclass(frozen=True)
class Choice:
    """What is chosen on records that the members did not see."""

    shares: tuple[float, ...]
    """Share of each family."""
    threshold: float
    """Probability from which a class is named."""


@dataclass(frozen=True)
class TwelveLeads:
    """A study that is running."""

    source: Path
    """Folder that holds ptb-xl and the other corpora."""
    nets: Path
    """The model that the study ptbxl-model wrote."""
    folder: Path
    """Folder of the study."""
    quick: bool = False
    """Whether this is a smoke run."""

    @cached_property
    def pool(self) -> Pool:
        """The records."""
        return pooled(self.source, self.quick)

    def answers(self, part: str) -> dict[str, Array]:
        """Return the probabilities of trees and regressions for a part, of both questions; they did not see it.

        Parameters
        ----------
        part : str
            What is left out and answered.

        Returns
        -------
        dict of array [n, classes]
            By question and kind, ``diagnoses trees``; the windows of the part in their order.
        """
        file = self.folder / "answers" / f"{part}.safetensors"
        if not file.exists():
            output_folder(file.parent)
            found: dict[str, Array] = {}
            tested = self.pool.tested == part
            others = ~tested & (self.pool.tested != "")
            for asked in (DIAGNOSES, RHYTHM):
                models = fits.trained(self.pool, asked, others, self.folder / "runs" / part, self.quick)
                for kind, model in models.items():
                    found[f"{asked.name} {kind}"] = fits.probabilities(model, self.pool, tested).astype(np.float32)
            with written_aside(file) as aside:
                aside.write_bytes(to_bytes(found))
        return dict(load_file(file))

    @cached_property
    def whole(self) -> dict[str, Path]:
        """The trees and regressions of both questions, fitted to all records."""
        found: dict[str, Path] = {}
        for asked in (DIAGNOSES, RHYTHM):
            places = {kind: self.folder / "runs" / "whole" / f"{asked.name}-{kind}" for kind in RHYTHM_SHARES}
            if not all((place / "bundle" / "card.json").exists() for place in places.values()):
                fits.trained(self.pool, asked, self.pool.tested != "", self.folder / "runs" / "whole", self.quick)
            found |= {f"{asked.name} {kind}": place / "bundle" for kind, place in places.items()}
        return found

    @cached_property
    def earlier(self) -> list[Earlier]:
        """The members of the earlier model."""
        like = bundle.load_card(self.whole["diagnoses trees"])
        return fits.earlier_members(self.nets, like, self.folder / "runs" / "earlier")

    @cached_property
    def of_earlier(self) -> dict[str, Array]:
        """The probabilities of the earlier model, and of its nets alone [n, diagnoses].

        Records of PTB-XL are answered by the members that did not see their fold, those of other sources by all.
        """
        every = np.ones(len(self.pool.record), bool)
        each = np.stack([fits.probabilities(one.place, self.pool, every) for one in self.earlier])
        fold = np.array([one.fold for one in self.earlier])
        of_row = np.full(len(every), -1)
        for at, folds in enumerate(JACKKNIFE):
            of_row[np.isin(self.pool.fold, folds)] = at
        unseen = (fold[:, None] == of_row) | (of_row < 0)
        weight = np.array([one.weight for one in self.earlier])
        is_net = np.array([one.architecture == "typical_beat" for one in self.earlier])
        found = {}
        for name, shares in (("earlier", weight), ("nets", weight * is_net)):
            counts = shares[:, None] * unseen
            found[name] = (each * counts[:, :, None]).sum(axis=0) / counts.sum(axis=0)[:, None]
        return found

    @cached_property
    def by_part(self) -> dict[str, dict[str, Array]]:
        """The answers to the records of each part by family, ``earlier``, ``rhythms``, the truth, and whose records they are."""
        found = {}
        for part in self.pool.parts:
            rows = self.pool.tested == part
            of_fits = self.answers(part)
            rhythms = sum(share * of_fits[f"rhythms {kind}"] for kind, share in RHYTHM_SHARES.items())
            values = {name: answers[rows] for name, answers in self.of_earlier.items()}
            values |= {"rhythms": rhythms, "truth": self.pool.labels[rows]}
            values |= {kind: of_fits[f"diagnoses {kind}"] for kind in FAMILIES[1:]}
            record, means = by_record(self.pool.record[rows], values.values())
            first = np.array([np.flatnonzero(self.pool.record == name)[0] for name in record.tolist()])
            found[part] = dict(zip(values, means, strict=True)) | {
                "record": record,
                "person": self.pool.person[first],
                "source": self.pool.source[first],
            }
        return found


def mixed(found: Mapping[str, Array], shares: tuple[float, ...]) -> Array:
    """Return the probabilities of the diagnoses [n, classes] by shares of the families, with rhythms that exclude a normal one.

    Parameters
    ----------
    found : mapping of array
        Answers by family, and ``rhythms``.
    shares : tuple of float
        Share of each family.
    """
    mean = sum(share * found[family] for family, share in zip(FAMILIES, shares, strict=True))
    return excluded(np.asarray(mean), found["rhythms"])


def joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    """Return the records of several parts.

    Parameters
    ----------
    parts : list of dict of array
        Answers of each.
    """
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def predictions(found: Mapping[str, Array], probability: Array, asked: Asked, choice: Choice) -> Predictions:
    """Return the predictions for the records whose classes are all known.

    Parameters
    ----------
    found : mapping of array
        Truth, records and persons.
    probability : array [n, classes]
        Probabilities.
    asked : Asked
        The question.
    choice : Choice
        The threshold.
    """
    truth = found["truth"][:, asked.columns]
    known = np.isfinite(truth).all(axis=1)
    limits = () if choice.threshold == 0.5 else (choice.threshold,) * len(asked.classes)
    names = found["record"][known], found["person"][known]
    position = np.zeros(known.sum(), np.int64)
    return Predictions(
        asked.classes,
        truth[known].astype(np.float32),
        probability[known].astype(np.float32),
        *names,
        position,
        limits,
        True,
    )


def chosen(parts: Mapping[str, dict[str, Array]]) -> Choice:
    """Choose shares and threshold on some parts: the mean of the quality on PTB-XL and on the other sources.

    Quality is the mean of macro AUROC, macro AUPRC and micro-F1.

    Parameters
    ----------
    parts : mapping
        Answers by part.
    """
    own = joined([part for name, part in parts.items() if name in OWN_PARTS])
    others = joined([part for name, part in parts.items() if name not in OWN_PARTS])

    def score(choice: Choice) -> float:
        at_home = quality(predictions(own, mixed(own, choice.shares), DIAGNOSES, choice))
        away = of_sources(others, mixed(others, choice.shares), choice, draws=1)
        return at_home + float(np.mean([away[name]["value"] for name in ("macro_auroc", "macro_auprc", "micro_f1")]))

    shares = max(fits.shares_of(FAMILIES, PARTS), key=lambda one: score(Choice(one, THRESHOLDS[0])))
    return max((Choice(shares, threshold) for threshold in THRESHOLDS), key=score)


def of_sources(found: Mapping[str, Array], probability: Array, choice: Choice, draws: int = 1000) -> dict[str, Any]:
    """Score answers to the records of other sources.

    Parameters
    ----------
    found : mapping of array
        Truth, persons and sources.
    probability : array [n, classes]
        Probabilities of the diagnoses.
    choice : Choice
        The threshold.
    draws : int
        Draws of whole persons for the intervals.
    """
    said = decide(probability, (choice.threshold,) * probability.shape[1], True)
    truth = found["truth"][:, DIAGNOSES.columns]
    kept = np.isfinite(truth).any(axis=1)
    rows = (truth[kept], probability[kept], said[kept], found["person"][kept], found["source"][kept])
    return evaluate_known(*rows, DIAGNOSES.classes, draws)


def model(this: TwelveLeads, choice: Choice) -> tuple[Path, Path]:
    """Write both models, with calibration and prediction sets by the records that their members did not see.

    Parameters
    ----------
    this : TwelveLeads
        The study.
    choice : Choice
        Shares and threshold, chosen on all parts.

    Returns
    -------
    tuple of Path
        The models of the diagnoses and of the rhythms.
    """
    every = joined(list(this.by_part.values()))
    told = {"corpus": "ptb-xl and other sources", "protocol": "groups of folds and sources"}
    told |= {"answers": "each record by nets, trees and regressions that did not see it"}
    rhythm = this.folder / RHYTHM_MODEL
    of_rhythm = predictions(every, every["rhythms"], RHYTHM, Choice((), 0.5))
    members = [this.whole[f"rhythms {kind}"] for kind in RHYTHM_SHARES]
    fuse(
        rhythm,
        members,
        "weighted",
        list(RHYTHM_SHARES.values()),
        half=True,
        trust=trust_in(of_rhythm, told, whole=True),
    )
    add_graph(rhythm)
    diagnoses = this.folder / DIAGNOSES_MODEL
    own = joined([part for name, part in this.by_part.items() if name in OWN_PARTS])
    found = predictions(own, mixed(own, choice.shares), DIAGNOSES, choice)
    members, weights = [], []
    for kind, share in reversed(
        list(zip(FAMILIES, choice.shares, strict=True))
    ):  # the facts on the card are the first one's
        nets = [one.place for one in this.earlier if one.architecture == "typical_beat"]
        places = nets if kind == "nets" else [this.whole[f"diagnoses {kind}"]]
        members += places if share else []
        weights += [share / len(places)] * len(places) if share else []
    fuse(
        diagnoses,
        members,
        "weighted",
        weights,
        thresholds=found.thresholds,
        at_least_one=True,
        half=True,
        trust=trust_in(found, told | {"corpus": OWN}, whole=True),
        excluded_by=(rhythm, fits.EXCLUDING),
    )
    add_graph(diagnoses)
    return diagnoses, rhythm
