"""Find lost samples by the times of the lines that samples come in."""

_SINCE_1970 = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0))
_LEAST_LOST_S, _LEAST_LOST = 0.15, 3
_MOST_LOST_S = 3600.0


class Stamps:
    """Compare the times of lines with the samples between them.

    Times that vary by less than 0.15 s, as those of a phone or a serial port do, lose nothing.

    Parameters
    ----------
    fs_hz : float
        Sampling rate, Hz.
    unit_s : float, s, optional
        Unit of the times; by default it is found by their size and steps.
    """

    def __init__(self, fs_hz: float, unit_s: float | None = None) -> None:
        self.fs_hz = fs_hz
        self._before: float | None = None
        self._n_since = 0
        self._scale = unit_s

    def lost_before(self, stamp: float | None, n_samples: int) -> int:
        """Return how many samples were lost before a line.

        Parameters
        ----------
        stamp : float, optional
            Time of the line; the same for several lines where they came together.
        n_samples : int
            Samples of the line.

        Returns
        -------
        int
            0 where the time goes back, or leaps by more than an hour: then it was set.
        """
        lost = 0
        if stamp is not None and self._before is not None and stamp != self._before:
            step = stamp - self._before
            if self._scale is None and step > 0:
                self._scale = self._unit(stamp, step)
            if self._scale is not None:
                ahead = step * self._scale * self.fs_hz - self._n_since
                if max(_LEAST_LOST, _LEAST_LOST_S * self.fs_hz) < ahead <= _MOST_LOST_S * self.fs_hz:
                    lost = round(ahead)
        if stamp is not None and stamp != self._before:
            self._before, self._n_since = stamp, 0
        self._n_since += n_samples
        return lost

    def _unit(self, stamp: float, step: float) -> float | None:
        """Return the length of a unit in seconds, by the size of the time, else by its step."""
        since = next((scale for least, scale in _SINCE_1970 if stamp > least), None)
        if since is not None:
            return since
        likely = [
            scale for scale in (1.0, 1e-3, 1e-6, 1e-9) if 0.3 < step * scale * self.fs_hz / max(1, self._n_since) < 3
        ]
        return likely[0] if likely else None
