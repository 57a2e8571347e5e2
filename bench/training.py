"""Measures training speed against the same net, of torch's own layers, in a plain fp32 PyTorch loop; both in one run.

    python bench/training.py [ROUNDS]
    python bench/training.py ROUNDS NAME ...      these architectures; prints, writes nothing

BENCH_PATIENCE=0.1 takes a tenth of the steps: to see that it runs, not to publish.

The two take turns, so that a machine whose speed drifts slows both; the ratio is the median over the turns. It writes
docs/results/training_speed.md.
"""

import logging
import os
import platform
import tempfile
import time
import warnings
from pathlib import Path
from unittest.mock import patch

import lightning as L
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from einthoven.data.batches import Batches, tensors
from einthoven.models import MODELS, blocks, mamba2, s4
from einthoven.models.inputs import InputShape, arguments, built
from einthoven.models.resnet1d import PEDIATRIC
from einthoven.paths import written_aside
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training.losses import loss_for
from einthoven.training.module import Training
from einthoven.training.recipe import Recipe
from einthoven.training.requirements import native_bf16

CASES = {
    "cnn_lstm on beats (2 x 360)": ("cnn_lstm", {}, 2, 5, 360, 256),
    "resnet1d of two million (12 x 1000)": ("resnet1d", {"widths": (64, 128, 256)}, 12, 23, 1000, 64),
    "hybrid with BiLSTM (12 x 1000)": ("hybrid", {"recurrence": ("bilstm",)}, 12, 23, 1000, 32),
    "xresnet1d101 (12 x 1000)": ("xresnet1d", {}, 12, 23, 1000, 32),
    "s4 (12 x 1000)": ("s4", {}, 12, 23, 1000, 32),
    "typical_beat (12 x 1000)": ("typical_beat", {}, 12, 23, 1000, 32),
    "resnet1d of the pediatric study (12 x 300)": ("resnet1d", PEDIATRIC, 12, 19, 300, 64),
    "bilstm (12 x 300)": ("bilstm", {}, 12, 19, 300, 64),
    "transformer (12 x 300)": ("transformer", {}, 12, 19, 300, 64),
    "mamba2 (12 x 300)": ("mamba2", {}, 12, 19, 300, 64),
    "litenet (12 x 3750)": ("litenet", {}, 12, 9, 3750, 32),
    "rhythm (1 x 4500)": ("rhythm", {}, 1, 4, 4500, 32),
}
BESIDE = {"typical_beat": ("beat", "summary"), "rhythm": ("beat", "summary", "rhythm")}
"""What architectures read beside the signal."""
_PATIENCE = float(os.environ.get("BENCH_PATIENCE", "1"))
WARM, TIMED = (max(1, round(steps * _PATIENCE)) for steps in (3, 8))
"""Steps before the clock starts, and after."""


def plain(module: nn.Module) -> nn.Module:
    """The same net with torch's own layers, its weights shared."""
    if isinstance(module, nn.TransformerEncoderLayer):
        module.__class__ = nn.TransformerEncoderLayer
    for name, child in module.named_children():
        if isinstance(child, blocks.Dropout):
            setattr(module, name, nn.Dropout(child.p))
        elif hasattr(child, "as_torch"):
            setattr(module, name, child.as_torch())
        else:
            plain(child)
    return module


def listed(x, decay, b, c, chunk):
    """The recurrence of Mamba-2 in chunks, each einsum as Dao and Gu 2024 list it."""
    n = x.shape[1]
    rest = -n % chunk
    x, decay = F.pad(x, (0, 0, 0, 0, 0, rest)), F.pad(decay, (0, 0, 0, rest))
    x, decay, b, c = (v.unflatten(1, (-1, chunk)) for v in (x, decay, *(F.pad(v, (0, 0, 0, rest)) for v in (b, c))))
    until = decay.cumsum(dim=2)
    between = until[:, :, :, None] - until[:, :, None]
    mask = torch.ones(chunk, chunk, dtype=torch.bool).tril()
    kept = between.masked_fill(~mask[:, :, None], -torch.inf).exp()
    inside = torch.einsum("zkqn,zksn,zkqsh,zkshp->zkqhp", c, b, kept, x)
    left = torch.einsum("zksn,zksh,zkshp->zkhpn", b, (until[:, :, -1:] - until).exp(), x)
    states, before = torch.zeros_like(left[:, 0]), []
    for at in range(left.shape[1]):
        before.append(states)
        states = until[:, at, -1].exp()[..., None, None] * states + left[:, at]
    carried = torch.einsum("zkqn,zkhpn,zkqh->zkqhp", c, torch.stack(before, dim=1), until.exp())
    return (inside + carried).flatten(1, 2)[:, :n]


def vandermonde(layer):
    """The kernels of S4D as Gu et al. 2022 write them: an exponential for each state and sample."""
    step = layer.log_step.exp()[:, None]
    a = torch.complex(-layer.log_decay.exp(), layer.frequency)
    held = torch.view_as_complex(layer.out) * (torch.exp(a * step) - 1) / a
    powers = torch.exp((a * step)[..., None] * torch.arange(layer.length))
    return 2 * torch.einsum("cn,cnl->cl", held, powers).real


class Clock(L.Callback):
    """Notes when the warm-up ended and when the last step did."""

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        now = time.perf_counter()
        if trainer.global_step == WARM:
            self.started = now
        self.ended = now


def prepared(case) -> Preparation:
    """Windows of a case, at 100 Hz."""
    name, _, n_leads, _, n_samples, _ = case
    leads = tuple(f"lead {at}" for at in range(n_leads))
    return Preparation(SignalSpec(leads, 100.0), Tiles(n_samples / 100), ("signal", *BESIDE.get(name, ())))


def network_of(case) -> nn.Module:
    """The net of a case, its weights always the same."""
    torch.manual_seed(0)
    return built(MODELS[case[0]], InputShape.of(prepared(case)), case[3], case[1])


def ours(case, windows: Windows, labels) -> float:
    """Windows a second of einthoven's training, as fit() sets it up."""
    batch = case[-1]
    recipe = Recipe(epochs=1, batch=batch, augment=())
    served = Batches(windows, labels, np.arange(len(windows)), batch, seed=0)
    module = Training(network_of(case), loss_for(recipe, torch.ones(1)), recipe, prepared(case), len(served))
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        L.Trainer(
            max_steps=WARM + TIMED,
            precision="bf16-mixed" if native_bf16() else "32-true",
            gradient_clip_val=recipe.clip_norm,
            callbacks=[clock],
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            default_root_dir=folder,
            use_distributed_sampler=False,
        ).fit(module, served)
    return TIMED * batch / (clock.ended - clock.started)


def theirs(case, windows: Windows, labels) -> float:
    """Windows a second of a plain loop."""
    batch = case[-1]
    net = plain(network_of(case)).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    x, y = arguments(net, tensors(windows)), torch.from_numpy(labels)
    with patch.object(mamba2, "chunked_recurrence", listed), patch.object(s4._Layer, "kernel", vandermonde):
        for step in range(WARM + TIMED):
            if step == WARM:
                started = time.perf_counter()
            chosen = slice(step * batch, (step + 1) * batch)
            optimizer.zero_grad()
            F.cross_entropy(net(*(part[chosen] for part in x)), y[chosen]).backward()
            optimizer.step()
        return TIMED * batch / (time.perf_counter() - started)


def main(rounds: int, names: list[str]) -> None:
    """Take turns, print and write the table."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(0)
    rows = []
    for title, case in CASES.items():
        if names and case[0] not in names:
            continue
        n_windows = (WARM + TIMED) * case[-1]
        parts = InputShape.of(prepared(case)).sample(
            n_windows, lambda size: torch.from_numpy(rng.standard_normal(size))
        )
        windows = Windows(**{name: part.float().numpy() for name, part in parts.items()})
        labels = rng.integers(0, case[3], n_windows)
        turns = [(ours(case, windows, labels), theirs(case, windows, labels)) for _ in range(rounds)]
        ratios = sorted(a / b for a, b in turns)
        mine, plainly = (np.median(column) for column in zip(*turns, strict=True))
        rows.append(
            f"| {title}, batch {case[-1]} | {plainly:,.0f} | {mine:,.0f} | {np.median(ratios):.2f} "
            f"| {ratios[0]:.2f} to {ratios[-1]:.2f} |"
        )
        print(rows[-1], flush=True)
    if names:
        return
    flags = set(Path("/proc/cpuinfo").read_text().split())
    units = [flag for flag in ("amx_bf16", "avx512_bf16", "bf16") if flag in flags]
    lines = [
        "# Training speed",
        "",
        f"`python bench/training.py {rounds}` · windows a second, median of {rounds} turns; torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads, {platform.machine()}, bf16 units: {', '.join(units) or 'none'}; "
        f"einthoven in {'bf16' if native_bf16() else 'fp32'}.",
        "",
        "| net | plain fp32 loop, torch's layers | einthoven | ratio | over the turns |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    with written_aside(Path(__file__).parents[1] / "docs" / "results" / "training_speed.md") as aside:
        aside.write_text("\n".join(lines))


if __name__ == "__main__":
    from command import run

    run(lambda words: main(int(words[0]) if words else 7, words[1:]), __doc__, 0)
