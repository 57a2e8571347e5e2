"""Compute the evidence for a model's predictions; every explainer by name: EXPLAINERS."""

from einthoven.explanation.gradcam import gradcam

EXPLAINERS = {"gradcam": gradcam}
