"""Standardise every lead of a task over the parts of a split."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.signal.windows import Windows
from einthoven.training.task import Task


def scaled_by_parts(task: Task, store: Store, protocol: Protocol) -> Task:
    """Return a task whose leads have mean 0 and standard deviation 1 in the training part, or in each part.

    Parameters
    ----------
    task : Task
        The task.
    store : Store
        The store of its windows.
    protocol : Protocol
        Its protocol; with one that leaks patients each part is standardised by itself.

    Returns
    -------
    Task
        A task with standardised windows, and with mean and deviation of the training part in its preparation.
    """
    windows, parts = np.array(store.windows.signal), protocol.parts(store.index, 0)
    mean, sd = _moments(windows[parts.train])
    if protocol.leaks:
        for part in (parts.train, parts.validation, parts.test):
            part_mean, part_sd = _moments(windows[part])
            windows[part] = (windows[part] - part_mean) / part_sd
    else:
        windows = (windows - mean) / sd
    mean_mv, sd_mv = tuple(mean.ravel().tolist()), tuple(sd.ravel().tolist())
    preparation = store.preparation.with_settings(mean_mv=mean_mv, sd_mv=sd_mv)
    return replace(task, windows=Windows(windows), preparation=preparation)


def _moments(windows: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each lead [leads, 1]."""
    mean = windows.mean(axis=(0, 2), dtype=np.float64)[:, None]
    return mean.astype(np.float32), (windows.std(axis=(0, 2), dtype=np.float64)[:, None] + 1e-6).astype(np.float32)
