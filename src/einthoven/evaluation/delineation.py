"""Score boundaries of waves: one-to-one matching within a tolerance, errors in ms, waves that no annotator saw.

A boundary is found if one of ours lies within the tolerance of theirs. Pairs are made nearest first, each boundary once. Ours
outside the stretch that was annotated do not count, unless they match. A boundary that the annotators left open is not scored.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.intervals import Interval, draw_weights, interval
from einthoven.signal.boundaries import QRS, WAVES, P, T, Waves

Array = NDArray[Any]

ENDS = ("onset", "offset")
WIDE_S = 0.150
"""The field's tolerance, s."""
NARROW_S = {
    (P, "onset"): 0.050,
    (P, "offset"): 0.050,
    (QRS, "onset"): 0.040,
    (QRS, "offset"): 0.040,
    (T, "onset"): 0.050,
    (T, "offset"): 0.100,
}
"""Narrow tolerances, s, by wave and boundary."""
DRAWS = 1000
_P_REACHES_S = 0.4
"""A P wave belongs to a beat whose QRS begins within this time after it, s."""


@dataclass(frozen=True)
class Compared:
    """Waves of one lead beside those of the annotators.

    Parameters
    ----------
    record : str
        Name of the record, which intervals resample.
    truth, found : Waves
        Theirs and ours.
    has_p : bool
        Whether the rhythm of the record has P waves at all.
    stretches_s : array [k, 2], s, optional
        Beginning and end of each annotated stretch (default: from the first mark to the last).
    """

    record: str
    truth: Waves
    found: Waves
    has_p: bool = True
    stretches_s: Array | None = None

    def is_annotated(self, times_s: Array) -> Array:
        """Return whether times lie in an annotated stretch.

        Parameters
        ----------
        times_s : array [n], s
            The times.

        Returns
        -------
        array of bool [n]
        """
        stretches = np.array([self.truth.stretch_s]) if self.stretches_s is None else self.stretches_s
        first, last = stretches[:, :1], stretches[:, 1:]
        return np.asarray(((times_s >= first) & (times_s <= last)).any(axis=0))


@dataclass(frozen=True, eq=False)
class Matched:
    """Boundaries of one kind in one lead.

    Parameters
    ----------
    errors_s : array [pairs], s
        Ours minus theirs.
    missed : int
        Theirs without one of ours.
    extra : int
        Ours without one of theirs, inside the annotated stretch.
    """

    errors_s: Array
    missed: int
    extra: int


def matched(lead: Compared, kind: int, end: str, tolerance_s: float) -> Matched:
    """Pair the boundaries of one kind.

    Parameters
    ----------
    lead : Compared
        Waves of one lead.
    kind : int
        Place in WAVES.
    end : str
        ``onset`` or ``offset``.
    tolerance_s : float, s
        Largest distance of a pair.

    Returns
    -------
    Matched
    """
    theirs, ours = lead.truth.of(kind), lead.found.of(kind)
    wanted, offered = getattr(theirs, f"{end}_s"), getattr(ours, f"{end}_s")
    left_open_s = theirs.peak_s[~np.isfinite(wanted)]
    wanted = wanted[np.isfinite(wanted)]
    pairs = nearest_pairs(wanted, offered, tolerance_s)
    free = np.delete(np.arange(len(ours)), pairs[:, 1])
    inside = ours[free[lead.is_annotated(offered[free])]]
    excused = (left_open_s[:, None] >= inside.onset_s - tolerance_s) & (
        left_open_s[:, None] <= inside.offset_s + tolerance_s
    )
    return Matched(
        errors_s=offered[pairs[:, 1]] - wanted[pairs[:, 0]],
        missed=len(wanted) - len(pairs),
        extra=int((~excused.any(axis=0)).sum()),
    )


def nearest_pairs(wanted: Array, offered: Array, tolerance: float) -> Array:
    """Pair two sets of times one to one, the nearest first.

    Parameters
    ----------
    wanted, offered : array [n], array [m]
        Times in increasing order.
    tolerance : float
        Largest distance of a pair, in the unit of the times.

    Returns
    -------
    array [pairs, 2], int
        Places in `wanted` and in `offered`.
    """
    low = np.searchsorted(offered, wanted - tolerance, side="left")
    high = np.searchsorted(offered, wanted + tolerance, side="right")
    near = [
        (abs(offered[there] - wanted[at]), at, there) for at in range(len(wanted)) for there in range(low[at], high[at])
    ]
    pairs, used, taken = [], set[int](), set[int]()
    for _, at, there in sorted(near):
        if at not in used and there not in taken:
            used.add(at)
            taken.add(there)
            pairs.append((at, there))
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def beats_without_p(truth: Waves, found: Waves) -> tuple[int, int]:
    """Count annotated beats without an annotated P wave, and those of them before which we put one.

    Parameters
    ----------
    truth, found : Waves
        Waves of one lead: theirs and ours.

    Returns
    -------
    n, with_ours : int
        Beats, and beats with a P wave of ours. The first annotated beat does not count: its P wave may lie before the stretch.
    """
    beats, theirs, ours = truth.of(QRS).peak_s, truth.of(P).peak_s, found.of(P).peak_s
    n = with_ours = 0
    for before, beat in itertools.pairwise(beats):
        begins = max(before, beat - _P_REACHES_S)
        if not ((theirs > begins) & (theirs < beat)).any():
            n += 1
            with_ours += bool(((ours > begins) & (ours < beat)).any())
    return n, with_ours


def scored(compared: Iterable[Compared], tolerances_s: Mapping[tuple[int, str], float] | None = None) -> dict[str, Any]:
    """Score the waves of many leads.

    Parameters
    ----------
    compared : iterable of Compared
        Leads of records.
    tolerances_s : mapping of (int, str) to float, s, optional
        Tolerance of each boundary (default: 150 ms for all).

    Returns
    -------
    dict
        ``n_records``, ``n_leads``; ``boundaries``: for each wave and end sensitivity, positive predictivity and F1 (share, with
        intervals over records), mean and standard deviation of ours minus theirs (ms), and counts; ``p_f1``, ``qrs_f1``,
        ``t_f1`` (mean of onset and offset), ``macro_f1`` (mean of all six), ``sd_ms`` (mean of the six deviations); false P waves.
    """
    rows = list(compared)
    records = np.array([row.record for row in rows])
    names = np.unique(records)
    weights = draw_weights(np.arange(len(names)), DRAWS, 0) if len(names) else np.zeros((DRAWS, 0))
    place = np.searchsorted(names, records)
    boundaries: dict[str, Any] = {}
    drawn: dict[tuple[int, str], dict[str, tuple[float, Array]]] = {}
    for kind in (P, QRS, T):
        for end in ENDS:
            tolerance = WIDE_S if tolerances_s is None else tolerances_s[kind, end]
            sums = np.zeros((len(names), 6))
            for row, at in zip(rows, place, strict=True):
                sums[at] += _sums(matched(row, kind, end, tolerance))
            figures = _figures(sums.sum(axis=0)), _figures(weights @ sums)
            drawn[kind, end] = {name: (float(value), figures[1][name]) for name, value in figures[0].items()}
            shown = {name: interval(*pair).as_dict() for name, pair in drawn[kind, end].items()}
            found, missed, extra = sums.sum(axis=0)[:3].astype(int).tolist()
            counts = {"n": found + missed, "missed": missed, "extra": extra, "tolerance_ms": round(1000 * tolerance)}
            boundaries[f"{WAVES[kind]} {end}"] = counts | shown
    return {
        "n_records": len(names),
        "n_leads": len(rows),
        "boundaries": boundaries,
        **{f"{WAVES[kind].lower()}_f1": _mean(drawn, (kind,), "f1").as_dict() for kind in (P, QRS, T)},
        **{
            f"{WAVES[kind].lower()}_sensitivity": _mean(drawn, (kind,), "sensitivity").as_dict() for kind in (P, QRS, T)
        },
        "macro_f1": _mean(drawn, (P, QRS, T), "f1").as_dict(),
        "sd_ms": _mean(drawn, (P, QRS, T), "sd_ms").as_dict(),
        "false_p": _false_p(rows, place, weights),
    }


def _sums(found: Matched) -> Array:
    """Return counts and sums that add up over leads: found, missed, extra, error, squared error (ms), one."""
    errors_ms = 1000 * found.errors_s
    return np.array([len(errors_ms), found.missed, found.extra, errors_ms.sum(), (errors_ms**2).sum(), 1.0])


def _figures(sums: Array) -> dict[str, Array]:
    """Return what is printed of sums [..., 6]."""
    n, missed, extra, error, squared = (sums[..., at] for at in range(5))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = error / n
        return {
            "sensitivity": n / (n + missed),
            "positive_predictivity": n / (n + extra),
            "f1": 2 * n / (2 * n + missed + extra),
            "mean_ms": mean,
            "sd_ms": np.sqrt(np.maximum(squared / n - mean**2, 0)),
        }


def _mean(drawn: dict[tuple[int, str], dict[str, tuple[float, Array]]], kinds: tuple[int, ...], name: str) -> Interval:
    """Return the mean of a figure over the boundaries of some waves."""
    pairs = [drawn[kind, end][name] for kind in kinds for end in ENDS]
    values = [value for value, _ in pairs if np.isfinite(value)]
    if not values:
        return Interval(float("nan"), float("nan"), float("nan"))
    return interval(float(np.mean(values)), np.mean([draws for value, draws in pairs if np.isfinite(value)], axis=0))


def _false_p(rows: list[Compared], place: Array, weights: Array) -> dict[str, Any]:
    """Count P waves where there is none: in records without P waves, and before beats without an annotated one."""
    sums = np.zeros((weights.shape[1], 4))
    for row, at in zip(rows, place, strict=True):
        if not row.has_p:
            sums[at, :2] += row.is_annotated(row.found.of(P).peak_s).sum(), len(row.truth.of(QRS))
        else:
            n, with_ours = beats_without_p(row.truth, row.found)
            sums[at, 2:] += with_ours, n
    shown = {}
    for name, at in (("per_beat_in_rhythms_without_p", 0), ("share_of_beats_without_p_mark", 2)):
        with np.errstate(divide="ignore", invalid="ignore"):
            value, draws = (
                sums[:, at].sum() / sums[:, at + 1].sum(),
                (weights @ sums[:, at]) / (weights @ sums[:, at + 1]),
            )
        n_beats = int(sums[:, at + 1].sum())
        shown[name] = interval(float(value), draws).as_dict() | {"n_beats": n_beats}
    return shown
