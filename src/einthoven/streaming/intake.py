"""What a stream takes: which model, which rate and leads, which pieces of signal."""

from numbers import Real

import numpy as np

from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.inference.predictor import Predictor

_RATES_HZ = (64.0, 10_000)
"""Below, the band of QRS complexes (5 to 30 Hz) does not fit."""


def require(model: Predictor, fs_hz: float, leads: tuple[str, ...]) -> None:
    """Refuse a model that cannot follow a live signal, and a signal without rate or leads.

    Raises
    ------
    RecordUnreadable, ConfigurationFault
        As said.
    """
    if not isinstance(model, Predictor):
        raise ConfigurationFault(
            "a stream is answered by a model that is loaded.",
            found=repr(model)[:80],
            expected="what einthoven.load gives",
            remedy='Stream(einthoven.load("model.onnx"), fs_hz=300, leads=("I",))',
        )
    are_names = not isinstance(leads, str) and leads and all(isinstance(lead, str) for lead in leads)
    if not isinstance(fs_hz, Real) or not are_names:
        raise RecordUnreadable(
            "a stream has a rate and leads.",
            found=f"{fs_hz!r} and {leads!r}",
            expected="a number in Hz, and the names of the leads in order",
            remedy='Stream(model, fs_hz=300, leads=("I",))',
        )
    wanted = model.card.preparation
    if (wanted.reads_beats and not wanted.is_whole) or model.card.class_prior_adaptation:
        raise ConfigurationFault(
            f"{model.card.name} cannot follow a live signal.",
            found="a model that compares each beat with all others of the whole recording",
            expected="a model that looks at a beat or a window by itself",
            remedy="einthoven stream mitbih-cnn-lstm-mlii --from FILE",
        )
    if not np.isfinite(fs_hz) or not _RATES_HZ[0] <= fs_hz <= _RATES_HZ[1]:
        raise RecordUnreadable(
            "the signal's rate cannot be an electrocardiogram's.",
            found=f"{fs_hz:g} Hz",
            expected=f"{_RATES_HZ[0]:g} to {_RATES_HZ[1]:,} Hz",
            remedy="--fs 300",
        )


def numbers(chunk: np.ndarray, leads: tuple[str, ...]) -> np.ndarray:
    """A piece of signal as numbers [leads, samples], NaN where it is masked.

    Raises
    ------
    RecordUnreadable
        Where it has other leads, or holds no numbers.
    """
    try:
        found = chunk.astype(np.float32).filled(np.nan) if np.ma.isMaskedArray(chunk) else np.asarray(chunk)
    except ValueError:  # rows of several lengths
        found = np.empty(0)
    if found.ndim != 2 or len(found) != len(leads) or found.dtype.kind not in "fiu":
        raise RecordUnreadable(
            "a piece of the signal does not fit the stream.",
            found=f"{found.dtype} of shape {found.shape}",
            expected=f"numbers of shape ({len(leads)}, any): {', '.join(leads)}",
            remedy="give all leads, one row each",
        )
    return found
