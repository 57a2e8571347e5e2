"""Export each network once a test process, for tests that need an exported file and do not ask how a graph is made."""

import hashlib
from collections.abc import Callable

from torch import nn

from einthoven.signal.windows import Windows

_GRAPHS: dict[tuple, bytes] = {}
_PLAIN = (int, float, str, tuple, list, type(None))


def _key(network: nn.Module, windows: Windows, is_whole: bool) -> tuple:
    """Layers with their settings, all numbers, and the shapes of the windows."""
    layers = [
        (name, type(layer), *((what, value) for what, value in vars(layer).items() if _is_setting(what, value)))
        for name, layer in network.named_modules()
    ]
    numbers = hashlib.sha256()
    for name, values in network.state_dict().items():
        numbers.update(f"{name} {values.dtype} {tuple(values.shape)} ".encode() + values.numpy().tobytes())
    shapes = [(name, part.shape[1:]) for name, part in windows.parts.items()]
    return repr(layers), numbers.hexdigest(), repr(shapes), is_whole


def _is_setting(name: str, value: object) -> bool:
    """Whether it is a setting of a layer; what torch keeps for itself, such as references to weights, differs each time."""
    return not name.startswith("_") and isinstance(value, _PLAIN)


def once(export: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return an export that gives again what it made of the same layers and numbers, for windows of the same shapes."""

    def to_onnx(network: nn.Module, windows: Windows, is_whole: bool = True) -> bytes:
        key = _key(network, windows, is_whole)
        if key not in _GRAPHS:
            _GRAPHS[key] = export(network, windows, is_whole)
        return _GRAPHS[key]

    return to_onnx
