"""Bring samples to millivolts, and refuse a unit or gain that they cannot have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.stated import UNITS_MV, Stated
from einthoven.signal.lead_names import KNOWN
from einthoven.signal.leads import canonical
from einthoven.signal.quality import IMPLAUSIBLE_MV

_MOST_MV = 1000.0
_SMALL_MV = 0.02
"""A typical lead that spans less is flat, or of another unit."""
_NOISE_MV = 0.002
"""No amplifier has less noise than a typical lead that spans less."""
_MANY_LEADS = 8
_LOW_COUNTS_MV = {True: 0.4, False: 0.3}
"""A typical lead of whole microvolts that spans less is more likely one of counts; for eight leads or more, and for fewer.
No record of PTB-XL (551 looked at) or of the Challenge 2017 (402) spans less; of those at 200 counts per mV, taken for
microvolts, nine and six in ten do."""
_DOUBTFUL_COUNTS_MV = 0.6
_PEAKED = 5.5
"""An ECG spans more than so many interquartile ranges; noise spans 3.8."""
_USUAL_SPAN_MV = 1.6
_GAINS = tuple(step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5))


_KNOWN = frozenset((*KNOWN.values(), "ECG"))
_UNITS = {"--unit mV": "millivolts", "--unit uV": "microvolts", "--unit V": "volts"}
_MICROVOLTS = ("uV", "µV", "μV")


@dataclass(frozen=True)
class Scaled:
    """Rows in millivolts."""

    signal_mv: NDArray[np.float32]
    """[leads, samples] in mV."""
    names: tuple[str, ...]
    """Names of the rows."""
    warnings: tuple[str, ...] = ()
    """What was left out or is odd."""


def to_millivolts(
    path: Path,
    values: NDArray[Any],
    names: tuple[str, ...],
    units: tuple[str | None, ...],
    calibration: tuple[float | None, float],
    stated: Stated,
) -> Scaled:
    """Bring rows to millivolts by what the user states, else by what the file says.

    Parameters
    ----------
    path : Path
        The file.
    values : array [leads, samples]
        The rows as the file has them.
    names : tuple of str
        Their names.
    units : tuple of str or None
        Unit of each row in the file.
    calibration : (float or None, float)
        Counts per mV and count at 0 mV, as the file says.
    stated : Stated
        What the user states.

    Returns
    -------
    Scaled

    Raises
    ------
    RecordUnreadable
        If the stated unit or gain cannot be that of an ECG.
    """
    gain, zero = calibration
    warnings = []
    if stated.states_scale:
        in_file = {unit for unit in units if unit is not None}
        if stated.unit is not None and in_file and in_file != {stated.unit}:
            warnings.append(f"the file states {', '.join(sorted(in_file))}; the stated unit {stated.unit} is used")
        signal = stated.to_mv(np.asarray(values, np.float64))
        kept, left_out = _known_and_plausible(signal, names)
        signal, names, values = signal[kept], tuple(names[at] for at in kept), values[kept]
        warnings += left_out
        warnings += require_plausible(path, values, names, stated, calibration)
    elif gain is not None:
        signal = (np.asarray(values, np.float64) - zero) / gain
    else:
        factors = np.array([UNITS_MV[unit or "mV"] for unit in units])
        signal = np.asarray(values, np.float64) * factors[:, None]
        kept, left_out = _known_and_plausible(signal, names)
        signal, names = signal[kept], tuple(names[at] for at in kept)
        warnings += left_out
    with np.errstate(over="ignore"):
        return Scaled(signal.astype(np.float32), names, tuple(warnings))


def suggested(values: NDArray[Any]) -> str:
    """Return the option that states a scale by which values are an ECG.

    Parameters
    ----------
    values : array [leads, samples]
        Values of a file.

    Returns
    -------
    str
        ``--unit mV``, ``--unit uV``, ``--unit V``, or ``--gain 200 --zero 1024`` for counts of a converter.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> suggested(rng.normal(0, 0.3, (1, 500))), suggested(np.rint(rng.normal(512, 60, (1, 500))))
    ('--unit mV', '--gain 200 --zero 506')
    """
    span, middle = _span(values), _middle(values)
    if not span:
        return "--unit mV"
    if _are_counts(values) or (abs(middle) > 2 * span and abs(middle) > _MOST_MV):
        return f"--gain {_nice(span)} --zero {_zero(values)}"
    if not is_counted(values):
        return "--unit V" if span < _SMALL_MV else "--unit mV" if span <= IMPLAUSIBLE_MV else _microvolts(span)
    return (
        _microvolts(span)
        if span >= 1000 * _LOW_COUNTS_MV[len(values) >= _MANY_LEADS]
        else f"--gain {_nice(span)} --zero 0"
    )


def _are_counts(values: NDArray[Any]) -> bool:
    """Return whether values are whole numbers in the range of a converter without sign, far from zero."""
    return is_counted(values) and bool(_least(values) >= 0) and bool(_middle(values) > 0.3 * _span(values))


def is_counted(values: NDArray[Any]) -> bool:
    """Return whether all values are whole numbers, as counts of a converter are, and more than three of them differ.

    Parameters
    ----------
    values : array [leads, samples]
        The values.

    Returns
    -------
    bool
    """
    few = _thinned(values)
    few = few[np.isfinite(few)]
    return len(few) > 0 and bool((few == np.rint(few)).all()) and len(np.unique(few[:5000])) > 3


def require_plausible(
    source: Path | str,
    values: NDArray[Any],
    names: tuple[str, ...],
    stated: Stated,
    calibration: tuple[float | None, float] = (None, 0.0),
) -> list[str]:
    """Refuse a stated unit or gain by which values are no ECG. Known leads are judged, if there are any.

    Parameters
    ----------
    source : Path or str
        Where they come from.
    values : array [leads, samples]
        The values as they came.
    names : tuple of str
        Names of the leads.
    stated : Stated
        The unit, or gain and zero.
    calibration : (float or None, float)
        Counts per mV and count at 0 mV, as the file says.

    Returns
    -------
    list of str
        A warning for low amplitudes of whole numbers.

    Raises
    ------
    RecordUnreadable
        If the amplitudes cannot be those of an ECG; the remedy states others.
    """
    signal_mv = stated.to_mv(np.asarray(values, np.float64))
    known = [at for at, name in enumerate(names) if canonical(name) in _KNOWN] or list(range(len(names)))
    values, signal_mv = values[known], signal_mv[known]
    span, middle = _span(signal_mv), _middle(signal_mv)
    found = ""
    if abs(middle) > _MOST_MV:
        found = f"half of the samples are beyond {middle:,.0f} mV"
    elif span > IMPLAUSIBLE_MV:
        found = f"a typical lead spans {span:,.0f} mV"
    elif 0 < span < _NOISE_MV or (0 < span < _SMALL_MV and _is_peaked(signal_mv)):
        found = f"a typical lead spans {span:.2g} mV"
    elif stated.unit is not None and _are_counts(values):
        found = f"whole numbers around {_middle(values):.0f}, none below zero"
    is_microvolts = stated.unit in _MICROVOLTS and is_counted(values)
    is_low = is_microvolts and 0 < span < _LOW_COUNTS_MV[len(names) >= _MANY_LEADS]
    if not found and is_low and _is_peaked(signal_mv):
        found = f"whole numbers; as microvolts a typical lead spans {span:.2g} mV"
    if found:
        raise _implausible(source, found, values, calibration, stated)
    if is_microvolts and 0 < span < _DOUBTFUL_COUNTS_MV:
        return [
            f"a typical lead spans only {span:.2g} mV: if the values are counts of a converter, state --gain, in counts per mV"
        ]
    if 0 < span < _SMALL_MV:
        return [f"a typical lead spans only {span:.2g} mV: this is noise, or the unit is another"]
    return []


def _implausible(
    path: Path | str, found: str, values: NDArray[Any], calibration: tuple[float | None, float], stated: Stated
) -> RecordUnreadable:
    said = f"--gain {stated.gain:g} --zero {stated.zero or 0:g}" if stated.unit is None else f"--unit {stated.unit}"
    gain, zero = calibration
    counts = f"--gain {_nice(_span(values))} --zero {_zero(values)}"
    if gain is not None:
        lines = [f"--gain {gain:.6g} --zero {zero:g}      in place of {said}, as the file says"]
    else:
        options = {option: f"if the values are {name}" for option, name in _UNITS.items() if _fits(values, option)}
        options[counts] = "if they are counts of a converter, with its gain in counts per mV"
        if stated.unit in _MICROVOLTS and is_counted(values) and _span(values) <= 1000 * IMPLAUSIBLE_MV:
            options[f"--gain 1000 --zero {_zero(values)}"] = "if they are microvolts indeed"
        options.pop(said, None)
        first = suggested(values) if suggested(values) in options else counts
        if stated.unit is not None and not is_counted(values) and _is_offset(values, UNITS_MV[stated.unit]):
            first = f"--gain {1 / UNITS_MV[stated.unit]:g} --zero {_zero(values)}"
            options = {first: f"if they are {_UNITS.get(said, stated.unit)} with an offset"} | options
        lines = [f"{first}      in place of {said}, {options.pop(first)}"]
        lines += [f"{option}      {why}" for option, why in options.items()]
    return RecordUnreadable(
        f"The amplitudes of {path} cannot be those of an ECG in {stated.unit or 'counts of this gain'}.",
        found=found,
        expected=f"a typical lead that spans {_SMALL_MV:g} to {IMPLAUSIBLE_MV:g} mV",
        remedy="\n".join(lines),
    )


def _is_offset(values: NDArray[Any], factor: float) -> bool:
    """Return whether only the middle of values is not that of an ECG."""
    return _SMALL_MV <= _span(values) * factor <= IMPLAUSIBLE_MV and abs(_middle(values)) * factor > _MOST_MV


def _fits(values: NDArray[Any], option: str) -> bool:
    """Return whether values are those of an ECG in the unit that an option states."""
    factor = UNITS_MV[option.split()[-1]]
    span, middle = _span(values) * factor, _middle(values) * factor
    is_low = is_counted(values) and option == "--unit uV" and span < _DOUBTFUL_COUNTS_MV
    return _SMALL_MV <= span <= IMPLAUSIBLE_MV and abs(middle) <= _MOST_MV and not _are_counts(values) and not is_low


def _known_and_plausible(signal_mv: NDArray[Any], names: tuple[str, ...]) -> tuple[list[int], list[str]]:
    """Return the rows without those of an unknown name that cannot be an ECG in this unit, beside known leads that can."""
    known = [canonical(name) in _KNOWN for name in names]
    everything = list(range(len(names)))
    if all(known) or not any(known) or _span(signal_mv[known]) > IMPLAUSIBLE_MV:
        return everything, []
    out = [
        at
        for at, row in enumerate(signal_mv)
        if not known[at] and (_span(row[None]) > IMPLAUSIBLE_MV or abs(_middle(row[None])) > _MOST_MV)
    ]
    if not out:
        return everything, []
    text = f"left out, since their values cannot be an ECG: {', '.join(names[at] for at in out)}"
    return [at for at in everything if at not in out], [text]


def _thinned(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values[:, :: max(1, values.shape[1] // 20_000)], np.float64)


def _span(values: NDArray[Any]) -> float:
    """Return the range between the 0.5th and the 99.5th percentile of the median row; 0 if all samples are missing."""
    spans = []
    for row in _thinned(values):
        there = row[np.isfinite(row)]
        if len(there):
            low, high = np.percentile(there, (0.5, 99.5))
            spans.append(high - low)
    return float(np.median(spans)) if spans else 0.0


def _middle(values: NDArray[Any]) -> float:
    middles = [np.median(row[np.isfinite(row)]) for row in _thinned(values) if np.isfinite(row).any()]
    return float(np.median(middles)) if middles else 0.0


def _least(values: NDArray[Any]) -> float:
    few = _thinned(values)
    few = few[np.isfinite(few)]
    return float(few.min()) if len(few) else 0.0


def _is_peaked(signal_mv: NDArray[Any]) -> bool:
    """Return whether most values lie close together and few far away, as in an ECG and not in noise."""
    peaked = []
    for row in _thinned(signal_mv):
        there = row[np.isfinite(row)]
        if len(there):
            low, first, third, high = np.percentile(there, (0.5, 25, 75, 99.5))
            peaked.append(high - low > _PEAKED * (third - first))
    return bool(2 * sum(peaked) > len(peaked))


def _nice(span: float) -> str:
    """Return the usual gain by which a span is nearest to that of an ECG."""
    wanted = max(span, 1e-9) / _USUAL_SPAN_MV
    return f"{min(_GAINS, key=lambda gain: abs(float(np.log(gain / wanted)))):.12g}"


def _zero(values: NDArray[Any]) -> str:
    """Return the count at 0 mV: the middle of the values, or 0 where they lie around it."""
    middle = _middle(values)
    return f"{middle:.0f}" if abs(middle) > 0.3 * _span(values) else "0"


def _microvolts(span: float) -> str:
    return "--unit uV" if span <= 1000 * IMPLAUSIBLE_MV else f"--gain {_nice(span)}"
