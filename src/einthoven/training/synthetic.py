"""Keep generated windows on disk."""

from pathlib import Path

import numpy as np

from einthoven.errors import FileDamaged
from einthoven.paths import folder_aside


def save_windows(folder: Path, windows: np.ndarray, labels: np.ndarray) -> None:
    """Write generated windows, whole or not at all.

    Parameters
    ----------
    folder : Path
        Replaced, if it exists.
    windows : np.ndarray [n, leads, samples]
        Generated windows.
    labels : np.ndarray [n]
        Their class numbers.
    """
    with folder_aside(folder) as aside:
        np.save(aside / "windows.npy", windows)
        np.save(aside / "labels.npy", labels)


def load_windows(folder: Path, step: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read generated windows.

    Parameters
    ----------
    folder : Path
        As :func:`save_windows` wrote it.
    step : Path
        File that says that they are generated.

    Returns
    -------
    np.ndarray [n, leads, samples]
        The windows.
    np.ndarray [n]
        Their class numbers.

    Raises
    ------
    FileDamaged
        If they are gone or damaged.
    """
    try:
        return tuple(np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("windows", "labels"))
    except (OSError, ValueError) as error:
        raise FileDamaged(
            f"the generated beats of the study are gone from {folder}.",
            found=f"{type(error).__name__}: {str(error)[:120]}",
            expected="windows.npy and labels.npy, as the step 'generated' had written them",
            remedy=f"rm {step}      they are then made again",
        ) from error
