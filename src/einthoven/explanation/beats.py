"""Knows which beats of a prediction are worth explaining, and what spoke for their class. Draws nothing."""

from dataclasses import dataclass

import numpy as np

from einthoven.explanation.gradcam import attention, gradcam
from einthoven.inference.answer import BeatAnswer
from einthoven.inference.predictor import Predictor
from einthoven.signal.preparation import prepare

MOST_AVERAGED = 300


@dataclass(frozen=True)
class Explained:
    """What spoke for one class in one record.

    name, n : of the class, and beats decided so
    at_s : time of each sample about the R peak [samples]
    times_s, windows, maps : of its surest beats, first lead: times [k], [k, samples], [k, samples]
    mean_window, mean_map : over all (or 300) of its beats [samples]
    attention, mean_attention : likewise, for networks that have it, else None
    """

    name: str
    n: int
    at_s: np.ndarray
    times_s: np.ndarray
    windows: np.ndarray
    maps: np.ndarray
    mean_window: np.ndarray
    mean_map: np.ndarray
    attention: np.ndarray | None
    mean_attention: np.ndarray | None


def explain(predictor: Predictor, prediction: BeatAnswer, n_beats: int = 3) -> list[Explained]:
    """Grad-CAM of each class that the model found, for its surest beats and on average.

    Parameters
    ----------
    n_beats : surest beats of each class that are shown by themselves
    """
    record, card = prediction.record, prediction.card
    windows = prepare(record, card.preparation, prediction.beats)
    at_s = (np.arange(card.preparation.n_samples) - card.preparation.before) / card.preparation.fs_hz
    found = []
    for label, name in enumerate(card.classes):
        members = np.flatnonzero(prediction.most_probable == label)
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
            )
        )
    return found
