"""Choose the signals of a WFDB header that are an ECG, and bring them to one rate."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.header import Signal
from einthoven.records.stated import UNITS_MV
from einthoven.signal.leads import canonical
from einthoven.signal.quality import interpolated
from einthoven.signal.resample import resample

_NAMED = re.compile(
    r"(^|.*[^a-z])f?(ecg|ekg)(?![a-z]).*|(mcl|ml|cm|cc|cs|cb|mv|d|v)[-_ ]?([ivxyzfrl]+|\d)?\d?", re.IGNORECASE
)
_COUNTS = ("adu", "adus", "count", "counts", "lsb", "nu", "raw", "digital", "units", "unit", "bits", "")


def chosen(signals: Sequence[Signal], path: Path, fs_hz: float | None, warnings: list[str]) -> tuple[list[int], int]:
    """Return which signals are read, and the samples in a frame of the ECG.

    All signals in volts are read where they have one rate. Where they have several, the rate is that of the leads with
    an ECG's name, or the highest; signals of other rates with other names are left out.

    Parameters
    ----------
    signals : sequence of Signal
        Signals of a header.
    path : Path
        The header, for the error.
    fs_hz : float or None, Hz
        Frames per second, for the error.
    warnings : list of str
        Gets the signals that are left out.

    Returns
    -------
    kept : list of int
        Positions of the signals that are read.
    frame : int
        Samples in a frame.

    Raises
    ------
    RecordUnreadable
        If no signal is in volts.
    """
    volts = [at for at, signal in enumerate(signals) if signal.unit in UNITS_MV]
    if not volts:
        raise _no_ecg(signals, path, fs_hz)
    others = [signal.lead for signal in signals if signal.unit not in UNITS_MV]
    if others:
        warnings.append(f"skipped, because not in volts: {', '.join(others)}")
    if len({signals[at].frame for at in volts}) == 1:
        return volts, signals[volts[0]].frame
    named = [at for at in volts if _names_a_lead(signals[at].lead)]
    frame = max(signals[at].frame for at in named or volts)
    kept = [at for at in volts if signals[at].frame == frame or at in named]
    slow = [_with_rate(signals[at], fs_hz) for at in volts if at not in kept]
    if slow:
        warnings.append(f"skipped, because not sampled as the ECG is: {', '.join(slow)}")
    resampled = [_with_rate(signals[at], fs_hz) for at in kept if signals[at].frame != frame]
    if resampled:
        warnings.append(f"resampled to the rate of the other leads: {', '.join(resampled)}")
    return kept, frame


def at_rate(values_mv: NDArray[np.float32], frame: int, wanted: int) -> NDArray[np.float32]:
    """Return a lead with another number of samples in a frame.

    Parameters
    ----------
    values_mv : array [frames x frame], float32, mV
        The lead; NaN where a sample is missing.
    frame : int
        Its samples in a frame.
    wanted : int
        Wanted samples in a frame.

    Returns
    -------
    array [frames x wanted], float32, mV
        Missing where the sample at the same time is.
    """
    if frame == wanted:
        return values_mv
    n_wanted = len(values_mv) // frame * wanted
    resampled: NDArray[Any] = resample(interpolated(values_mv)[None], frame, wanted)[0][:n_wanted]
    at = np.minimum(np.arange(n_wanted) * frame // wanted, len(values_mv) - 1)
    return np.where(np.isnan(values_mv[at]), np.float32(np.nan), resampled).astype(np.float32)


def _names_a_lead(name: str) -> bool:
    return canonical(name) != name.strip() or canonical(name.swapcase()) == name.strip() or bool(_NAMED.fullmatch(name))


def _with_rate(signal: Signal, fs_hz: float | None) -> str:
    return signal.lead if fs_hz is None else f"{signal.lead} at {signal.frame * fs_hz:g} Hz"


def _no_ecg(signals: Sequence[Signal], path: Path, fs_hz: float | None) -> RecordUnreadable:
    shown = [f"{signal.lead} in {signal.unit}" for signal in signals]
    words = ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
    rate = "" if fs_hz is None else f", {fs_hz * max(signal.frame for signal in signals):.4g} Hz"
    are_counts = any(signal.unit.lower() in _COUNTS and _names_a_lead(signal.lead) for signal in signals)
    return RecordUnreadable(
        f"{path} holds no ECG: no signal is in volts.",
        found=f"{words}{rate}",
        expected="a lead in V, mV or uV",
        remedy="--gain 200 --zero 0      if these are counts, with the true counts per mV and the count at 0 mV"
        if are_counts
        else "name the record that holds the ECG",
    )
