"""Grad-CAM (with captum): where in a window a network found evidence for a class."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.data.batches import tensors
from einthoven.models.ensemble import OverCrops
from einthoven.models.inputs import arguments
from einthoven.signal.windows import Windows

Inputs = dict[str, Tensor]
Given = tuple[Tensor | None, ...]

_BATCH = 256


def gradcam(network: nn.Module, windows: Windows, labels: np.ndarray) -> np.ndarray:
    """Grad-CAM of each window for a class: Selvaraju et al. 2017, arXiv 1610.02391, in one dimension.

    The map is that of the convolution which runs last; a network without any is asked what hiding each twentieth of the window
    changes (Zeiler and Fergus 2014). For an ensemble it is the mean of its members' maps, each over its
    own largest value, by the members' shares.

    Parameters
    ----------
    network : nn.Module
        A model of MODELS, in eval mode.
    windows : Windows
        What it reads.
    labels : array [n]
        Class numbers that are asked about.

    Returns
    -------
    array [n, samples], 0 to 1: each map over its own largest value; all zero where nothing speaks for the class
    """
    out = np.zeros((len(windows), windows.signal.shape[2]), np.float32)
    for first in range(0, len(windows), _BATCH):
        piece = slice(first, first + _BATCH)
        asked = torch.from_numpy(np.asarray(labels[piece], np.int64))
        out[piece] = _map_of(network, tensors(windows[piece]), asked).numpy()
    return out


def over_trace(network: nn.Module, windows: Windows, labels: np.ndarray) -> np.ndarray | None:
    """The same over the trace, of a network that reads it beside typical beats, or of those members of an ensemble that do, by
    their shares; None where none does.
    """
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


def attention(network: nn.Module, windows: Windows) -> np.ndarray | None:
    """Return where a network with attention attended.

    Parameters
    ----------
    network : nn.Module
        In eval mode.
    windows : Windows
        What it reads.

    Returns
    -------
    array [n, samples], 0 to 1: each row over its own largest value; None for a network without attention
    """
    look = getattr(network, "attention", None)
    if look is None:
        return None
    n_samples = windows.signal.shape[2]
    out = np.zeros((len(windows), n_samples), np.float32)
    for first in range(0, len(windows), _BATCH):
        piece = slice(first, first + _BATCH)
        with torch.no_grad():
            weights = look(*arguments(network, tensors(windows[piece])))
        stretched = F.interpolate(weights[:, None], n_samples, mode="linear", align_corners=True)
        out[piece] = _scaled(stretched[:, 0]).numpy()
    return out


def _map_of(network: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    """Return the map over the signal [n, samples], or over what else a network reads, stretched to it."""
    n_samples = inputs["signal"].shape[2]
    members = getattr(network, "members", None)
    if members is not None:
        maps = torch.stack([_map_of(member, inputs, labels) for member in members])
        return _scaled((maps * network.shares[:, None, None]).sum(dim=0))
    if isinstance(network, OverCrops):
        cut = {"signal": network.cut(inputs["signal"])}
        maps = _map_of(network.network, cut, labels.repeat_interleave(len(network.starts)))
        return _scaled(laid_over(maps.unflatten(0, (len(labels), -1)), network.starts, n_samples))
    given = arguments(network, inputs)
    if given[0] is None or not any(isinstance(module, nn.Conv1d) for module in network.modules()):
        found = _occluded(network, given, labels)
    else:
        from captum.attr import LayerGradCam

        # cuDNN aside, an LSTM gives no gradient in eval mode only where it is fused; captum leaves the mode to us.
        attributed = LayerGradCam(network, _last_convolution(network, given)).attribute(
            given[0], labels, additional_forward_args=given[1:] or None, relu_attributions=True
        )
        found = attributed.detach()
    stretched = F.interpolate(found, n_samples, mode="linear", align_corners=False)
    return _scaled(stretched[:, 0])


def laid_over(maps: Tensor, starts: Sequence[int], n_samples: int) -> Tensor:
    """The mean of the maps of crops [n, crops, samples], each where it starts: [n, n_samples]."""
    total, n = maps.new_zeros(len(maps), n_samples), maps.new_zeros(n_samples)
    for at, start in enumerate(starts):
        span = slice(start, start + maps.shape[2])
        total[:, span] += maps[:, at]
        n[span] += 1
    return total / n.clamp(min=1)


def _occluded(network: nn.Module, given: Given, labels: Tensor) -> Tensor:
    """Return where hiding a twentieth of what is read makes the class less probable [n, 1, samples].

    For what has no convolution (forests, LSTMs): over the signal, else the typical beat; zeros where neither is read.
    """
    at = next((at for at, part in enumerate(given) if part is not None and part.ndim == 3), None)
    series = None if at is None else given[at]
    if at is None or series is None:
        return torch.zeros(len(labels), 1, 1)
    n_samples = series.shape[2]
    span = max(1, n_samples // 20)
    starts = list(range(0, n_samples - span + 1, max(1, span // 2)))
    found, n = torch.zeros(len(labels), 1, n_samples), torch.zeros(n_samples)
    with torch.no_grad():
        before = network(*given).gather(1, labels[:, None])
        for start in starts:
            hidden = series.clone()
            hidden[:, :, start : start + span] = 0.0
            after = network(*given[:at], hidden, *given[at + 1 :]).gather(1, labels[:, None])
            found[:, 0, start : start + span] += before - after
            n[start : start + span] += 1
    return (found / n.clamp(min=1)).clamp(min=0)


def _scaled(maps: Tensor) -> Tensor:
    return maps / maps.amax(dim=1, keepdim=True).clamp(min=1e-12)


def _last_convolution(network: nn.Module, given: Given) -> nn.Module:
    """The convolution over time that runs last."""
    ran: list[nn.Module] = []
    hooks = [
        module.register_forward_hook(lambda layer, _in, _out: ran.append(layer))
        for module in network.modules()
        if isinstance(module, nn.Conv1d)
    ]
    try:
        with torch.no_grad():
            network(*(None if part is None else part[:1] for part in given))
    finally:
        for hook in hooks:
            hook.remove()
    return ran[-1]
