"""Evidence for the classes that a model predicts of a whole record: when, and in which leads."""

import numpy as np
import torch

from einthoven.bundle import Card
from einthoven.explanation import measurements
from einthoven.explanation.gradcam import gradcam, laid_over, over_trace
from einthoven.inference.answer import RecordAnswer
from einthoven.inference.evidence import Evidence
from einthoven.inference.predictor import Predictor
from einthoven.signal.preparation import Preparation, crops, prepare, waves_measured_again
from einthoven.signal.rhythm import INTERVAL_NAMES, interval_features
from einthoven.signal.windows import Windows, concatenated, crop_starts

_MOST, _PIECE_S, _STRETCH_S = 5, 0.06, 1.0


def needs_weights(card: Card) -> bool:
    """Return whether the evidence for a class is found inside the network, not by silencing what it reads."""
    return "rhythm" not in card.preparation.inputs


def evidence_for(predictor: Predictor, findings: RecordAnswer) -> tuple[Evidence, ...]:
    """Find the evidence for each class that is predicted (five at most): Grad-CAM over its window, and what each lead adds.

    A lead's share is measured, not inferred: by how much the probability falls when the lead is silenced. Of a model that reads
    typical beats the map is over these, and measured likewise: by flattening sixty milliseconds after sixty; networks that read
    the trace too have Grad-CAM over the window beside it, and what is measured on a beat is measured again. Of a model that
    measures the rhythm the map is over the trace, second after second, and each thing that it reads is silenced by itself.
    """
    record, card = findings.record, predictor.card
    windows = prepare(record, card.preparation)
    said = [at for at in np.argsort(-findings.record_probabilities, kind="stable") if findings.is_predicted[at]][:_MOST]
    found = []
    for label in said:
        loudest = int(findings.probabilities[:, label].argmax())
        window = windows[loudest : loudest + 1]
        silenced = waves_measured_again(_silenced(window, len(findings.leads)), card.preparation)
        falls = findings.probabilities[loudest, label] - predictor.probabilities(silenced)[:, label]
        start_s = float(findings.samples[loudest]) / record.fs_hz
        beat, trace, parts = None, None, ()
        if not needs_weights(card):
            told, parts = _over_the_trace(predictor, window, label)
        elif card.preparation.beat_samples:
            beat, told = _over_the_beat(predictor, window, label)
            found_on = over_trace(predictor.network, window, np.array([label]))
            trace = None if found_on is None else found_on[0]
        else:
            told = _map(predictor, window, int(label))
        found.append(
            Evidence(
                int(label),
                start_s,
                told,
                tuple(falls.tolist()),
                beat,
                trace,
                parts,
                measurements.decisive(predictor, window, int(label)),
            )
        )
    return tuple(found)


def _silenced(window: Windows, n_leads: int) -> Windows:
    """Return a window once for each lead, without that lead and its typical beat."""
    silenced = window.repeated(n_leads)
    for at in range(n_leads):
        silenced.signal[at, at] = 0.0
        if silenced.beat is not None:
            silenced.beat[at, at] = 0.0
    return silenced


def _over_the_beat(predictor: Predictor, window: Windows, label: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the typical beat [leads, samples], and how the probability falls where a piece is flattened, over its largest fall."""
    prepared = predictor.card.preparation
    n, span = prepared.beat_samples, max(2, round(_PIECE_S * prepared.fs_hz))
    starts = np.arange(0, n - span + 1, max(1, span // 2))
    flattened = window.repeated(len(starts) + 1)
    assert flattened.beat is not None and window.beat is not None
    for beat, start in zip(flattened.beat[1:], starts, strict=True):
        beat[:, start : start + span] = np.linspace(beat[:, start], beat[:, start + span - 1], span, axis=1)
    p = predictor.probabilities(waves_measured_again(flattened, prepared))[:, label]
    falls = np.clip(p[0] - p[1:], 0, None)
    told = np.interp(np.arange(n), starts + span / 2, falls)
    return window.beat[0], told / max(told.max(), 1e-12)


def _over_the_trace(
    predictor: Predictor, window: Windows, label: int
) -> tuple[np.ndarray, tuple[tuple[str, float], ...]]:
    """Return how the probability falls where a second is flattened [samples], over its largest fall, and without each part."""
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
    told = np.interp(np.arange(n), starts + span / 2, falls)
    named = ("its RR intervals, had they been steady", "the trace", "the typical beat")
    return told / max(told.max(), 1e-12), tuple(zip(named, (p[0] - p[1:4]).tolist(), strict=True))


def _map(predictor: Predictor, window: Windows, label: int) -> np.ndarray:
    """Return Grad-CAM over a window [samples]; the mean over its crops, where the network sees crops."""
    prepared: Preparation = predictor.card.preparation
    n_samples = window.signal.shape[2]
    pieces = crops(window, prepared)[0] if prepared.is_cropped else window
    maps = torch.from_numpy(gradcam(predictor.network, pieces, np.full(len(pieces), label)))
    mean = laid_over(maps[None], crop_starts(n_samples, prepared.n_input).tolist(), n_samples)[0].numpy()
    return mean / max(mean.max(), 1e-12)
