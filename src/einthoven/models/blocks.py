"""Layers that two models or more use, computed channels-last.

On CPUs a one-dimensional convolution is fastest as a channels-last two-dimensional one of height one. The layers below
take and return [batch, channels, samples] like torch's own, and keep the memory in that order between them.
"""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _tall(x: Tensor) -> Tensor:
    """Return [batch, channels, 1, samples] of [batch, channels, samples], channels last in memory (a view if it is so already)."""
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


class Conv1d(nn.Conv1d):
    """``torch.nn.Conv1d`` with odd kernel and "same" padding, computed channels-last.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the kernel, odd.
    stride : int
        Samples between two outputs.
    bias : bool
        Whether a bias is added.
    groups : int
        Groups of channels that are convolved separately.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1, bias: bool = False, groups: int = 1):
        super().__init__(n_in, n_out, kernel, stride, padding=kernel // 2, bias=bias, groups=groups)
        self._n_zeros = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, n_out, ceil(samples / stride)] of [batch, n_in, samples]."""
        kernel = self.weight.unsqueeze(2)
        steps, zeros = (1, self.stride[0]), (0, self._n_zeros)
        if self.kernel_size[0] == 1:
            # With a stride, fewer than 16 channels and bf16, torch 2.13 on CPUs writes beyond its memory.
            x, steps = x[:, :, :: self.stride[0]], (1, 1)
        return F.conv2d(_tall(x), kernel, self.bias, steps, zeros, groups=self.groups).squeeze(2)

    def as_torch(self) -> nn.Module:
        """Return the equivalent layer of torch; the runtimes of exported graphs have fast layouts of their own."""
        sizes = self.in_channels, self.out_channels, self.kernel_size[0], self.stride[0], self._n_zeros
        layer = nn.Conv1d(*sizes, bias=self.bias is not None, groups=self.groups)
        layer.load_state_dict(self.state_dict())
        return layer


class SameConv1d(Conv1d):
    """A convolution padded as in other frameworks: of an odd number of zeros the larger half comes last.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the kernel.
    stride : int
        Samples between two outputs.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int):
        super().__init__(n_in, n_out, kernel, stride, bias=True)
        self.padding, self._n_zeros = (0,), 0

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, n_out, ceil(samples / stride)] of [batch, n_in, samples]."""
        return super().forward(_padded(x, self.kernel_size[0], self.stride[0]))

    def as_torch(self) -> nn.Module:
        """Return the equivalent layer of torch, after its padding."""
        return nn.Sequential(_SamePad(self.kernel_size[0], self.stride[0]), super().as_torch())


class _SamePad(nn.Module):
    def __init__(self, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        return _padded(x, self.kernel, self.stride)


def _padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    n = x.shape[2]
    pad = max(0, (math.ceil(n / stride) - 1) * stride + kernel - n)
    return F.pad(x, (pad // 2, pad - pad // 2))


class BatchNorm1d(nn.BatchNorm1d):
    """``torch.nn.BatchNorm1d``, computed channels-last."""

    def _check_input_dim(self, x: Tensor) -> None:
        if x.dim() != 4:
            raise ValueError(f"expected [batch, channels, samples], got {tuple(x.shape)}")

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, channels, samples] of the same shape."""
        return super().forward(_tall(x)).squeeze(2)

    def as_torch(self) -> nn.Module:
        """Return the equivalent layer of torch."""
        layer = nn.BatchNorm1d(self.num_features, self.eps, self.momentum)
        layer.load_state_dict(self.state_dict())
        return layer


class MaxPool1d(nn.Module):
    """Maximum over groups of samples, computed channels-last; a last partial group counts.

    Parameters
    ----------
    size : int
        Samples in a group.
    stride : int, optional
        Samples between two groups; by default `size`.
    padding : int
        Samples added at either end.
    """

    def __init__(self, size: int, stride: int | None = None, padding: int = 0):
        super().__init__()
        self.size, self.stride, self.padding = size, stride or size, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, channels, ceil(samples / stride)] of [batch, channels, samples]."""
        pooled = F.max_pool2d(_tall(x), (1, self.size), (1, self.stride), (0, self.padding), ceil_mode=True)
        return pooled.squeeze(2)

    def as_torch(self) -> nn.Module:
        """Return the equivalent layer of torch."""
        return nn.MaxPool1d(self.size, self.stride, self.padding, ceil_mode=True)


class Dropout(nn.Dropout):
    """``torch.nn.Dropout``; on CPUs sixteen random bits decide on each value, so that one draw serves four values."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape as any `x`."""
        if not self.training or not self.p or x.device.type != "cpu":
            return super().forward(x)
        draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
        draws = draws[: x.numel()].as_strided(x.shape, torch.empty_like(x).stride())
        kept = draws >= round(self.p * 2**16) - 2**15
        return x * kept.to(x.dtype).mul_(1 / (1 - self.p))


class LSTM(nn.LSTM):
    """``torch.nn.LSTM``, bidirectional, batch first; in training the layers run one by one, with :class:`Dropout` between them.

    Parameters
    ----------
    n_in : int
        Channels of the input.
    hidden : int
        Units in each direction.
    n_layers : int
        Number of layers.
    dropout : float
        Dropout rate between the layers.
    """

    def __init__(self, n_in: int, hidden: int, n_layers: int, dropout: float):
        super().__init__(n_in, hidden, n_layers, batch_first=True, bidirectional=True, dropout=dropout)
        self.between = Dropout(dropout)

    def forward(  # type: ignore[override]  # states are never passed in, and sequences are never packed
        self, x: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return [batch, samples, 2 * hidden] and the last states and cells [2 * layers, batch, hidden]."""
        if not self.training:
            return super().forward(x)
        states, cells = [], []
        for at in range(self.num_layers):
            forth, back = self.all_weights[2 * at : 2 * at + 2]
            zeros = x.new_zeros((2, len(x), self.hidden_size))
            x, state, cell = torch.lstm(
                self.between(x) if at else x, (zeros, zeros), (*forth, *back), True, 1, 0.0, True, True, True
            )
            states.append(state)
            cells.append(cell)
        return x, (torch.cat(states), torch.cat(cells))

    def as_torch(self) -> nn.Module:
        """Return the equivalent layers of torch."""
        sizes = self.input_size, self.hidden_size, self.num_layers
        layers = nn.LSTM(*sizes, batch_first=True, bidirectional=True, dropout=self.dropout)
        layers.load_state_dict(self.state_dict())
        return layers


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU, and optionally a pool.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the kernel, odd.
    stride : int
        Samples between two outputs of the convolution.
    pool : int
        Samples that are pooled; 1 leaves out the pool.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1, pool: int = 1):
        layers = [Conv1d(n_in, n_out, kernel, stride), BatchNorm1d(n_out), nn.ReLU()]
        if pool > 1:
            layers.append(MaxPool1d(pool))
        super().__init__(*layers)


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut (He et al. 2016).

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the kernels, odd.
    stride : int
        Samples between two outputs; 2 halves the time.
    dropout : float
        Dropout rate between the convolutions.
    forced : bool
        Whether the shortcut is a convolution even where input and output have the same shape.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, dropout: float, forced: bool = False):
        super().__init__()
        self.body = nn.Sequential(
            ConvBlock(n_in, n_out, kernel, stride),
            Dropout(dropout),
            Conv1d(n_out, n_out, kernel),
            BatchNorm1d(n_out),
        )
        same = stride == 1 and n_in == n_out and not forced
        self.shortcut = nn.Identity() if same else nn.Sequential(Conv1d(n_in, n_out, 1, stride), BatchNorm1d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, n_out, ceil(samples / stride)] of [batch, n_in, samples]."""
        return torch.relu(self.body(x) + self.shortcut(x))


class ConvStem(nn.Sequential):
    """Blocks (:class:`ConvBlock`) that each halve the time.

    Parameters
    ----------
    n_leads : int
        Channels of the input.
    widths, kernels : tuple of int
        Channels and kernel samples of each block.
    dropout : float
        Dropout rate of whole channels after the last block.
    """

    def __init__(self, n_leads: int, widths: tuple[int, ...], kernels: tuple[int, ...], dropout: float):
        sizes = zip((n_leads, *widths[:-1]), widths, kernels, strict=True)
        blocks = [ConvBlock(n_in, n_out, kernel, pool=2) for n_in, n_out, kernel in sizes]
        super().__init__(*blocks, nn.Dropout1d(dropout))


class Binned(nn.Module):
    """Means over equal spans of time, joined, so that the place in the window is kept.

    Parameters
    ----------
    n_bins : int
        Number of spans.
    """

    def __init__(self, n_bins: int):
        super().__init__()
        self.n_bins = n_bins

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, channels * n_bins] of [batch, channels, samples]."""
        n_samples = x.shape[-1]
        edges = [at * n_samples // self.n_bins for at in range(self.n_bins + 1)]
        spans = itertools.pairwise(edges)
        means = [x[:, :, start : max(stop, start + 1)].mean(dim=2) for start, stop in spans]
        return torch.cat(means, dim=1)


def sinusoids(n: int, width: int) -> Tensor:
    """Return positions (Vaswani et al. 2017).

    Parameters
    ----------
    n : int
        Number of tokens.
    width : int
        Channels of a token, even.

    Returns
    -------
    Tensor [n, width]
    """
    angle = torch.arange(n)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack((angle.sin(), angle.cos()), dim=2).flatten(1)
