"""Decide whether a record is declined, before any class is named."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.inference.declined import Declined
from einthoven.signal.doctor import Finding
from einthoven.signal.quality import VERDICTS, Quality

LEAST_READABLE = 0.2
"""Share of a record that must be readable in one lead."""
LEAST_LEADS = 0.7
"""Share of the leads that must be readable in half of a window of several leads."""

PACED_FROM = 0.9
"""Certainty from which a paced record is declined by a model without a class for it."""


def declined(
    card: Card,
    quality: Quality,
    beats: NDArray[Any] | None,
    is_readable: NDArray[np.bool_],
    findings: tuple[Finding, ...],
) -> Declined | None:
    """Return why a record is declined, or None.

    Parameters
    ----------
    card : Card
        Card of the model.
    quality : Quality
        Quality of the leads that it uses.
    beats : array of int [n_beats], sample numbers, or None
        Heartbeats; None where they were not sought.
    is_readable : array of bool [n]
        Which beats or windows are readable.
    findings : tuple of Finding
        What the doctor found in the record.

    Returns
    -------
    Declined or None
    """
    if quality.readable_share < LEAST_READABLE or (len(is_readable) and not is_readable.any()):
        return Declined("no_readable_lead", _unreadable(quality))
    if beats is not None and not len(beats):
        return Declined("no_heartbeat", "no heartbeat was found.")
    return by_signal(card, quality, findings)


def by_signal(card: Card, quality: Quality, findings: tuple[Finding, ...]) -> Declined | None:
    """Return why a signal is declined that can be read: it is paced, or far from the training recordings.

    Parameters
    ----------
    card : Card
        Card of the model.
    quality : Quality
        Quality of the leads that it uses.
    findings : tuple of Finding
        What the doctor found in the signal.

    Returns
    -------
    Declined or None
    """
    paced = next((finding for finding in findings if finding.code == "paced"), None)
    if paced is not None and paced.certainty >= PACED_FROM and not card.reads_paced:
        return Declined("paced", f"{paced.text}; {card.display_name} was not trained on paced rhythms.")
    return _unfamiliar(card, quality)


def readable_windows(quality: Quality, starts: NDArray[Any], ends: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which windows are readable: half of the window, in 70 % of the leads.

    Parameters
    ----------
    quality : Quality
        Quality of the leads used.
    starts, ends : array of int [n], sample numbers
        Beginning and end of each window.

    Returns
    -------
    array of bool [n]
    """
    share = (quality.share_in(starts, ends) >= 0.5).mean(axis=0)
    return np.asarray(share >= LEAST_LEADS)


def _unfamiliar(card: Card, quality: Quality) -> Declined | None:
    """Decline a record that is farther from the training recordings than the limit on the card."""
    density = card.density
    if density is None or not density.distance(quality.typical) > density.limit:
        return None
    name, value, mean, sd = density.farthest(quality.typical)
    return Declined(
        "out_of_distribution",
        f"the signal differs from the recordings that trained {card.display_name} "
        f"(distance {density.distance(quality.typical):.1f}, limit {density.limit:.1f}); "
        f"most in {name.replace('_', ' ')}: {value:.2g}, there {mean:.2g} ± {sd:.2g}.",
    )


def _unreadable(quality: Quality) -> str:
    """Return how much of which lead is not readable, and why."""
    seconds = dict.fromkeys(VERDICTS, 0.0)
    for row in quality.stretches:
        seconds[row.verdict] += (row.end_s - row.start_s) / len(quality.leads)
    found = {name: value for name, value in seconds.items() if value > 0}
    listed = ", ".join(f"{value:.0f} s {name}" for name, value in sorted(found.items(), key=lambda row: -row[1]))
    leads = f"lead {quality.leads[0]}" if len(quality.leads) == 1 else f"{len(quality.leads)} leads"
    return f"no lead is readable for long enough ({leads}: {listed})."
