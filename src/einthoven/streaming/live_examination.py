"""Examine the last minute of a live signal: the doctor's findings, and whether a model declines it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.inference import declining
from einthoven.inference.declined import Declined
from einthoven.signal import doctor, leads, quality
from einthoven.signal.finding import Finding

Array = NDArray[Any]

FIRST_S = 10.0
"""Signal that is examined before anything is answered, s."""
_MINUTE_S = 60.0
_DOUBLINGS = 3


@dataclass(frozen=True)
class LiveFinding:
    """What the doctor found in a live signal, told when it is first seen.

    Parameters
    ----------
    finding : Finding
        The finding.
    start_s, end_s : float, seconds
        The signal that was examined.
    """

    finding: Finding
    start_s: float
    end_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        found = self.finding
        return {
            "kind": "finding",
            "code": found.code,
            "leads": list(found.leads),
            "certainty": round(found.certainty, 3),
            "text": found.text,
            "remedy": found.remedy,
            "start_s": self.start_s,
            "end_s": self.end_s,
        }


@dataclass(frozen=True)
class _Span:
    """A part of the signal, as :func:`einthoven.signal.doctor.examine` reads it."""

    signal_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]


class LiveExamination:
    """Examine a live signal after 10, 20 and 40 s, and then the last minute at the end of each.

    Parameters
    ----------
    card : Card
        Card of the model.
    leads : tuple of str
        Names of the leads of the signal.
    fs_hz : float, Hz
        Sampling rate.
    """

    def __init__(self, card: Card, leads: tuple[str, ...], fs_hz: float) -> None:
        self.card, self.leads, self.fs_hz = card, leads, fs_hz
        self.signal: Array = np.zeros((len(leads), 0), np.float32)
        """The signal of the last minute, mV."""
        self.n_samples = 0
        """Samples that were fed."""
        self.n_examined = 0
        """How often it was examined."""
        self.told: list[list[Any]] = []
        """Code and leads of each finding that was told."""
        self.declined: Declined | None = None
        """Why the signal is declined, as found last."""

    @property
    def is_known(self) -> bool:
        """Whether the signal was examined at least once."""
        return self.n_examined > 0

    def _next(self) -> int:
        """Return the number of samples after which it is examined next."""
        at = self.n_examined
        seconds = FIRST_S * 2**at if at < _DOUBLINGS else _MINUTE_S * (at - _DOUBLINGS + 1)
        return round(seconds * self.fs_hz)

    def feed(self, piece: Array, is_last: bool) -> list[LiveFinding]:
        """Take samples, and examine the signal where it is time, or at its end where it never was.

        Parameters
        ----------
        piece : array [leads, samples], mV
            Samples, NaN where one is missing.
        is_last : bool
            Whether the signal has ended.

        Returns
        -------
        list of LiveFinding
            Findings that were not told before.
        """
        self.n_samples += piece.shape[1]
        self.signal = np.concatenate((self.signal, piece), axis=1)[:, -round(_MINUTE_S * self.fs_hz) :]
        is_due = self.n_samples >= self._next() or (is_last and not self.is_known)
        if not is_due or not self.signal.shape[1]:
            return []
        self.n_examined += 1
        return self._examined()

    def _examined(self) -> list[LiveFinding]:
        found = doctor.examine(_Span(self.signal, self.fs_hz, self.leads))
        used_mv, used = leads.select(self.signal, self.leads, self.card.preparation.leads, "the stream")
        self.declined = declining.by_signal(self.card, quality.examine(used_mv, used, self.fs_hz), found)
        end_s = self.n_samples / self.fs_hz
        start_s = end_s - self.signal.shape[1] / self.fs_hz
        new = [finding for finding in found if [finding.code, list(finding.leads)] not in self.told]
        self.told += [[finding.code, list(finding.leads)] for finding in new]
        return [LiveFinding(finding, start_s, end_s) for finding in new]
