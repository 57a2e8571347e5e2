"""Define how raw samples become model input: leads, sampling rate, filter, scaling, cut and inputs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from einthoven.errors import ConfigurationFault
from einthoven.signal import aligned_beat, features, leads, typical_beat, waves
from einthoven.signal.cuts import Beats, Tiles

SCALINGS = ("millivolt", "local")
LOCAL_SPAN_S = 10.0
"""Span over which ``local`` scaling takes the root mean square, s."""
_RATES_HZ = (20, 5000)


@dataclass(frozen=True)
class SignalSpec:
    """Leads that a model reads, their sampling rate, filter and scaling."""

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
    """Mean of each lead over the training set, which is subtracted, mV; empty for none."""
    sd_mv: tuple[float, ...] = ()
    """Standard deviation of each lead over the training set, by which it is divided, mV; empty for none."""

    def faults(self) -> Iterator[str]:
        """Yield what is invalid or contradictory."""
        if not self.leads or isinstance(self.leads, str):
            yield "no leads"
        if not isinstance(self.fs_hz, int | float) or not _RATES_HZ[0] <= self.fs_hz <= _RATES_HZ[1]:
            yield f"fs_hz is {self.fs_hz}"
        elif not 0 < self.low_hz < min(self.high_hz, 0.49 * self.fs_hz):
            yield f"a band of {self.low_hz:g} to {self.high_hz:g} Hz at a sampling rate of {self.fs_hz:g} Hz"
        if self.scaling not in SCALINGS:
            yield f"scaling is {self.scaling}"
        if {len(self.mean_mv), len(self.sd_mv)} - {0, len(self.leads)} or len(self.mean_mv) != len(self.sd_mv):
            yield f"{len(self.mean_mv)} means and {len(self.sd_mv)} deviations for {len(self.leads)} leads"


@dataclass(frozen=True)
class Preparation:
    """How raw samples become model input; part of each bundle.

    Raises
    ------
    ConfigurationFault
        If settings are invalid or contradict each other; all faults are listed.
    """

    signal: SignalSpec
    """Leads, sampling rate, filter and scaling."""
    cut: Beats | Tiles
    """Windows around heartbeats, or consecutive windows."""
    inputs: tuple[str, ...] = ("signal",)
    """What the model reads: ``signal``, ``beat`` (the typical beat) or ``aligned_beat`` (the median of aligned beats in its place),
    and sets of measurements (``einthoven features``)."""

    def __post_init__(self) -> None:
        faults = list(self.signal.faults())
        if not faults:
            faults += [*self.cut.faults(self.fs_hz), *self._input_faults()]
        if faults:
            raise ConfigurationFault(
                "Invalid preparation.",
                found="; ".join(faults),
                expected="at least one lead, 20 to 5000 Hz, windows of eight samples or more, a band below half the sampling rate, "
                f"scaling {' or '.join(SCALINGS)}, inputs among {', '.join(INPUTS)}",
                remedy="einthoven train --help",
            )

    def _input_faults(self) -> Iterator[str]:
        per = "beat" if isinstance(self.cut, Beats) else "window"
        unknown = [name for name in self.inputs if name not in INPUTS]
        if unknown or self.inputs[:1] != ("signal",) or len(set(self.inputs)) < len(self.inputs):
            yield f"inputs {', '.join(self.inputs)} (signal must come first, and each once)"
            return
        if _ALIGNED in self.inputs and ("beat" in self.inputs or "waves" in self.inputs or per == "beat"):
            yield f"inputs {', '.join(self.inputs)} for each {per} (aligned_beat is for windows, without beat and waves)"
        if foreign := [name for name in self.feature_sets if features.FEATURES[name].per != per]:
            yield f"inputs {', '.join(foreign)}, which are not measured for each {per}"
        if not self.reads_beats:
            if self.context_s:
                yield f"a context of {self.context_s:g} s without measurements"
            return
        if isinstance(self.cut, Tiles) and (self.cut.crop_s or self.cut.window_s < 2 * max(self.span_s)):
            yield f"typical beats of windows of {self.cut.window_s:g} s with crops of {self.cut.crop_s:g} s"
        if per == "beat" and self.signal.scaling != "millivolt":
            yield f"typical beats of heartbeats with scaling {self.signal.scaling}"
        if "second_shapes" in self.inputs and len(self.leads) < 2:
            yield "second_shapes of one lead"
        if self.context_s and set(self.inputs) - {"signal", *features.OF_HEARTBEATS}:
            yield f"a context of {self.context_s:g} s for inputs other than {', '.join(features.OF_HEARTBEATS)}"
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
        """Whether windows are consecutive, and cover the record."""
        return isinstance(self.cut, Tiles)

    @property
    def window_s(self) -> float:
        """Length of a window, s."""
        return self.cut.window_s if isinstance(self.cut, Tiles) else self.cut.before_s + self.cut.after_s

    @property
    def before(self) -> int:
        """Samples of the window before the heartbeat; 0 for consecutive windows."""
        return round(self.cut.before_s * self.fs_hz) if isinstance(self.cut, Beats) else 0

    @property
    def n_samples(self) -> int:
        """Samples of a window."""
        last_s = self.cut.window_s if isinstance(self.cut, Tiles) else self.cut.after_s
        return self.before + round(last_s * self.fs_hz)

    @property
    def n_input(self) -> int:
        """Samples that the network sees at once: those of a window, or of a crop."""
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
        """Columns of each set of measurements."""
        return features.columns(self.feature_sets)

    @property
    def n_features(self) -> int:
        """Number of measurements of a window."""
        return sum(len(features.FEATURES[name]) for name in self.feature_sets)

    @property
    def reads_beats(self) -> bool:
        """Whether beats are found in the windows, or typical beats computed, as an input or for measurements."""
        return len(self.inputs) > 1

    @property
    def reads_heartbeats(self) -> bool:
        """Whether the heartbeats of the whole record are measured, in consecutive windows."""
        return bool(set(self.inputs) & set(features.OF_HEARTBEATS))

    @property
    def context_s(self) -> float:
        """Seconds before and after a window that are measured with it; 0 for windows around heartbeats."""
        return self.cut.context_s if isinstance(self.cut, Tiles) else 0.0

    @property
    def span_s(self) -> tuple[float, float]:
        """Seconds of a window's typical beat before and after its R peak."""
        if _ALIGNED in self.inputs:
            return aligned_beat.SPAN_S
        return waves.SPAN_S if "waves" in self.inputs else typical_beat.SPAN_S

    @property
    def r_peak(self) -> int:
        """Samples of the typical beat before its R peak."""
        return self.before if isinstance(self.cut, Beats) else round(self.span_s[0] * self.fs_hz)

    @property
    def beat_samples(self) -> int:
        """Samples of the typical beat; 0 if it is not an input."""
        if not {"beat", _ALIGNED} & set(self.inputs):
            return 0
        return self.n_samples if isinstance(self.cut, Beats) else sum(round(s * self.fs_hz) for s in self.span_s)

    def reach_s(self, fs_hz: float) -> float:
        """Return how far around a sample the prepared signal depends on raw samples.

        Parameters
        ----------
        fs_hz : float, Hz
            Sampling rate of the raw samples.

        Returns
        -------
        float, s
        """
        filtered = 1 / self.signal.low_hz + 12 * max(1 / fs_hz, 1 / self.fs_hz)
        return filtered + (LOCAL_SPAN_S / 2 if self.signal.scaling == "local" else 0.0)

    def with_settings(self, **stated: Any) -> "Preparation":
        """Return the preparation with some settings changed.

        Parameters
        ----------
        **stated
            Fields of :class:`SignalSpec`, :class:`Beats` and :class:`Tiles`, and `inputs`. ``window_s`` turns windows around
            heartbeats into consecutive windows; ``before_s`` or ``after_s`` do the reverse.

        Returns
        -------
        Preparation

        Raises
        ------
        ConfigurationFault
            If a setting is unknown, those of both kinds of windows are stated, or the result is invalid.
        """
        signal, beats, tiles = (
            {item.name: stated.pop(item.name) for item in fields(kind) if item.name in stated}
            for kind in (SignalSpec, Beats, Tiles)
        )
        inputs = stated.pop("inputs", self.inputs)
        if stated or (beats and tiles):
            raise ConfigurationFault(
                "Unknown or contradictory settings.",
                found=", ".join([*stated, *beats, *tiles]),
                expected="before_s and after_s for windows around heartbeats, or window_s and crop_s for consecutive windows",
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
        cut = asdict(self.cut)
        if not cut.get("context_s", 1.0):  # older cards and stores have no such field
            del cut["context_s"]
        return {"signal": signal, "cut": {"kind": kind, **cut}, "inputs": list(self.inputs)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Return a preparation from the values of :meth:`as_dict`.

        Parameters
        ----------
        plain : mapping
            Plain values.

        Returns
        -------
        Preparation

        Raises
        ------
        ConfigurationFault
            If settings are invalid or contradict each other.
        """
        signal: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain["signal"].items()
        }
        settings = dict(plain["cut"])
        kind = {"beats": Beats, "tiles": Tiles}[settings.pop("kind")]
        return cls(SignalSpec(**signal), kind(**settings), tuple(plain["inputs"]))


_ALIGNED = "aligned_beat"
INPUTS = ("signal", "beat", _ALIGNED, *features.FEATURES)
"""Everything that a model can read."""
