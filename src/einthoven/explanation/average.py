"""Average Grad-CAM and attention over the beats of each class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.explanation.gradcam import attention, gradcam
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows


@dataclass(frozen=True)
class AverageMaps:
    """Mean importance over the beats of each class, by class name."""

    gradcam: dict[str, NDArray[Any]]
    """Mean Grad-CAM [samples]."""
    attention: dict[str, NDArray[Any]]
    """Mean attention [samples]; empty for a network without attention."""


def average_maps(predictor: Predictor, windows: Mapping[str, Windows]) -> AverageMaps:
    """Compute the mean Grad-CAM and attention over the beats of each class.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : mapping of Windows
        Windows by the name of their class.

    Returns
    -------
    AverageMaps
        One mean map for each class.
    """
    maps: dict[str, NDArray[Any]] = {}
    looks: dict[str, NDArray[Any]] = {}
    for name, beats in windows.items():
        labels = np.full(len(beats), predictor.card.classes.index(name))
        maps[name] = gradcam(predictor.network, beats, labels).mean(axis=0)
        look = attention(predictor.network, beats)
        if look is not None:
            looks[name] = look.mean(axis=0)
    return AverageMaps(maps, looks)


def share_by_wave(
    values: NDArray[Any], before_s: float, fs_hz: float, waves_s: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return the share of a map that lies over each wave.

    Parameters
    ----------
    values : array [samples]
        The map of a beat.
    before_s : float, s
        Time from the map's beginning to the R peak.
    fs_hz : float, Hz
        Sampling rate of the map.
    waves_s : mapping of (float, float)
        Beginning and end of each wave by its name, s from the R peak.

    Returns
    -------
    dict of float
        Shares of the sum over the map.
    """
    at_s = np.arange(len(values)) / fs_hz - before_s
    total = max(float(values.sum()), 1e-12)
    found = {name: values[(at_s >= low) & (at_s < high)].sum() / total for name, (low, high) in waves_s.items()}
    return {name: round(float(share), 4) for name, share in found.items()}
