"""Knows where in a window a network found what speaks for a class (Grad-CAM, captum underneath). Knows no record and no figure."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.ensemble import OverCrops

_BATCH = 256


def gradcam(network: nn.Module, windows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Grad-CAM of each window for a class: Selvaraju et al. 2017, arXiv 1610.02391, in one dimension.

    The map is that of the convolution which runs last; a network without any is asked what hiding each twentieth of the window
    changes (Zeiler and Fergus 2014). For an ensemble it is the mean of its members' maps, each over its
    own largest value, by the members' shares.

    Parameters
    ----------
    network : a model of MODELS, in eval mode
    windows : [n, rows, samples], float32
    labels : class numbers that are asked about [n]

    Returns
    -------
    array [n, samples], 0 to 1: each map over its own largest value; all zero where nothing speaks for the class
    """
    out = np.zeros((len(windows), windows.shape[2]), np.float32)
    for first in range(0, len(windows), _BATCH):
        piece = slice(first, first + _BATCH)
        x = torch.from_numpy(np.ascontiguousarray(windows[piece]))
        out[piece] = _map_of(network, x, torch.from_numpy(np.asarray(labels[piece], np.int64))).numpy()
    return out


def over_trace(network: nn.Module, windows: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """The same over the trace, of a network that reads it beside typical beats, or of those members of an ensemble that do, by
    their shares; None where none does."""
    both = zip(getattr(network, "members", (network,)), getattr(network, "shares", (1.0,)), strict=True)
    looked = [
        (gradcam(member, windows, labels), float(share))
        for member, share in both
        if getattr(member, "convolves_trace", False)
    ]
    if not looked:
        return None
    total = np.sum([share * found for found, share in looked], axis=0)
    return total / np.maximum(total.max(axis=1, keepdims=True), 1e-12)


def attention(network: nn.Module, windows: np.ndarray) -> np.ndarray | None:
    """Where a network with attention attended.

    Parameters
    ----------
    windows : [n, rows, samples], float32

    Returns
    -------
    array [n, samples], 0 to 1: each row over its own largest value; None for a network without attention
    """
    look = getattr(network, "attention", None)
    if look is None:
        return None
    out = np.zeros((len(windows), windows.shape[2]), np.float32)
    for first in range(0, len(windows), _BATCH):
        piece = slice(first, first + _BATCH)
        with torch.no_grad():
            weights = look(torch.from_numpy(np.ascontiguousarray(windows[piece])))
        stretched = F.interpolate(weights[:, None], windows.shape[2], mode="linear", align_corners=True)
        out[piece] = _scaled(stretched[:, 0]).numpy()
    return out


def _map_of(network: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    members = getattr(network, "members", None)
    if members is not None:
        maps = torch.stack([_map_of(member, x, labels) for member in members])
        return _scaled((maps * network.shares[:, None, None]).sum(dim=0))
    if isinstance(network, OverCrops):
        maps = _map_of(network.network, network.cut(x), labels.repeat_interleave(len(network.starts)))
        return _scaled(laid_over(maps.unflatten(0, (len(x), -1)), network.starts, x.shape[2]))
    if not any(isinstance(module, nn.Conv1d) for module in network.modules()):
        return _occluded(network, x, labels)
    from captum.attr import LayerGradCam

    # cuDNN aside, an LSTM gives no gradient in eval mode only where it is fused; captum leaves the mode to us.
    attributed = LayerGradCam(network, _last_convolution(network, x)).attribute(x, labels, relu_attributions=True)
    stretched = F.interpolate(attributed.detach(), x.shape[2], mode="linear", align_corners=False)
    return _scaled(stretched[:, 0])


def laid_over(maps: Tensor, starts: Sequence[int], n_samples: int) -> Tensor:
    """The mean of the maps of crops [n, crops, samples], each where it starts: [n, n_samples]."""
    total, n = maps.new_zeros(len(maps), n_samples), maps.new_zeros(n_samples)
    for at, start in enumerate(starts):
        span = slice(start, start + maps.shape[2])
        total[:, span] += maps[:, at]
        n[span] += 1
    return total / n.clamp(min=1)


def _occluded(network: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Where hiding a twentieth of the window makes the class less probable: for what has no convolution (forests, LSTMs)."""
    from captum.attr import Occlusion

    span = max(1, x.shape[2] // 20)
    with torch.no_grad():
        found = Occlusion(network).attribute(x, (x.shape[1], span), (x.shape[1], max(1, span // 2)), target=labels)
    return _scaled(found.mean(dim=1).clamp(min=0))


def _scaled(maps: Tensor) -> Tensor:
    return maps / maps.amax(dim=1, keepdim=True).clamp(min=1e-12)


def _last_convolution(network: nn.Module, x: Tensor) -> nn.Module:
    """The convolution over time that runs last."""
    ran: list[nn.Module] = []
    hooks = [
        module.register_forward_hook(lambda layer, _in, _out: ran.append(layer))
        for module in network.modules()
        if isinstance(module, nn.Conv1d)
    ]
    try:
        with torch.no_grad():
            network(x[:1])
    finally:
        for hook in hooks:
            hook.remove()
    return ran[-1]
