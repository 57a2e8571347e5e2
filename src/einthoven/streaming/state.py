"""Save the state of a stream as a file, and read it back unchanged or not at all."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import FileDamaged
from einthoven.inference.declined import Declined
from einthoven.paths import written_aside
from einthoven.signal.live_heartbeats import LiveHeartbeats

if TYPE_CHECKING:
    from einthoven.streaming.stream import Stream

Arrays = dict[str, NDArray[Any]]
_MOST_BYTES = 256 << 20
_OF_STREAM = ("beats", "waiting", "found", "quiet_until", "answered", "n_answers")
_OF_QUALITY = ("n_judged", "bounds", "verdicts", "scores")
_OF_EXAMINATION = ("n_samples", "n_examined", "told")
_OF_BUFFER = ("first", "gap_since", "still_s", "loud", "n_final")


def of_stream(stream: "Stream") -> tuple[dict[str, Any], Arrays]:
    """Return the state of a stream.

    Parameters
    ----------
    stream : Stream
        The stream.

    Returns
    -------
    plain : dict
        Values that JSON can hold.
    arrays : dict of array
        Arrays by name.
    """
    buffer, declined = stream.buffer, stream.examination.declined
    plain = {
        "weights_sha256": stream.model.card.weights_sha256,
        "fs_hz": stream.fs_hz,
        "leads": list(stream.leads),
        "finder": stream.finder.state(),
        **{name: getattr(stream, name) for name in _OF_STREAM},
        "quality": {name: getattr(stream.quality, name) for name in _OF_QUALITY},
        "examination": {name: getattr(stream.examination, name) for name in _OF_EXAMINATION},
        "declined": None if declined is None else [declined.code, declined.text],
        "buffer": {name: getattr(buffer, name) for name in _OF_BUFFER},
    }
    arrays = {"pending": stream.pending, "total": stream.total, "values": buffer.values, "missing": buffer.missing}
    arrays["examined"] = stream.examination.signal
    return plain, arrays


def give(stream: "Stream", plain: dict[str, Any], arrays: Arrays) -> None:
    """Give a new stream the state of another, as :func:`of_stream` returned it.

    Parameters
    ----------
    stream : Stream
        The new stream.
    plain : dict
        Plain values of the state.
    arrays : dict of array
        Arrays of the state.
    """
    stream.finder = LiveHeartbeats.restored(plain["finder"])
    for name in _OF_STREAM:
        setattr(stream, name, plain[name])
    for name in _OF_QUALITY:
        setattr(stream.quality, name, plain["quality"][name])
    for name in _OF_EXAMINATION:
        setattr(stream.examination, name, plain["examination"][name])
    stream.examination.signal = arrays["examined"]
    stream.examination.declined = None if plain["declined"] is None else Declined(*plain["declined"])
    for name in _OF_BUFFER:
        setattr(stream.buffer, name, plain["buffer"][name])
    stream.buffer.values, stream.buffer.missing = arrays["values"], arrays["missing"]
    stream.pending, stream.total = arrays["pending"], arrays["total"]


def write(file: Path, plain: dict[str, Any], arrays: Arrays) -> None:
    """Write plain values and arrays as one archive, with a checksum.

    Parameters
    ----------
    file : Path
        The archive.
    plain : dict
        Values that JSON can hold.
    arrays : dict of array
        Arrays by name.

    Raises
    ------
    OutputRefused
        Where the file cannot be written.
    """
    kept: Arrays = arrays | {"plain": np.array(json.dumps(plain))}
    content = io.BytesIO()
    named: dict[str, Any] = {"sha256": np.array(_digest(kept))} | kept
    np.savez(content, **named)
    with written_aside(Path(file)) as aside:
        aside.write_bytes(content.getvalue())


def read(file: Path) -> tuple[dict[str, Any], Arrays]:
    """Read what :func:`write` wrote.

    Parameters
    ----------
    file : Path
        The archive.

    Returns
    -------
    plain : dict
        The plain values.
    arrays : dict of array
        The arrays by name.

    Raises
    ------
    ValueError
        Where the content was changed. Other damage raises other errors.
    """
    if not zipfile.is_zipfile(file):
        raise ValueError("it is not an archive")
    with zipfile.ZipFile(file) as archive:
        n_bytes = sum(part.file_size for part in archive.infolist())
    if n_bytes > _MOST_BYTES:
        raise ValueError(f"it holds {n_bytes:,} bytes, more than the state of a stream has")
    with np.load(file, allow_pickle=False) as archive:
        kept = dict(archive)
    if str(kept.pop("sha256")) != _digest(kept):
        raise ValueError("it is not as it was saved")
    return json.loads(str(kept.pop("plain"))), kept


def damaged(file: Path, model: str, error: Exception) -> FileDamaged:
    """Return the error for a state that a stream of a model cannot continue from.

    Parameters
    ----------
    file : Path
        The saved state.
    model : str
        Name of the model.
    error : Exception
        What was raised.

    Returns
    -------
    FileDamaged
        The error to raise.
    """
    return FileDamaged(
        f"The stream cannot continue from {file}.",
        found=f"{type(error).__name__}: {str(error)[:120]}",
        expected=f"a state that a stream of {model} saved",
        remedy=f"mv {file} {file}.old      to start a new stream",
    )


def _digest(kept: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(kept):
        values = kept[name]
        digest.update(f"{name} {values.dtype} {values.shape} ".encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
