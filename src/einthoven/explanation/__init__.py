"""Why a model answered as it did. Every explainer by name: EXPLAINERS."""

from einthoven.explanation.gradcam import gradcam

EXPLAINERS = {"gradcam": gradcam}
