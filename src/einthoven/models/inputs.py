"""Which named parts of a window a network reads, with which shapes, and how a network is built and called for them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import PARTS

_N_FEATURES = 7
"""Measurements of an example, for an architecture that states no number."""


@dataclass(frozen=True)
class InputShape:
    """Shapes of the parts of a window.

    Parameters
    ----------
    n_leads, n_samples : int
        Leads and samples of the signal.
    beat_samples : int
        Samples of the typical beat; 0 where there is none.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Measurements; 0 where there are none.
    """

    n_leads: int
    n_samples: int
    beat_samples: int = 0
    r_peak: int = 0
    n_features: int = 0

    @classmethod
    def of(cls, preparation: Preparation) -> "InputShape":
        """Return the shapes that a network reads at once after a preparation.

        Parameters
        ----------
        preparation : Preparation
            How windows are prepared; where the network reads crops, a shape is that of a crop.

        Returns
        -------
        InputShape
        """
        return cls(
            len(preparation.leads),
            preparation.n_input,
            preparation.beat_samples,
            preparation.r_peak,
            preparation.n_features,
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there."""
        there = {"signal": True, "beat": bool(self.beat_samples), "features": bool(self.n_features)}
        return tuple(name for name in PARTS if there[name])

    def sample(self, n: int = 1, fill: Callable[..., Tensor] = torch.zeros) -> dict[str, Tensor]:
        """Return windows of these shapes.

        Parameters
        ----------
        n : int
            Number of windows.
        fill : callable
            Makes a tensor of a shape, as ``torch.zeros`` does.

        Returns
        -------
        dict of Tensor
            The parts, by name.
        """
        shapes = {
            "signal": (n, self.n_leads, self.n_samples),
            "beat": (n, self.n_leads, self.beat_samples),
            "features": (n, self.n_features),
        }
        return {name: fill(shapes[name]) for name in self.parts}


def reads(model: "nn.Module | type[nn.Module]") -> tuple[str, ...]:
    """Return the parts that a model reads: its attribute ``inputs``, else the signal alone.

    Parameters
    ----------
    model : nn.Module or type
        An architecture or a network.

    Returns
    -------
    tuple of str
        Names of parts, see :data:`einthoven.signal.windows.PARTS`.
    """
    return tuple(getattr(model, "inputs", ("signal",)))


def answers_samples(model: "nn.Module | type[nn.Module]") -> bool:
    """Return whether a model gives logits for each sample, not for each window: its attribute ``answers_samples``.

    Parameters
    ----------
    model : nn.Module or type
        An architecture or a network.
    """
    return bool(getattr(model, "answers_samples", False))


def missing_parts(model: "nn.Module | type[nn.Module]", shape: InputShape) -> tuple[str, ...]:
    """Return the parts that a model reads and a window does not have.

    Parameters
    ----------
    model : nn.Module or type
        An architecture or a network.
    shape : InputShape
        Shapes of the window.

    Returns
    -------
    tuple of str
        Names of the missing parts.
    """
    return tuple(name for name in reads(model) if name not in shape.parts)


def example_shape(model: type[nn.Module], n_leads: int, n_samples: int) -> InputShape:
    """Return the shape of windows that an architecture can read with its default settings.

    Parameters
    ----------
    model : type
        The architecture.
    n_leads, n_samples : int
        Leads and samples of the signal.

    Returns
    -------
    InputShape
        With the sizes of the typical beat and of the measurements that the constructor has as defaults; a typical beat without
        a default is as long as the window.
    """
    defaults = {name: one.default for name, one in inspect.signature(model).parameters.items()}
    read = reads(model)
    beat_samples, r_peak = defaults.get("beat_samples") or n_samples, defaults.get("r_peak") or n_samples // 3
    return InputShape(
        n_leads,
        n_samples,
        *((beat_samples, r_peak) if "beat" in read else (0, 0)),
        (defaults.get("n_features") or _N_FEATURES) if "features" in read else 0,
    )


def built(model: type[nn.Module], shape: InputShape, n_classes: int, settings: Mapping[str, Any]) -> nn.Module:
    """Build a network for windows of some shape.

    Parameters
    ----------
    model : type
        ``Model(n_leads, n_classes, n_samples, *, …)``; where its constructor takes `beat_samples`, `r_peak` or `n_features`, it
        gets those of the windows.
    shape : InputShape
        Shape of the windows.
    n_classes : int
        Number of classes.
    settings : mapping
        The architecture's own settings; lists count as tuples.

    Returns
    -------
    nn.Module
    """
    taken = inspect.signature(model).parameters
    sizes = {name: getattr(shape, name) for name in ("beat_samples", "r_peak", "n_features") if name in taken}
    return model(shape.n_leads, n_classes, shape.n_samples, **(sizes | as_arguments(settings)))


def as_arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as an architecture takes them: what a card keeps as a list is a tuple.

    Parameters
    ----------
    settings : mapping
        Settings by name.

    Returns
    -------
    dict
    """
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def arguments(network: nn.Module, inputs: Mapping[str, Tensor]) -> tuple[Tensor | None, ...]:
    """Return the arguments ``(signal, beat, features)`` of a network, None for a part that it does not read.

    Trailing parts that are not read are left out. A network whose ``forward`` takes ``*parts`` gets only those that it reads.

    Parameters
    ----------
    network : nn.Module
        The network.
    inputs : mapping of Tensor
        Parts of windows, by name; those that are not read may be there too.

    Returns
    -------
    tuple of Tensor or None
    """
    read = reads(network)
    if takes_any(network):
        return tuple(inputs[name] for name in PARTS if name in read)
    last = max(PARTS.index(name) for name in read)
    return tuple(inputs[name] if name in read else None for name in PARTS[: last + 1])


def takes_any(network: nn.Module) -> bool:
    """Return whether ``forward`` takes ``*parts``.

    Parameters
    ----------
    network : nn.Module
        The network.
    """
    kinds = (parameter.kind for parameter in inspect.signature(network.forward).parameters.values())
    return any(kind is inspect.Parameter.VAR_POSITIONAL for kind in kinds)


def call(network: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return the logits [batch, classes] of a network, or [batch, classes, samples] where it answers samples.

    Parameters
    ----------
    network : nn.Module
        The network.
    inputs : mapping of Tensor
        Parts of windows, by name.
    """
    logits: Tensor = network(*arguments(network, inputs))
    return logits


def around_r_peak(beat: Tensor, r_peak: int, span: int) -> Tensor:
    """Return a span of typical beats around their R peak [batch, leads, span]; zeros beyond their ends.

    Parameters
    ----------
    beat : Tensor [batch, leads, beat_samples]
        Typical beats.
    r_peak : int
        Samples of a beat ahead of its R peak.
    span : int
        Samples to return, a third of them ahead of the R peak.
    """
    first = r_peak - span // 3
    return F.pad(beat, (-first, first + span - beat.shape[2]))
