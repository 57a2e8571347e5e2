"""Fill gaps of a recording by the person's own typical beat, or by a trained network; what is filled stays marked as such."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import FileDamaged, OutputRefused, RecordUnreadable, optional_imports
from einthoven.records import read
from einthoven.records.filled import marks
from einthoven.records.record import Record
from einthoven.records.writing import write
from einthoven.signal.beat_prior import beat_prior
from einthoven.signal.hiding import level, runs, straight
from einthoven.signal.resample import resample

if TYPE_CHECKING:
    from einthoven.models.pulsediff import PulseDiff

Array = NDArray[Any]

LONGEST_S = 5.0
"""Longest gap that is filled: longer ones were never tested."""
KEEPS = (".hea", ".csv", ".npy", ".json")
"""Suffixes of the formats whose comments keep the marks."""
N_DRAWS = 20
_WINDOW_S = 10.0
_LEAST_SEEN_S = 3.0
_FS_HZ = 100.0
_MOST = 512  # channels or blocks of a network
_WEIGHTS, _SAYS = "weights.safetensors", "filler.json"


@dataclass(frozen=True, eq=False)
class Filled:
    """A recording with filled gaps. Filled samples are guesses: the record itself keeps them missing."""

    record: Record
    """The record as it was read; samples of gaps are missing, so nothing measures or counts them."""
    signal_mv: Array
    """Its signal with the gaps filled, [leads, samples], mV; missing still where a gap could not be filled."""
    filled: NDArray[np.bool_]
    """Which samples were filled, [leads, samples]."""
    low_mv: Array | None
    """Lower end of the 90 % band of filled samples, mV; None where the method has no band."""
    high_mv: Array | None
    """Upper end."""
    method: str
    """How they were filled."""
    remarks: tuple[str, ...] = ()
    """Gaps that were left, and why."""

    @property
    def gaps(self) -> list[tuple[str, float, float]]:
        """Lead, beginning and end in seconds of each filled gap."""
        fs_hz = self.record.fs_hz
        return [
            (lead, first / fs_hz, end / fs_hz)
            for lead, row in zip(self.record.leads, self.filled, strict=True)
            for first, end in runs(row)
        ]

    def write(self, path: str | Path) -> Path:
        """Write the filled recording, with comments that mark what was filled; einthoven reads those samples as missing.

        Parameters
        ----------
        path : str or Path
            The file: ``.hea``, ``.csv``, ``.npy`` or ``.json``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputRefused
            If a file of this kind does not keep the marks.
        """
        if Path(path).suffix.lower() not in KEEPS:
            raise OutputRefused(
                "a filled recording is not written in a format that does not keep which samples were filled.",
                found=Path(path).suffix or "no suffix",
                expected=", ".join(KEEPS),
                remedy=f"--out {Path(path).with_suffix('.hea')}",
            )
        comments = (*self.record.comments, f"filled by {self.method}", *marks(self.record.leads, self.filled))
        return write(replace(self.record, signal_mv=self.signal_mv, comments=comments), path)


@dataclass(frozen=True, eq=False)
class _Guess:
    """A lead of a window with its gaps filled, and the ends of the band, all [samples]."""

    lead: Array
    low: Array | None = None
    high: Array | None = None


_Filler = Callable[[Array, NDArray[np.bool_], float], _Guess | None]
"""Takes a lead, what is hidden and the sampling rate; None where too few beats are seen."""


def impute(record: Record | str | PathLike[str], model: str | Path | None = None) -> Filled:
    """Fill the gaps of a record.

    Parameters
    ----------
    record : Record or path
        A recording, or its file, which is read as by :func:`einthoven.read`; its missing samples (NaN) are the gaps.
    model : str or Path, optional
        Folder of a network that ``einthoven study pulsediff`` trained (default: the person's typical beat).

    Returns
    -------
    Filled
        Gaps of more than 5 s are left, and so are leads with less than 3 s of signal. Without a network, gaps are left around
        which fewer than three heartbeats are seen.

    Raises
    ------
    RecordUnreadable
        If no sample is missing, or no gap can be filled.
    FileDamaged
        If the folder holds no such network.

    Examples
    --------
    >>> import numpy as np
    >>> t_s = np.linspace(-0.4, 0.4, 200)
    >>> beats = np.tile(np.exp(-((t_s / 0.015) ** 2)) + 0.3 * np.exp(-(((t_s - 0.25) / 0.05) ** 2)), 12)
    >>> beats[900:950] = np.nan
    >>> filled = impute(Record("strip", beats[None], 250, ("II",)))
    >>> filled.gaps, filled.filled.sum()
    ([('II', 3.6, 3.8)], np.int64(50))
    """
    record = record if isinstance(record, Record) else read(Path(record))
    missing = np.isnan(record.signal_mv)
    if not missing.any():
        raise RecordUnreadable(
            f"{record.where} has no gap.",
            found="no missing sample",
            expected="a record with missing samples",
            remedy="einthoven info FILE      shows what a file holds",
        )
    filler, method = (_by_template, "the typical beat") if model is None else _by_net(Path(model))
    signal = record.signal_mv.astype(np.float64)
    low, high, filled = np.full(signal.shape, np.nan), np.full(signal.shape, np.nan), np.zeros(signal.shape, bool)
    remarks = []
    for at, lead in enumerate(record.leads):
        seen_s = (~missing[at]).sum() / record.fs_hz
        if missing[at].any() and seen_s < _LEAST_SEEN_S:
            remarks.append(f"{lead}: {seen_s:.3g} s are seen, fewer than {_LEAST_SEEN_S:g} s; it is not filled")
            continue
        long = [(first, end) for first, end in runs(missing[at]) if end - first > LONGEST_S * record.fs_hz]
        remarks += [
            f"{lead}: a gap of {(end - first) / record.fs_hz:.3g} s is left; the longest filled is 5 s"
            for first, end in long
        ]
        rows = (signal[at], low[at], high[at], filled[at])
        _fill(rows, missing[at], record.fs_hz, filler)
        if left := len(runs(missing[at] & ~filled[at])) - len(long):
            gaps = "1 gap is" if left == 1 else f"{left} gaps are"
            remarks.append(f"{lead}: {gaps} left; too little signal or too few heartbeats are seen around")
    if not filled.any():
        raise RecordUnreadable(
            f"No gap of {record.where} can be filled.",
            found="; ".join(remarks),
            expected=f"leads with {_LEAST_SEEN_S:g} s of signal, and gaps of {LONGEST_S:g} s at most",
            remedy="einthoven convert FILE --to DIR --format csv      keeps the gaps, marked as missing",
        )
    with_band = bool(np.isfinite(low[filled]).all())
    ends = (low, high) if with_band else (None, None)
    return Filled(record, signal.astype(np.float32), filled, ends[0], ends[1], method, tuple(remarks))


def _fill(rows: tuple[Array, ...], missing: NDArray[np.bool_], fs_hz: float, filler: _Filler) -> None:
    """Fill the gaps of a lead, window by window, each around the first gap that is not filled yet."""
    signal, low, high, filled = rows
    width, done = min(len(signal), round(_WINDOW_S * fs_hz)), 0
    given = signal.copy()
    for first, end in runs(missing):
        if first < done or end - first > LONGEST_S * fs_hz:
            continue
        start = int(np.clip((first + end - width) // 2, 0, len(signal) - width))
        window = slice(start, start + width)
        if (~missing[window]).sum() < _LEAST_SEEN_S * fs_hz:
            continue
        guess = filler(given[window], missing[window], fs_hz)
        if guess is None:
            continue
        for one, other in runs(missing[window]):
            if start + one < first or (start + other == start + width < len(signal)) or other - one > LONGEST_S * fs_hz:
                continue
            place, within = slice(start + one, start + other), slice(one, other)
            signal[place], filled[place] = guess.lead[within], True
            if guess.low is not None and guess.high is not None:
                low[place], high[place] = guess.low[within], guess.high[within]
            done = start + other


def _by_template(lead: Array, hidden: NDArray[np.bool_], fs_hz: float) -> _Guess | None:
    prior = beat_prior(lead, hidden, fs_hz)
    return _Guess(prior.lead) if prior.has_beats else None


def load_net(folder: Path) -> tuple[PulseDiff, float, bool]:
    """Return a network that was trained to fill gaps.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    net : PulseDiff
        The network.
    widening : float
        By how much its band is widened, measured on validation records.
    diffusion : bool
        Whether it is the diffusion model.

    Raises
    ------
    FileDamaged
        If a file is missing or altered.
    """
    with optional_imports():
        from safetensors.torch import load_file

        from einthoven.models.pulsediff import PulseDiff
    try:
        said = json.loads((folder / _SAYS).read_text())
        sizes, widening = said["settings"], float(said.get("widening", 1.0))
        if not all(isinstance(size, int) and 0 < size <= _MOST for size in sizes.values()) or not 0 < widening < np.inf:
            raise ValueError(f"settings {sizes}, widening {widening}")
        net = PulseDiff(**sizes)
        net.load_state_dict(load_file(folder / _WEIGHTS))
        return net.eval(), widening, bool(said["recipe"]["diffusion"])
    except Exception as error:
        raise FileDamaged(
            f"{folder} holds no network that fills gaps.",
            found=f"{type(error).__name__}: {str(error)[:200]}",
            expected=f"{_WEIGHTS} and {_SAYS}, as training wrote them",
            remedy="einthoven study pulsediff --from DIR --out studies/pulsediff",
        ) from error


def _by_net(folder: Path) -> tuple[_Filler, str]:
    net, widening, diffusion = load_net(folder)

    def fill(lead: Array, hidden: NDArray[np.bool_], fs_hz: float) -> _Guess:
        at_hz = resample(straight(lead, hidden)[None], fs_hz, _FS_HZ)[0]
        at_hz = np.pad(at_hz, (0, -len(at_hz) % 4), mode="edge")
        gone = hidden[np.clip(np.rint(np.arange(len(at_hz)) * fs_hz / _FS_HZ).astype(int), 0, len(lead) - 1)]
        drawn = draws(net, at_hz, gone, N_DRAWS if diffusion else 1, diffusion)
        rows = [drawn.mean(0), *(band(drawn, widening) if diffusion else ())]
        back = [np.interp(np.arange(len(lead)) / fs_hz, np.arange(len(at_hz)) / _FS_HZ, row) for row in rows]
        return _Guess(*back)

    return fill, "PulseDiff" if diffusion else "a network that predicts once"


def draws(net: PulseDiff, lead: Array, hidden: NDArray[np.bool_], n_draws: int, diffusion: bool) -> Array:
    """Return what a network says may be in the gaps of a lead.

    Parameters
    ----------
    net : PulseDiff
        The network.
    lead : array [samples], mV
        The lead at 100 Hz, a multiple of four samples long.
    hidden : array [samples], bool
        Whether a sample is hidden.
    n_draws : int
        Number of draws; the network that predicts once has one.
    diffusion : bool
        Whether the network is the diffusion model.

    Returns
    -------
    array [draws, samples], mV
    """
    import torch

    from einthoven.models.pulsediff import sampled

    middle, spread = level(lead, hidden), float(np.std(lead[~hidden])) + 1e-3
    scaled = (lead - middle) / spread
    prior = beat_prior(scaled, hidden, _FS_HZ)
    seen, gone, expected = (
        torch.from_numpy(row.astype(np.float32)).expand(n_draws, -1) for row in (scaled, hidden, prior.lead)
    )
    confidence = torch.full((n_draws,), prior.confidence)
    if diffusion:
        found = sampled(net, seen, gone, expected, confidence, torch.Generator().manual_seed(0))
    else:
        with torch.no_grad():
            found = net(torch.where(gone > 0, 0.0, seen), gone, expected, confidence, torch.zeros(n_draws))
    values: Array = np.where(hidden, found.numpy() * spread + middle, lead)
    return values


def band(drawn: Array, widening: float) -> tuple[Array, Array]:
    """Return the 90 % band of draws: their mean, and 1.645 of their standard deviations, widened.

    Parameters
    ----------
    drawn : array [draws, samples], mV
        The draws.
    widening : float
        Factor of the standard deviation, measured on validation records.

    Returns
    -------
    low, high : array [samples], mV
    """
    middle, spread = drawn.mean(0), drawn.std(0, ddof=1)
    return middle - 1.645 * widening * spread, middle + 1.645 * widening * spread
