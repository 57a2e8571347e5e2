"""Compute the evidence for the classes that are predicted for a whole record: when, and in which leads."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.explanation import measurements
from einthoven.explanation.gradcam import gradcam, laid_over, over_trace
from einthoven.inference.answer import RecordAnswer
from einthoven.inference.evidence import Evidence
from einthoven.inference.predictor import Predictor
from einthoven.signal.preparation import crops, prepare, waves_measured_again
from einthoven.signal.rhythm import INTERVAL_NAMES, interval_features
from einthoven.signal.windows import Windows, concatenated, crop_starts

_MOST, _PIECE_S, _STRETCH_S = 5, 0.06, 1.0
Parts = tuple[tuple[str, float], ...]
"""Name of each input, and the fall of the probability without it."""
_INPUTS = ("RR intervals", "signal", "typical beat")


def needs_weights(card: Card) -> bool:
    """Return whether the evidence is computed inside the network, not by changing what it reads.

    Parameters
    ----------
    card : Card
        Card of the model.

    Returns
    -------
    bool
        Whether it is: for Grad-CAM.
    """
    return "rhythm" not in card.preparation.inputs


def evidence_for(predictor: Predictor, findings: RecordAnswer) -> tuple[Evidence, ...]:
    """Compute the evidence for each predicted class, five at most.

    The share of a lead is measured: it is the fall of the probability when the lead is set to zero. What importance is computed
    over depends on what the model reads:

    - the signal alone: Grad-CAM over the window;
    - typical beats: the fall of the probability when 60 ms of the beat are flattened, measurements on the beat computed again;
      Grad-CAM over the window besides, where networks read the signal too;
    - measurements of the rhythm: the fall when 1 s of the signal is flattened, and when each input is taken away.

    Parameters
    ----------
    predictor : Predictor
        The model.
    findings : RecordAnswer
        Its answer for a record.

    Returns
    -------
    tuple of Evidence
        One for each class, the most probable first.
    """
    windows = prepare(findings.record, predictor.card.preparation)
    order = np.argsort(-findings.record_probabilities, kind="stable").tolist()
    labels = [label for label in order if findings.is_predicted[label]][:_MOST]
    return tuple(_evidence(predictor, findings, windows, label) for label in labels)


def _evidence(predictor: Predictor, findings: RecordAnswer, windows: Windows, label: int) -> Evidence:
    """Return the evidence for one class, in the window with its highest probability."""
    card = predictor.card
    at = int(findings.probabilities[:, label].argmax())
    window = windows[at : at + 1]
    silenced = waves_measured_again(_silenced(window, len(findings.leads)), card.preparation)
    falls = findings.probabilities[at, label] - predictor.probabilities(silenced)[:, label]
    beat: NDArray[Any] | None = None
    trace: NDArray[Any] | None = None
    parts: Parts = ()
    if not needs_weights(card):
        importance, parts = _over_the_trace(predictor, window, label)
    elif card.preparation.beat_samples:
        beat, importance = _over_the_beat(predictor, window, label)
        maps = over_trace(predictor.network, window, np.array([label]))
        trace = None if maps is None else maps[0]
    else:
        importance = _map(predictor, window, label)
    return Evidence(
        label=label,
        start_s=float(findings.samples[at]) / findings.record.fs_hz,
        map=importance,
        falls=tuple(falls.tolist()),
        beat=beat,
        trace=trace,
        parts=parts,
        measurements=measurements.decisive(predictor, window, label),
        probability=float(findings.probabilities[at, label]),
    )


def _silenced(window: Windows, n_leads: int) -> Windows:
    """Return a window once for each lead, with that lead and its typical beat set to zero."""
    silenced = window.repeated(n_leads)
    for at in range(n_leads):
        silenced.signal[at, at] = 0.0
        if silenced.beat is not None:
            silenced.beat[at, at] = 0.0
    return silenced


def _over_the_beat(predictor: Predictor, window: Windows, label: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the typical beat [leads, samples], and how the probability falls where 60 ms are flattened, scaled to one."""
    prepared = predictor.card.preparation
    n, span = prepared.beat_samples, max(2, round(_PIECE_S * prepared.fs_hz))
    starts = np.arange(0, n - span + 1, max(1, span // 2))
    flattened = window.repeated(len(starts) + 1)
    assert flattened.beat is not None and window.beat is not None
    for beat, start in zip(flattened.beat[1:], starts, strict=True):
        beat[:, start : start + span] = np.linspace(beat[:, start], beat[:, start + span - 1], span, axis=1)
    p = predictor.probabilities(waves_measured_again(flattened, prepared))[:, label]
    falls = np.clip(p[0] - p[1:], 0, None)
    importance = np.interp(np.arange(n), starts + span / 2, falls)
    return window.beat[0], importance / max(importance.max(), 1e-12)


def _over_the_trace(predictor: Predictor, window: Windows, label: int) -> tuple[NDArray[Any], Parts]:
    """Return how the probability falls where a second is flattened [samples], scaled to one, and without each input."""
    prepared = predictor.card.preparation
    n, span = window.signal.shape[2], round(_STRETCH_S * prepared.fs_hz)
    steady, no_trace, no_beat = (window.repeated(1) for _ in range(3))
    assert steady.features is not None and no_beat.beat is not None
    first = prepared.columns["rhythm"].start
    intervals = slice(first, first + len(INTERVAL_NAMES))
    steady.features[:, intervals] = interval_features(np.zeros(0), n / span * _STRETCH_S)
    no_trace.signal[:] = 0.0
    no_beat.beat[:] = 0.0
    starts = np.arange(0, n - span + 1, span // 2)
    flattened = window.repeated(len(starts))
    for signal, start in zip(flattened.signal, starts, strict=True):
        signal[:, start : start + span] = signal[:, start : start + span].mean(axis=1, keepdims=True)
    changed = concatenated([window, steady, no_trace, waves_measured_again(no_beat, prepared), flattened])
    p = predictor.probabilities(changed)[:, label]
    falls = np.clip(p[0] - p[4:], 0, None)
    importance = np.interp(np.arange(n), starts + span / 2, falls)
    parts = zip(_INPUTS, (p[0] - p[1:4]).tolist(), strict=True)
    return importance / max(importance.max(), 1e-12), tuple(parts)


def _map(predictor: Predictor, window: Windows, label: int) -> NDArray[Any]:
    """Return Grad-CAM over a window [samples]; the mean over its crops, where the network sees crops."""
    prepared = predictor.card.preparation
    n_samples = window.signal.shape[2]
    pieces = crops(window, prepared)[0] if prepared.is_cropped else window
    maps = torch.from_numpy(gradcam(predictor.network, pieces, np.full(len(pieces), label)))
    mean = laid_over(maps[None], crop_starts(n_samples, prepared.n_input).tolist(), n_samples)[0].numpy()
    return np.asarray(mean / max(mean.max(), 1e-12))
