"""Tell how far a signal is from the recordings that trained a model, from measurements of its shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.quality_features import FEATURES

Array = NDArray[Any]

LEAST_ROWS = 5 * len(FEATURES)
"""Leads of pieces of recordings that a density needs: five for each measurement.

Fitted on fewer, it would find recordings far that are like those it was fitted on.
"""
_INLIERS, _ROOM = 0.99, 1.5
_SHRINKAGE = 0.05


@dataclass(frozen=True)
class Density:
    """A Gaussian density of the measurements of a lead, and the distance within which recordings are familiar.

    Parameters
    ----------
    mean : tuple of float
        Mean of each measurement of :data:`einthoven.signal.quality_features.FEATURES`.
    sd : tuple of float
        Standard deviation of each.
    rows : tuple of tuple of float
        Cholesky factor of the inverse of their correlations.
    limit : float
        Largest Mahalanobis distance of a familiar recording.
    fitted_on : dict
        Corpus, number of recordings, and the share of them within the limit.
    """

    mean: tuple[float, ...]
    sd: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    limit: float
    fitted_on: Mapping[str, Any]

    @classmethod
    def fit(cls, typical: Array, fitted_on: Mapping[str, Any]) -> "Density | None":
        """Fit a density to training data.

        Parameters
        ----------
        typical : array [recordings, leads, k]
            Median measurements of each lead of each recording (:attr:`einthoven.signal.quality.Quality.typical`); NaN where a lead
            is not readable.
        fitted_on : mapping
            What the data are.

        Returns
        -------
        Density or None
            None where there are too few recordings.

        Raises
        ------
        ValueError
            If the measurements are not of leads of recordings.

        Notes
        -----
        The limit is 1.5 times the distance that 99 % of the recordings stay within: other devices and people are farther off
        than those of one database, and what is no ECG much farther (Lee et al. 2018, NeurIPS 31, for the Mahalanobis distance of
        features as a measure of what is out of distribution).
        """
        if typical.ndim != 3:
            raise ValueError(f"measurements of shape {typical.shape}; expected [recordings, leads, {len(FEATURES)}]")
        rows = typical.reshape(-1, typical.shape[-1])
        rows = rows[np.isfinite(rows).all(axis=1)]
        if len(rows) < LEAST_ROWS:
            return None
        mean, sd = rows.mean(axis=0), rows.std(axis=0) + 1e-3
        correlations = np.corrcoef(((rows - mean) / sd).T + 1e-12)
        correlations = np.nan_to_num(correlations) * (1 - _SHRINKAGE) + _SHRINKAGE * np.eye(len(mean))
        factor = np.linalg.cholesky(np.linalg.inv(correlations))
        found = cls(_short(mean), _short(sd), tuple(_short(row) for row in factor), np.inf, {})
        distances = found.distance(typical)
        limit = float(np.quantile(distances[np.isfinite(distances)], _INLIERS))
        return cls(found.mean, found.sd, found.rows, round(_ROOM * limit, 4), dict(fitted_on))

    @cached_property
    def _arrays(self) -> tuple[Array, Array, Array]:
        return np.array(self.mean), np.array(self.sd), np.array(self.rows)

    def distance(self, typical: Array) -> Array:
        """Return the distance of recordings: the median over their readable leads.

        Parameters
        ----------
        typical : array [..., leads, k]
            Median measurements of each lead; NaN where it is not readable.

        Returns
        -------
        array [...]
            NaN where no lead is readable.
        """
        mean, sd, factor = self._arrays
        each = np.linalg.norm(((typical - mean) / sd) @ factor, axis=-1)
        there = np.isfinite(each)
        some = there.any(axis=-1)
        return np.where(some, np.nanmedian(np.where(some[..., None], each, 0.0), axis=-1), np.nan)

    def farthest(self, typical: Array) -> tuple[str, float, float, float]:
        """Return the measurement that is farthest from the training data, in standard deviations.

        Parameters
        ----------
        typical : array [leads, k]
            Median measurements of each lead of a recording.

        Returns
        -------
        name : str
            Name of the measurement.
        value, mean, sd : float
            Its median over the leads; mean and standard deviation in the training data.
        """
        mean, sd, _ = self._arrays
        value = np.nanmedian(typical, axis=0)
        at = int(np.abs((value - mean) / sd).argmax())
        return FEATURES[at], float(value[at]), float(mean[at]), float(sd[at])

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a card."""
        return {
            "features": list(FEATURES),
            "mean": list(self.mean),
            "sd": list(self.sd),
            "rows": [list(row) for row in self.rows],
            "limit": self.limit,
            "fitted_on": dict(self.fitted_on),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Density | None":
        """Return a density from the values of :meth:`as_dict`.

        Parameters
        ----------
        plain : mapping
            Plain values.

        Returns
        -------
        Density or None
            None where it was fitted on other measurements than those of today.

        Raises
        ------
        ValueError
            Where numbers are missing or not finite.
        """
        if tuple(plain["features"]) != FEATURES:
            return None
        k = len(FEATURES)
        mean, sd, rows = (np.array(plain[name], float) for name in ("mean", "sd", "rows"))
        if mean.shape != (k,) or sd.shape != (k,) or rows.shape != (k, k) or not plain["limit"] > 0:
            raise ValueError("a density of other measurements")
        if not (np.isfinite(mean).all() and (sd > 0).all() and np.isfinite(rows).all()):
            raise ValueError("a density with numbers that are not finite")
        as_rows = tuple(tuple(row) for row in rows.tolist())
        return cls(tuple(mean.tolist()), tuple(sd.tolist()), as_rows, float(plain["limit"]), plain["fitted_on"])


def _short(values: Array) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)
