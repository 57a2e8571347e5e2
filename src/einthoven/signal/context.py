"""Knows what surrounds a beat: the patient's own typical beat, and numbers on the rhythm. Does not know a class.

A person's beats are compared with that person's: what is early, wide or odd for one heart is normal for another.
"""

import numpy as np

from einthoven.signal import heartbeats
from einthoven.signal import rhythm as rhythm_of
from einthoven.signal import waves as waves_of

N_INTERVALS = 39
"""Numbers on the intervals around a beat; see :func:`intervals`."""
N_RHYTHM = N_INTERVALS + 2
"""Numbers on the rhythm around a beat; see :func:`rhythm`."""
N_ALIKE = 15
"""Numbers on how a beat resembles its neighbours; see :func:`alike`."""
N_NUMBERS = N_RHYTHM + N_ALIKE
_REACH = 7
_RR_S = (0.15, 4.0)
_P_WAVE_S = (-0.26, -0.08)


def with_context(windows: np.ndarray, beats_s: np.ndarray, before: int, fs_hz: float) -> np.ndarray:
    """Beside each window the patient's typical beat, and one row of numbers on the rhythm.

    Parameters
    ----------
    windows : array [n, leads, samples] in mV, all the beats of one record in their order
    beats_s : times of the beats [n], ascending
    before : samples of a window ahead of its beat; fs_hz : its rate

    Returns
    -------
    array [n, 2 * leads + 1, samples], float32: for each lead the window and the typical beat, both over the height of the
    typical QRS complex; last the numbers of :func:`rhythm` and of :func:`alike`, then zeros
    """
    n, n_leads, n_samples = windows.shape
    out = np.zeros((n, 2 * n_leads + 1, n_samples), np.float32)
    if n < 2:
        out[:, : 2 * n_leads] = np.repeat(windows - np.median(windows, axis=2, keepdims=True), 2, axis=1)
        return out
    level = windows - np.median(windows, axis=2, keepdims=True)
    around = slice(max(0, before - round(0.13 * fs_hz)), before + round(0.14 * fs_hz))
    for lead in range(n_leads):
        own = typical(level[:, lead])
        height = np.ptp(own[around]) + 0.05
        out[:, 2 * lead] = level[:, lead] / height
        out[:, 2 * lead + 1] = own / height
    first, last = (before + round(edge * fs_hz) for edge in _P_WAVE_S)
    p_wave = slice(max(0, first), max(2, last))
    qrs = slice(max(0, before - round(0.1 * fs_hz)), before + round(0.1 * fs_hz))
    numbers = rhythm(beats_s, out[:, 0, p_wave], out[0, 1, p_wave]), alike(out[:, 0, qrs])
    out[:, -1, :N_NUMBERS] = np.concatenate(numbers, axis=1)[:, :n_samples]
    return out


def with_typical_beat(
    window: np.ndarray, fs_hz: float, n_samples: int, rhythm: bool = False, waves: bool = False
) -> np.ndarray:
    """Beside each lead of a stretch its typical beat, and one row of numbers on the stretch.

    Parameters
    ----------
    window : array [leads, samples]; fs_hz : its rate; n_samples : of the rows, which zeros fill where the window is shorter
    rhythm : whether the measurements of :func:`einthoven.signal.rhythm.measured` on the sharpest lead are among the numbers
    waves : whether those of :func:`einthoven.signal.waves.measured` on the typical beat are, behind the others

    Returns
    -------
    array [2 * leads + 1, n_samples], float32: for each lead the window and the typical beat, its R peak in the middle of the row,
    zeros around it; last the numbers of :func:`stretch_numbers`, the further ones, then zeros
    """
    n_leads, there = window.shape
    out = np.zeros((2 * n_leads + 1, n_samples), np.float32)
    out[0:-1:2, :there] = window
    beats, sharpest = _aligned(window, fs_hz)
    before, after = (round(span * fs_hz) for span in span_s(waves))
    held = np.pad(window, ((0, 0), (before, after)), mode="edge")
    each = np.stack([held[:, at : at + before + after] for at in beats])  # [beats, leads, samples]
    own = np.median(each, axis=0)
    alike_ = correlation(each.reshape(len(each), -1), own.ravel())
    if len(each) > 3:
        own = np.median(each[alike_ >= np.median(alike_)], axis=0)
    middle = n_samples // 2 - before
    out[1:-1:2, middle : middle + before + after] = own
    numbers = stretch_numbers(beats / fs_hz, alike_, there / fs_hz)
    if rhythm:
        numbers = np.append(numbers, rhythm_of.measured(window[sharpest], beats, fs_hz))
    out[-1, : len(numbers)] = numbers
    return remeasured(out, fs_hz, rhythm) if waves else out


def remeasured(rows: np.ndarray, fs_hz: float, rhythm: bool) -> np.ndarray:
    """Rows of :func:`with_typical_beat`, with what :func:`einthoven.signal.waves.measured` finds on the typical beat in them.

    Parameters
    ----------
    rows : array [2 * leads + 1, samples]; fs_hz : its rate; rhythm : whether measurements on the rhythm stand ahead of them
    """
    first, last = (rows.shape[1] // 2 + round(edge * fs_hz) for edge in (-waves_of.SPAN_S[0], waves_of.SPAN_S[1]))
    found = waves_of.measured(rows[1:-1:2, first:last], fs_hz, float(rows[-1, 0]))
    at, out = n_numbers(rhythm, False), rows.copy()
    out[-1, at : at + len(found)] = found
    return out


def span_s(waves: bool) -> tuple[float, float]:
    """Seconds of a stretch's typical beat ahead of and behind its R peak; more, where its waves are measured."""
    return waves_of.SPAN_S if waves else _TYPICAL_S


def n_numbers(rhythm: bool, waves: bool) -> int:
    """How many numbers on a stretch :func:`with_typical_beat` gives."""
    return N_STRETCH + rhythm * rhythm_of.N_RHYTHM + waves * waves_of.N_WAVES


_TYPICAL_S = (0.3, 0.6)
N_STRETCH = 7
"""Numbers on the rhythm of a stretch; see :func:`stretch_numbers`."""


def stretch_numbers(beats_s: np.ndarray, alike_: np.ndarray, duration_s: float) -> np.ndarray:
    """Numbers on the rhythm of a stretch [7], float32.

    Median RR interval in s; spread of the intervals, of their steps, and the longest, each over the median; beats a second; mean
    and least correlation of the beats with the typical one. Without two beats the first four are those of a steady 75 a minute.
    """
    between = np.diff(beats_s)
    if not len(between):
        between = np.array([0.8])
    middle = float(np.median(between))
    steps = np.diff(between) if len(between) > 1 else np.zeros(1)
    found = (
        *(middle, between.std() / middle, np.abs(steps).mean() / middle, between.max() / middle),
        *(len(beats_s) / duration_s, alike_.mean(), alike_.min()),
    )
    return np.clip(np.array(found, np.float32), -4, 4)


def _aligned(window: np.ndarray, fs_hz: float) -> tuple[np.ndarray, int]:
    """Beats of a stretch, sample numbers [n], each where all leads together are steepest, and the lead they were found in.

    Its middle where none is found.
    """
    steep = np.sqrt(np.square(np.diff(window, axis=1, prepend=window[:, :1])).sum(axis=0))
    sharp = np.quantile(np.abs(window), 0.99, axis=1) / (np.abs(window).mean(axis=1) + 1e-3)
    for lead in np.argsort(-sharp)[:3]:
        rough = heartbeats.find(window[lead], fs_hz)
        if len(rough) > 2:
            break
    else:
        return np.array([window.shape[1] // 2]), 0
    reach = round(0.08 * fs_hz)
    near = np.clip(rough[:, None] + np.arange(-reach, reach + 1), 0, window.shape[1] - 1)
    return np.unique(near[np.arange(len(rough)), steep[near].argmax(axis=1)]), int(lead)


def typical(windows: np.ndarray) -> np.ndarray:
    """The typical beat [samples] of windows [n, samples]: the median of the half that resembles it most, three times over."""
    own = np.median(windows, axis=0)
    for _ in range(3):
        alike = correlation(windows, own)
        own = np.median(windows[alike >= np.median(alike)], axis=0)
    return own


def correlation(windows: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of windows [n, samples] with another [samples] or [n, samples]; 0 where one is flat."""
    first = windows - windows.mean(axis=-1, keepdims=True)
    second = other - other.mean(axis=-1, keepdims=True)
    power = np.square(first).sum(axis=-1) * np.square(second).sum(axis=-1)
    return (first * second).sum(axis=-1) / np.sqrt(power + 1e-9)


def alike(complexes: np.ndarray) -> np.ndarray:
    """How each QRS complex [n, samples] correlates with those of the seven beats before and the eight behind it [n, 15]."""
    n = len(complexes)
    moved = complexes - complexes.mean(axis=1, keepdims=True)
    moved = moved / (np.sqrt(np.square(moved).sum(axis=1, keepdims=True)) + 1e-6)
    offsets = np.delete(np.arange(-_REACH, _REACH + 2), _REACH)
    near = np.clip(np.arange(n)[:, None] + offsets, 0, n - 1)
    return np.einsum("ns,nks->nk", moved, moved[near]).astype(np.float32)


def rhythm(beats_s: np.ndarray, p_waves: np.ndarray, own_p_wave: np.ndarray) -> np.ndarray:
    """Numbers on the rhythm around each beat.

    Parameters
    ----------
    beats_s : times [n]; p_waves : what lies where P waves are [n, samples]; own_p_wave : the same of the typical beat

    Returns
    -------
    array [n, 41], float32: those of :func:`intervals`; whether P waves are there and alike, which they are not in fibrillation
    """
    waves = (
        _median(correlation(p_waves, own_p_wave), 41),
        _median(np.sqrt(np.square(p_waves - own_p_wave).mean(axis=1)), 41),
    )
    return np.concatenate((intervals(beats_s), np.stack(waves, axis=1)), axis=1).astype(np.float32)


def intervals(beats_s: np.ndarray) -> np.ndarray:
    """Logarithms of RR intervals against the patient's own, and how steady they are.

    Parameters
    ----------
    beats_s : times [n], ascending

    Returns
    -------
    array [n, 39], float32: the interval before and after against medians of 11, 41, 121 beats and of all; both as they are; their
    ratio; the local median against that of all; irregularity; ranks; sixteen neighbouring intervals against the local
    median; measures of prematurity in units of the local spread
    """
    n = len(beats_s)
    if n < 2:
        return np.zeros((n, N_INTERVALS), np.float32)
    between = np.diff(beats_s)
    rr = np.log(np.clip(np.concatenate((between[:1], between)), *_RR_S))
    after = np.append(rr[1:], rr[-1])
    local11, local41, local121 = (_median(rr, size) for size in (11, 41, 121))
    overall = np.median(rr)
    step = np.abs(np.diff(rr, prepend=rr[0]))
    at = np.arange(n)
    near = np.clip(at[:, None] + np.arange(-20, 21), 0, n - 1)
    spread, unrest = _median(np.abs(rr - local41), 41), _median(step, 41)
    low, high = np.quantile(rr[near], (0.25, 0.75), axis=1)
    early, late = rr - local41, after - local41
    neighbours = rr[np.clip(at[:, None] + np.arange(-_REACH, _REACH + 2), 0, n - 1)] - local41[:, None]
    columns = [
        *(rr - local11, early, rr - local121, rr - overall, after - local11, late, after - overall),
        *(after - rr, rr, after, local41 - overall),
        *(step[near[:, 10:31]].mean(axis=1), rr.argsort(kind="stable").argsort(kind="stable") / n),
        *neighbours.T,
        *(early / (spread + 0.03), late / (spread + 0.03), np.log(spread + 0.01), np.log(unrest + 0.01)),
        *((rr[near] < rr[:, None]).mean(axis=1), (step[near] > 0.12).mean(axis=1), rr - low, rr - high),
        *(early / (unrest + 0.03), np.log((np.exp(rr) + np.exp(after)) / 2) - local41),
    ]
    return np.clip(np.stack(columns, axis=1), -8, 8).astype(np.float32)


def _median(values: np.ndarray, size: int) -> np.ndarray:
    """Running median over `size` neighbours, the ends held."""
    from scipy.ndimage import median_filter

    return median_filter(values, size, mode="nearest")
