"""How raw samples become model input: the settings (Preparation) and the one function that applies them (prepare)."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault
from einthoven.signal import features, filters, leads, quality, resample, typical_beat, waves
from einthoven.signal.windows import Windows, around_beats, concatenated, crop_starts, tile

Array = NDArray[Any]

SCALINGS = ("millivolt", "local")
_LOCAL_SPAN_S = 10.0
_LOCAL_FLOOR_MV = 0.02
_RATES_HZ = (20, 5000)
_LEAST_SAMPLES = 8


@dataclass(frozen=True)
class SignalSpec:
    """Which leads a model reads, at which rate, filtered and scaled how."""

    leads: tuple[str, ...]
    """Leads by name, each with alternatives in order of preference: ``MLII|II``."""
    fs_hz: float
    """Sampling rate of the model's input, Hz."""
    low_hz: float = 0.5
    """Lower edge of the zero-phase band-pass, Hz."""
    high_hz: float = 40.0
    """Upper edge of the zero-phase band-pass, Hz."""
    scaling: str = "local"
    """``millivolt`` keeps the amplitudes; ``local`` divides each lead by its root mean square over ten seconds."""
    mean_mv: tuple[float, ...] = ()
    """Mean of each lead over the training set, which is subtracted; empty subtracts nothing."""
    sd_mv: tuple[float, ...] = ()
    """Standard deviation of each lead over the training set, by which it is divided; empty divides by nothing."""

    def faults(self) -> Iterator[str]:
        """Yield what contradicts itself."""
        if not self.leads or isinstance(self.leads, str):
            yield "leads names no lead"
        if not isinstance(self.fs_hz, int | float) or not _RATES_HZ[0] <= self.fs_hz <= _RATES_HZ[1]:
            yield f"fs_hz is {self.fs_hz}"
        elif not 0 < self.low_hz < min(self.high_hz, 0.49 * self.fs_hz):
            yield f"the band is {self.low_hz:g} to {self.high_hz:g} Hz at {self.fs_hz:g} Hz"
        if self.scaling not in SCALINGS:
            yield f"scaling is {self.scaling}"
        if {len(self.mean_mv), len(self.sd_mv)} - {0, len(self.leads)} or len(self.mean_mv) != len(self.sd_mv):
            yield f"{len(self.mean_mv)} means and {len(self.sd_mv)} deviations for {len(self.leads)} leads"


@dataclass(frozen=True)
class Beats:
    """A window around each heartbeat."""

    before_s: float
    """Seconds of the window ahead of the heartbeat."""
    after_s: float
    """Seconds of the window from the heartbeat on."""

    def faults(self, fs_hz: float) -> Iterator[str]:
        """Yield what contradicts itself."""
        if min(self.before_s, self.after_s) < 0 or round((self.before_s + self.after_s) * fs_hz) < _LEAST_SAMPLES:
            yield f"the window reaches from -{self.before_s:g} s to {self.after_s:g} s"


@dataclass(frozen=True)
class Tiles:
    """Windows that follow each other over the whole record."""

    window_s: float
    """Length of a window, s."""
    crop_s: float = 0.0
    """The network sees crops of this length, s, and its answers to them are averaged; 0 shows it the whole window."""

    def faults(self, fs_hz: float) -> Iterator[str]:
        """Yield what contradicts itself."""
        if round(self.window_s * fs_hz) < _LEAST_SAMPLES:
            yield f"windows of {self.window_s:g} s"
        if self.crop_s and not _LEAST_SAMPLES / fs_hz <= self.crop_s <= self.window_s:
            yield f"crops of {self.crop_s:g} s of windows of {self.window_s:g} s"


@dataclass(frozen=True)
class Preparation:
    """How raw samples become model input; it travels in the bundle.

    Raises
    ------
    ConfigurationFault
        Where the settings contradict each other; all faults are named at once.
    """

    signal: SignalSpec
    """Leads, sampling rate, filter and scaling."""
    cut: Beats | Tiles
    """Windows around heartbeats, or windows that follow each other."""
    inputs: tuple[str, ...] = ("signal",)
    """What a model can read: ``signal``, ``beat`` (the typical beat), and sets of measurements (``einthoven features``)."""

    def __post_init__(self) -> None:
        faults = list(self.signal.faults())
        if not faults:
            faults += [*self.cut.faults(self.fs_hz), *self._input_faults()]
        if faults:
            raise ConfigurationFault(
                "the preparation contradicts itself.",
                found="; ".join(faults),
                expected="at least one lead, 20 to 5000 Hz, a window of at least eight samples, a band below half the rate, "
                f"scaling {' or '.join(SCALINGS)}, inputs among {', '.join(INPUTS)}",
                remedy="einthoven train --help",
            )

    def _input_faults(self) -> Iterator[str]:
        per = "beat" if isinstance(self.cut, Beats) else "window"
        unknown = [name for name in self.inputs if name not in INPUTS]
        if unknown or self.inputs[:1] != ("signal",) or len(set(self.inputs)) < len(self.inputs):
            yield f"inputs are {', '.join(self.inputs)}; signal comes first, each once"
            return
        if foreign := [name for name in self.feature_sets if features.FEATURES[name].per != per]:
            yield f"inputs {', '.join(foreign)} are not measured for each {per}"
        if not self.reads_beats:
            return
        if isinstance(self.cut, Tiles) and (self.cut.crop_s or self.cut.window_s < 2 * max(self._span_s)):
            yield f"typical beats of windows of {self.cut.window_s:g} s with crops of {self.cut.crop_s:g} s"
        if per == "beat" and self.signal.scaling != "millivolt":
            yield f"typical beats of heartbeats with scaling {self.signal.scaling}"
        if "waves" in self.inputs and (
            self.leads != leads.STANDARD or self.signal.scaling != "millivolt" or self.signal.mean_mv
        ):
            yield f"waves of {len(self.leads)} leads, scaling {self.signal.scaling}"

    @property
    def leads(self) -> tuple[str, ...]:
        """Leads by name, with alternatives."""
        return self.signal.leads

    @property
    def fs_hz(self) -> float:
        """Sampling rate of the model's input, Hz."""
        return self.signal.fs_hz

    @property
    def is_whole(self) -> bool:
        """Whether windows cover the record, in place of its beats."""
        return isinstance(self.cut, Tiles)

    @property
    def window_s(self) -> float:
        """Length of a window, s."""
        return self.cut.window_s if isinstance(self.cut, Tiles) else self.cut.before_s + self.cut.after_s

    @property
    def before(self) -> int:
        """Samples of the window ahead of the heartbeat; 0 for windows that follow each other."""
        return round(self.cut.before_s * self.fs_hz) if isinstance(self.cut, Beats) else 0

    @property
    def n_samples(self) -> int:
        """Samples of a window."""
        last_s = self.cut.window_s if isinstance(self.cut, Tiles) else self.cut.after_s
        return self.before + round(last_s * self.fs_hz)

    @property
    def n_input(self) -> int:
        """Samples that the network sees at once: of a window, or of a crop of it."""
        return (round(self.cut.crop_s * self.fs_hz) if isinstance(self.cut, Tiles) else 0) or self.n_samples

    @property
    def is_cropped(self) -> bool:
        """Whether the network sees crops."""
        return self.n_input != self.n_samples

    @property
    def feature_sets(self) -> tuple[str, ...]:
        """The sets of measurements among the inputs."""
        return tuple(name for name in self.inputs if name in features.FEATURES)

    @cached_property
    def columns(self) -> dict[str, slice]:
        """Columns of the features that each set takes."""
        return features.columns(self.feature_sets)

    @property
    def n_features(self) -> int:
        """How many measurements a window has."""
        return sum(len(features.FEATURES[name]) for name in self.feature_sets)

    @property
    def reads_beats(self) -> bool:
        """Whether typical beats are found, as an input or for measurements."""
        return len(self.inputs) > 1

    @property
    def _span_s(self) -> tuple[float, float]:
        return waves.SPAN_S if "waves" in self.inputs else typical_beat.SPAN_S

    @property
    def r_peak(self) -> int:
        """Samples of the typical beat ahead of its R peak."""
        return self.before if isinstance(self.cut, Beats) else round(self._span_s[0] * self.fs_hz)

    @property
    def beat_samples(self) -> int:
        """Samples of the typical beat; 0 where it is no input."""
        if "beat" not in self.inputs:
            return 0
        return self.n_samples if isinstance(self.cut, Beats) else sum(round(s * self.fs_hz) for s in self._span_s)

    def reach_s(self, fs_hz: float) -> float:
        """Return the seconds on either side of a sample, at some rate, that the prepared signal depends on."""
        filtered = 1 / self.signal.low_hz + 12 * max(1 / fs_hz, 1 / self.fs_hz)
        return filtered + (_LOCAL_SPAN_S / 2 if self.signal.scaling == "local" else 0.0)

    def with_settings(self, **stated: Any) -> "Preparation":
        """Return the same preparation with some settings of its signal, its cut or its inputs changed.

        Parameters
        ----------
        **stated
            Fields of :class:`SignalSpec`, :class:`Beats`, :class:`Tiles`, and `inputs`. ``window_s`` turns windows around
            heartbeats into windows that follow each other; ``before_s`` or ``after_s`` do the reverse.

        Raises
        ------
        ConfigurationFault
            Where a setting is unknown, those of both kinds of windows are stated, or the result contradicts itself.
        """
        signal, beats, tiles = (
            {item.name: stated.pop(item.name) for item in fields(kind) if item.name in stated}
            for kind in (SignalSpec, Beats, Tiles)
        )
        inputs = stated.pop("inputs", self.inputs)
        if stated or (beats and tiles):
            raise ConfigurationFault(
                "the preparation cannot be changed so.",
                found=", ".join([*stated, *beats, *tiles]),
                expected="before_s and after_s around heartbeats, or window_s and crop_s of windows that follow each other",
                remedy="einthoven prepare --help",
            )
        cut = self.cut
        if beats:
            cut = (
                replace(cut, **beats)
                if isinstance(cut, Beats)
                else Beats(**({"before_s": 0.5, "after_s": 0.5} | beats))
            )
        if tiles:
            cut = replace(cut, **tiles) if isinstance(cut, Tiles) else Tiles(**({"window_s": self.window_s} | tiles))
        return Preparation(replace(self.signal, **signal), cut, tuple(inputs))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a card or a manifest."""
        kind = "beats" if isinstance(self.cut, Beats) else "tiles"
        signal = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self.signal).items()
        }
        return {"signal": signal, "cut": {"kind": kind, **asdict(self.cut)}, "inputs": list(self.inputs)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Return the preparation of :meth:`as_dict`."""
        signal = {name: tuple(value) if isinstance(value, list) else value for name, value in plain["signal"].items()}
        settings = dict(plain["cut"])
        kind = {"beats": Beats, "tiles": Tiles}[settings.pop("kind")]
        return cls(SignalSpec(**signal), kind(**settings), tuple(plain["inputs"]))


INPUTS = ("signal", "beat", *features.FEATURES)
"""What a preparation can give a model."""


class Samples(Protocol):
    """Raw samples of a recording: what a :class:`einthoven.Record` has."""

    @property
    def signal_mv(self) -> Array:
        """[leads, samples] in mV, NaN where samples are missing."""
        ...

    @property
    def fs_hz(self) -> float:
        """Sampling rate, Hz."""
        ...

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the rows."""
        ...

    @property
    def where(self) -> str:
        """Where they come from, for errors."""
        ...


@dataclass(frozen=True)
class Span:
    """Samples of a part of a signal.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        NaN where samples are missing.
    fs_hz : float
        Sampling rate, Hz.
    leads : tuple of str
        Names of the rows.
    where : str
        Where they come from, for errors.
    """

    signal_mv: Array
    fs_hz: float
    leads: tuple[str, ...]
    where: str


def prepare(source: Samples, preparation: Preparation, beats: Array | None = None) -> Windows:
    """Turn raw samples into model input. Training, prediction, export and streams all pass here.

    Parameters
    ----------
    source : Samples
        Raw samples with their rate and leads.
    preparation : Preparation
        What the model wants.
    beats : array [n], int, optional
        Sample numbers of the heartbeats at the source's rate; needed by a preparation that cuts around beats.

    Returns
    -------
    Windows
        One for each beat; or windows that cover the source. A source shorter than a window is filled with zeros at its end;
        the rest behind the last window is a window too, moved back to end with the source, where it is half a window or more.

    Raises
    ------
    LeadMismatch
        Where a lead is missing.
    """
    prepared = prepared_signal(source, preparation)
    if isinstance(preparation.cut, Beats):
        return _beat_windows(prepared, np.zeros(0, np.int64) if beats is None else beats, source.fs_hz, preparation)
    wanted, there = preparation.n_samples, prepared.shape[1]
    starts = tile(there, wanted, wanted) if there > wanted else np.zeros(1, np.int64)
    if there > wanted and there % wanted and there % wanted < wanted / 2:
        starts = starts[:-1]
    cut = concatenated([whole_window(prepared[:, start : start + wanted], preparation) for start in starts])
    position = resample.resample_positions(starts, preparation.fs_hz, source.fs_hz)
    return Windows(cut.signal, cut.beat, cut.features, position)


def prepared_signal(source: Samples, preparation: Preparation) -> Array:
    """Select, resample, filter and scale the leads that a model reads.

    Parameters
    ----------
    source : Samples
        Raw samples with their rate and leads.
    preparation : Preparation
        What the model wants.

    Returns
    -------
    array [len(preparation.leads), samples at preparation.fs_hz], float32

    Raises
    ------
    LeadMismatch
        Where a lead is missing.
    """
    spec = preparation.signal
    chosen, _ = leads.select(source.signal_mv, source.leads, spec.leads, source.where)
    chosen = np.stack([quality.interpolated(lead) for lead in chosen]).astype(np.float32)
    chosen = resample.resample(chosen, source.fs_hz, spec.fs_hz)
    chosen = filters.band_pass(chosen, spec.fs_hz, spec.low_hz, spec.high_hz)
    if spec.scaling == "local":
        chosen = chosen / (filters.local_rms(chosen, spec.fs_hz, _LOCAL_SPAN_S) + _LOCAL_FLOOR_MV)
    if spec.mean_mv:
        mean, sd = (np.array(column, np.float32)[:, None] for column in (spec.mean_mv, spec.sd_mv))
        chosen = (chosen - mean) / sd
    return chosen


def _beat_windows(prepared: Array, beats: Array, fs_hz: float, preparation: Preparation) -> Windows:
    at = resample.resample_positions(beats, fs_hz, preparation.fs_hz)
    at = np.clip(at, 0, prepared.shape[-1] - 1)
    signal = around_beats(prepared, at, preparation.before, preparation.n_samples - preparation.before)
    position = np.asarray(beats, np.int64)
    if not preparation.reads_beats:
        return Windows(signal, position=position)
    signal, beat = typical_beat.beside_beats(signal, preparation.before, preparation.fs_hz)
    context = features.BeatContext(signal, beat, np.asarray(beats) / fs_hz, preparation.before, preparation.fs_hz)
    return Windows(
        signal,
        np.broadcast_to(beat, signal.shape) if "beat" in preparation.inputs else None,
        features.computed(preparation.feature_sets, context) if preparation.feature_sets else None,
        position,
    )


def whole_window(window: Array, preparation: Preparation) -> Windows:
    """Return one window as a model reads it, its typical beat and measurements with it.

    Parameters
    ----------
    window : array [leads, samples]
        Prepared samples, up to `preparation.n_samples` of them; zeros fill the rest.
    preparation : Preparation
        Of windows that follow each other.

    Returns
    -------
    Windows
        One window.
    """
    signal = np.pad(window, ((0, 0), (0, preparation.n_samples - window.shape[1])))[None]
    if not preparation.reads_beats:
        return Windows(signal)
    typical = typical_beat.of_window(window, preparation.fs_hz, preparation._span_s)
    context = features.WindowContext(window, typical, preparation.fs_hz)
    return Windows(
        signal,
        typical.beat[None] if "beat" in preparation.inputs else None,
        features.computed(preparation.feature_sets, context)[None] if preparation.feature_sets else None,
    )


def waves_measured_again(windows: Windows, preparation: Preparation) -> Windows:
    """Return windows whose typical beats were changed with the waves measured on these.

    Parameters
    ----------
    windows : Windows
        With beats that may differ from those that were measured.
    preparation : Preparation
        Of the windows; without ``waves`` among its inputs nothing is measured.
    """
    if "waves" not in preparation.inputs or windows.beat is None or windows.features is None:
        return windows
    measured = windows.features.copy()
    columns = preparation.columns["waves"]
    for row, beat in zip(measured, windows.beat, strict=True):
        row[columns] = waves.wave_features(
            beat, preparation.fs_hz, float(row[columns.start])
        )  # the first is the RR interval
    return Windows(windows.signal, windows.beat, measured, windows.position)


def crops(windows: Windows, preparation: Preparation) -> tuple[Windows, int]:
    """Cut windows into the crops that the network sees; they overlap by half, the last ends where the window ends.

    Returns
    -------
    tuple
        The crops of all windows, those of a window in a row, and how many a window has.
    """
    wanted = preparation.n_input
    starts = crop_starts(windows.signal.shape[2], wanted)
    cut = np.stack([windows.signal[:, :, start : start + wanted] for start in starts], axis=1)
    return Windows(cut.reshape(-1, *cut.shape[2:])), len(starts)
