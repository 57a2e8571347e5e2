"""Test whether one model is better than another on the same windows, by a paired bootstrap."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.evaluation import metrics, multilabel, official
from einthoven.evaluation.evaluate import DRAWS, drawn_confusions
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

Array = NDArray[Any]

MULTILABEL = ("macro_auroc", "macro_auprc", "micro_f1")
"""Metrics by which multilabel predictions are compared."""


def paired(
    first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0, official_score: str = ""
) -> dict[str, Any]:
    """Test the difference of two models, first minus second, by a paired bootstrap.

    Each draw takes the same patients (or rows) from both.

    Parameters
    ----------
    first : Predictions
        Predictions of the first model.
    second : Predictions
        Predictions of the second model for the same windows in the same order.
    unit : str
        What is resampled: ``patient`` whole patients, anything else single rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.
    official_score : str
        Official score by which single-label predictions are compared, as the protocol names it; empty for macro-F1.

    Returns
    -------
    dict
        For single-label predictions ``{metric, difference: {value, low, high}, p}``; for multilabel ones ``{difference, p}`` for
        each of MULTILABEL. `p` is two-sided, twice the smaller share of draws on either side of zero, at least two in the number
        of draws plus one (Davison and Hinkley 1997, section 4.2).

    Raises
    ------
    ConfigurationFault
        If windows or classes of the two differ, or the official score is defined for other classes.
    """
    both = _drawn(first, second, unit, draws, seed, official_score)
    found = {name: against_zero(one - other) for name, (one, other) in both.items()}
    if first.multilabel:
        return found
    ((name, row),) = found.items()
    return {"metric": name} | row


def compare(
    first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0, official_score: str = ""
) -> dict[str, Any]:
    """Compare the metrics of two models on the same windows.

    Parameters
    ----------
    first : Predictions
        Predictions of the first model.
    second : Predictions
        Predictions of the second model for the same windows in the same order.
    unit : str
        What is resampled: ``patient`` whole patients, anything else single rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.
    official_score : str
        Official score by which single-label predictions are compared, as the protocol names it; empty for macro-F1.

    Returns
    -------
    dict
        ``n_test``, ``n_patients``, ``interval``, and ``metrics``: for each one ``first``, ``second`` and ``difference``, each
        ``{value, low, high}``, and ``p`` as in :func:`paired`.

    Raises
    ------
    ConfigurationFault
        If windows or classes of the two differ, or the official score is defined for other classes.
    """
    found = {
        name: {"first": _spread(one), "second": _spread(other)} | against_zero(one - other)
        for name, (one, other) in _drawn(first, second, unit, draws, seed, official_score).items()
    }
    return {
        "n_test": len(first.truth),
        "n_patients": len(np.unique(first.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
        "metrics": found,
    }


@dataclass(frozen=True)
class Answered:
    """The predictions of a model for a test set."""

    model: str
    """Name of the model."""
    predictions: Predictions
    """Its predictions."""
    unit: str
    """What intervals resample."""
    test_set: Mapping[str, Any]
    """Facts about the test set: ``corpus``, ``corpus_version``, ``protocol``, ``leaks_patients``, ``remark``, ``rows``."""
    official_score: str = ""
    """Official score of the protocol; empty for none."""


def evaluated(folder: Path) -> Answered:
    """Read a folder that ``einthoven evaluate`` wrote.

    Parameters
    ----------
    folder : Path
        A folder with predictions.csv and metrics.json.

    Returns
    -------
    Answered
        The predictions, with the thresholds of the evaluation.

    Raises
    ------
    RecordUnreadable
        If one of the two files is missing or damaged.
    """
    folder = Path(folder)
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        decision = metrics.get("decision", {})
        thresholds = decision.get("thresholds", ())
        found = Predictions.read(folder / "predictions.csv")
        found = replace(
            found,
            thresholds=tuple(thresholds) if isinstance(thresholds, list) else (),
            at_least_one=decision.get("at_least_one", False),
        )
        return Answered(
            metrics["model"],
            found,
            metrics["interval"]["unit"],
            metrics,
            metrics.get("official_score", _unnamed(metrics)),
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise RecordUnreadable(
            f"{folder} holds no evaluation.",
            found=f"{type(error).__name__}: {error}",
            expected="predictions.csv and metrics.json, as einthoven evaluate writes them",
            remedy=f"einthoven evaluate MODEL --from DIR --out {folder}      writes them",
        ) from error


def compare_answered(first: Answered, second: Answered, draws: int = DRAWS) -> dict[str, Any]:
    """Compare two models on one test set, by :func:`compare`, and say what the test set is.

    Parameters
    ----------
    first : Answered
        The first model.
    second : Answered
        The second model, by the same protocol of the same corpus.
    draws : int
        Draws of the bootstrap.

    Returns
    -------
    dict
        What :func:`compare` returns, and ``first``, ``second`` (the models' names), ``corpus``, ``corpus_version``,
        ``protocol``, ``leaks_patients``, ``remark`` and ``rows``.

    Raises
    ------
    ConfigurationFault
        If windows or classes of the two differ.
    """
    stated = {key: first.test_set[key] for key in ("corpus", "corpus_version", "protocol", "remark", "rows")}
    leaks = first.test_set["leaks_patients"] or second.test_set["leaks_patients"]
    stated |= {"first": first.model, "second": second.model, "leaks_patients": leaks}
    found = compare(first.predictions, second.predictions, first.unit, draws, official_score=first.official_score)
    return stated | found


def _unnamed(metrics: Mapping[str, Any]) -> str:
    """Return the official score of an evaluation that does not name it, as older versions wrote them."""
    return "challenge2017" if "challenge_score" in metrics and "macro_auroc" not in metrics else ""


def _drawn(
    first: Predictions, second: Predictions, unit: str, draws: int, seed: int, official_score: str
) -> dict[str, tuple[Array, Array]]:
    """Return each metric of both [1 + draws]; the first value is that of all rows."""
    _require_same_test(first, second)
    groups = first.patient if unit == "patient" else np.arange(len(first.truth))
    weights = np.concatenate((np.ones((1, len(groups)), np.uint16), draw_weights(groups, draws, seed)))
    if first.multilabel:
        both = [multilabel.scores(answers, weights) for answers in (first, second)]
        return {name: (both[0][name], both[1][name]) for name in MULTILABEL}
    found = [metrics.scores(drawn_confusions(answers, weights)) for answers in (first, second)]
    if official_score:
        one, other = (official.single_label_score(official_score, first.classes, scores["f1"]) for scores in found)
        return {"challenge_score": (one, other)}
    return {"macro_f1": (found[0]["macro_f1"], found[1]["macro_f1"])}


def _require_same_test(first: Predictions, second: Predictions) -> None:
    if first.classes != second.classes:
        raise ConfigurationFault(
            "The two models predict different classes.",
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
            "The two models were tested on different windows.",
            found=f"{len(first.truth):,} and {len(second.truth):,} windows, {shared:,} of them in both",
            expected="the same windows with the same labels, in the same order",
            remedy="evaluate both with the same --corpus, --protocol and --from",
        )


def against_zero(difference: Array) -> dict[str, Any]:
    """Test differences against zero.

    Parameters
    ----------
    difference : array [1 + draws]
        That of all rows, then that of each draw.

    Returns
    -------
    dict
        ``{difference, p}`` as in :func:`paired`.
    """
    drawn = difference[1:]
    smaller = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (smaller + 1) / (len(drawn) + 1))
    return {"difference": _spread(difference), "p": round(float(p), 6)}


def _spread(values: Array) -> Mapping[str, float | None]:
    return interval(float(values[0]), values[1:]).as_dict()
