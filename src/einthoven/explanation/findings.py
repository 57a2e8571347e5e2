"""Knows what spoke for the classes that a model said of a whole record: when, and in which leads. Draws nothing."""

import numpy as np

from einthoven.explanation.gradcam import gradcam
from einthoven.inference.findings import Findings, Why
from einthoven.inference.predictor import Predictor
from einthoven.signal.context import TYPICAL_S
from einthoven.signal.preparation import Preparation, crops, tiles
from einthoven.signal.windows import tile

_MOST, _PIECE_S = 5, 0.06


def why(predictor: Predictor, findings: Findings) -> tuple[Why, ...]:
    """For each class that is said (five at most): Grad-CAM over the window that speaks loudest, and what each lead adds.

    A lead's share is measured, not inferred: by how much the probability falls when the lead is silenced. Of a model that reads
    typical beats the map is over these, and measured likewise: by flattening sixty milliseconds after sixty.
    """
    record, card = findings.record, predictor.card
    windows, _ = tiles(record.signal_mv, record.fs_hz, record.leads, card.preparation)
    said = [at for at in np.argsort(-findings.probability, kind="stable") if findings.said[at]][:_MOST]
    found = []
    for label in said:
        loudest = int(findings.each[:, label].argmax())
        window = windows[loudest]
        silenced = np.repeat(window[None], len(findings.leads), axis=0)
        rows = 2 if card.preparation.patient else 1  # a lead, and its typical beat where there is one
        for at, piece in enumerate(silenced):
            piece[rows * at : rows * (at + 1)] = 0.0
        falls = findings.each[loudest, label] - predictor.probabilities(silenced)[:, label]
        start_s = float(findings.starts[loudest]) / record.fs_hz
        if card.preparation.patient:
            beat, told = _over_the_beat(predictor, window, label)
        else:
            beat, told = None, _map(predictor, window, int(label))
        found.append(Why(int(label), start_s, told, tuple(falls.tolist()), beat))
    return tuple(found)


def _over_the_beat(predictor: Predictor, window: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The typical beat [leads, samples], and how the probability falls, over its largest fall, where a piece is flattened."""
    fs_hz = predictor.card.preparation.fs_hz
    before, after = (round(span_s * fs_hz) for span_s in TYPICAL_S)
    first = window.shape[1] // 2 - before
    n, span = before + after, max(2, round(_PIECE_S * fs_hz))
    starts = np.arange(0, n - span + 1, max(1, span // 2))
    flattened = np.repeat(window[None], len(starts) + 1, axis=0)
    for piece, start in zip(flattened[1:], starts, strict=True):
        at = first + start
        rows = piece[1:-1:2]
        rows[:, at : at + span] = np.linspace(rows[:, at], rows[:, at + span - 1], span, axis=1)
    p = predictor.probabilities(flattened)[:, label]
    falls = np.clip(p[0] - p[1:], 0, None)
    told = np.interp(np.arange(n), starts + span / 2, falls)
    return window[1:-1:2, first : first + n], told / max(told.max(), 1e-12)


def _map(predictor: Predictor, window: np.ndarray, label: int) -> np.ndarray:
    """Grad-CAM over a window [samples]; the mean over its crops, where the network sees crops."""
    prepared: Preparation = predictor.card.preparation
    pieces = crops(window[None], prepared)[0]
    maps = gradcam(predictor.network, pieces, np.full(len(pieces), label))
    total, n = np.zeros(window.shape[1]), np.zeros(window.shape[1])
    for start, part in zip(tile(window.shape[1], prepared.n_input, max(1, prepared.n_input // 2)), maps, strict=True):
        total[start : start + len(part)] += part
        n[start : start + len(part)] += 1
    mean = total / np.maximum(n, 1)
    return mean / max(mean.max(), 1e-12)
