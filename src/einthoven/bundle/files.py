"""Read and write the files of a model, and find them by name or path; damaged files are refused."""

import hashlib
import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.bundle.card import Card
from einthoven.errors import ConfigurationFault, EinthovenError, FileDamaged
from einthoven.paths import ASSETS, folder_aside, written_aside

_log = logging.getLogger(__name__)
Tensors = dict[str, np.ndarray[Any, np.dtype[Any]]]

EXPORTED = (".onnx", ".xml")
"""Suffixes of exported models, which have their card inside."""
CARD, WEIGHTS, GRAPH, NUMBERS = "card.json", "weights.safetensors", "graph.onnx", "graph.json"
_NO_PARAMETERS = {"running_mean", "running_var", "num_batches_tracked", "feature", "threshold", "left", "right"}
_NO_PARAMETERS |= {"middle", "scale", "beat_middle", "components"}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*$")
_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_LONGEST = 1000
_SUCCESSORS = {"ptbxl-typical-beat": "ptbxl-diagnoses"}
"""Models of earlier versions, and the bundled model that answers the same question with the same classes."""


def save(folder: Path, card: Card, tensors: Tensors) -> Card:
    """Write a bundle whole, or not at all.

    Parameters
    ----------
    folder : Path
        Folder of the bundle, replaced if it is there.
    card : Card
        The card; checksum and number of the weights are filled in.
    tensors : dict of str to array
        The weights.

    Returns
    -------
    Card
        The card as written.

    Raises
    ------
    OutputRefused
        If the folder cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    content = to_bytes({name: np.ascontiguousarray(values) for name, values in tensors.items()})
    counted = sum(values.size for name, values in tensors.items() if _is_parameter(name))
    saved = replace(card, weights_sha256=hashlib.sha256(content).hexdigest(), n_parameters=counted)
    with folder_aside(folder) as aside:
        (aside / WEIGHTS).write_bytes(content)
        (aside / CARD).write_text(json.dumps(saved.as_dict(), indent=1) + "\n")
    return saved


def rewrite_card(folder: Path, card: Card) -> None:
    """Replace the card of a bundle and leave its weights.

    Parameters
    ----------
    folder : Path
        Folder of the bundle.
    card : Card
        The new card.

    Raises
    ------
    OutputRefused
        If the file cannot be written.
    """
    with written_aside(folder / CARD) as aside:
        aside.write_text(json.dumps(card.as_dict(), indent=1) + "\n")


def load_card(folder: Path) -> Card:
    """Read and check a card.

    Parameters
    ----------
    folder : Path
        Folder of the bundle.

    Returns
    -------
    Card
        The card, as of the current version.

    Raises
    ------
    FileDamaged
        If it is missing, changed or incomplete.
    LibraryMissing
        If a newer einthoven wrote it.
    """
    try:
        return Card.from_dict(json.loads((folder / CARD).read_text()))
    except EinthovenError:
        raise
    except Exception as error:
        raise _damaged(folder, f"{CARD}: {type(error).__name__}: {error}") from error


def load_weights(folder: Path, card: Card) -> Tensors:
    """Read the weights of a bundle; never unpickles.

    Parameters
    ----------
    folder : Path
        Folder of the bundle.
    card : Card
        Its card, with the checksum of the weights.

    Returns
    -------
    dict of str to array
        The weights.

    Raises
    ------
    FileDamaged
        If the file is missing, altered, a pickle, or no safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = folder / WEIGHTS
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _damaged(folder, f"{WEIGHTS}: {error.strerror}") from error
    # A safetensors file begins with the length of its header in eight bytes, which may look like a pickle, and the header.
    if content[8:9] != b"{" and content[:2] in _PICKLES:
        raise _damaged(folder, f"{WEIGHTS} is a pickle, which is never loaded: it can run code")
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise _damaged(folder, f"{WEIGHTS} whose checksum is not the card's")
    try:
        return load(content)
    except SafetensorError as error:
        raise _damaged(folder, f"{WEIGHTS}: {error}") from error


def numbers_of(taken: dict[str, list[Any]], tensors: Tensors) -> Tensors:
    """Return the arrays that a graph takes from the weights.

    Parameters
    ----------
    taken : dict of str to list
        For each name of the graph the tensor's name, the type and the shape.
    tensors : dict of str to array
        The weights.

    Returns
    -------
    dict of str to array
        The arrays by the graph's names.
    """
    return {
        name: np.ascontiguousarray(tensors[of].astype(kind).reshape(shape)) for name, (of, kind, shape) in taken.items()
    }


def find(name_or_path: str | Path) -> Path:
    """Find a model.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a bundled model, folder of a bundle or of a run, or an exported file. The name of a model of an earlier version
        finds its successor, with a warning.

    Returns
    -------
    Path
        The bundle's folder, or the exported file.

    Raises
    ------
    ConfigurationFault
        If there is no such model.
    FileDamaged
        If the file is not a bundle, or the run has not ended.
    """
    path = Path(name_or_path)
    named = str(name_or_path)
    if len(named) > _LONGEST:
        named, path = f"{named[:60]}…", Path("…")
    if _NAME.match(named) and (ASSETS / named / CARD).is_file():
        return ASSETS / named
    if here := at(path):
        return here
    if successor := _SUCCESSORS.get(named):
        _log.warning("%s was replaced by %s, which answers", named, successor)
        return ASSETS / successor
    if path.is_file() and path.suffix.lower() in EXPORTED:
        return path
    if path.is_file():
        raise _no_bundle(path)
    if (path / "run.json").is_file():
        raise FileDamaged(
            f"{path} is a run that has not ended.",
            found="no bundle in it yet",
            expected=f"a folder bundle with {CARD} and {WEIGHTS}",
            remedy="run the command einthoven train again: it resumes",
        )
    raise ConfigurationFault(
        "there is no such model.",
        found=named,
        expected=f"a run's folder, an exported file ({', '.join(EXPORTED)}), or one of {', '.join(bundled())}",
        remedy="einthoven models",
    )


def at(path: Path) -> Path | None:
    """Return the bundle in a folder, or in the run that it is of.

    Parameters
    ----------
    path : Path
        A folder.

    Returns
    -------
    Path or None
        The bundle's folder; None if there is none.
    """
    folders = (path, path / "bundle")
    return next((folder for folder in folders if (folder / CARD).is_file() or (folder / WEIGHTS).is_file()), None)


def is_bundled(folder: Path) -> bool:
    """Return whether a folder is of a model that comes with the package, by whatever path.

    Parameters
    ----------
    folder : Path
        A folder.

    Returns
    -------
    bool
        Whether it is inside the package.
    """
    return ASSETS.resolve() in folder.resolve().parents


def bundled() -> tuple[str, ...]:
    """Return the names of the models that come with the package.

    Returns
    -------
    tuple of str
        Names, in order.
    """
    return tuple(sorted(file.parent.name for file in ASSETS.glob(f"*/{CARD}")))


def classifiers() -> tuple[str, ...]:
    """Return the names of the bundled models that answer beats or records.

    Returns
    -------
    tuple of str
        Names, in order; the others are delineators.
    """
    return tuple(name for name in bundled() if not load_card(ASSETS / name).answers_samples)


def _is_parameter(name: str) -> bool:
    """Whether a tensor is trained: not a statistic of batches or of training windows, nor the structure of a tree."""
    return name.rsplit(".", 1)[-1] not in _NO_PARAMETERS


def _no_bundle(path: Path) -> FileDamaged:
    kind = "a weights file by itself" if path.suffix == ".safetensors" else f"a {path.suffix or 'plain'} file"
    return FileDamaged(
        f"{path} is not a bundle.",
        found=f"{kind}; pickles (.pt, .pth, .ckpt, .pkl) are never loaded, they can run code",
        expected=f"a folder with {CARD} and {WEIGHTS}, or a name: {', '.join(bundled())}",
        remedy="einthoven models",
    )


def _damaged(folder: Path, found: str) -> FileDamaged:
    return FileDamaged(
        f"the model in {folder} cannot be loaded.",
        found=found,
        expected=f"{CARD} and the {WEIGHTS} it was saved with",
        remedy="copy the bundle again, or install einthoven again if it came with the package",
    )
