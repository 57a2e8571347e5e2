"""Compare an export with its model: probabilities, and the metrics of both."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import OutputRefused
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions

MOST_LOST = 0.005
"""What an export may lose of macro-F1, and of macro AUROC for multilabel models."""
LEAST_ROWS = 50
"""Fewest rows that an export is compared on."""


@dataclass(frozen=True)
class Parity:
    """How far the predictions of an export are from the model's.

    Parameters
    ----------
    n : int
        Rows compared: beats, windows or records.
    metrics : dict of (float, float)
        For each metric the model's value and the export's.
    per_class : dict of (float, float)
        For each class the model's F1 and the export's.
    probability : (float, float)
        Largest and mean difference of a probability.
    agreement : float
        Share of rows with the same prediction.
    """

    n: int
    metrics: dict[str, tuple[float, float]]
    per_class: dict[str, tuple[float, float]]
    probability: tuple[float, float]
    agreement: float

    @property
    def lost(self) -> float:
        """The largest loss of a metric; NaN where one is undefined."""
        return float(np.max([before - after for before, after in self.metrics.values()]))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the card; None for an undefined metric."""
        pairs = {name: [_rounded(value) for value in pair] for name, pair in self.metrics.items()}
        per_class = {name: [_rounded(value) for value in pair] for name, pair in self.per_class.items()}
        largest, mean = self.probability
        return {
            "windows": self.n,
            "metrics": pairs,
            "f1_per_class": per_class,
            "largest_probability_difference": float(f"{largest:.3g}"),
            "mean_probability_difference": float(f"{mean:.3g}"),
            "agreement": round(self.agreement, 5),
        }


def compare(before: Predictions, after: Predictions) -> Parity:
    """Compare the predictions of two models for the same rows.

    Parameters
    ----------
    before : Predictions
        Those of the model.
    after : Predictions
        Those of the export.

    Returns
    -------
    Parity
        How far they differ.
    """
    first, second = (evaluate(answers, "patient", 1) for answers in (before, after))
    names = ("macro_f1", "macro_auroc") if before.multilabel else ("macro_f1",)
    difference = np.abs(before.probability - after.probability)
    same = before.decided == after.decided
    same = same.all(axis=1) if before.multilabel else same
    return Parity(
        n=len(before.probability),
        metrics={name: (_value(first[name]), _value(second[name])) for name in names},
        per_class={
            name: (_value(first["per_class"][name]["f1"]), _value(second["per_class"][name]["f1"]))
            for name in before.classes
        },
        probability=(float(difference.max()), float(difference.mean())),
        agreement=float(same.mean()),
    )


def compare_samples(before: NDArray[Any], after: NDArray[Any], classes: tuple[str, ...]) -> Parity:
    """Compare the probabilities of two delineators for the same windows; the answer of the first counts as true.

    Parameters
    ----------
    before : array [windows, classes, samples]
        Those of the model.
    after : array [windows, classes, samples]
        Those of the export.
    classes : tuple of str
        Names of the classes.

    Returns
    -------
    Parity
        Its rows are samples.
    """
    difference = np.abs(before - after)
    truth, answer = before.argmax(axis=1), after.argmax(axis=1)
    f1 = {}
    for at, name in enumerate(classes):
        both, either = ((truth == at) & (answer == at)).sum(), (truth == at).sum() + (answer == at).sum()
        f1[name] = (1.0, float(2 * both / either)) if either else (float("nan"), float("nan"))
    return Parity(
        n=truth.size,
        metrics={"macro_f1": (1.0, float(np.nanmean([value for _, value in f1.values()])))},
        per_class=f1,
        probability=(float(difference.max()), float(difference.mean())),
        agreement=float((truth == answer).mean()),
    )


def require_kept(parity: Parity, what: str) -> None:
    """Refuse an export that lost too much, or was compared on too few rows.

    Parameters
    ----------
    parity : Parity
        The comparison.
    what : str
        Name of the export, for the error.

    Raises
    ------
    OutputRefused
        Where a metric lost more than half a point or is undefined, or fewer than 50 rows were compared.
    """
    if parity.n < LEAST_ROWS:
        raise OutputRefused(
            f"Too few rows to compare {what} on.",
            found=f"{parity.n} validation rows",
            expected=f"at least {LEAST_ROWS}",
            remedy="--from the folder of the whole corpus; or --even-if-worse, to write it anyway",
        )
    if not parity.lost <= MOST_LOST or not np.isfinite(parity.probability).all():
        changes = "; ".join(
            f"{name} {before:.4f} became {after:.4f}" for name, (before, after) in parity.metrics.items()
        )
        raise OutputRefused(
            f"{what} does not predict what the model does.",
            found=f"{changes}, on {parity.n:,} validation rows",
            expected=f"a loss of at most {100 * MOST_LOST:.1f} points",
            remedy="--precision fp32 (or bf16 with --to openvino); or --even-if-worse, to write it anyway",
        )


def _value(found: dict[str, Any]) -> float:
    return float(found["value"]) if found["value"] is not None else float("nan")


def _rounded(value: float) -> float | None:
    return round(value, 5) if np.isfinite(value) else None
