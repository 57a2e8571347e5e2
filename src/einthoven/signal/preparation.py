"""Knows the one door from raw samples to model input: prepare(). Does not know a file, a model or a label."""

from dataclasses import dataclass, fields

import numpy as np

from einthoven.errors import ConfigurationFault
from einthoven.signal import context, filters, leads, quality, resample, windows

SCALINGS = ("millivolt", "local")
CUTS = ("beats", "tiles")
_LOCAL_SPAN_S = 10.0
_LOCAL_FLOOR_MV = 0.02


@dataclass(frozen=True)
class Preparation:
    """How raw samples become model input; it travels in the bundle."""

    leads: tuple[str, ...]
    """Leads by name, each with alternatives in order of preference: ``MLII|II``."""
    fs_hz: float
    """Sampling rate of the model's input."""
    before_s: float
    """Seconds of the window ahead of the heartbeat; 0 for tiles."""
    after_s: float
    """Seconds of the window behind the heartbeat; the whole window for tiles."""
    low_hz: float = 0.5
    """Lower edge of the zero-phase band-pass."""
    high_hz: float = 40.0
    """Upper edge of the zero-phase band-pass."""
    scaling: str = "local"
    """``millivolt`` keeps the amplitudes; ``local`` divides each lead by its root mean square over ten seconds."""
    patient: bool = False
    """Beside each lead the patient's typical beat (of beats: both over its height), and a row of numbers on the rhythm."""
    rhythm: bool = False
    """Of tiles with ``patient``: the measurements of :func:`einthoven.signal.rhythm.measured` are among the numbers."""
    waves: bool = False
    """Of tiles of the standard leads with ``patient``: those of :func:`einthoven.signal.waves.measured` are, behind the others."""
    cut: str = "beats"
    """``beats``: a window around each heartbeat; ``tiles``: windows that follow each other over the whole record."""
    crop_s: float = 0.0
    """Of tiles: the network sees crops of this length, and its answers to them are averaged; 0 shows it the whole window."""
    mean_mv: tuple[float, ...] = ()
    """Subtracted from each lead, where given: its mean over the training part."""
    sd_mv: tuple[float, ...] = ()
    """What each lead is divided by then: its standard deviation over the training part."""

    def __post_init__(self):
        faults = []
        if not self.leads or isinstance(self.leads, str):
            faults.append("leads names no lead")
        if not isinstance(self.fs_hz, int | float) or not 20 <= self.fs_hz <= 5000:
            faults.append(f"fs_hz is {self.fs_hz}")
        elif self.before_s < 0 or self.after_s < 0 or self.n_samples < 8:
            faults.append(f"the window reaches from -{self.before_s:g} s to {self.after_s:g} s")
        if not 0 < self.low_hz < min(self.high_hz, 0.49 * self.fs_hz):
            faults.append(f"the band is {self.low_hz:g} to {self.high_hz:g} Hz at {self.fs_hz:g} Hz")
        if self.patient and self.cut == "tiles":
            if self.crop_s or self.n_samples < 2 * max(context.span_s(self.waves)) * self.fs_hz:
                faults.append(f"patient with crops of {self.crop_s:g} s of {self.n_samples} samples")
        elif self.patient and (self.scaling != "millivolt" or self.n_samples < context.N_NUMBERS):
            faults.append(f"patient with scaling {self.scaling} and {self.n_samples} samples")
        further = [name for name in ("rhythm", "waves") if getattr(self, name)]
        n_numbers = context.n_numbers(self.rhythm, self.waves)
        if further and not (self.patient and self.cut == "tiles" and self.n_samples >= n_numbers):
            faults.append(
                f"{' and '.join(further)} with patient {self.patient}, {self.cut} of {self.n_samples} samples"
            )
        if self.waves and (self.leads != leads.STANDARD or self.scaling != "millivolt" or self.mean_mv):
            faults.append(
                f"waves of {len(self.leads)} leads, scaling {self.scaling}{', its mean taken off' * bool(self.mean_mv)}"
            )
        if self.scaling not in SCALINGS:
            faults.append(f"scaling is {self.scaling}")
        if self.cut not in CUTS or (self.cut == "tiles" and self.before_s):
            faults.append(f"cut is {self.cut} with {self.before_s:g} s ahead of a heartbeat")
        if self.crop_s and not (self.cut == "tiles" and 8 / self.fs_hz <= self.crop_s <= self.after_s):
            faults.append(f"crops of {self.crop_s:g} s of {self.cut} of {self.after_s:g} s")
        if {len(self.mean_mv), len(self.sd_mv)} - {0, len(self.leads)} or len(self.mean_mv) != len(self.sd_mv):
            faults.append(f"{len(self.mean_mv)} means and {len(self.sd_mv)} deviations for {len(self.leads)} leads")
        if faults:
            raise ConfigurationFault(
                "the preparation contradicts itself.",
                found="; ".join(faults),
                expected="one lead or more, 20 to 5000 Hz, a window of eight samples or more, a band below half the rate, "
                f"scaling {' or '.join(SCALINGS)} (patient wants millivolt and {context.N_NUMBERS} samples, rhythm and waves tiles "
                f"of {context.n_numbers(True, True)} samples, waves the twelve standard leads in mV)",
                remedy="einthoven train --help",
            )

    @property
    def before(self) -> int:
        """Samples of the window ahead of the heartbeat."""
        return round(self.before_s * self.fs_hz)

    @property
    def after(self) -> int:
        """Samples of the window behind the heartbeat."""
        return round(self.after_s * self.fs_hz)

    @property
    def n_samples(self) -> int:
        """Samples of a window."""
        return self.before + self.after

    @property
    def n_input(self) -> int:
        """Samples that the network sees at once: of a window, or of a crop of it."""
        return round(self.crop_s * self.fs_hz) or self.n_samples

    @property
    def n_rows(self) -> int:
        """Rows of a window: its leads, and what ``patient`` puts beside them."""
        return 2 * len(self.leads) + 1 if self.patient else len(self.leads)

    def reach_s(self, fs_hz: float) -> float:
        """Seconds on either side of a sample of a signal of some rate that :func:`prepare` looks at."""
        filtered = 1 / self.low_hz + 12 * max(1 / fs_hz, 1 / self.fs_hz)
        return filtered + (_LOCAL_SPAN_S / 2 if self.scaling == "local" else 0.0)

    def as_dict(self) -> dict:
        """Plain values, for a card or a manifest."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {name: list(plain[name]) for name in _LISTS}

    @classmethod
    def from_dict(cls, plain: dict) -> "Preparation":
        """The way back from :meth:`as_dict`."""
        return cls(**(plain | {name: tuple(plain[name]) for name in _LISTS if name in plain}))


_LISTS = ("leads", "mean_mv", "sd_mv")


def prepare(
    signal_mv: np.ndarray, fs_hz: float, names: tuple[str, ...], preparation: Preparation, source: str = "the record"
) -> np.ndarray:
    """Select, resample, filter and scale one slice. Training, prediction, export and stream all pass here.

    Parameters
    ----------
    signal_mv : array [leads, samples] in mV, NaN where samples are missing
    fs_hz : its rate
    names : its leads
    preparation : what the model wants
    source : where the slice comes from, for errors

    Returns
    -------
    array [len(preparation.leads), samples at preparation.fs_hz], float32

    Raises
    ------
    LeadMismatch
        Where a lead is not there.
    """
    chosen, _ = leads.select(signal_mv, names, preparation.leads, source)
    chosen = np.stack([quality.interpolated(lead) for lead in chosen]).astype(np.float32)
    chosen = resample.resample(chosen, fs_hz, preparation.fs_hz)
    chosen = filters.band_pass(chosen, preparation.fs_hz, preparation.low_hz, preparation.high_hz)
    if preparation.scaling == "local":
        chosen = chosen / (filters.local_rms(chosen, preparation.fs_hz, _LOCAL_SPAN_S) + _LOCAL_FLOOR_MV)
    if preparation.mean_mv:
        mean, sd = (np.array(column, np.float32)[:, None] for column in (preparation.mean_mv, preparation.sd_mv))
        chosen = (chosen - mean) / sd
    return chosen


def beat_windows(
    signal_mv: np.ndarray,
    fs_hz: float,
    names: tuple[str, ...],
    beats: np.ndarray,
    preparation: Preparation,
    source: str = "the record",
) -> np.ndarray:
    """Prepare a slice and cut one window around each beat.

    Parameters
    ----------
    beats : sample numbers at `fs_hz` [n]

    Returns
    -------
    array [n, preparation.n_rows, preparation.n_samples], float32
    """
    prepared = prepare(signal_mv, fs_hz, names, preparation, source)
    at = resample.resample_positions(beats, fs_hz, preparation.fs_hz)
    at = np.clip(at, 0, prepared.shape[-1] - 1)
    cut = windows.around_beats(prepared, at, preparation.before, preparation.after)
    if preparation.patient:
        return context.with_context(cut, np.asarray(beats) / fs_hz, preparation.before, preparation.fs_hz)
    return cut


def tiles(
    signal_mv: np.ndarray,
    fs_hz: float,
    names: tuple[str, ...],
    preparation: Preparation,
    source: str = "the record",
) -> tuple[np.ndarray, np.ndarray]:
    """Prepare a slice and cut it into windows that follow each other.

    A record shorter than a window is filled up with zeros at its end; what is left over behind the last window is a window too,
    moved back to end with the record, where it is half a window or more.

    Returns
    -------
    array [n, preparation.n_rows, preparation.n_samples], float32; first sample of each window at `fs_hz` [n], int64
    """
    prepared = prepare(signal_mv, fs_hz, names, preparation, source)
    wanted, there = preparation.n_samples, prepared.shape[1]
    starts = windows.tile(there, wanted, wanted) if there > wanted else np.zeros(1, np.int64)
    if there > wanted and there % wanted and there % wanted < wanted / 2:
        starts = starts[:-1]
    cut = np.stack([filled(prepared[:, start : start + wanted], preparation) for start in starts])
    return cut, resample.resample_positions(starts, preparation.fs_hz, fs_hz)


def filled(window: np.ndarray, preparation: Preparation) -> np.ndarray:
    """One window as the network sees it: zeros where the record had ended, typical beats beside its leads where they are asked for.

    Parameters
    ----------
    window : prepared samples [leads, up to preparation.n_samples]

    Returns
    -------
    array [preparation.n_rows, preparation.n_samples]
    """
    if preparation.patient:
        wanted = preparation.n_samples, preparation.rhythm, preparation.waves
        return context.with_typical_beat(window, preparation.fs_hz, *wanted)
    return np.pad(window, ((0, 0), (0, preparation.n_samples - window.shape[1])))


def crops(cut: np.ndarray, preparation: Preparation) -> np.ndarray:
    """What the network sees of windows: crops that overlap by half, the last ending where the window ends.

    Parameters
    ----------
    cut : array [n, rows, samples]

    Returns
    -------
    array [n, k, rows, preparation.n_input]
    """
    wanted = preparation.n_input
    starts = windows.crop_starts(cut.shape[2], wanted)
    return np.stack([cut[:, :, start : start + wanted] for start in starts], axis=1)
