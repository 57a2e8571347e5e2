"""Average Grad-CAM and attention over the beats of each class."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from einthoven.explanation.gradcam import attention, gradcam
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows


@dataclass(frozen=True)
class AverageMaps:
    """What a model looked at in the beats of each class, on average, by the names of the classes."""

    gradcam: dict[str, np.ndarray]
    """Mean Grad-CAM [samples]."""
    attention: dict[str, np.ndarray]
    """Mean attention [samples]; empty for a network without."""


def average_maps(predictor: Predictor, windows: Mapping[str, Windows]) -> AverageMaps:
    """Average what a model looked at when it was asked for each class.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : mapping of Windows
        Windows by the class that they bear.

    Returns
    -------
    AverageMaps
        One mean map a class.
    """
    maps, looks = {}, {}
    for name, beats in windows.items():
        asked = np.full(len(beats), predictor.card.classes.index(name))
        maps[name] = gradcam(predictor.network, beats, asked).mean(axis=0)
        look = attention(predictor.network, beats)
        if look is not None:
            looks[name] = look.mean(axis=0)
    return AverageMaps(maps, looks)


def share_by_wave(
    values: np.ndarray, before_s: float, fs_hz: float, waves_s: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return how much of a map lies over each wave.

    Parameters
    ----------
    values : np.ndarray [samples]
        The map of a beat.
    before_s : float
        Time from the map's beginning to the R peak, s.
    fs_hz : float
        Sampling rate of the map, Hz.
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
