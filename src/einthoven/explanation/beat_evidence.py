"""Evidence for the classes of beats: importance over the beat, and the measurements that decided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.explanation.contributions import contributions
from einthoven.explanation.gradcam import attention, gradcam
from einthoven.explanation.measurements import decisive
from einthoven.inference.answer import BeatAnswer
from einthoven.inference.evidence import Contribution, Measurement
from einthoven.inference.informative import remark
from einthoven.inference.predictor import Predictor
from einthoven.signal.preparation import prepare

MOST_AVERAGED = 300
"""Beats of a class that importance is averaged over, the surest first."""
_MOST_MEASURED = 40


@dataclass(frozen=True)
class Explained:
    """Evidence for one class in one record.

    Parameters
    ----------
    name : str
        The class.
    n : int
        Number of beats for which it is the most probable class.
    at_s : array [samples], s
        Time of each sample from the R peak.
    times_s : array [k], s
        Times of its surest beats.
    windows, maps : array [k, samples]
        The first lead of these beats, and the importance over it, 0 to 1.
    mean_window, mean_map : array [samples]
        Means over its beats, 300 at most.
    attention : array [k, samples], optional
        Attention over each of these beats, if the network has attention.
    mean_attention : array [samples], optional
        Its mean over the beats.
    measurements : tuple of Measurement
        Those that decided for the surest beats (40 at most), if the model reads measurements.
    contributions : tuple of Contribution
        Of each lead and group of measurements, for the same beats; the largest fall first.
    rr_ms : (float, float), optional
        Median RR interval ahead of these beats, and that of all beats; None without any.
    """

    name: str
    n: int
    at_s: NDArray[Any]
    times_s: NDArray[Any]
    windows: NDArray[Any]
    maps: NDArray[Any]
    mean_window: NDArray[Any]
    mean_map: NDArray[Any]
    attention: NDArray[Any] | None
    mean_attention: NDArray[Any] | None
    measurements: tuple[Measurement, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    rr_ms: tuple[float, float] | None = None

    @property
    def remark(self) -> str:
        """Why the mean map tells nothing; empty if it tells something."""
        return remark(self.mean_map)


def explain(predictor: Predictor, prediction: BeatAnswer, n_beats: int = 3) -> list[Explained]:
    """Compute the evidence for each class that occurs, for its surest beats and on average.

    Parameters
    ----------
    predictor : Predictor
        The model.
    prediction : BeatAnswer
        Its answer for a record.
    n_beats : int
        Surest beats of each class that are shown one by one.

    Returns
    -------
    list of Explained
        One for each class that at least one beat has.
    """
    record, card = prediction.record, prediction.card
    windows = prepare(record, card.preparation, prediction.beats)
    at_s = (np.arange(card.preparation.n_samples) - card.preparation.before) / card.preparation.fs_hz
    found = []
    for label, name in enumerate(card.classes):
        members = np.flatnonzero(prediction.is_answered & (prediction.most_probable == label))
        if not len(members):
            continue
        surest = members[np.argsort(-prediction.confidence[members], kind="stable")]
        surest = surest[:MOST_AVERAGED]
        maps = gradcam(predictor.network, windows[surest], np.full(len(surest), label))
        looks = attention(predictor.network, windows[surest])
        shown = slice(0, n_beats)
        found.append(
            Explained(
                name=name,
                n=len(members),
                at_s=at_s,
                times_s=prediction.times_s[surest[shown]],
                windows=windows.signal[surest[shown], 0],
                maps=maps[shown],
                mean_window=windows.signal[surest, 0].mean(axis=0),
                mean_map=maps.mean(axis=0),
                attention=None if looks is None else looks[shown],
                mean_attention=None if looks is None else looks.mean(axis=0),
                measurements=decisive(predictor, windows[surest[:_MOST_MEASURED]], label),
                contributions=contributions(predictor, windows[surest[:_MOST_MEASURED]], label, prediction.leads),
                rr_ms=_rr_ms(prediction.times_s, surest[:_MOST_MEASURED]),
            )
        )
    return found


def _rr_ms(times_s: NDArray[Any], members: NDArray[Any]) -> tuple[float, float] | None:
    """Return the median interval ahead of some beats, and of all."""
    rr_ms = 1000 * np.diff(times_s)
    ahead = rr_ms[members[members > 0] - 1]
    return (float(np.median(ahead)), float(np.median(rr_ms))) if len(ahead) else None
