"""Write generated windows to disk, and read them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import FileDamaged
from einthoven.paths import folder_aside

Array = NDArray[Any]


def save_windows(folder: Path, windows: Array, labels: Array) -> None:
    """Write generated windows, completely or not at all.

    Parameters
    ----------
    folder : Path
        Target folder, which is replaced if it exists.
    windows : array [n, leads, samples]
        Generated windows.
    labels : array [n]
        Their class numbers.
    """
    with folder_aside(folder) as aside:
        np.save(aside / "windows.npy", windows)
        np.save(aside / "labels.npy", labels)


def load_windows(folder: Path, step: Path) -> tuple[Array, Array]:
    """Read generated windows.

    Parameters
    ----------
    folder : Path
        Folder that :func:`save_windows` wrote.
    step : Path
        File that marks the step of a study as done.

    Returns
    -------
    windows : array [n, leads, samples]
        The windows.
    labels : array [n]
        Their class numbers.

    Raises
    ------
    FileDamaged
        If they are missing or damaged.
    """
    try:
        windows, labels = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("windows", "labels"))
        return windows, labels
    except (OSError, ValueError) as error:
        raise FileDamaged(
            f"The generated beats of the study in {folder} cannot be read.",
            found=f"{type(error).__name__}: {str(error)[:120]}",
            expected="windows.npy and labels.npy, as the step 'generated' wrote them",
            remedy=f"rm {step}      they are then generated again",
        ) from error
