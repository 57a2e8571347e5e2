"""Fit the small networks of the doctor and choose their limits, for bench/doctor.py."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from einthoven.signal.small_network import SmallNetwork

_BATCH = 256
_CLIP = 8.0


def fit(
    rows: np.ndarray,
    classes: np.ndarray,
    names: Sequence[str],
    weights: Sequence[float],
    seed: int,
    epochs: int,
    units: int,
) -> SmallNetwork:
    """Fit a network to rows [n, measurements] of classes [n], each class drawn in proportion to its weight."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    mean, scale = rows[classes == 0].mean(axis=0), rows.std(axis=0) + 0.02
    inside = torch.from_numpy(np.clip((rows - mean) / scale, -_CLIP, _CLIP).astype(np.float32))
    wanted = torch.from_numpy(classes.astype(np.int64))
    counts = np.bincount(classes, minlength=len(names))
    share = (np.array(weights) / np.maximum(counts, 1))[classes]
    n_steps = max(20, epochs * len(rows) // _BATCH)
    drawn = rng.choice(len(rows), (n_steps, _BATCH), p=share / share.sum())
    layers = torch.nn.Sequential(
        torch.nn.Dropout(0.2),
        torch.nn.Linear(rows.shape[1], units),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(units, len(names)),
    )
    optimizer = torch.optim.AdamW(layers.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=n_steps)
    for batch in drawn:
        noisy = inside[batch] + 0.2 * torch.randn(_BATCH, rows.shape[1])
        loss = torch.nn.functional.cross_entropy(layers(noisy), wanted[batch], label_smoothing=0.01)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    first, second = (
        (layers[at].weight.detach().numpy().T.copy(), layers[at].bias.detach().numpy().copy()) for at in (1, 4)
    )
    shares = np.bincount(classes, share, minlength=len(names)) / share.sum()
    return SmallNetwork(tuple(names), mean, scale, *first, *second, np.zeros(len(names)), shares)


def folds(persons: np.ndarray, n_folds: int) -> Iterator[np.ndarray]:
    """Which rows are tested in each fold; those of a person always together."""
    known = np.unique(persons)
    fold = dict(zip(known, np.random.default_rng(0).permutation(len(known)) % n_folds, strict=True))
    number = np.array([fold[person] for person in persons])
    for at in range(n_folds):
        yield number == at


def limits(right: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Limits [classes] at which each class is named in at most a share of the rows [n, classes] of log-probabilities.

    All rows are of the first class. A class is named where it is the most probable of the others and its logarithm
    exceeds that of the first by its limit.
    """
    above = right[:, 1:] - right[:, :1]
    top = above.argmax(axis=1)
    found = [0.0]
    for at, share in enumerate(shares):
        own = np.sort(above[top == at, at])[::-1]
        allowed = int(share * len(right))
        found.append(max(0.0, float(own[allowed])) + 1e-6 if len(own) > allowed else 0.0)
    return np.array(found)


def named(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The class named for each row of log-probabilities [..., classes]: 0 for none."""
    above = rows[..., 1:] - rows[..., :1]
    top = above.argmax(axis=-1)
    exceeds = np.take_along_axis(above, top[..., None], axis=-1)[..., 0] > chosen[1:][top]
    return np.where(exceeds, top + 1, 0)
