"""Add recorded noise to a recording at a stated signal-to-noise ratio, in periods, as the noise stress test of EC57 does.

Sources: ANSI/AAMI EC57 (the periods); nst(1) and sigamp(1) of the WFDB Applications Guide, G. Moody (amplitudes and ratio).
Departure from nst: the QRS amplitude is the median over all beats, where nst takes the trimmed mean over the first 300 normal ones.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.disturbances import Clean, Disturbed, Rng, with_limb_laws

Array = NDArray[Any]

KINDS = {"bw": "baseline wander", "em": "electrode motion", "ma": "muscle artefact"}
"""Records of the MIT-BIH Noise Stress Test Database, and what they hold."""
SNRS_DB = (24, 18, 12, 6, 0, -6)
"""Signal-to-noise ratios, dB."""
LEARNING_S, PERIOD_S = 300.0, 120.0
"""Time before the first noise, and length of each period with noise and of each without, s."""
_REACH_S = 0.05
_TRIMMED = 20  # a 20th at either end


def periods(n_samples: int, fs_hz: float) -> Array:
    """Return the periods with noise: after five minutes, two minutes of every four.

    Parameters
    ----------
    n_samples : int
        Length of the recording.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    array of int [n, 2], sample numbers
        Beginning and end of each; the whole recording if it ends before the first such period does.

    Examples
    --------
    >>> (periods(15 * 60 * 100, 100.0) / 6000).tolist()
    [[5.0, 7.0], [9.0, 11.0], [13.0, 15.0]]
    """
    if n_samples < (LEARNING_S + PERIOD_S) * fs_hz:
        return np.array([[0, n_samples]])
    starts = np.arange(LEARNING_S, n_samples / fs_hz, 2 * PERIOD_S)
    found = np.round(np.stack((starts, starts + PERIOD_S), axis=1) * fs_hz).astype(np.int64)
    return np.minimum(found, n_samples)


def qrs_amplitude_mv(signal_mv: Array, beats: Array, fs_hz: float) -> Array:
    """Return the median peak-to-peak amplitude of the QRS complexes of each lead, within 50 ms of each beat.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The leads, NaN where samples are missing.
    beats : array of int [n], sample numbers
        Heartbeats.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [leads], mV
        NaN for a lead without a whole beat.
    """
    reach = round(_REACH_S * fs_hz)
    inside = beats[(beats >= reach) & (beats < signal_mv.shape[1] - reach)]
    around = signal_mv[:, inside[:, None] + np.arange(-reach, reach + 1)]
    heights = np.ptp(around, axis=2)
    return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in heights])


def noise_rms_mv(noise_mv: Array, fs_hz: float) -> Array:
    """Return the size of noise: the mean over seconds of the RMS about the second's mean, without a 20th at either end.

    Parameters
    ----------
    noise_mv : array [leads, samples], mV
        The noise, at least one second of it.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    array [leads], mV
    """
    second = round(fs_hz)
    n = noise_mv.shape[1] // second
    sizes = np.sort(noise_mv[:, : n * second].reshape(len(noise_mv), n, second).std(axis=2), axis=1)
    return np.asarray(sizes[:, n // _TRIMMED : n - n // _TRIMMED].mean(axis=1))


def gains(qrs_mv: Array, noise_mv: Array, snr_db: float) -> Array:
    """Return the factors of the noise that give a signal-to-noise ratio.

    Parameters
    ----------
    qrs_mv : array [leads], mV
        Peak-to-peak amplitude of the QRS complexes; the power of the signal is its square over eight, that of a sine.
    noise_mv : array [leads], mV
        Size of the noise that each lead gets.
    snr_db : float, dB
        The ratio.

    Returns
    -------
    array [leads]

    Examples
    --------
    >>> gains(np.array([1.0]), np.array([0.1]), 0.0).round(4).tolist()
    [3.5355]
    """
    return np.sqrt(qrs_mv**2 / 8 / 10 ** (snr_db / 10)) / noise_mv


def in_periods(noise: Array, spans: Array) -> Array:
    """Return noise that runs during periods only; between them its last value is held, so that no step arises.

    Parameters
    ----------
    noise : array [leads, samples]
        The noise.
    spans : array of int [n, 2], sample numbers
        The periods.

    Returns
    -------
    array [leads, samples]
        It begins with zero.
    """
    edges = np.zeros(noise.shape[1] + 1, np.int64)
    np.add.at(edges, spans[:, 0] + 1, 1)  # the first sample of a period adds nothing
    np.add.at(edges, np.maximum(spans[:, 1], spans[:, 0] + 1), -1)
    steps = np.diff(noise, axis=1, prepend=noise[:, :1]) * (np.cumsum(edges)[:-1] > 0)
    return np.asarray(np.cumsum(steps, axis=1))


def with_noise(noise_mv: Array, snr_db: float, clean: Clean, rng: Rng) -> Disturbed | None:
    """Add noise to a recording; its leads get the leads of the noise in turn, as by nst.

    Where a recording has I and II, the noise of III, aVR, aVL and aVF follows from theirs, and has another ratio then.

    Parameters
    ----------
    noise_mv : array [noise leads, samples], mV
        The noise at the recording's sampling rate; it begins at a drawn place, and again at its first sample when it ends.
    snr_db : float, dB
        Signal-to-noise ratio.
    clean : Clean
        The recording.
    rng : numpy.random.Generator
        Draws where the noise begins.

    Returns
    -------
    Disturbed or None
        None for a recording with a lead without a beat.
    """
    of = np.arange(len(clean.leads)) % len(noise_mv)
    start, n = int(rng.integers(noise_mv.shape[1])), noise_mv.shape[1]
    qrs_mv = qrs_amplitude_mv(clean.signal_mv, clean.beats, clean.fs_hz)
    if not np.isfinite(qrs_mv).all():
        return None
    spans = periods(clean.n_samples, clean.fs_hz)
    at = (start + np.arange(clean.n_samples)) % n
    drawn = noise_mv[:, at].astype(np.float64)
    for again in np.flatnonzero(at == 0):  # no step where the noise begins again
        drawn[:, again:] += (drawn[:, again - 1] - drawn[:, again])[:, None] if again else 0.0
    factors = gains(qrs_mv, noise_rms_mv(noise_mv, clean.fs_hz)[of], snr_db)
    added = with_limb_laws(in_periods(drawn, spans)[of] * factors[:, None], clean.leads)
    return Disturbed(clean.signal_mv + added, clean.fs_hz, tuple(range(len(clean.leads))), spans)
