"""Knows how what a stream remembers becomes a file, and comes back unchanged or not at all. Does not know what it means."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from einthoven.errors import FileDamaged
from einthoven.paths import written_aside


def write(file: Path, plain: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write plain values and arrays as one archive, with a checksum of them all."""
    kept = arrays | {"plain": np.array(json.dumps(plain))}
    content = io.BytesIO()
    np.savez(content, sha256=np.array(_digest(kept)), **kept)
    with written_aside(Path(file)) as aside:
        aside.write_bytes(content.getvalue())


def read(file: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The way back from :func:`write`.

    Raises
    ------
    ValueError
        Where the content is not what was written; a damaged archive raises what it likes.
    """
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no archive")
    with np.load(file, allow_pickle=False) as archive:
        kept = dict(archive)
    if str(kept.pop("sha256")) != _digest(kept):
        raise ValueError("it is not as it was saved")
    return json.loads(str(kept.pop("plain"))), kept


def damaged(file: Path, model: str, error: Exception) -> FileDamaged:
    """The error of a state that a stream of a model cannot go on from."""
    return FileDamaged(
        f"the stream cannot go on from {file}.",
        found=f"{type(error).__name__}: {str(error)[:120]}",
        expected=f"what a stream of {model} had saved",
        remedy=f"mv {file} {file}.old      the stream then begins anew",
    )


def _digest(kept: dict[str, np.ndarray]) -> str:
    told = hashlib.sha256()
    for name in sorted(kept):
        told.update(
            f"{name} {kept[name].dtype} {kept[name].shape} ".encode() + np.ascontiguousarray(kept[name]).tobytes()
        )
    return told.hexdigest()
