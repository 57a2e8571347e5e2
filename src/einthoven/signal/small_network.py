"""Apply a small trained network with NumPy: measurements in, logarithms of probabilities out."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import FileDamaged
from einthoven.paths import ASSETS

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SmallNetwork:
    """A network with one hidden layer.

    Parameters
    ----------
    names : tuple of str
        Names of the classes.
    mean, scale : array [measurements]
        What is subtracted from the measurements, and what they are divided by.
    hidden, hidden_bias : array [measurements, units] and [units]
        The hidden layer, rectified.
    output, output_bias : array [units, classes] and [classes]
        The output layer.
    limits : array [classes]
        How much larger than that of the first class the logarithm of a class's probability must be.
    shares : array [classes]
        Share of each class among the examples of the training.
    """

    names: tuple[str, ...]
    mean: Array
    scale: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array
    limits: Array
    shares: Array

    def log_probabilities(self, measurements: Array) -> Array:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        measurements : array [..., measurements]
            What was measured.

        Returns
        -------
        array [..., classes]
        """
        inside = np.clip((measurements - self.mean) / self.scale, -8.0, 8.0)
        raw = np.maximum(inside @ self.hidden + self.hidden_bias, 0.0) @ self.output + self.output_bias
        top = raw.max(axis=-1, keepdims=True)
        return np.asarray(raw - top - np.log(np.exp(raw - top).sum(axis=-1, keepdims=True)))

    def named(self, measurements: Array, usual: float) -> tuple[str, float] | None:
        """Return the class that a recording most probably is, if it is not the first.

        Parameters
        ----------
        measurements : array [pieces, measurements]
            What was measured on pieces of a recording; their log-probabilities are averaged.
        usual : float
            Share of recordings that are of such a class in practice.

        Returns
        -------
        name : str
            The class.
        certainty : float
            Its probability against the first class, if it were as frequent as it usually is.
        None
            Where no class exceeds the first by its limit.
        """
        likely = self.log_probabilities(measurements).mean(axis=0)
        above = likely[1:] - likely[0]
        at = int(above.argmax())
        if above[at] <= self.limits[1 + at]:
            return None
        odds = above[at] - np.log(self.shares[1 + at] / self.shares[0]) + np.log(usual / (1 - usual))
        return self.names[1 + at], float(1 / (1 + np.exp(-odds)))


FOLDER = ASSETS / "doctor"
_LAYERS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias", "limits", "shares")


@cache
def bundled(name: str) -> SmallNetwork:
    """Load a network of the package, once.

    Parameters
    ----------
    name : str
        Name of its file.

    Returns
    -------
    SmallNetwork
    """
    return load(FOLDER / name)


def load(path: Path) -> SmallNetwork:
    """Load a network.

    Parameters
    ----------
    path : Path
        Its file (.npz).

    Returns
    -------
    SmallNetwork

    Raises
    ------
    FileDamaged
        If the file is missing or incomplete.
    """
    try:
        with np.load(path) as stored:
            layers = {name: stored[name].astype(np.float32) for name in _LAYERS}
            return SmallNetwork(tuple(str(name) for name in stored["names"]), **layers)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise FileDamaged(
            f"{path} cannot be read.",
            found=f"{type(error).__name__}: {error}",
            expected="a file of the package",
            remedy="pip install --force-reinstall einthoven",
        ) from error


def save(path: Path, network: SmallNetwork) -> None:
    """Write a network, its layers in half precision.

    Parameters
    ----------
    path : Path
        The file to write (.npz).
    network : SmallNetwork
        The network.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    layers = {
        name: getattr(network, name).astype(np.float16 if "den" in name or "put" in name else np.float32)
        for name in _LAYERS
    }
    np.savez_compressed(path, allow_pickle=False, names=np.array(network.names), **layers)
