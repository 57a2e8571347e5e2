"""Check what a stream is given: the model, the sampling rate and leads, and each piece of signal."""

from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.inference.predictor import Predictor
from einthoven.streaming.buffer import Mark

_RATES_HZ = (64.0, 10_000)
"""Below the lower one the band of QRS complexes (5 to 30 Hz) does not fit."""
_QUIET_S = 10.0


def require_signal(fs_hz: float, leads: tuple[str, ...]) -> None:
    """Refuse a signal without a plausible rate, or without leads.

    Parameters
    ----------
    fs_hz : float
        Sampling rate, Hz.
    leads : tuple of str
        Names of the leads, in order.

    Raises
    ------
    RecordUnreadable
        Where the rate is no number or not that of an ECG, or the leads are no names.
    """
    are_names = not isinstance(leads, str) and leads and all(isinstance(lead, str) for lead in leads)
    if not isinstance(fs_hz, Real) or not are_names:
        raise RecordUnreadable(
            "A stream needs a rate and leads.",
            found=f"{fs_hz!r} and {leads!r}",
            expected="a number in Hz, and the names of the leads in order",
            remedy='Stream(model, fs_hz=300, leads=("I",))',
        )
    if not np.isfinite(fs_hz) or not _RATES_HZ[0] <= fs_hz <= _RATES_HZ[1]:
        raise RecordUnreadable(
            "This sampling rate is not that of an ECG.",
            found=f"{fs_hz:g} Hz",
            expected=f"{_RATES_HZ[0]:g} to {_RATES_HZ[1]:,} Hz",
            remedy="--fs 300",
        )


def require_model(model: Predictor) -> None:
    """Refuse a model that cannot predict on a live signal.

    Parameters
    ----------
    model : Predictor
        The model.

    Raises
    ------
    ConfigurationFault
        Where it is not loaded, or compares each beat with the whole record, or each window with those around it.
    """
    if not isinstance(model, Predictor):
        raise ConfigurationFault(
            "A stream needs a loaded model.",
            found=repr(model)[:80],
            expected="what einthoven.load returns",
            remedy='Stream(einthoven.load("model.onnx"), fs_hz=300, leads=("I",))',
        )
    wanted = model.card.preparation
    if wanted.context_s:
        raise ConfigurationFault(
            f"{model.card.name} cannot predict on a live signal.",
            found=f"a model that measures the {wanted.context_s:g} s around each window with it",
            expected="a model that classifies each window by itself",
            remedy="einthoven stream challenge2017-rhythm --from FILE",
        )
    if (wanted.reads_beats and not wanted.is_whole) or model.card.class_prior_adaptation:
        raise ConfigurationFault(
            f"{model.card.name} cannot predict on a live signal.",
            found="a model that compares each beat with all others of the record",
            expected="a model that classifies each beat or window by itself",
            remedy="einthoven stream mitbih-cnn-lstm-mlii --from FILE",
        )


def as_numbers(chunk: NDArray[Any], leads: tuple[str, ...]) -> NDArray[Any]:
    """Return a piece of signal as numbers.

    Parameters
    ----------
    chunk : array [leads, samples], mV
        The piece; may be masked.
    leads : tuple of str
        Leads of the stream.

    Returns
    -------
    array [leads, samples], mV
        NaN where a sample is masked.

    Raises
    ------
    RecordUnreadable
        Where it has other leads, or holds no numbers.
    """
    try:
        if isinstance(chunk, np.ma.MaskedArray):
            found: NDArray[Any] = np.ma.filled(chunk.astype(np.float32), np.nan)
        else:
            found = np.asarray(chunk)
    except ValueError:  # rows of different lengths
        found = np.empty(0)
    if found.ndim != 2 or len(found) != len(leads) or found.dtype.kind not in "fiu":
        raise RecordUnreadable(
            "A piece of the signal does not fit the stream.",
            found=f"{found.dtype} of shape {found.shape}",
            expected=f"numbers of shape ({len(leads)}, any): {', '.join(leads)}",
            remedy="give one row for each lead of the stream",
        )
    return found


def impossible_marks(
    impossible: NDArray[np.bool_], leads: tuple[str, ...], n_before: int, quiet_until: list[int], fs_hz: float
) -> Iterator[Mark]:
    """Mark values that are no voltage of a heart, at most every ten seconds for each lead.

    Parameters
    ----------
    impossible : array of bool [leads, samples]
        Which samples of a chunk are impossible.
    leads : tuple of str
        Names of the leads.
    n_before : int
        Samples that were fed before the chunk.
    quiet_until : list of int [leads]
        The sample number up to which each lead is not marked again; it is moved on.
    fs_hz : float, Hz
        Sampling rate.

    Yields
    ------
    Mark
    """
    for lead in np.flatnonzero(impossible.any(axis=1)).tolist():
        where = np.flatnonzero(impossible[lead]) + n_before
        if where[0] >= quiet_until[lead]:
            quiet_until[lead] = int(where[-1] + _QUIET_S * fs_hz)
            yield Mark("impossible", leads[lead], where[0] / fs_hz, (where[-1] + 1) / fs_hz)
