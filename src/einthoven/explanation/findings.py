"""Knows what spoke for the classes that a model said of a whole record: when, and in which leads. Draws nothing."""

import numpy as np
import torch

from einthoven.bundle import Card
from einthoven.explanation.gradcam import gradcam, laid_over, over_trace
from einthoven.inference.answer import RecordAnswer
from einthoven.inference.evidence import Evidence
from einthoven.inference.predictor import Predictor
from einthoven.signal.context import N_STRETCH, remeasured, span_s
from einthoven.signal.preparation import Preparation, crops, tiles
from einthoven.signal.rhythm import N_INTERVALS, of_intervals
from einthoven.signal.windows import crop_starts

_MOST, _PIECE_S, _STRETCH_S = 5, 0.06, 1.0


def needs_weights(card: Card) -> bool:
    """Whether what spoke for a class is found inside the network, not by silencing what it reads."""
    return not card.preparation.rhythm


def why(predictor: Predictor, findings: RecordAnswer) -> tuple[Evidence, ...]:
    """For each class that is said (five at most): Grad-CAM over the window that speaks loudest, and what each lead adds.

    A lead's share is measured, not inferred: by how much the probability falls when the lead is silenced. Of a model that reads
    typical beats the map is over these, and measured likewise: by flattening sixty milliseconds after sixty; nets that read
    the trace too have Grad-CAM over the window beside it, and what is measured on a beat is measured again. Of a model that
    measures the rhythm the map is over the trace, second after second, and each thing that it reads is silenced by itself.
    """
    record, card = findings.record, predictor.card
    windows, _ = tiles(record.signal_mv, record.fs_hz, record.leads, card.preparation)
    said = [at for at in np.argsort(-findings.record_probabilities, kind="stable") if findings.is_predicted[at]][:_MOST]
    found = []
    for label in said:
        loudest = int(findings.probabilities[:, label].argmax())
        window = windows[loudest]
        silenced = np.repeat(window[None], len(findings.leads), axis=0)
        rows = 2 if card.preparation.patient else 1  # a lead, and its typical beat where there is one
        for at, piece in enumerate(silenced):
            piece[rows * at : rows * (at + 1)] = 0.0
        silenced = _measured_again(silenced, card.preparation)
        falls = findings.probabilities[loudest, label] - predictor.probabilities(silenced)[:, label]
        start_s = float(findings.samples[loudest]) / record.fs_hz
        beat, trace, parts = None, None, ()
        if not needs_weights(card):
            told, parts = _over_the_trace(predictor, window, label)
        elif card.preparation.patient:
            beat, told = _over_the_beat(predictor, window, label)
            found_on = over_trace(predictor.network, window[None], np.array([label]))
            trace = None if found_on is None else found_on[0]
        else:
            told = _map(predictor, window, int(label))
        found.append(Evidence(int(label), start_s, told, tuple(falls.tolist()), beat, trace, parts))
    return tuple(found)


def _over_the_beat(predictor: Predictor, window: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The typical beat [leads, samples], and how the probability falls, over its largest fall, where a piece is flattened."""
    fs_hz = predictor.card.preparation.fs_hz
    before, after = (round(span * fs_hz) for span in span_s(predictor.card.preparation.waves))
    first = window.shape[1] // 2 - before
    n, span = before + after, max(2, round(_PIECE_S * fs_hz))
    starts = np.arange(0, n - span + 1, max(1, span // 2))
    flattened = np.repeat(window[None], len(starts) + 1, axis=0)
    for piece, start in zip(flattened[1:], starts, strict=True):
        at = first + start
        rows = piece[1:-1:2]
        rows[:, at : at + span] = np.linspace(rows[:, at], rows[:, at + span - 1], span, axis=1)
    p = predictor.probabilities(_measured_again(flattened, predictor.card.preparation))[:, label]
    falls = np.clip(p[0] - p[1:], 0, None)
    told = np.interp(np.arange(n), starts + span / 2, falls)
    return window[1:-1:2, first : first + n], told / max(told.max(), 1e-12)


def _measured_again(windows: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Windows whose typical beats were changed, with what is measured on these."""
    if not preparation.waves:
        return windows
    return np.stack([remeasured(window, preparation.fs_hz, preparation.rhythm) for window in windows])


def _over_the_trace(
    predictor: Predictor, window: np.ndarray, label: int
) -> tuple[np.ndarray, tuple[tuple[str, float], ...]]:
    """How the probability falls, over its largest fall, where a second is flattened [samples]; how it falls without each part."""
    n, span = window.shape[1], round(_STRETCH_S * predictor.card.preparation.fs_hz)
    changed = np.repeat(window[None], 3, axis=0)
    changed[0, -1, N_STRETCH : N_STRETCH + N_INTERVALS] = of_intervals(np.zeros(0), n / span * _STRETCH_S)
    changed[1, 0:-1:2] = 0.0
    changed[2, 1:-1:2] = 0.0
    changed[2:] = _measured_again(changed[2:], predictor.card.preparation)
    starts = np.arange(0, n - span + 1, span // 2)
    flattened = np.repeat(window[None], len(starts), axis=0)
    for piece, start in zip(flattened, starts, strict=True):
        rows = piece[0:-1:2]
        rows[:, start : start + span] = rows[:, start : start + span].mean(axis=1, keepdims=True)
    p = predictor.probabilities(np.concatenate((window[None], changed, flattened)))[:, label]
    falls = np.clip(p[0] - p[4:], 0, None)
    told = np.interp(np.arange(n), starts + span / 2, falls)
    named = ("its RR intervals, had they been steady", "the trace", "the typical beat")
    return told / max(told.max(), 1e-12), tuple(zip(named, (p[0] - p[1:4]).tolist(), strict=True))


def _map(predictor: Predictor, window: np.ndarray, label: int) -> np.ndarray:
    """Grad-CAM over a window [samples]; the mean over its crops, where the network sees crops."""
    prepared: Preparation = predictor.card.preparation
    pieces = crops(window[None], prepared)[0]
    maps = torch.from_numpy(gradcam(predictor.network, pieces, np.full(len(pieces), label)))
    starts = crop_starts(window.shape[1], prepared.n_input)
    mean = laid_over(maps[None], starts, window.shape[1])[0].numpy()
    return mean / max(mean.max(), 1e-12)
