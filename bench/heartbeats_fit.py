"""Trains the heartbeat network and writes src/einthoven/assets/heartbeats/network.npz.

python bench/heartbeats_fit.py DIR [FILE]      DIR: mitdb, svdb, qtdb, ludb, nstdb, as their publishers lay them out
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from einthoven.paths import ASSETS
from einthoven.signal import heartbeats
from einthoven.signal.heartbeat_input import FS_HZ, scaled
from heartbeats_data import Lead, noises, parts
from heartbeats_windows import SIZE, STEP, Windows

_BATCH, _RATE, _DECAY, _SEED = 64, 3e-3, 0.02, 5
_STEPS, _COOLING = 3900, 1100
_COOLING_RATE = 1e-3
_REPORTED = 500


class Network(nn.Module):
    """A U-Net without memory: from 128 Hz down to 8 Hz and back to 64 Hz."""

    def __init__(self, widths=(16, 32, 64, 96)):
        super().__init__()
        a, b, c, d = widths
        self.stem, self.keep0 = _layer(2, a, 9, 2), _layer(a, a, 7)
        self.down1, self.keep1 = _layer(a, b, 5, 2), _layer(b, b, 5)
        self.down2, self.keep2 = _layer(b, c, 5, 2), _layer(c, c, 5)
        self.down3 = _layer(c, d, 5, 2)
        self.wide1, self.wide2, self.wide3 = _layer(d, d, 5), _layer(d, d, 5, 1, 2), _layer(d, d, 5)
        self.up2, self.join2 = nn.Conv1d(d, c, 1), _layer(c, c, 5)
        self.up1, self.join1 = nn.Conv1d(c, b, 1), _layer(b, b, 5)
        self.up0, self.join0 = nn.Conv1d(b, a, 1), _layer(a, a, 7)
        self.out = nn.Conv1d(a, 1, 1)

    def forward(self, x):
        at_64 = self.keep0(self.stem(x))
        at_32 = self.keep1(self.down1(at_64))
        at_16 = self.keep2(self.down2(at_32))
        at_8 = self.down3(at_16)
        for layer in (self.wide1, self.wide2, self.wide3):
            at_8 = at_8 + layer(at_8)
        at_16 = self.join2(at_16 + _twice(self.up2(at_8)))
        at_32 = self.join1(at_32 + _twice(self.up1(at_16)))
        return self.out(self.join0(at_64 + _twice(self.up0(at_32))))[:, 0]


def _layer(n_in: int, n_out: int, size: int, step: int = 1, apart: int = 1) -> nn.Sequential:
    convolution = nn.Conv1d(n_in, n_out, size, step, apart * (size // 2), apart, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm1d(n_out), nn.ReLU())


def _twice(x):
    return x.repeat_interleave(2, dim=2)


def fit(root: Path, file: Path) -> None:
    """Train, cool down with the normalisation fixed, and write the running mean of the weights."""
    torch.manual_seed(_SEED)
    torch.set_num_threads(1)
    found = parts(root)
    windows = Windows(found["train"], noises(root), np.random.default_rng(_SEED))
    network = Network()
    print(sum(len(lead.beats) for lead in found["train"]), "beats train;", sum(p.numel() for p in network.parameters()))
    rates = _RATE * (0.5 + 0.5 * np.cos(np.pi * np.arange(_STEPS) / (2 * _STEPS)))
    rates[:200] *= np.arange(1, 201) / 200
    mean = _trained(network, rates, windows, found["choose"], file)
    cool_down(mean, windows, found["choose"], file)


def cool_down(network: Network, windows: Windows, choose: list[Lead], file: Path) -> None:
    """Train with fixed normalisation and a rate that falls to zero, and write the weights in half precision."""
    network.eval()
    rates = _COOLING_RATE * np.minimum(np.arange(1, _COOLING + 1) / 50, np.linspace(1, 0.01, _COOLING))
    mean = _trained(network, rates, windows, choose, file)
    np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in layers(mean).items()})


def _trained(network: Network, rates: np.ndarray, windows: Windows, choose: list[Lead], file: Path) -> Network:
    """Train with a rate for each step, and return the network of the running mean of the weights."""
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    total = 0.1
    for step, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        x, wanted, known = (torch.from_numpy(part) for part in windows.batch(_BATCH))
        with torch.autocast("cpu", torch.bfloat16):
            raw = network(x)
        losses = nn.functional.binary_cross_entropy_with_logits(raw.float(), wanted, reduction="none")
        loss = (losses * known).sum() / known.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        mean.update_parameters(network)
        total = 0.99 * total + 0.01 * loss.item()
        if step % _REPORTED == _REPORTED - 1 or step == len(rates) - 1:
            np.savez(file, **layers(mean.module))
            print(f"step {step + 1} loss {total:.4f}", *report(mean.module, choose), flush=True)
    return mean.module


def layers(network: Network) -> dict[str, np.ndarray]:
    """Weights [out, in, samples] and biases [out] by name of the layer, the normalisation folded in."""
    kept = {}
    for name, layer in network.named_children():
        convolution, normal = (layer[0], layer[1]) if isinstance(layer, nn.Sequential) else (layer, None)
        weight = convolution.weight.detach()
        bias = torch.zeros(len(weight)) if convolution.bias is None else convolution.bias.detach()
        if normal is not None:
            factor = normal.weight.detach() / torch.sqrt(normal.running_var + normal.eps)
            bias = (bias - normal.running_mean) * factor + normal.bias.detach()
            weight = weight * factor[:, None, None]
        kept[f"{name}.weight"], kept[f"{name}.bias"] = weight.numpy(), bias.numpy()
    return kept


@torch.no_grad()
def report(network: Network, leads: list[Lead]) -> list[str]:
    """Missed and invented beats in what chooses, by corpus, at several limits."""
    was_training = network.training
    network.eval()
    counts = {}
    for lead in leads:
        for row in lead.signal[: 1 if lead.corpus == "ludb" else 2]:
            length = len(row) // 32 * 32
            values = torch.sigmoid(network(torch.from_numpy(scaled(row[None, :length]))))[0].numpy()
            for limit in (0.2, 0.3, 0.4):
                said = (
                    np.flatnonzero(
                        (values >= np.maximum(np.r_[0, values[:-1]], limit)) & (values > np.r_[values[1:], 0])
                    )
                    * STEP
                )
                true = np.rint(lead.beats).astype(int)
                for first, last in lead.unknown:
                    said, true = (at[(at < first) | (at > last)] for at in (said, true))
                matching = heartbeats.match(true, said, FS_HZ)
                counts.setdefault((lead.corpus, limit), []).append(
                    (len(true), len(matching.missed), len(matching.extra))
                )
    network.train(was_training)
    return [f"{corpus} {limit}: {np.sum(rows, axis=0).tolist()}" for (corpus, limit), rows in counts.items()]


if __name__ == "__main__":
    from command import run

    assert SIZE % 32 == 0

    def main(words):
        file = Path(words[1]) if len(words) > 1 else ASSETS / "heartbeats" / "network.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        fit(Path(words[0]), file)

    run(main, __doc__, 1)
