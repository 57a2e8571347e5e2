"""Knows how far an export's answers are from the model's, in probabilities and in what they are judged by. Converts nothing."""

from dataclasses import dataclass

import numpy as np

from einthoven.errors import OutputRefused
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions

MOST_LOST, LEAST_ROWS = 0.005, 50
"""What an export may lose of macro-F1 (macro AUROC, for several classes), and on how many rows at least that is to be seen."""


@dataclass(frozen=True)
class Parity:
    """What became of the answers.

    n : rows compared (beats, windows or records); metrics : for each, (the model's, the export's); per_class : F1 likewise;
    probability : largest and mean difference of a probability; agreement : share of rows of which the same is said
    """

    n: int
    metrics: dict[str, tuple[float, float]]
    per_class: dict[str, tuple[float, float]]
    probability: tuple[float, float]
    agreement: float

    @property
    def lost(self) -> float:
        """The most that a metric lost; NaN where one could not be worked out."""
        return float(np.max([before - after for before, after in self.metrics.values()]))

    def as_dict(self) -> dict:
        """Plain values for the card; None is what could not be worked out."""
        pairs = {name: [_rounded(value) for value in pair] for name, pair in self.metrics.items()}
        each = {name: [_rounded(value) for value in pair] for name, pair in self.per_class.items()}
        largest, mean = self.probability
        return {
            "windows": self.n,
            "metrics": pairs,
            "f1_per_class": each,
            "largest_probability_difference": float(f"{largest:.3g}"),
            "mean_probability_difference": float(f"{mean:.3g}"),
            "agreement": round(self.agreement, 5),
        }


def compare(before: Predictions, after: Predictions) -> Parity:
    """Set two answers to the same rows side by side."""
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


def require_kept(parity: Parity, what: str) -> None:
    """Refuse an export that lost too much, or was compared on too little.

    Raises
    ------
    OutputRefused
        Where a metric lost more than half a point or cannot be worked out; where fewer than fifty rows were compared.
    """
    if parity.n < LEAST_ROWS:
        raise OutputRefused(
            f"{what} cannot be judged on so little.",
            found=f"{parity.n} validation rows",
            expected=f"at least {LEAST_ROWS}",
            remedy="--from the folder of the whole corpus; --even-if-worse writes it all the same",
        )
    if not parity.lost <= MOST_LOST or not np.isfinite(parity.probability).all():
        told = "; ".join(f"{name} {before:.4f} became {after:.4f}" for name, (before, after) in parity.metrics.items())
        raise OutputRefused(
            f"{what} does not answer as the model does.",
            found=f"{told}, on {parity.n:,} validation rows",
            expected=f"a loss of at most {100 * MOST_LOST:.1f} points",
            remedy="--precision fp32 (or bf16 with --to openvino); --even-if-worse writes it all the same",
        )


def _value(found: dict) -> float:
    return float(found["value"]) if found["value"] is not None else float("nan")


def _rounded(value: float) -> float | None:
    return round(value, 5) if np.isfinite(value) else None
