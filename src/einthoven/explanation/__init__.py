"""Why a model answered as it did: EXPLAINERS by name."""

from einthoven.explanation.gradcam import gradcam

EXPLAINERS = {"gradcam": gradcam}
