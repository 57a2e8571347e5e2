"""Measure what an electrocardiograph prints: rate, PR, QRS, QT and QTc, axes, ST levels and voltages, from delineated waves.

Time is measured in all leads together: a wave begins in the lead where it begins first. Each measurement is the median over
the beats that have it, with its quartiles and its number; one that the rhythm or the quality does not allow says why.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.amplitudes import LVH, Amplitudes, amplitudes
from einthoven.signal.boundaries import QRS, P, T, Waves
from einthoven.signal.preparation import Samples
from einthoven.signal.quality import Quality

Array = NDArray[Any]

LONGEST_PR_S = 0.45
"""A P wave belongs to the QRS complex that begins at most so long after its onset, s."""
LONGEST_QT_S = 0.75
"""A T wave belongs to the QRS complex that began at most so long before its end, s."""
LONGEST_RR_S = 3.0
"""A longer pause between beats is no RR interval: a beat may be missing, s."""
_LEAST_P, _IRREGULAR = 0.5, 0.1
"""Share of the beats that have a P wave, and variation of RR (quartile range by median), below and above which a rhythm is
irregular without P waves."""

QTC: dict[str, Callable[[float, float], float]] = {
    "Fridericia": lambda qt_s, rr_s: qt_s / rr_s ** (1 / 3),
    "Bazett": lambda qt_s, rr_s: qt_s / rr_s**0.5,
    "Framingham": lambda qt_s, rr_s: qt_s + 0.154 * (1 - rr_s),
    "Hodges": lambda qt_s, rr_s: qt_s + 0.00175 * (60 / rr_s - 60),
}
"""Corrections of QT for the heart rate, by their names: QT and RR in s give QTc in s."""


@dataclass(frozen=True)
class Measurement:
    """A measurement of a record."""

    name: str
    """What is measured."""
    unit: str
    """``ms``, ``mV``, ``°`` or ``/min``."""
    value: float | None
    """Median over the beats; None where it is refused."""
    low: float | None = None
    """First quartile."""
    high: float | None = None
    """Third quartile."""
    n: int = 0
    """Beats that have it."""
    reason: str = ""
    """Why it is refused, or what qualifies it."""

    @property
    def text(self) -> str:
        """The value with its quartiles, or the reason for its absence."""
        if self.value is None:
            return f"– ({self.reason})"
        digits = 2 if self.unit == "mV" else 0
        spread = "" if self.low is None else f" ({self.low:.{digits}f} to {self.high:.{digits}f})"
        return f"{self.value:.{digits}f} {self.unit}{spread}" + f", {self.reason}" * bool(self.reason)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Measurements of a record.

    Parameters
    ----------
    beats : dict of array [n]
        By beat: times of P, QRS and T (s), intervals (ms); NaN where a beat has none.
    measurements : tuple of Measurement
        In the order in which an electrocardiograph prints them.
    by_lead : dict of dict of Measurement
        ST levels, R and S amplitudes of each lead.
    """

    beats: dict[str, Array]
    measurements: tuple[Measurement, ...]
    by_lead: dict[str, dict[str, Measurement]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Measurement:
        """Return the measurement of a name."""
        return next(one for one in self.measurements if one.name == name)

    @property
    def p_share(self) -> float:
        """Share of the beats that have a P wave, 0 to 1."""
        return float(np.isfinite(self.beats["p"]).mean()) if len(self.beats["p"]) else 0.0

    @property
    def is_irregular_without_p(self) -> bool:
        """Whether most beats have no P wave and their intervals vary, as in fibrillation."""
        return _is_irregular_without_p(self.beats)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "measurements": [asdict(one) for one in self.measurements],
            "by_lead": {lead: [asdict(one) for one in rows.values()] for lead, rows in self.by_lead.items()},
        }


def of_beats(waves: Waves) -> dict[str, Array]:
    """Pair the waves of all leads to beats.

    Parameters
    ----------
    waves : Waves
        Waves of all leads together.

    Returns
    -------
    dict of array [n]
        For each QRS complex: ``p_onset_s``, ``p_offset_s``, ``qrs_onset_s``, ``qrs_peak_s``, ``qrs_offset_s``, ``t_offset_s``,
        and in ms ``rr``, ``p``, ``pr``, ``qrs``, ``qt``; NaN for what a beat does not have.
    """
    qrs, p, t = waves.of(QRS), waves.of(P), waves.of(T)
    n = len(qrs)
    ends = np.concatenate((qrs.onset_s[1:], [np.inf])) if n else np.zeros(0)
    starts = np.concatenate(([-np.inf], qrs.offset_s[:-1])) if n else np.zeros(0)
    found: dict[str, Array] = {
        name: np.full(n, np.nan) for name in ("p_onset_s", "p_offset_s", "t_onset_s", "t_offset_s")
    }
    p, t = (waves[np.argsort(waves.peak_s, kind="stable")] for waves in (p, t))
    first_p = np.searchsorted(p.peak_s, np.maximum(starts, qrs.onset_s - LONGEST_PR_S), side="right")
    last_p = np.searchsorted(p.peak_s, qrs.onset_s) - 1
    first_t = np.searchsorted(t.peak_s, qrs.offset_s, side="right")
    end_t = np.searchsorted(t.peak_s, ends)
    for at in range(n):
        onset, ahead = qrs.onset_s[at], last_p[at]
        if ahead >= first_p[at] and onset - p.onset_s[ahead] <= LONGEST_PR_S:
            found["p_onset_s"][at], found["p_offset_s"][at] = p.onset_s[ahead], p.offset_s[ahead]
        behind = np.flatnonzero(t.offset_s[first_t[at] : end_t[at]] < onset + LONGEST_QT_S)
        if len(behind):
            here = first_t[at] + behind[0]
            found["t_onset_s"][at], found["t_offset_s"][at] = t.onset_s[here], t.offset_s[here]
    rr_s = np.concatenate(([np.nan], np.diff(qrs.peak_s))) if n else np.zeros(0)
    found |= {"qrs_onset_s": qrs.onset_s, "qrs_peak_s": qrs.peak_s, "qrs_offset_s": qrs.offset_s}
    return found | {
        "rr": 1000 * np.where(rr_s <= LONGEST_RR_S, rr_s, np.nan),
        "p": 1000 * (found["p_offset_s"] - found["p_onset_s"]),
        "pr": 1000 * (qrs.onset_s - found["p_onset_s"]),
        "qrs": 1000 * (qrs.offset_s - qrs.onset_s),
        "qt": 1000 * (found["t_offset_s"] - qrs.onset_s),
    }


def measured(source: Samples, waves: Waves, quality: Quality, is_paced: bool = False) -> Intervals:
    """Measure a record.

    Parameters
    ----------
    source : Samples
        The record.
    waves : Waves
        Its waves in all leads together.
    quality : Quality
        Quality of its leads.
    is_paced : bool
        Whether spikes of a pacemaker were seen.

    Returns
    -------
    Intervals
    """
    beats = of_beats(waves)
    n = len(beats["qrs"])
    if not n:
        why = "no heartbeat was found" if quality.readable.any() else "no lead is readable"
        return Intervals(beats, tuple(Measurement(name, unit, None, reason=why) for name, unit in _NAMED))
    heights = amplitudes(source, beats, quality)
    irregular = _is_irregular_without_p(beats)
    listed = [_rate(beats["rr"]), *_times(beats, irregular, is_paced), *_axes(heights), *_voltages(heights)]
    return Intervals(beats, tuple(listed), _by_lead(heights))


_NAMED = (
    ("heart rate", "/min"),
    *((name, "ms") for name in ("RR", "P", "PR", "QRS", "QT", *(f"QTc {name}" for name in QTC))),
    *((f"{name} axis", "°") for name in ("P", "QRS", "T")),
    *((name, "mV") for name in LVH),
)
"""Name and unit of each measurement."""


def _summary(name: str, unit: str, values: Array, absent: str, reason: str = "") -> Measurement:
    """Return the median of values of beats, of which some are NaN."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Measurement(name, unit, None, reason=absent)
    low, middle, high = (float(value) for value in np.percentile(known, (25, 50, 75)))
    return Measurement(name, unit, middle, low, high, len(known), reason)


def _rate(rr_ms: Array) -> Measurement:
    known = rr_ms[np.isfinite(rr_ms)]
    if not len(known):
        return Measurement("heart rate", "/min", None, reason="fewer than two beats in a row")
    rates = 60000 / np.percentile(known, (75, 25))
    return Measurement("heart rate", "/min", float(60000 / known.mean()), float(rates[0]), float(rates[1]), len(known))


def _times(beats: dict[str, Array], irregular: bool, is_paced: bool) -> list[Measurement]:
    without_p = "no P wave" if not irregular else "no P wave: irregular rhythm, as in fibrillation"
    paced = "paced rhythm" if is_paced else ""
    p = np.full(len(beats["p"]), np.nan) if irregular else beats["p"]
    pr = np.full(len(beats["pr"]), np.nan) if irregular else beats["pr"]
    qt_note = "; ".join(filter(None, ("irregular rhythm without P waves" * irregular, paced)))
    found = [
        _summary("RR", "ms", beats["rr"], "fewer than two beats in a row"),
        _summary("P", "ms", p, without_p, paced),
        _summary("PR", "ms", pr, without_p, paced),
        _summary("QRS", "ms", beats["qrs"], "no QRS complex", paced),
        _summary("QT", "ms", beats["qt"], "no T wave with an end", qt_note),
    ]
    rr_ms, qt = beats["rr"][np.isfinite(beats["rr"])], found[-1]
    for name, corrected in QTC.items():
        if qt.value is None or not len(rr_ms):
            reason = qt.reason if qt.value is None else "fewer than two beats in a row"
            found.append(Measurement(f"QTc {name}", "ms", None, reason=reason))
            continue
        rr_s = float(rr_ms.mean()) / 1000
        middle, low, high = (1000 * corrected((one or 0.0) / 1000, rr_s) for one in (qt.value, qt.low, qt.high))
        found.append(Measurement(f"QTc {name}", "ms", middle, low, high, qt.n, qt_note))
    return found


def _is_irregular_without_p(beats: dict[str, Array]) -> bool:
    """Whether most beats have no P wave and their intervals vary, as in fibrillation."""
    rr = beats["rr"][np.isfinite(beats["rr"])]
    if len(rr) < 4 or np.isfinite(beats["p"]).mean() >= _LEAST_P:
        return False
    low, middle, high = np.percentile(rr, (25, 50, 75))
    return bool((high - low) / middle > _IRREGULAR)


def _axes(heights: Amplitudes) -> list[Measurement]:
    plane = heights.frontal
    absent = plane.reason if plane.areas is None else "the wave was not found"
    found = []
    for name in ("P", "QRS", "T"):
        areas = None if plane.areas is None else plane.areas[name]
        if areas is None or not np.isfinite(areas).any():
            found.append(Measurement(f"{name} axis", "°", None, reason=absent))
            continue
        known = areas[:, np.isfinite(areas).all(axis=0)]
        middle = float(np.degrees(np.arctan2(*np.median(known, axis=1)[::-1])))
        off = (np.degrees(np.arctan2(known[1], known[0])) - middle + 180) % 360 - 180
        low, high = np.percentile(off, (25, 75)) + middle
        found.append(Measurement(f"{name} axis", "°", middle, float(low), float(high), known.shape[1], plane.reason))
    return found


def _voltages(heights: Amplitudes) -> list[Measurement]:
    found = []
    for name, (leads, of) in LVH.items():
        missing = [lead for lead in leads if lead not in heights.by_lead]
        if missing:
            found.append(Measurement(name, "mV", None, reason=f"needs lead {' and '.join(missing)}"))
        else:
            values = of(*(heights.by_lead[lead] for lead in leads))
            found.append(_summary(name, "mV", values, "not measurable"))
    return found


def _by_lead(heights: Amplitudes) -> dict[str, dict[str, Measurement]]:
    names = {"ST J": "st_j", "ST J+60": "st_60", "ST J+80": "st_80", "R": "r", "S": "s"}
    return {
        lead: {
            name: _summary(name, "mV", getattr(of, attribute), "the lead is not readable there")
            for name, attribute in names.items()
        }
        for lead, of in heights.by_lead.items()
    }
