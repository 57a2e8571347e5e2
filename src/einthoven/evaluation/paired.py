"""Test whether one model is better than another on the same windows, by a paired bootstrap."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.evaluation import metrics, multilabel, official
from einthoven.evaluation.evaluate import DRAWS, drawn_confusions
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

MULTILABEL = ("macro_auroc", "macro_auprc", "micro_f1")
"""Metrics that are compared if a window can have several classes."""


def paired(first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict[str, Any]:
    """Return the differences of the metrics that models are compared by, first minus second.

    Each draw takes the same patients (or rows) from both.

    Parameters
    ----------
    first, second : Predictions
        Predictions for the same windows in the same order.
    unit : str
        ``patient`` to resample whole patients, anything else to resample rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``{metric, difference: {value, low, high}, p}`` for macro-F1, or for the classes of the Challenge 2017 its score; if a
        window can have several classes ``{difference, p}`` for each of MULTILABEL. `p` is two-sided, twice the smaller share of
        draws on either side of zero, never below two in the number of draws plus one (Davison and Hinkley 1997, section 4.2).

    Raises
    ------
    ConfigurationFault
        If the two are not predictions for the same windows and classes.
    """
    both = _drawn(first, second, unit, draws, seed)
    found = {name: _test(one - other) for name, (one, other) in both.items()}
    if first.multilabel:
        return found
    ((name, row),) = found.items()
    return {"metric": name} | row


def compare(first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict[str, Any]:
    """Return the figures of two models on the same windows, and their differences.

    Parameters
    ----------
    first, second : Predictions
        Predictions for the same windows in the same order.
    unit : str
        As for :func:`paired`.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``n_test``, ``n_patients``, ``interval``, and ``metrics``: for each one ``first``, ``second`` and ``difference``, each
        ``{value, low, high}``, and ``p``, as :func:`paired` has it.

    Raises
    ------
    ConfigurationFault
        If the two are not predictions for the same windows and classes.
    """
    found = {
        name: {"first": _spread(one), "second": _spread(other)} | _test(one - other)
        for name, (one, other) in _drawn(first, second, unit, draws, seed).items()
    }
    return {
        "n_test": len(first.truth),
        "n_patients": len(np.unique(first.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
        "metrics": found,
    }


@dataclass(frozen=True)
class Answered:
    """Predictions of a model for a test set."""

    model: str
    """Name of the model."""
    predictions: Predictions
    """Its predictions for the test set."""
    unit: str
    """What intervals resample."""
    told: Mapping[str, Any]
    """What is reported of the test: ``corpus``, ``corpus_version``, ``protocol``, ``leaks_patients``, ``remark``, ``rows``."""


def evaluated(folder: Path) -> Answered:
    """Read back what ``einthoven evaluate`` wrote into a folder.

    Parameters
    ----------
    folder : Path
        A folder with predictions.csv and metrics.json.

    Returns
    -------
    Answered
        The predictions with the thresholds that decided them.

    Raises
    ------
    RecordUnreadable
        If one of the two files is missing or damaged.
    """
    folder = Path(folder)
    try:
        told = json.loads((folder / "metrics.json").read_text())
        decision = told.get("decision", {})
        thresholds = decision.get("thresholds", ())
        found = Predictions.read(folder / "predictions.csv")
        found = replace(
            found,
            thresholds=tuple(thresholds) if isinstance(thresholds, list) else (),
            at_least_one=decision.get("at_least_one", False),
        )
        return Answered(told["model"], found, told["interval"]["unit"], told)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise RecordUnreadable(
            f"{folder} holds no evaluation.",
            found=f"{type(error).__name__}: {error}",
            expected="predictions.csv and metrics.json, as einthoven evaluate writes them",
            remedy=f"einthoven evaluate MODEL --from DIR --out {folder}      writes them",
        ) from error


def compare_answered(first: Answered, second: Answered, draws: int = DRAWS) -> dict[str, Any]:
    """Return the comparison of two models on one test set, as :func:`compare` has it, with what is reported of the test.

    Parameters
    ----------
    first, second : Answered
        By the same protocol of the same corpus.
    draws : int
        Draws of the bootstrap.

    Returns
    -------
    dict
        Of :func:`compare`, with ``first``, ``second`` (the models' names), ``corpus``, ``corpus_version``, ``protocol``,
        ``leaks_patients``, ``remark`` and ``rows``.

    Raises
    ------
    ConfigurationFault
        If they were tested on different windows, or predict different classes.
    """
    told = {key: first.told[key] for key in ("corpus", "corpus_version", "protocol", "remark", "rows")}
    leaks = first.told["leaks_patients"] or second.told["leaks_patients"]
    told |= {"first": first.model, "second": second.model, "leaks_patients": leaks}
    return told | compare(first.predictions, second.predictions, first.unit, draws)


def _drawn(
    first: Predictions, second: Predictions, unit: str, draws: int, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return each metric of both [1 + draws]; the first value is that of all rows once."""
    _require_same_test(first, second)
    groups = first.patient if unit == "patient" else np.arange(len(first.truth))
    weights = np.concatenate((np.ones((1, len(groups)), np.uint16), draw_weights(groups, draws, seed)))
    if first.multilabel:
        both = [multilabel.scores(answers, weights) for answers in (first, second)]
        return {name: (both[0][name], both[1][name]) for name in MULTILABEL}
    found = [metrics.scores(drawn_confusions(answers, weights)) for answers in (first, second)]
    if first.classes == official.CHALLENGE2017:
        one, other = (official.challenge2017_score(scores["f1"]) for scores in found)
        return {"challenge_score": (one, other)}
    return {"macro_f1": (found[0]["macro_f1"], found[1]["macro_f1"])}


def _require_same_test(first: Predictions, second: Predictions) -> None:
    if first.classes != second.classes:
        raise ConfigurationFault(
            "the two models predict different classes.",
            found=f"{', '.join(second.classes)}  (the second)",
            expected=f"{', '.join(first.classes)}  (the first)",
            remedy="evaluate both by the same protocol and label set (einthoven corpora)",
        )
    windows = [set(zip(some.record.tolist(), some.position.tolist(), strict=True)) for some in (first, second)]
    same = len(first.truth) == len(second.truth) and first.truth.shape == second.truth.shape
    for name in ("record", "position", "truth"):
        same = same and np.array_equal(getattr(first, name), getattr(second, name))
    if not same:
        shared = len(windows[0] & windows[1])
        raise ConfigurationFault(
            "the two models were tested on different windows.",
            found=f"{len(first.truth):,} and {len(second.truth):,} windows, {shared:,} of them in both",
            expected="the same windows with the same labels, in the same order",
            remedy="evaluate both with the same --corpus, --protocol and --from",
        )


def _test(difference: np.ndarray) -> dict[str, Any]:
    """Return interval and p of differences [1 + draws], of which the first is that of all rows once."""
    drawn = difference[1:]
    smaller = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (smaller + 1) / (len(drawn) + 1))
    return {"difference": _spread(difference), "p": round(float(p), 6)}


def _spread(values: np.ndarray) -> Mapping[str, float | None]:
    return interval(float(values[0]), values[1:]).as_dict()
