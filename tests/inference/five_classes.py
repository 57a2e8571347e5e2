"""Untrained models of the five superclasses of PTB-XL, for tests of answers for whole records."""

import torch

from einthoven import bundle
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import LABEL_SETS
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, built

WITH_BEATS = {"inputs": ("signal", "beat", "summary")}
RHYTHM = {"leads": ("ECG|I",), "fs_hz": 150.0, "window_s": 30.0, "inputs": ("signal", "beat", "summary", "rhythm")}


def made(folder, architecture="hybrid", settings=None, **changes) -> bundle.Card:
    """An untrained bundle for the five superclasses."""
    labels = LABEL_SETS["superclasses"]
    preparation = PTBXL.preparation.with_settings(**changes.pop("preparation", {}))
    settings = settings or {"widths": [8, 8], "recurrence": []}
    torch.manual_seed(0)
    network = built(MODELS[architecture], InputShape.of(preparation), 5, settings)
    card = bundle.Card(
        name=folder.name,
        architecture=architecture,
        settings=settings,
        classes=labels.classes,
        labels=labels.name,
        meanings=labels.meanings,
        preparation=preparation,
        training={"corpus": "ptb-xl", "protocol": "clean", "protocol_summary": "none", "patients": ["ptb-xl/1"]},
        multilabel=True,
        **changes,
    )
    tensors = {name: values.numpy() for name, values in network.state_dict().items()}
    return bundle.save(folder, card, tensors)
