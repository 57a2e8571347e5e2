"""Knows what spoke for the classes that a model said of a whole record: when, and in which leads. Draws nothing."""

import numpy as np

from einthoven.explanation.gradcam import gradcam
from einthoven.inference.findings import Findings, Why
from einthoven.inference.predictor import Predictor
from einthoven.signal.preparation import Preparation, crops, tiles
from einthoven.signal.windows import tile

_MOST = 5


def why(predictor: Predictor, findings: Findings) -> tuple[Why, ...]:
    """For each class that is said (five at most): Grad-CAM over the window that speaks loudest, and what each lead adds.

    A lead's share is measured, not inferred: by how much the probability falls when the lead is silenced.
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
        found.append(Why(int(label), start_s, _map(predictor, window, int(label)), tuple(falls.tolist())))
    return tuple(found)


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
