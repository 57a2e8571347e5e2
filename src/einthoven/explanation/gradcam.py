"""Grad-CAM (with captum) and attention: the importance of each moment of a window for a class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.data.batches import tensors
from einthoven.models.ensemble import OverCrops
from einthoven.models.inputs import arguments
from einthoven.signal.windows import Windows

Inputs = dict[str, Tensor]
Given = tuple[Tensor | None, ...]

_BATCH = 256


def gradcam(network: nn.Module, windows: Windows, labels: NDArray[Any]) -> NDArray[np.float32]:
    """Compute Grad-CAM of each window for a class (Selvaraju et al. 2017, arXiv 1610.02391), in one dimension.

    The map is that of the convolution that runs last. For a network without convolutions it is the fall of the logit when each
    twentieth of the window is set to zero (Zeiler and Fergus 2014). For an ensemble it is the mean of its members' maps, each
    scaled to a largest value of one, weighted by the members' shares.

    Parameters
    ----------
    network : nn.Module
        A model of MODELS, in eval mode.
    windows : Windows
        The windows, as the network reads them.
    labels : array [n]
        Number of the class that each window is explained for.

    Returns
    -------
    array [n, samples], 0 to 1
        The maps, each scaled to a largest value of one; all zero without evidence for the class.
    """
    out = np.zeros((len(windows), windows.signal.shape[2]), np.float32)
    for first in range(0, len(windows), _BATCH):
        piece = slice(first, first + _BATCH)
        numbers = torch.from_numpy(np.asarray(labels[piece], np.int64))
        out[piece] = _map_of(network, tensors(windows[piece]), numbers).numpy()
    return out


def over_trace(network: nn.Module, windows: Windows, labels: NDArray[Any]) -> NDArray[Any] | None:
    """Compute Grad-CAM over the signal for networks that read it beside typical beats.

    Parameters
    ----------
    network : nn.Module
        A model of MODELS, in eval mode; of an ensemble those members count that read the signal, weighted by their shares.
    windows : Windows
        The windows, as the network reads them.
    labels : array [n]
        Number of the class that each window is explained for.

    Returns
    -------
    array [n, samples], 0 to 1, or None
        The maps, as of :func:`gradcam`; None where no network reads the signal beside typical beats.
    """
    members: Sequence[nn.Module] = getattr(network, "members", (network,))
    shares: Sequence[float] = getattr(network, "shares", (1.0,))
    maps = [
        float(share) * gradcam(member, windows, labels)
        for member, share in zip(members, shares, strict=True)
        if getattr(member, "convolves_trace", False)
    ]
    if not maps:
        return None
    total = np.sum(maps, axis=0)
    return np.asarray(total / np.maximum(total.max(axis=1, keepdims=True), 1e-12))


def attention(network: nn.Module, windows: Windows) -> NDArray[np.float32] | None:
    """Compute the attention of a network over each window.

    Parameters
    ----------
    network : nn.Module
        In eval mode.
    windows : Windows
        The windows, as the network reads them.

    Returns
    -------
    array [n, samples], 0 to 1, or None
        The attention, each row scaled to a largest value of one; None for a network without attention.
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
    """Return the map [n, samples] over the signal, or over what else a network reads, stretched to the signal."""
    n_samples = inputs["signal"].shape[2]
    members = getattr(network, "members", None)
    if members is not None:
        maps = torch.stack([_map_of(member, inputs, labels) for member in members])
        shares: Tensor = getattr(network, "shares")  # noqa: B009  a buffer, which torch types as Tensor or Module
        return _scaled((maps * shares[:, None, None]).sum(dim=0))
    if isinstance(network, OverCrops):
        cut = {"signal": network.cut(inputs["signal"])}
        maps = _map_of(network.network, cut, labels.repeat_interleave(len(network.starts)))
        return _scaled(laid_over(maps.reshape(len(labels), -1, maps.shape[1]), network.starts, n_samples))
    given = arguments(network, inputs)
    if given[0] is None or not any(isinstance(module, nn.Conv1d) for module in network.modules()):
        found = _occluded(network, given, labels)
    else:
        from captum.attr import LayerGradCam

        found = LayerGradCam(network, _last_convolution(network, given)).attribute(
            given[0], labels, additional_forward_args=given[1:] or None, relu_attributions=True
        )
        found = found.detach()
    stretched = F.interpolate(found, n_samples, mode="linear", align_corners=False)
    return _scaled(stretched[:, 0])


def laid_over(maps: Tensor, starts: Sequence[int], n_samples: int) -> Tensor:
    """Return the mean of the maps of crops over the window that they were cut from.

    Parameters
    ----------
    maps : Tensor [n, crops, samples]
        A map for each crop.
    starts : sequence of int
        Where each crop starts in the window, samples.
    n_samples : int
        Length of the window.

    Returns
    -------
    Tensor [n, n_samples]
        Zero where no crop lies.
    """
    total, n = maps.new_zeros(len(maps), n_samples), maps.new_zeros(n_samples)
    for at, start in enumerate(starts):
        span = slice(start, start + maps.shape[2])
        total[:, span] += maps[:, at]
        n[span] += 1
    return total / n.clamp(min=1)


def _occluded(network: nn.Module, given: Given, labels: Tensor) -> Tensor:
    """Return the fall of the logit where a twentieth of the input is set to zero [n, 1, samples].

    For networks without convolutions (forests, LSTMs): over the signal, else the typical beat; zeros where neither is read.
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
    """Return the convolution over time that runs last."""
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
