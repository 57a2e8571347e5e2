"""Untrained bundles of every architecture, for tests of exports."""

from pathlib import Path

import torch

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.inference.predictor import Predictor, load
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, answers_samples, built, missing_parts
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Beats, Preparation, SignalSpec, Tiles

SMALL = {
    "mamba2": {"width": 16, "n_states": 8, "chunk": 8, "n_layers": 1},
    "transformer": {"width": 32, "n_heads": 4, "feed_forward": 64},
    "inception1d": {"width": 8, "n_modules": 3},
    "litenet": {"widths": (8, 8, 16), "hidden": (8, 8), "dense": 8},
    "s4": {"width": 16, "n_layers": 2},
    "bilstm": {"hidden": 8},
    "xresnet1d": {"width": 8, "n_blocks": (2, 1, 1, 1)},
}
SHORT = {"mamba2": 0.24, "bilstm": 0.16}
"""Seconds of a window where the exporter follows each step of a recurrence, or each chunk."""


def preparation_for(architecture: str, leads: tuple[str, ...]) -> Preparation:
    """0.96 s of some leads, twice as much around typical beats; with the inputs that an architecture reads."""
    spec = SignalSpec(leads, 100, scaling="millivolt")
    if architecture == "patient_context":
        return Preparation(spec, Beats(0.3, 0.66), ("signal", "beat", "rr", "p_waves", "similarity"))
    if not missing_parts(MODELS[architecture], InputShape(len(leads), 96)):
        return Preparation(spec, Tiles(SHORT.get(architecture, 0.96)))
    further = ("rhythm",) if architecture == "rhythm" else ()
    return Preparation(spec, Tiles(1.92), ("signal", "beat", "summary", *further))


def untrained_of(
    architecture: str,
    folder: Path,
    settings: dict | None = None,
    several: bool = False,
    leads: tuple[str, ...] = STANDARD,
    preparation: Preparation | None = None,
) -> Predictor:
    """A bundle of an architecture, its batch statistics away from where they begin."""
    torch.manual_seed(0)
    wanted = preparation or preparation_for(architecture, leads)
    settings = settings if settings is not None else SMALL.get(architecture, {})
    network = built(MODELS[architecture], InputShape.of(wanted), 5, settings)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.5, 2)
    card = Card(
        name=folder.name,
        architecture=architecture,
        settings=settings,
        classes=tuple("abcde"),
        labels="five",
        meanings=tuple("abcde"),
        preparation=wanted,
        training={},
        multilabel=several,
        answers_samples=answers_samples(network),
    )
    bundle.save(folder, card, {name: values.numpy() for name, values in network.state_dict().items()})
    return load(folder)
