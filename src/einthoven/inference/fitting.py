"""Tell which models can answer a record, from their cards alone: no weights are read and no model is run."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from einthoven.bundle import Card
from einthoven.errors import LeadMismatch
from einthoven.inference import declining
from einthoven.records.record import Record
from einthoven.signal import heartbeats, leads, quality
from einthoven.signal.finding import Finding
from einthoven.signal.quality import Quality

SHORTEST_WAVES_S = 2.0
"""Shortest recording whose waves are sought, s."""
_LEAST_FILLED, _LONG_ENOUGH_S = 0.5, 9.0


@dataclass(frozen=True)
class Fit:
    """Whether a model can answer a record."""

    card: Card
    """Card of the model."""
    reason: str
    """Why it cannot; empty if it can."""
    remedy: str = ""
    """Options that may help, such as ``--leads ECG1=MLII``; empty where there are none."""

    @property
    def fits(self) -> bool:
        """Whether it can."""
        return not self.reason


def least_s(card: Card) -> float:
    """Return the shortest recording, in seconds, that a model answers.

    Parameters
    ----------
    card : Card
        Its card.

    Returns
    -------
    float
    """
    window_s = card.preparation.window_s
    if card.preparation.is_whole:
        return min(_LEAST_FILLED * window_s, _LONG_ENOUGH_S)
    return max(window_s, heartbeats.SHORTEST_S)


def fitting(record: Record, cards: Iterable[Card], seen: Quality, findings: tuple[Finding, ...]) -> list[Fit]:
    """Tell which models can answer a record.

    Parameters
    ----------
    record : Record
        The record.
    cards : iterable of Card
        Cards of the models.
    seen : Quality
        Quality of all leads of the record.
    findings : tuple of Finding
        What the doctor found in it.

    Returns
    -------
    list of Fit
        One for each card: first those that fit, of these first those that read most leads.
    """
    found = [_fit(record, card, seen, findings) for card in cards]
    return sorted(found, key=lambda fit: (not fit.fits, -len(fit.card.preparation.leads)))


def _fit(record: Record, card: Card, seen: Quality, findings: tuple[Finding, ...]) -> Fit:
    wishes = card.preparation.leads
    if card.answers_samples:
        return _fit_for_waves(record, card, seen)
    try:
        used_mv, names = leads.select(record.signal_mv, record.leads, wishes, record.where)
    except LeadMismatch as error:
        options = error.remedy.split("\n")[0]
        return Fit(card, f"needs {error.expected}", options.split("   ")[0] if options.startswith("--leads") else "")
    if record.duration_s < least_s(card):
        return Fit(card, f"needs at least {least_s(card):g} s")
    there = set(names) <= set(seen.leads)
    used = seen.of(names) if there else quality.examine_pieces(used_mv, names, record.fs_hz)
    declined = declining.declined(card, used, None, np.zeros(0, bool), findings)
    return Fit(card, "" if declined is None else declined.text)


def _fit_for_waves(record: Record, card: Card, seen: Quality) -> Fit:
    """Tell whether waves can be found: in any readable lead, whatever its name."""
    if record.duration_s < SHORTEST_WAVES_S:
        return Fit(card, f"needs at least {SHORTEST_WAVES_S:g} s")
    return Fit(card, "" if seen.readable.any() else "no lead is readable.")
