"""What a network reads: the named parts of a window, their shapes, and how a network is built and called for them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import PARTS


@dataclass(frozen=True)
class InputShape:
    """Shapes of the parts of a window.

    Parameters
    ----------
    n_leads, n_samples : int
        Of the signal.
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
        """Return what a network for a preparation sees at once."""
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
        """Return `n` windows of these shapes, made by `fill`, a function such as ``torch.zeros``."""
        shapes = {
            "signal": (n, self.n_leads, self.n_samples),
            "beat": (n, self.n_leads, self.beat_samples),
            "features": (n, self.n_features),
        }
        return {name: fill(shapes[name]) for name in self.parts}


def reads(model: "nn.Module | type[nn.Module]") -> tuple[str, ...]:
    """Return the parts that a model reads: its attribute ``inputs``, else the signal alone."""
    return tuple(getattr(model, "inputs", ("signal",)))


def missing_parts(model: "nn.Module | type[nn.Module]", shape: InputShape) -> tuple[str, ...]:
    """Return the parts that a model reads and a window of these shapes does not have."""
    return tuple(name for name in reads(model) if name not in shape.parts)


def built(model: type[nn.Module], shape: InputShape, n_classes: int, settings: Mapping[str, Any]) -> nn.Module:
    """Build a network for windows of some shape.

    Parameters
    ----------
    model : type
        ``Model(n_leads, n_classes, n_samples, *, …)``; one that reads more than the signal takes `beat_samples` and `r_peak`, or
        `n_features`, too.
    shape : InputShape
        Of the windows.
    n_classes : int
        Number of classes.
    settings : mapping
        The architecture's own settings; lists count as tuples.

    Returns
    -------
    nn.Module
    """
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    taken = inspect.signature(model).parameters
    sizes = {name: getattr(shape, name) for name in ("beat_samples", "r_peak", "n_features") if name in taken}
    return model(shape.n_leads, n_classes, shape.n_samples, **(sizes | plain))


def arguments(network: nn.Module, inputs: Mapping[str, Tensor]) -> tuple[Tensor | None, ...]:
    """Return the arguments ``(signal, beat, features)`` of a network, None for a part that it does not read.

    Trailing parts that are not read are left out; a network whose ``forward`` takes ``*parts`` gets those alone that it reads.
    """
    read = reads(network)
    if takes_any(network):
        return tuple(inputs[name] for name in PARTS if name in read)
    last = max(PARTS.index(name) for name in read)
    return tuple(inputs[name] if name in read else None for name in PARTS[: last + 1])


def takes_any(network: nn.Module) -> bool:
    """Return whether ``forward`` takes ``*parts``."""
    kinds = (parameter.kind for parameter in inspect.signature(network.forward).parameters.values())
    return any(kind is inspect.Parameter.VAR_POSITIONAL for kind in kinds)


def call(network: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return the logits [batch, classes] of a network for the parts of windows."""
    logits: Tensor = network(*arguments(network, inputs))
    return logits


def around_r_peak(beat: Tensor, r_peak: int, span: int) -> Tensor:
    """Return `span` samples of typical beats [batch, leads, beat_samples], a third of them ahead of the R peak; zeros beyond."""
    first = r_peak - span // 3
    return F.pad(beat, (-first, first + span - beat.shape[2]))
