"""Knows Mamba-2: a state-space recurrence in chunks, and the same one sample at a time. Does not know what its classes mean."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class State:
    """What a stream remembers, for each layer.

    inputs : the last samples before the convolution [batch, kernel - 1, channels]; states : [batch, heads, head size, state size]
    total, n : sum of the features so far [batch, width], and of how many samples
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
        - Two layers, RMS norms before each and behind the last: the number is not stated; it is what the count allows.
    Receptive field
        All that came before, at each sample; the whole window for the answer.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of input and output
    width : channels; n_states : of each head; kernel : of the causal convolution, samples; expand : inner width over width
    head : channels of a head; chunk : samples that are worked out at once; n_layers : layers
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
        self.norms = nn.ModuleList(nn.RMSNorm(width, eps=1e-5) for _ in range(n_layers))
        self.mixers = nn.ModuleList(
            Mixer(width, n_states, kernel, expand * width, head, chunk) for _ in range(n_layers)
        )
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.head = nn.Linear(width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to [batch, features]."""
        states = self.inlet(x.transpose(1, 2)).float()
        for norm, mixer in zip(self.norms, self.mixers, strict=True):
            states = states + mixer(norm(states))
        return self.norm(states).mean(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))

    def start(self, n_batch: int) -> State:
        """The memory of a stream that has seen nothing."""
        like = self.head.weight
        return State(
            [like.new_zeros(n_batch, mixer.kernel - 1, mixer.convolution.in_channels) for mixer in self.mixers],
            [like.new_zeros(n_batch, mixer.n_heads, mixer.head, mixer.n_states) for mixer in self.mixers],
            like.new_zeros(n_batch, self.head.in_features),
        )

    def step(self, sample: Tensor, state: State) -> Tensor:
        """One sample [batch, leads] more; logits [batch, classes] over all that came so far, and `state` moved on."""
        x = self.inlet(sample)
        for at, (norm, mixer) in enumerate(zip(self.norms, self.mixers, strict=True)):
            answer, state.inputs[at], state.states[at] = mixer.step(norm(x), state.inputs[at], state.states[at])
            x = x + answer
        state.total, state.n = state.total + self.norm(x), state.n + 1
        return self.head(state.total / state.n)


class Mixer(nn.Module):
    """One layer of Mamba-2 with one group: project, convolve, recur, gate, project back."""

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
        """[batch, samples, width], same shape."""
        gate, mixed, step = self._projected(x)
        mixed = F.silu(self.convolution(mixed.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        inputs, b, c = mixed.float().split((self.inner, self.n_states, self.n_states), dim=-1)
        heads = inputs.unflatten(-1, (self.n_heads, self.head))
        y = recurred(heads * step[..., None], -self.log_decay.exp() * step, b, c, self.chunk)
        y = (y + self.through[:, None] * heads).flatten(2)
        return self.back(self.norm(y * F.silu(gate)).to(x.dtype))

    def multiply_accumulates(self, x: Tensor) -> int:
        """Of the recurrence, step by step: keep, add and read each state; the projections and the convolution count themselves."""
        return 3 * x.shape[0] * x.shape[1] * self.inner * self.n_states

    def step(self, x: Tensor, before: Tensor, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One sample [batch, width]; the answer, the samples for the next convolution, and the next states."""
        gate, mixed, step = self._projected(x)
        seen = torch.cat((before, mixed[:, None]), dim=1)
        mixed = F.silu((seen * self.convolution.weight[:, 0].T).sum(dim=1) + self.convolution.bias)
        inputs, b, c = mixed.float().split((self.inner, self.n_states, self.n_states), dim=-1)
        heads = inputs.unflatten(-1, (self.n_heads, self.head))
        kept = torch.exp(-self.log_decay.exp() * step)[..., None, None]
        states = kept * states + (heads * step[..., None])[..., None] * b[:, None, None]
        y = (states * c[:, None, None]).sum(dim=-1) + self.through[:, None] * heads
        return self.back(self.norm(y.flatten(1) * F.silu(gate))), seen[:, 1:], states

    def _projected(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sizes = (self.inner, self.inner + 2 * self.n_states, self.n_heads)
        gate, mixed, step = self.project(x).split(sizes, dim=-1)
        return gate, mixed, F.softplus(step.float() + self.step_bias)


def _heard(scores: Tensor, until: Tensor, x: Tensor) -> Tensor:
    """What each sample hears of those before it in its chunk [chunks, heads, samples, head size].

    Parameters
    ----------
    scores : [chunks, samples, samples]; until : of :func:`_decays`; x : [chunks, heads, samples, head size]
    """
    return (scores[:, None] * _decays(until)) @ x


def _decays(until: Tensor) -> Tensor:
    """What is left of each sample at each after it [.., samples, samples], of sums of logarithms `until` [.., samples]."""
    later = torch.full((until.shape[2],) * 2, -torch.inf, device=until.device).triu(1)
    return (until[..., :, None] - (until[..., None, :] - later)).exp()


class _Inside(torch.autograd.Function):
    """:func:`_heard`, a few chunks after a few: the decays stay in the cache, and are worked out again for the gradient."""

    @staticmethod
    def forward(ctx, scores: Tensor, until: Tensor, x: Tensor) -> Tensor:
        scores, until, x = scores.float(), until.float(), x.float().contiguous()
        ctx.save_for_backward(scores, until, x)
        return torch.cat([_heard(*piece) for piece in _sliced(scores, until, x)])

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pieces = _sliced(*ctx.saved_tensors)
        found = []
        for (scores, until, x), down in zip(pieces, _sliced(gradient.float().contiguous()), strict=True):
            decays = _decays(until)
            heard = scores[:, None] * decays
            to_x = heard.transpose(2, 3) @ down[0]
            of_heard = down[0] @ x.transpose(2, 3)
            by_decay = heard.mul_(of_heard)
            found.append((decays.mul_(of_heard).sum(dim=1), by_decay.sum(dim=3) - by_decay.sum(dim=2), to_x))
        to_scores, to_until, to_x = (torch.cat(part) for part in zip(*found, strict=True))
        return to_scores, to_until, to_x


def _sliced(*values: Tensor) -> list[tuple[Tensor, ...]]:
    """Values along their first axis, four at a time on CPUs, all at once elsewhere."""
    size = 4 if values[0].device.type == "cpu" else len(values[0])
    return list(zip(*(part.split(size) for part in values), strict=True))


def recurred(x: Tensor, decay: Tensor, b: Tensor, c: Tensor, chunk: int) -> Tensor:
    """``h = exp(decay) h + b x``, ``y = c h``, chunk by chunk (Dao and Gu 2024, listing 1).

    Parameters
    ----------
    x : [batch, samples, heads, head size]; decay : logarithm of what is kept, [batch, samples, heads]
    b, c : into and out of the states [batch, samples, states]

    Returns
    -------
    [batch, samples, heads, head size]
    """
    n = x.shape[1]
    rest = -n % chunk
    x, decay = F.pad(x, (0, 0, 0, 0, 0, rest)), F.pad(decay, (0, 0, 0, rest))
    b, c = F.pad(b, (0, 0, 0, rest)), F.pad(c, (0, 0, 0, rest))
    x, decay, b, c = (values.unflatten(1, (-1, chunk)) for values in (x, decay, b, c))
    until = decay.cumsum(dim=2)  # [batch, chunks, samples, heads]
    scores = (c @ b.transpose(2, 3)).flatten(0, 1)
    pieces = scores, until.transpose(2, 3).flatten(0, 1), x.transpose(2, 3).flatten(0, 1)
    inside = _heard(*pieces) if torch.compiler.is_exporting() else _Inside.apply(*pieces)
    inside = inside.unflatten(0, until.shape[:2]).transpose(2, 3)
    shape = x.shape[3:]
    # [batch, chunks, states, channels]
    left = b.transpose(2, 3) @ ((until[:, :, -1:] - until).exp()[..., None] * x).flatten(3)
    left = left.unflatten(3, shape)
    states, before = torch.zeros_like(left[:, 0]), []
    for kept, new in zip(until[:, :, -1].exp()[:, :, None, :, None].unbind(1), left.unbind(1), strict=True):
        before.append(states)
        states = kept * states + new
    carried = (c @ torch.stack(before, dim=1).flatten(3)).unflatten(3, shape) * until.exp()[..., None]
    return (inside + carried).flatten(1, 2)[:, :n]
