"""Describe a model: what it is, what trained it and how well it did; written as card.json."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from einthoven.bundle.card_check import require_kinds, require_size
from einthoven.bundle.packing import unpacked
from einthoven.bundle.versions import CARD_VERSION, require_known, upgraded
from einthoven.evaluation.calibration import MULTILABEL_METHOD, Calibration
from einthoven.evaluation.conformal import Conformal
from einthoven.evaluation.doubt import Doubt
from einthoven.signal.density import Density
from einthoven.signal.preparation import Preparation

_log = logging.getLogger(__name__)
_CHECKSUM = "card_sha256"
_RHYTHMS = ("rhythm", "fibrillation", "flutter", "tachycardia", "bradycardia")
_TUPLES = ("classes", "meanings", "results", "class_weights", "thresholds", "feature_medians")


@dataclass(frozen=True)
class Card:
    """What a model is, what trained it, and how well it did."""

    name: str
    """Name of the bundle."""
    architecture: str
    """Key of MODELS."""
    settings: dict[str, Any]
    """Keyword arguments of the architecture where they differ from its defaults."""
    classes: tuple[str, ...]
    """Classes in the order of the logits."""
    labels: str
    """The label set in words."""
    meanings: tuple[str, ...]
    """What each class means."""
    preparation: Preparation
    """How a record becomes input."""
    training: dict[str, Any]
    """Corpus, protocol, patients, records, counts, recipe, versions."""
    class_weights: tuple[float, ...] = ()
    """Factor of each class's probability, before all are scaled to a sum of one; chosen on validation data."""
    class_prior_adaptation: dict[str, Any] = field(default_factory=dict)
    """For two classes of beats whose prior is adapted to each record (see :mod:`einthoven.evaluation.class_prior`): ``of`` and
    ``beside``, their names; ``share``, that of the first among both in training data; ``counts``, the weight of this prior in
    beats."""
    answers_samples: bool = False
    """Whether each sample of a lead is answered, by a delineator, and not each window."""
    multilabel: bool = False
    """Whether a window can have several classes, or none: each class then has its own probability."""
    thresholds: tuple[float, ...] = ()
    """Probability above which each class is predicted, for multilabel models; chosen on validation data; empty means 0.5."""
    at_least_one: bool = False
    """Whether the class nearest to its threshold is predicted if none reaches it."""
    calibration: Calibration | None = None
    """How logits become the probabilities that are printed; weights, thresholds and priors decide without it. None where the
    probabilities are not calibrated."""
    density: Density | None = None
    """Density of the training recordings; a record that is far from them is declined. None where it was not fitted."""
    conformal: Conformal | None = None
    """Scores from which sets of classes with a chosen coverage are made, for models of whole records."""
    doubt: Doubt | None = None
    """Limits of doubt and the errors that they find, measured on validation data."""
    weights_sha256: str = ""
    """Checksum of the weights file."""
    graph_sha256: str = ""
    """Checksum of the graph for ONNX Runtime, if the bundle has one, and of the table of the weights in it."""
    feature_medians: tuple[float, ...] = ()
    """Median of each measurement over the training data, in the order of the features; explanations compare with them."""
    n_parameters: int = 0
    """Trained numbers; for trees the values of their leaves."""
    results: tuple[dict[str, Any], ...] = ()
    """Evaluations: corpus, protocol and the head of metrics.json."""
    export: dict[str, Any] = field(default_factory=dict)
    """For an exported model: target, precision, and the differences from the model's answers on validation data."""
    attribution: str = ""
    """The data that trained it, with its licence."""
    intended_use: str = "Research and education. Not a medical device; not for diagnosis."
    """What the model may be used for."""

    @property
    def display_name(self) -> str:
        """The name, and of an exported file what it was exported to."""
        return ", ".join([self.name, *(self.export[key] for key in ("target", "precision") if key in self.export)])

    @property
    def architecture_summary(self) -> str:
        """The architecture, and of an ensemble its members': how many, and which."""
        members = [member[0] for member in self.settings.get("members", ())] or [self.architecture]
        names = ", ".join(dict.fromkeys(members))
        return names if len(members) == 1 else f"ensemble of {len(members)}: {names}"

    @property
    def never_found(self) -> tuple[str, ...]:
        """Classes with an F1 of 0, or without an example, in every test on the card: their absence says nothing."""
        best = dict.fromkeys(self.classes, 0.0)
        for result in self.results:
            for name, row in result["per_class"].items():
                best[name] = max(best.get(name, 0.0), row["f1"]["value"] or 0.0)
        return tuple(name for name in self.classes if self.results and best[name] == 0)

    @property
    def assesses_rhythm(self) -> bool:
        """Whether a class of the model is a rhythm."""
        return any(word in meaning for meaning in self.meanings for word in _RHYTHMS)

    @property
    def reads_paced(self) -> bool:
        """Whether a class of the model is that of paced beats or rhythms."""
        return any("paced" in meaning for meaning in self.meanings)

    @cached_property
    def patients(self) -> frozenset[str]:
        """All patients whose recordings chose the weights or the epoch, as ``corpus/patient``."""
        return frozenset(unpacked(self.training.get("patients", ())))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for card.json, with their version and a checksum.

        Returns
        -------
        dict
            Every field, ``card_version`` and ``card_sha256``.
        """
        plain = {"card_version": CARD_VERSION} | asdict(self) | {"preparation": self.preparation.as_dict()}
        plain["density"] = None if self.density is None else self.density.as_dict()
        return plain | {_CHECKSUM: _checksum(plain)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Card":
        """Read what :meth:`as_dict` gave, of this version or an older one. Unknown fields are ignored and logged.

        Parameters
        ----------
        plain : dict
            Content of card.json.

        Returns
        -------
        Card
            The card, as of the current version.

        Raises
        ------
        LibraryMissing
            If a newer einthoven wrote the card.
        ValueError
            If the checksum does not match, or classes, meanings, weights, thresholds and calibration do not pair.
        """
        plain = dict(plain)
        require_known(plain)
        if plain.pop(_CHECKSUM, None) != _checksum(plain):
            raise ValueError("its checksum does not match: it was changed after it was written")
        plain = upgraded(plain)
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(plain) - known):
            _log.warning("the card of %s has unknown fields, which are ignored: %s", plain["name"], ", ".join(unknown))
        require_kinds(plain)
        _require_pairs(plain)
        kept = {name: value for name, value in plain.items() if name in known}
        kept |= {name: tuple(kept[name]) for name in _TUPLES if name in kept}
        kept["density"] = Density.from_dict(plain["density"]) if plain.get("density") else None
        kept |= {"calibration": _calibration(plain), "conformal": _conformal(plain)}
        kept["doubt"] = Doubt.from_dict(plain["doubt"]) if plain.get("doubt") else None
        preparation = Preparation.from_dict(plain["preparation"])
        require_size(preparation)
        return cls(**(kept | {"preparation": preparation}))


def _require_pairs(plain: dict[str, Any]) -> None:
    """Refuse lists of other lengths than the classes, and an adaptation of classes that are not there."""
    classes = plain["classes"]
    for name in ("class_weights", "thresholds"):
        if plain.get(name) and len(plain[name]) != len(classes):
            raise ValueError(f"{len(plain[name])} {name} for {len(classes)} classes")
    adapted = plain.get("class_prior_adaptation")
    if adapted and not (
        {adapted["of"], adapted["beside"]} <= set(classes) and 0 < adapted["share"] < 1 and adapted["counts"] > 0
    ):
        raise ValueError(f"class_prior_adaptation is {adapted}")
    if len(classes) != len(plain["meanings"]):
        raise ValueError(f"{len(classes)} classes and {len(plain['meanings'])} meanings")


def _calibration(plain: dict[str, Any]) -> Calibration | None:
    """Return the calibration of a card; refuse one of other classes, or of another kind of model."""
    if not plain.get("calibration"):
        return None
    found = Calibration.from_dict(plain["calibration"])
    found.require_classes(plain["classes"])
    if (found.method == MULTILABEL_METHOD) != bool(plain.get("multilabel")):
        raise ValueError(f"calibration by {found.method} of a model whose multilabel is {plain.get('multilabel')}")
    return found


def _conformal(plain: dict[str, Any]) -> Conformal | None:
    """Return the conformal scores of a card; refuse those of other classes."""
    if not plain.get("conformal"):
        return None
    found = Conformal.from_dict(plain["conformal"])
    if found.classes != tuple(plain["classes"]):
        raise ValueError(f"conformal scores are for {', '.join(found.classes)}, not for the model's classes")
    return found


def _checksum(plain: dict[str, Any]) -> str:
    """SHA-256 of a card's content, against accidental changes; it protects against no intent."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
