"""Figures as PNG: scores, comparisons, disturbed records, and what was important for a class."""

from einthoven.report.plots.comparisons import curves, real_and_generated, spread, trade
from einthoven.report.plots.importance import WAVES_S, evidence, explained, gradcam
from einthoven.report.plots.scores import classes, confusion, roc
from einthoven.report.plots.stress import stress
from einthoven.report.plots.trust import reliability, risk

__all__ = [
    "WAVES_S",
    "classes",
    "confusion",
    "curves",
    "evidence",
    "explained",
    "gradcam",
    "real_and_generated",
    "reliability",
    "risk",
    "roc",
    "spread",
    "stress",
    "trade",
]
