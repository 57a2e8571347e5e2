"""Generate beats of rare classes with a conditional WGAN that sees training windows only."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from einthoven import console
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.models.gan import Critic, Generator
from einthoven.paths import written_aside
from einthoven.signal.windows import Windows
from einthoven.training.checkpoint import serialised
from einthoven.training.task import Task

Array = NDArray[Any]
_EVERY = 250


@dataclass(frozen=True)
class Generation:
    """How rare beats are generated."""

    rare_share: float = 0.05
    """Classes with a smaller share of the training windows than this are generated."""
    most_share: float = 0.04
    """Synthetic windows of one class are at most this share of the real training windows."""
    multiple: float = 2.0
    """Synthetic windows of one class are at most this many times its real ones."""
    steps: int = 2000
    """Steps of the generator."""
    critic_steps: int = 3
    """Steps of the critic for each step of the generator."""
    batch: int = 64
    """Windows in a step."""
    lr: float = 2e-4
    """Learning rate of Adam, betas 0 and 0.9."""
    penalty: float = 10.0
    """Weight of the gradient penalty."""
    seed: int = 0
    """Seed of weights, order and noise."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a card."""
        return asdict(self)


def rare_classes(task: Task, how: Generation) -> list[int]:
    """Return the classes to generate: those with few training windows, but enough to learn from.

    Parameters
    ----------
    task : Task
        Its training part decides.
    how : Generation
        Settings.

    Returns
    -------
    list of int
        Class numbers.
    """
    counts = np.bincount(task.labels[task.train], minlength=len(task.classes))
    return [at for at, n in enumerate(counts) if 20 <= n < how.rare_share * counts.sum()]


def generate(task: Task, how: Generation, folder: Path) -> tuple[Windows, Array]:
    """Train a generator of the rare classes and generate windows; a killed run is resumed.

    Parameters
    ----------
    task : Task
        Its training windows are learned from.
    how : Generation
        Settings.
    folder : Path
        Folder for the generator's checkpoint.

    Returns
    -------
    tuple
        Windows, and their class numbers [n].

    Raises
    ------
    ConfigurationFault
        If the windows have more parts than the signal.
    FileDamaged
        If the checkpoint of a killed run cannot be read.
    """
    if task.preparation.inputs != ("signal",):
        raise ConfigurationFault(
            "Only windows of the signal alone can be generated.",
            found=f"inputs {', '.join(task.preparation.inputs)}",
            expected="inputs signal",
            remedy="--prepare.inputs signal",
        )
    rare = rare_classes(task, how)
    counts = np.bincount(task.labels[task.train], minlength=len(task.classes))
    if not rare:
        return task.windows[:0], np.zeros(0, np.int64)
    generator = _learn(task, how, rare, folder)
    wanted = [int(min(how.multiple * counts[at], how.most_share * counts.sum())) for at in rare]
    labels = np.repeat(np.arange(len(rare)), wanted)
    rng = torch.Generator().manual_seed(how.seed + 1)
    pieces = []
    with torch.inference_mode():
        for piece in np.array_split(labels, -(-len(labels) // 512)):
            noise = torch.randn(len(piece), generator.n_noise, generator=rng)
            pieces.append(generator(noise, torch.from_numpy(piece)).numpy())
    return Windows(np.concatenate(pieces)), np.array(rare)[labels]


def _learn(task: Task, how: Generation, rare: list[int], folder: Path) -> Generator:
    torch.manual_seed(how.seed)
    n_leads, n_samples = len(task.preparation.leads), task.preparation.n_samples
    generator, critic = Generator(n_leads, len(rare), n_samples), Critic(n_leads, len(rare), n_samples)
    optimisers = [torch.optim.Adam(net.parameters(), how.lr, betas=(0.0, 0.9)) for net in (generator, critic)]
    members = [task.train[task.labels[task.train] == at] for at in rare]
    real = [torch.from_numpy(np.asarray(task.windows[chosen].signal)) for chosen in members]
    file, first = folder / "gan.ckpt", 0
    if file.exists():
        try:
            state = torch.load(file, weights_only=True)
            generator.load_state_dict(state["generator"])
            critic.load_state_dict(state["critic"])
            for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(kept)
            first = state["step"]
        except Exception as error:
            raise FileDamaged(
                f"The checkpoint {file} cannot be read.",
                found=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}",
                expected="the state of a killed run",
                remedy=f"rm {file}      the generator is then trained again",
            ) from error
    for step in console.progress(range(first, how.steps), "learning rare beats", how.steps - first):
        rng = torch.Generator().manual_seed(int(np.random.SeedSequence((how.seed, step)).generate_state(1)[0]))
        for _ in range(how.critic_steps):
            labels = torch.randint(len(rare), (how.batch,), generator=rng)
            windows = torch.stack([real[at][torch.randint(len(real[at]), (), generator=rng)] for at in labels])
            noise = torch.randn(how.batch, generator.n_noise, generator=rng)
            with torch.no_grad():
                made = generator(noise, labels)
            loss = critic(made, labels).mean() - critic(windows, labels).mean()
            loss = loss + how.penalty * _penalty(critic, windows, made, labels, rng)
            _step(optimisers[1], loss)
        labels = torch.randint(len(rare), (how.batch,), generator=rng)
        noise = torch.randn(how.batch, generator.n_noise, generator=rng)
        _step(optimisers[0], -critic(generator(noise, labels), labels).mean())
        if (step + 1) % _EVERY == 0 or step + 1 == how.steps:
            kept = {"generator": generator.state_dict(), "critic": critic.state_dict(), "step": step + 1}
            kept["optimisers"] = [optimiser.state_dict() for optimiser in optimisers]
            with written_aside(file) as aside:
                aside.write_bytes(serialised(kept))
    return generator.eval()


def _penalty(critic: Critic, real: Tensor, made: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
    """Return the squared distance of the gradient's norm from 1 between real and generated windows (Gulrajani 2017, eq. 3)."""
    share = torch.rand((len(real), 1, 1), generator=rng)
    between = (share * real + (1 - share) * made).requires_grad_()
    slope = torch.autograd.grad(critic(between, labels).sum(), between, create_graph=True)[0]
    penalty: Tensor = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
    optimiser.step()
