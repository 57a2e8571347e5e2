"""Define how a record is cut into windows: around heartbeats, or one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

_LEAST_SAMPLES = 8
_MOST_CONTEXT_S = 300.0


@dataclass(frozen=True)
class Beats:
    """A window around each heartbeat."""

    before_s: float
    """Seconds of the window before the heartbeat."""
    after_s: float
    """Seconds of the window from the heartbeat on."""

    def faults(self, fs_hz: float) -> Iterator[str]:
        """Yield what is invalid or contradictory.

        Parameters
        ----------
        fs_hz : float, Hz
            Sampling rate of the model's input.

        Yields
        ------
        str
        """
        if min(self.before_s, self.after_s) < 0 or round((self.before_s + self.after_s) * fs_hz) < _LEAST_SAMPLES:
            yield f"a window from {0 - self.before_s:g} s to {self.after_s:g} s"


@dataclass(frozen=True)
class Tiles:
    """Consecutive windows over the whole record."""

    window_s: float
    """Length of a window, s."""
    crop_s: float = 0.0
    """Length of the crops that the network sees, s; its outputs are averaged over the crops. 0 for whole windows."""
    context_s: float = 0.0
    """Seconds before and after a window that are measured with it; at the edges of a record as much more on the other side."""

    def faults(self, fs_hz: float) -> Iterator[str]:
        """Yield what is invalid or contradictory.

        Parameters
        ----------
        fs_hz : float, Hz
            Sampling rate of the model's input.

        Yields
        ------
        str
        """
        if round(self.window_s * fs_hz) < _LEAST_SAMPLES:
            yield f"windows of {self.window_s:g} s"
        if self.crop_s and not _LEAST_SAMPLES / fs_hz <= self.crop_s <= self.window_s:
            yield f"crops of {self.crop_s:g} s of windows of {self.window_s:g} s"
        if not 0 <= self.context_s <= _MOST_CONTEXT_S:
            yield f"windows that are measured with {self.context_s:g} s around them"
