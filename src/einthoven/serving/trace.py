"""Give the web page the signal, beats and rhythms of a recording, so that a person can correct them."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.interpretation.interpretation import Interpretation
from einthoven.serving.marks import BEATS, RHYTHMS, beats_of, rhythms_of
from einthoven.signal.resample import resample

_SHOWN_HZ = 250.0
_LEAST_HZ = 100.0
_MOST_SAMPLES = 12_000_000
_STEP_UV = 2.0
_MISSING = -32768


def trace_of(found: Interpretation) -> dict[str, Any]:
    """Return the trace of an interpretation as plain values.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    dict
        ``name``, ``fs_hz``, ``n_samples`` of the recording; ``beats`` and ``rhythms`` as sample numbers of it, with codes of
        WFDB, and what these mean; ``shown_hz``, ``step_uv``, ``missing`` and ``leads``, each ``{name, samples}``: 16-bit
        integers, little-endian, base64.
    """
    record = found.record
    most_hz = _SHOWN_HZ if record.duration_s * _SHOWN_HZ <= _MOST_SAMPLES else _LEAST_HZ
    shown_hz = min(record.fs_hz, most_hz)
    n_leads = max(1, min(len(record.leads), int(_MOST_SAMPLES / (record.duration_s * shown_hz))))
    return {
        "name": record.name,
        "fs_hz": record.fs_hz,
        "n_samples": record.n_samples,
        "shown_hz": shown_hz,
        "step_uv": _STEP_UV,
        "missing": _MISSING,
        "leads": [
            {"name": name, "samples": _packed(lead_mv, record.fs_hz, shown_hz)}
            for name, lead_mv in zip(record.leads[:n_leads], record.signal_mv, strict=False)
        ],
        "beats": beats_of(found),
        "rhythms": rhythms_of(found),
        "beat_names": BEATS,
        "rhythm_names": RHYTHMS,
    }


def _packed(lead_mv: NDArray[np.float32], fs_hz: float, shown_hz: float) -> str:
    """Return a lead about its median; gaps stay gaps."""
    is_missing = ~np.isfinite(lead_mv)
    middle = float(np.median(lead_mv[~is_missing])) if not is_missing.all() else 0.0
    filled = np.where(is_missing, 0.0, lead_mv - middle).astype(np.float32)
    shown = resample(filled[None], fs_hz, shown_hz)[0]
    counts = np.clip(np.rint(shown * (1000.0 / _STEP_UV)), _MISSING + 1, -_MISSING - 1).astype("<i2")
    if is_missing.any():
        at = np.minimum((np.arange(len(counts)) * (fs_hz / shown_hz)).astype(int), len(lead_mv) - 1)
        counts[is_missing[at]] = _MISSING
    return base64.b64encode(counts.tobytes()).decode("ascii")
