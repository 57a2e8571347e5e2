"""Mamba-2: a state-space recurrence, computed in chunks or one sample at a time."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class State:
    """The state of a stream.

    Parameters
    ----------
    inputs : list of Tensor [batch, kernel - 1, channels]
        For each layer the last samples before the convolution.
    states : list of Tensor [batch, heads, head size, states]
        For each layer the recurrent states.
    total : Tensor [batch, width]
        Sum of the features so far.
    n : int
        Number of samples so far.
    """

    inputs: list[Tensor]
    states: list[Tensor]
    total: Tensor
    n: int = 0


class Mamba2(nn.Module):
    """Layers of the selective state-space recurrence, and the mean over time.

    Paper
        Dao and Gu 2024, arXiv 2405.21060 (the recurrence, its chunks); Chen 2025, arXiv 2510.03780 (width 128, state 64, kernel 4,
        expand 2, head size 8, chunk 30): 246,483 parameters at 12 leads and 19 classes.
    Departures
        - Two layers, RMS norms before each and after the last: the paper does not state how many; the number of parameters allows
          two.
    Receptive field
        All earlier samples, at each sample; the whole window for the logits.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    width : int
        Channels between the layers.
    n_states : int
        States of each head.
    kernel : int
        Samples of the causal convolution kernel.
    expand : int
        Inner width over `width`.
    head : int
        Channels of a head.
    chunk : int
        Samples that are computed at once.
    n_layers : int
        Number of layers.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        width: int = 128,
        n_states: int = 64,
        kernel: int = 4,
        expand: int = 2,
        head: int = 8,
        chunk: int = 30,
        n_layers: int = 2,
    ):
        super().__init__()
        self.inlet = nn.Linear(n_leads, width, bias=False)
        self.width = width
        self.norms = nn.ModuleList(nn.RMSNorm(width, eps=1e-5) for _ in range(n_layers))
        self.mixers = nn.ModuleList(
            Mixer(width, n_states, kernel, expand * width, head, chunk) for _ in range(n_layers)
        )
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.head = nn.Linear(width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states = self.inlet(x.transpose(1, 2)).float()
        for norm, mixer in zip(self.norms, self.mixers, strict=True):
            states = states + mixer(norm(states))
        features: Tensor = self.norm(states).mean(dim=1)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits

    def start(self, n_batch: int) -> State:
        """Return the state of a stream before its first sample.

        Parameters
        ----------
        n_batch : int
            Signals that are streamed side by side.

        Returns
        -------
        State
        """
        like, mixers = self.head.weight, [layer for layer in self.mixers if isinstance(layer, Mixer)]
        return State(
            [like.new_zeros(n_batch, mixer.kernel - 1, mixer.convolution.in_channels) for mixer in mixers],
            [like.new_zeros(n_batch, mixer.n_heads, mixer.head, mixer.n_states) for mixer in mixers],
            like.new_zeros(n_batch, self.width),
        )

    def step(self, sample: Tensor, state: State) -> Tensor:
        """Process one more sample, and update the state.

        Parameters
        ----------
        sample : Tensor [batch, leads]
            The sample.
        state : State
            State of the stream, changed in place.

        Returns
        -------
        Tensor [batch, classes]
            Logits for all samples so far.
        """
        x = self.inlet(sample)
        for at, (norm, mixer) in enumerate(zip(self.norms, self.mixers, strict=True)):
            assert isinstance(mixer, Mixer)
            output, state.inputs[at], state.states[at] = mixer.step(norm(x), state.inputs[at], state.states[at])
            x = x + output
        state.total, state.n = state.total + self.norm(x), state.n + 1
        logits: Tensor = self.head(state.total / state.n)
        return logits


class Mixer(nn.Module):
    """One layer of Mamba-2 with one group: project, convolve, recur, gate, project back.

    Parameters
    ----------
    width : int
        Channels of input and output.
    n_states : int
        States of each head.
    kernel : int
        Samples of the causal convolution kernel.
    inner : int
        Channels inside.
    head : int
        Channels of a head.
    chunk : int
        Samples that are computed at once.
    """

    def __init__(self, width: int, n_states: int, kernel: int, inner: int, head: int, chunk: int):
        super().__init__()
        self.n_states, self.kernel, self.inner, self.head, self.chunk = n_states, kernel, inner, head, chunk
        self.n_heads = inner // head
        self.project = nn.Linear(width, 2 * inner + 2 * n_states + self.n_heads, bias=False)
        mixed = inner + 2 * n_states
        self.convolution = nn.Conv1d(mixed, mixed, kernel, groups=mixed, padding=kernel - 1)
        low, high = math.log(0.001), math.log(0.1)
        step = torch.exp(torch.rand(self.n_heads) * (high - low) + low)
        self.step_bias = nn.Parameter(step + torch.log(-torch.expm1(-step)))  # softplus gives the step back
        self.log_decay = nn.Parameter(torch.arange(1, self.n_heads + 1).float().log())
        self.through = nn.Parameter(torch.ones(self.n_heads))
        self.norm = nn.RMSNorm(inner, eps=1e-5)
        self.back = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, samples, width] of the same shape."""
        gate, mixed, step = self._projected(x)
        mixed = F.silu(self.convolution(mixed.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        inputs, b, c = torch.split(mixed.float(), [self.inner, self.n_states, self.n_states], dim=-1)
        heads = inputs.reshape(*inputs.shape[:2], self.n_heads, self.head)
        y = chunked_recurrence(heads * step[..., None], -self.log_decay.exp() * step, b, c, self.chunk)
        y = (y + self.through[:, None] * heads).flatten(2)
        output: Tensor = self.back(self.norm(y * F.silu(gate)).to(x.dtype))
        return output

    def multiply_accumulates(self, x: Tensor) -> int:
        """Count the multiply-accumulates of the recurrence (keep, add and read each state), without the layers inside.

        Parameters
        ----------
        x : Tensor [batch, samples, width]
            Input.
        """
        return 3 * x.shape[0] * x.shape[1] * self.inner * self.n_states

    def step(self, x: Tensor, before: Tensor, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Process one sample.

        Parameters
        ----------
        x : Tensor [batch, width]
            The sample.
        before : Tensor [batch, kernel - 1, channels]
            The last samples before the convolution.
        states : Tensor [batch, heads, head size, states]
            The recurrent states.

        Returns
        -------
        tuple of Tensor
            The output [batch, width], and `before` and `states` for the next sample.
        """
        gate, mixed, step = self._projected(x)
        bias = self.convolution.bias
        assert bias is not None
        seen = torch.cat((before, mixed[:, None]), dim=1)
        mixed = F.silu((seen * self.convolution.weight[:, 0].T).sum(dim=1) + bias)
        inputs, b, c = torch.split(mixed.float(), [self.inner, self.n_states, self.n_states], dim=-1)
        heads = inputs.reshape(-1, self.n_heads, self.head)
        kept = torch.exp(-self.log_decay.exp() * step)[..., None, None]
        states = kept * states + (heads * step[..., None])[..., None] * b[:, None, None]
        y = (states * c[:, None, None]).sum(dim=-1) + self.through[:, None] * heads
        return self.back(self.norm(y.flatten(1) * F.silu(gate))), seen[:, 1:], states

    def _projected(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sizes = [self.inner, self.inner + 2 * self.n_states, self.n_heads]
        gate, mixed, step = torch.split(self.project(x), sizes, dim=-1)
        return gate, mixed, F.softplus(step.float() + self.step_bias)


def _within_chunks(scores: Tensor, until: Tensor, x: Tensor) -> Tensor:
    """Return the contribution to each sample of the samples before it in its chunk [chunks, heads, samples, head size].

    Parameters
    ----------
    scores : Tensor [chunks, samples, samples]
        Products of the vectors out of and into the states.
    until : Tensor [chunks, heads, samples]
        As for :func:`_decays`.
    x : Tensor [chunks, heads, samples, head size]
        Inputs.
    """
    return (scores[:, None] * _decays(until)) @ x


def _decays(until: Tensor) -> Tensor:
    """Return the factors by which each sample has decayed at each later one [.., samples, samples], from sums of logarithms."""
    later = torch.full((until.shape[2],) * 2, -torch.inf, device=until.device).triu(1)
    return (until[..., :, None] - (until[..., None, :] - later)).exp()


class _WithinChunks(torch.autograd.Function):
    """:func:`_within_chunks`, a few chunks at a time: the decays stay in the cache, and are computed again for the gradient."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, until: Tensor, x: Tensor) -> Tensor:
        scores, until, x = scores.float(), until.float(), x.float().contiguous()
        ctx.save_for_backward(scores, until, x)
        return torch.cat([_within_chunks(*piece) for piece in _sliced(scores, until, x)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pieces = _sliced(*ctx.saved_tensors)
        gradients = []
        for (scores, until, x), down in zip(pieces, _sliced(gradient.float().contiguous()), strict=True):
            decays = _decays(until)
            weights = scores[:, None] * decays
            to_x = weights.transpose(2, 3) @ down[0]
            to_weights = down[0] @ x.transpose(2, 3)
            by_decay = weights.mul_(to_weights)
            gradients.append((decays.mul_(to_weights).sum(dim=1), by_decay.sum(dim=3) - by_decay.sum(dim=2), to_x))
        to_scores, to_until, to_x = (torch.cat(part) for part in zip(*gradients, strict=True))
        return to_scores, to_until, to_x


def _sliced(*values: Tensor) -> list[tuple[Tensor, ...]]:
    """Split values along their first axis, four at a time on CPUs, all at once elsewhere."""
    size = 4 if values[0].device.type == "cpu" else len(values[0])
    return list(zip(*(torch.split(part, size) for part in values), strict=True))


def chunked_recurrence(x: Tensor, decay: Tensor, b: Tensor, c: Tensor, chunk: int) -> Tensor:
    """Compute ``h = exp(decay) h + b x``, ``y = c h`` chunk by chunk (Dao and Gu 2024, listing 1).

    Parameters
    ----------
    x : Tensor [batch, samples, heads, head size]
        Inputs.
    decay : Tensor [batch, samples, heads]
        Logarithm of the factor by which the states are kept.
    b : Tensor [batch, samples, states]
        Vectors into the states.
    c : Tensor [batch, samples, states]
        Vectors out of the states.
    chunk : int
        Samples of a chunk.

    Returns
    -------
    Tensor [batch, samples, heads, head size]
    """
    n = x.shape[1]
    rest = -n % chunk
    x, decay = F.pad(x, (0, 0, 0, 0, 0, rest)), F.pad(decay, (0, 0, 0, rest))
    b, c = F.pad(b, (0, 0, 0, rest)), F.pad(c, (0, 0, 0, rest))
    x, decay, b, c = (v.reshape(v.shape[0], -1, chunk, *v.shape[2:]) for v in (x, decay, b, c))
    until = decay.cumsum(dim=2)  # [batch, chunks, samples, heads]
    scores = (c @ b.transpose(2, 3)).flatten(0, 1)
    pieces = scores, until.transpose(2, 3).flatten(0, 1), x.transpose(2, 3).flatten(0, 1)
    within = _within_chunks if torch.compiler.is_exporting() else _WithinChunks.apply
    inside = within(*pieces)
    inside = inside.reshape(*until.shape[:2], *inside.shape[1:]).transpose(2, 3)
    shape = x.shape[3:]
    # [batch, chunks, states, channels]
    left = b.transpose(2, 3) @ ((until[:, :, -1:] - until).exp()[..., None] * x).flatten(3)
    left = left.reshape(*left.shape[:3], *shape)
    states, before = torch.zeros_like(left[:, 0]), []
    for kept, new in zip(until[:, :, -1].exp()[:, :, None, :, None].unbind(1), left.unbind(1), strict=True):
        before.append(states)
        states = kept * states + new
    carried = c @ torch.stack(before, dim=1).flatten(3)
    carried = carried.reshape(*carried.shape[:3], *shape) * until.exp()[..., None]
    return (inside + carried).flatten(1, 2)[:, :n]
