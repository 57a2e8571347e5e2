"""Measure what each lead and each group of measurements contributes to a class: the probability without it."""

import numpy as np

from einthoven.inference.evidence import Contribution
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows

GROUPS = {
    "rr": "the RR intervals",
    "rhythm": "the rhythm",
    "patterns": "the patterns of RR intervals",
    "waves": "the waves of the typical beat",
    "intervals": "the RR intervals of the window",
    "waveform": "the likeness of its beats",
    "atria": "the activity of the atria",
    "p_waves": "the P waves",
    "similarity": "the likeness to the beats around",
}
"""Groups of measurements, and how a sentence names them."""


def contributions(
    predictor: Predictor, windows: Windows, label: int, leads: tuple[str, ...]
) -> tuple[Contribution, ...]:
    """Measure the contribution of each lead and of each group of measurements to a class.

    A lead is set to zero together with its typical beat; a group of measurements takes the medians of the training data.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : Windows
        Windows that have the class.
    label : int
        Number of the class.
    leads : tuple of str
        Names of the leads that the model reads.

    Returns
    -------
    tuple of Contribution
        The largest fall first.
    """
    card = predictor.card
    changed: list[tuple[str, Windows]] = []
    for at, lead in enumerate(leads):
        without = windows.repeated(1)
        without.signal[:, at] = 0.0
        if without.beat is not None:
            without.beat[:, at] = 0.0
        changed.append((f"lead {lead}", without))
    medians = np.asarray(card.feature_medians, np.float32)
    if windows.features is not None and len(medians) == windows.features.shape[1]:
        for group, columns in card.preparation.columns.items():
            without = windows.repeated(1)
            assert without.features is not None
            without.features[:, columns] = medians[columns]
            changed.append((GROUPS.get(group, f"the measurements {group}"), without))
    before = float(predictor.probabilities(windows)[:, label].mean())
    found = [
        Contribution(name, before, float(predictor.probabilities(without)[:, label].mean()))
        for name, without in changed
    ]
    return tuple(sorted(found, key=lambda one: one.after))
