"""The structured state-space network S4, in its diagonal form."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import Dropout


class S4(nn.Module):
    """Bidirectional state-space layers, each a convolution as long as the window.

    Paper
        Gu, Goel and Ré 2022, arXiv 2111.00396 (S4); Gu et al. 2022, arXiv 2206.11893 (S4D, its diagonal form, used here);
        Mehari and Strodthoff 2022, arXiv 2211.07579 (S4 on PTB-XL: four layers, both ways).
    Departures
        - Diagonal states (S4D-Lin) in place of the low-rank correction; both are reported as equally good.
        - 128 channels in place of 512, and a stride of two before the first layer, for the sake of two cores.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    width : int
        Channels.
    n_states : int
        Complex states of each channel.
    n_layers : int
        Number of layers.
    dropout : float
        Dropout rate inside the layers and before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        width: int = 128,
        n_states: int = 16,
        n_layers: int = 4,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.inlet = nn.Conv1d(n_leads, width, 5, stride=2, padding=2)
        self.layers = nn.ModuleList(_Layer(width, n_states, -(-n_samples // 2), dropout) for _ in range(n_layers))
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states = self.inlet(x)
        for layer in self.layers:
            states = layer(states)
        features: Tensor = self.dropout(torch.cat((states.mean(dim=2), states.amax(dim=2)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _Layer(nn.Module):
    """A layer: normalise, convolve both ways with the kernels of the states, mix the channels, add."""

    def __init__(self, width: int, n_states: int, length: int, dropout: float):
        super().__init__()
        self.length = length
        self.norm = nn.LayerNorm(width)
        step = torch.rand(2 * width) * (math.log(0.1) - math.log(0.001)) + math.log(0.001)
        self.log_step = nn.Parameter(step)
        self.log_decay = nn.Parameter(torch.full((2 * width, n_states), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(n_states).repeat(2 * width, 1).float())
        self.out = nn.Parameter(torch.randn(2 * width, n_states, 2) * 0.5**0.5)
        self.through = nn.Parameter(torch.randn(width))
        self.mix = nn.Conv1d(width, 2 * width, 1)
        self.dropout = Dropout(dropout)

    def kernel(self) -> Tensor:
        """Return impulse responses [2 * width, length]: causal in the first half of the rows, anti-causal in the second.

        They belong to the states ``x' = A x + u`` with ``A = -decay + i frequency``, held over a step (zero-order hold): the real
        part of ``2 C (exp(step A) - 1) / A exp(step A t)``. It is computed in real numbers, so that it can be exported.
        """
        step = self.log_step.float().exp()[:, None]
        real, imaginary = -self.log_decay.float().exp() * step, self.frequency.float() * step
        grown, turned = real.exp() * imaginary.cos() - 1, real.exp() * imaginary.sin()
        size = (real.square() + imaginary.square()) / step
        # (exp(step A) - 1) / A
        held_real = (grown * real + turned * imaginary) / size
        held_imaginary = (turned * real - grown * imaginary) / size
        c_real, c_imaginary = self.out.float().unbind(dim=2)
        factor_real = c_real * held_real - c_imaginary * held_imaginary
        factor_imaginary = c_real * held_imaginary + c_imaginary * held_real
        # exp(step A t) at t = long i + j is a product of two short tables of powers, so few exponentials are taken.
        long = math.isqrt(self.length - 1) + 1
        turns = torch.arange(long, device=step.device, dtype=torch.float32)
        decay, angle = (real[..., None] * turns).exp(), imaginary[..., None] * turns
        fine = torch.cat((decay * angle.cos(), -decay * angle.sin()), dim=1)
        decay, angle = (real[..., None] * turns * long).exp(), imaginary[..., None] * turns * long
        cosine, sine = decay * angle.cos(), decay * angle.sin()
        coarse = torch.cat(
            (
                factor_real[..., None] * cosine - factor_imaginary[..., None] * sine,
                factor_real[..., None] * sine + factor_imaginary[..., None] * cosine,
            ),
            dim=1,
        )
        return 2 * _product(coarse.transpose(1, 2), fine).flatten(1)[:, : self.length]

    def multiply_accumulates(self, x: Tensor) -> int:
        """Count the multiply-accumulates of the convolution: three transforms of twice the length, and a product."""
        n = 2 * x.shape[2]
        return x.shape[0] * round(x.shape[1] * (3 * n / 2 * math.log2(n) + 2 * n))

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, width, samples] of the same shape."""
        u = self.norm(x.transpose(1, 2)).transpose(1, 2)
        y = _convolved(u.float(), self.kernel()) + u * self.through[:, None]
        output: Tensor = x + self.dropout(F.glu(self.mix(self.dropout(F.gelu(y).to(x.dtype))), dim=1))
        return output


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Multiply matrices [batch, n, m] and [batch, m, k], in float32 under autocast too."""
    if torch.compiler.is_exporting():
        return a @ b
    with torch.autocast(a.device.type, enabled=False):
        return a @ b


def _convolved(u: Tensor, kernel: Tensor) -> Tensor:
    """Convolve [batch, width, samples] with the first half of the kernels (causal) and the second half (anti-causal)."""
    ahead, behind = kernel.chunk(2)
    n = u.shape[2]
    if torch.compiler.is_exporting():
        both = torch.cat((behind.flip(1)[:, :-1], (behind[:, :1] + ahead[:, :1]), ahead[:, 1:]), dim=1)
        return F.conv1d(F.pad(u, (n - 1, n - 1)), both.flip(1)[:, None], groups=u.shape[1])
    size = 2 * n
    spectrum = torch.fft.rfft(ahead, size) + torch.fft.rfft(behind, size).conj()
    output: Tensor = torch.fft.irfft(torch.fft.rfft(u, size) * spectrum, size)[..., :n]
    return output
