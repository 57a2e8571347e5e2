"""Write trained models as one bundle, an ensemble."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault
from einthoven.evaluation.trust import Trust
from einthoven.models.own import FILES_KEY
from einthoven.signal.preparation import Preparation, Tiles

_UNKNOWN = Trust()


def fuse(
    folder: Path,
    members: Sequence[Path],
    rule: str,
    weights: Sequence[float] = (),
    class_weights: Sequence[float] = (),
    thresholds: Sequence[float] = (),
    at_least_one: bool = False,
    half: bool = False,
    class_prior_adaptation: dict[str, Any] | None = None,
    trust: Trust = _UNKNOWN,
    excluded_by: tuple[Path, tuple[str, ...]] | None = None,
) -> Card:
    """Write the bundle of an ensemble; its card names all patients whom one of its members has seen.

    Parameters
    ----------
    folder : Path
        Folder of the new bundle; its name is the ensemble's.
    members : sequence of Path
        Bundles of the members.
    rule : str
        Rule of :class:`einthoven.models.ensemble.Ensemble`.
    weights : sequence of float
        Weight of each member, for ``weighted``.
    class_weights, thresholds, at_least_one, class_prior_adaptation
        Decision settings, see :class:`einthoven.bundle.Card`.
    half : bool
        Whether weights of two dimensions and more are stored with 16 bits, and whole numbers with as few as they need; all are
        used with 32 bits.

    trust : Trust
        Calibration, prediction sets and doubt of the ensemble, fitted to its members' validation answers; those of the members do
        not hold for it.
    excluded_by : (Path, tuple of str), optional
        Bundle of a multilabel model of the same windows, and those of its classes that the first class never occurs with.

    Returns
    -------
    Card
        Card of the ensemble.

    Raises
    ------
    ConfigurationFault
        If members differ in preparation, classes or protocol. Beside members that read typical beats, others may read the signal
        of the same windows, or crops of it.
    """
    cards = [bundle.load_card(member) for member in members]
    first = max(cards, key=lambda card: len(card.preparation.inputs))
    _require_same_windows(cards, first)
    tensors: dict[str, NDArray[Any]] = {}
    for at, (card, member) in enumerate(zip(cards, members, strict=True)):
        within = "network." if card.preparation != first.preparation else ""
        weights_of = bundle.load_weights(member, card)
        tensors |= {f"members.{at}.{within}{name}": _stored(values, half) for name, values in weights_of.items()}
    settings: dict[str, Any] = {"members": [_member(card, first) for card in cards], "rule": rule}
    if weights:
        settings["weights"] = [round(float(weight), 6) for weight in weights]
    if first.multilabel:
        settings["multilabel"] = True
    if excluded_by is not None:
        other = bundle.load_card(excluded_by[0])
        never_with = [other.classes.index(name) for name in excluded_by[1]]
        settings["excluded_by"] = [other.architecture, other.settings, len(other.classes), never_with]
        others = bundle.load_weights(excluded_by[0], other).items()
        tensors |= {f"excluding.{name}": _stored(values, half) for name, values in others}
        cards.append(other)
    training = _training(cards, first) | {"rule": rule, "fold": None}
    card = replace(
        first,
        name=folder.resolve().name,
        architecture="ensemble",
        settings=settings,
        training=training,
        graph_sha256="",
        class_weights=tuple(class_weights),
        class_prior_adaptation=class_prior_adaptation or {},
        thresholds=tuple(thresholds),
        at_least_one=at_least_one,
        calibration=trust.calibration,
        conformal=trust.conformal,
        doubt=trust.doubt,
        results=(),
    )
    return bundle.save(folder, card, tensors)


def _require_same_windows(cards: Sequence[Card], first: Card) -> None:
    """Refuse members that differ in preparation, classes or protocol."""
    for what, value in (
        ("preparation", partial(_windows, first)),
        ("classes", lambda card: card.classes),
        ("multilabel", lambda card: card.multilabel),
        ("protocol", lambda card: card.training.get("protocol")),
    ):
        if any(value(card) != value(first) for card in cards):
            raise ConfigurationFault(
                f"The members of the ensemble differ in their {what}.",
                found="; ".join(f"{card.name}: {value(card)}" for card in cards),
                expected="the same in each",
                remedy=f"fuse members of one {what}",
            )


def _training(cards: Sequence[Card], first: Card) -> dict[str, Any]:
    """Return what the card states about the training of the members, with the patients of all."""
    score = "validation_macro_auroc" if first.multilabel else "validation_macro_f1"
    summaries = [
        {
            "name": card.name,
            "architecture": card.architecture,
            "fold": card.training.get("fold"),
            "weights_sha256": card.weights_sha256,
            score: card.training.get(score),
        }
        for card in cards
    ]
    seen = sorted(set().union(*(card.patients for card in cards)))
    files = {name: sha256 for card in cards for name, sha256 in card.training.get(FILES_KEY, {}).items()}
    training = first.training | ({FILES_KEY: files} if files else {})
    return training | {"patients": bundle.packed(seen), "members": summaries}


def _windows(first: Card, card: Card) -> Preparation:
    """Return the preparation that a member shares with `first`, to which one that reads crops of the same signal is adapted."""
    preparation = card.preparation
    if first.preparation.reads_beats and not preparation.reads_beats and isinstance(preparation.cut, Tiles):
        return replace(preparation, cut=replace(preparation.cut, crop_s=0.0), inputs=first.preparation.inputs)
    return preparation


def _member(card: Card, first: Card) -> list[Any]:
    same = card.preparation == first.preparation
    return [card.architecture, card.settings] + ([] if same else [card.preparation.n_input])


def _stored(values: NDArray[Any], half: bool) -> NDArray[Any]:
    if not half or values.ndim < 2:
        return values
    if values.dtype == np.float32:
        return values.astype(np.float16)
    if values.dtype != np.int32:
        return values
    fits = (kind for kind in (np.int8, np.int16, np.int32) if np.array_equal(values.astype(kind), values))
    return values.astype(next(fits))
