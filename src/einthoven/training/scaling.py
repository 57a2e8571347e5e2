"""Scale every lead of a task by its spread over a part of the corpus."""

from dataclasses import replace

import numpy as np

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.signal.windows import Windows
from einthoven.training.task import Task


def scaled_by_parts(task: Task, store: Store, protocol: Protocol) -> Task:
    """Return a task with every lead over its spread in the training part, or in each part by itself.

    Parameters
    ----------
    task : Task
        What is trained on.
    store : Store
        Its windows.
    protocol : Protocol
        Its protocol; with one that leaks patients each part is scaled by itself.

    Returns
    -------
    Task
        The same with scaled windows, and with the training part's mean and spread in its preparation.
    """
    windows, parts = np.array(store.windows.signal), protocol.parts(store.index, 0)
    mean, sd = _moments(windows[parts.train])
    if protocol.leaks:
        for part in (parts.train, parts.validation, parts.test):
            own_mean, own_sd = _moments(windows[part])
            windows[part] = (windows[part] - own_mean) / own_sd
    else:
        windows = (windows - mean) / sd
    mean_mv, sd_mv = tuple(mean.ravel().tolist()), tuple(sd.ravel().tolist())
    preparation = store.preparation.with_settings(mean_mv=mean_mv, sd_mv=sd_mv)
    return replace(task, windows=Windows(windows), preparation=preparation)


def _moments(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each lead [leads, 1], float32."""
    mean = windows.mean(axis=(0, 2), dtype=np.float64)[:, None]
    return mean.astype(np.float32), (windows.std(axis=(0, 2), dtype=np.float64)[:, None] + 1e-6).astype(np.float32)
