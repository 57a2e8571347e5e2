"""Read and write stores: the windows of a corpus on disk, memory-mapped, complete or absent."""

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Index
from einthoven.data.sources import LAYOUT
from einthoven.data.store_check import require_index, require_manifest
from einthoven.errors import FileDamaged
from einthoven.records.bounds import most_unpacked
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Chosen, Windows

Array = NDArray[Any]

INDEXED = ("record", "patient", "symbol", "position", "group", "age_years")
_INDEX, _MANIFEST, _BEAT_ROW = "index.npz", "manifest.json", "beat_row"
_TYPICAL, _TYPICAL_OF = "typical", "typical_of"


@dataclass(frozen=True, eq=False)
class StoredWindows:
    """Windows of a store, read from disk when they are needed.

    Parameters
    ----------
    signal : array [n, leads, samples], float32
        The signal, memory-mapped.
    beat : array [m, leads, beat_samples], float32, optional
        The distinct typical beats, memory-mapped.
    features : array [n, k], float32, optional
        The measurements, memory-mapped.
    beat_row : array [n], int64, optional
        Row of `beat` that belongs to each window.
    """

    signal: Array
    beat: Array | None = None
    features: Array | None = None
    beat_row: Array | None = None

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, chosen: Chosen) -> Windows:
        """Return some of the windows, in memory."""
        beat = self.beat
        if beat is not None:
            beat = beat[chosen if self.beat_row is None else self.beat_row[chosen]]
        return Windows(self.signal[chosen], beat, None if self.features is None else self.features[chosen])

    @property
    def n_bytes(self) -> int:
        """Size on disk."""
        return sum(part.nbytes for part in (self.signal, self.beat, self.features) if part is not None)


@dataclass(frozen=True, eq=False)
class Typical:
    """Measurements of the signals of records, for the density on a card.

    Parameters
    ----------
    record : array [m], str
        Record of each piece of a minute.
    measured : array [m, leads, k], float32
        Median measurements of the readable stretches of each piece (:attr:`einthoven.signal.quality.Quality.typical`).
    """

    record: Array
    measured: Array

    def of(self, records: Array) -> Array:
        """Return the measurements of some records [m, leads, k].

        Parameters
        ----------
        records : array of str
            Names of records.

        Returns
        -------
        array [m, leads, k]
        """
        return np.asarray(self.measured[np.isin(self.record, records)], np.float64)


@dataclass(frozen=True)
class Store:
    """Windows of a corpus on disk.

    Parameters
    ----------
    folder : Path
        Its folder.
    windows : StoredWindows
        The windows, memory-mapped and read-only.
    index : Index
        Record, patient, label and position of each window.
    manifest : dict
        Settings, files with sizes and checksums, counts.
    typical : Typical
        What the signals of the records look like.
    """

    folder: Path
    windows: StoredWindows
    index: Index
    manifest: dict[str, Any]
    typical: Typical

    @property
    def fingerprint(self) -> str:
        """SHA-256 over settings and the contents of every file that was read."""
        return str(self.manifest["fingerprint"])

    @property
    def left_out(self) -> dict[str, int]:
        """Number of records of the corpus that were skipped, by reason; the manifest has their names."""
        found: dict[str, int] = {}
        for part in ("dropped", "refused"):
            for reason, names in self.manifest.get(part, {}).items():
                found[reason] = found.get(reason, 0) + len(names)
        return found

    @cached_property
    def preparation(self) -> Preparation:
        """How the windows were prepared."""
        return Preparation.from_dict(self.manifest["preparation"])


class Writer:
    """Writer of the parts of windows, record after record, into a folder.

    Parameters
    ----------
    folder : Path
        An empty folder.
    preparation : Preparation
        How the windows are prepared.
    """

    def __init__(self, folder: Path, preparation: Preparation):
        self.folder = folder
        self.shapes = shapes_of(preparation)
        self.is_whole = preparation.is_whole
        self.n = dict.fromkeys(self.shapes, 0)
        self.beat_row: list[Array] = []
        self.typical: list[tuple[str, Array]] = []
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> "Writer":
        self._files = {name: part_file(self.folder, name).open("wb") for name in self.shapes}
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, windows: Windows) -> None:
        """Append the windows of one record; the typical beat that the heartbeats of a record share is written once.

        Parameters
        ----------
        windows : Windows
            Windows of the record.
        """
        for name, values in windows.parts.items():
            if name == "beat":
                rows = np.arange(len(values)) if self.is_whole else np.zeros(len(values), np.int64)
                self.beat_row.append(self.n[name] + rows)
                values = values if self.is_whole else values[:1]
            self._files[name].write(np.ascontiguousarray(values, np.float32).data)
            self.n[name] += len(values)

    def add_typical(self, record: str, measured: Array) -> None:
        """Add what the signal of a record looks like.

        Parameters
        ----------
        record : str
            Name of the record.
        measured : array [pieces, leads, k]
            Median measurements of its pieces.
        """
        self.typical += [(record, np.asarray(piece, np.float32)) for piece in measured]

    def end(self, index: Index, manifest: dict[str, Any]) -> None:
        """Write index and manifest beside the windows; the manifest comes last.

        Parameters
        ----------
        index : Index
            A row for each window that was added.
        manifest : dict
            Plain values; the shapes of the parts are added.
        """
        rows = {name: getattr(index, name) for name in INDEXED}
        if "beat" in self.shapes:
            rows[_BEAT_ROW] = np.concatenate([*self.beat_row, np.zeros(0, np.int64)])
        rows |= {_TYPICAL_OF: np.array([name for name, _ in self.typical], np.str_)}
        rows |= {_TYPICAL: np.array([measured for _, measured in self.typical], np.float32)}
        np.savez(self.folder / _INDEX, allow_pickle=False, **rows)
        shapes = {name: [self.n[name], *shape] for name, shape in self.shapes.items()}
        (self.folder / _MANIFEST).write_text(json.dumps(manifest | {"shapes": shapes}, indent=1))


def shapes_of(preparation: Preparation) -> dict[str, tuple[int, ...]]:
    """Return the shape of one window's parts, by name.

    Parameters
    ----------
    preparation : Preparation
        How windows are prepared.

    Returns
    -------
    dict of tuple of int
    """
    shapes: dict[str, tuple[int, ...]] = {"signal": (len(preparation.leads), preparation.n_samples)}
    if preparation.beat_samples:
        shapes["beat"] = (len(preparation.leads), preparation.beat_samples)
    if preparation.n_features:
        shapes["features"] = (preparation.n_features,)
    return shapes


def part_file(folder: Path, part: str) -> Path:
    """Return the file that holds a part of a store's windows: float32 in C order.

    Parameters
    ----------
    folder : Path
        The store's folder.
    part : str
        Name of the part.
    """
    return folder / f"{part}.f32"


def open_store(folder: Path) -> Store:
    """Open a finished store.

    Parameters
    ----------
    folder : Path
        The store's folder.

    Returns
    -------
    Store

    Raises
    ------
    FileDamaged
        If a file is missing, or its size differs from the manifest's.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
        if manifest["settings"]["layout"] != LAYOUT:
            raise ValueError(f"layout {manifest['settings']['layout']}, not {LAYOUT}")
        preparation = Preparation.from_dict(manifest["preparation"])
        require_manifest(manifest, shapes_of(preparation))
        _require_size(folder / _INDEX)
        with np.load(folder / _INDEX, allow_pickle=False) as arrays:
            index = Index(**{name: arrays[name] for name in INDEXED})
            beat_row = arrays[_BEAT_ROW] if _BEAT_ROW in arrays.files else None
            typical = Typical(arrays[_TYPICAL_OF], arrays[_TYPICAL])
        parts = {name: _mapped(folder, name, tuple(shape)) for name, shape in manifest["shapes"].items()}
        windows = StoredWindows(**parts, beat_row=beat_row)
        counts = {name: len(values) for name, values in parts.items()}
        columns = {name: getattr(index, name) for name in INDEXED}
        require_index(columns, typical.record, typical.measured, beat_row, counts, len(preparation.leads))
    except Exception as error:
        raise FileDamaged(
            f"The store {folder} is damaged.",
            found=f"{type(error).__name__}: {error}",
            expected=f"signal.f32, {_INDEX} and {_MANIFEST} that agree",
            remedy=f"rm -r {folder}      then prepare again",
        ) from error
    return Store(folder, windows, index, manifest, typical)


def _require_size(index: Path) -> None:
    with zipfile.ZipFile(index) as archive:
        n_bytes = sum(part.file_size for part in archive.infolist())
    if n_bytes > most_unpacked(index.stat().st_size):
        raise ValueError(f"{index.name} unpacks to {n_bytes:,} bytes")


def _mapped(folder: Path, part: str, shape: tuple[int, ...]) -> Array:
    file = part_file(folder, part)
    size = file.stat().st_size
    if size != 4 * int(np.prod(shape)):
        raise ValueError(f"{size} bytes of {part} for shape {shape}")
    if not size:
        return np.zeros(shape, np.float32)
    return np.memmap(file, np.float32, mode="r", shape=shape)
