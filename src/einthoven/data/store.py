"""Knows the memory-mapped windows of a corpus: whole or absent, never half. Does not know how they are made."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index
from einthoven.errors import StoreDamaged
from einthoven.paths import stores
from einthoven.signal.preparation import Preparation

LAYOUT = 2
"""Raised when stores of an earlier version can no longer be read."""
INDEXED = ("record", "patient", "symbol", "position", "group", "age_years")
_WINDOWS, _INDEX, _MANIFEST = "windows.f32", "index.npz", "manifest.json"


@dataclass(frozen=True)
class Store:
    """Windows of a corpus on disk.

    windows : array [n, leads, samples], float32, memory-mapped read-only
    index : what is known of each window
    manifest : settings, files with sizes and checksums, counts
    """

    folder: Path
    windows: np.ndarray
    index: Index
    manifest: dict

    @property
    def fingerprint(self) -> str:
        """SHA-256 over settings and the contents of every file that was read."""
        return self.manifest["fingerprint"]

    @property
    def left_out(self) -> dict[str, int]:
        """How many records of the corpus are not in it, by the reason; the manifest has their names."""
        found: dict[str, int] = {}
        for part in ("dropped", "refused"):
            for reason, names in self.manifest.get(part, {}).items():
                found[reason] = found.get(reason, 0) + len(names)
        return found

    @cached_property
    def preparation(self) -> Preparation:
        """How the windows were prepared."""
        return Preparation.from_dict(self.manifest["preparation"])


def files_of(entries: list[Entry]) -> list[Path]:
    """Every file a corpus's records consist of, sorted."""
    return sorted(entry.path.with_name(f"{entry.path.name}.{suffix}") for entry in entries for suffix in entry.suffixes)


def folder_for(corpus: Corpus, entries: list[Entry], preparation: Preparation) -> Path:
    """Where the store of these settings over files of these names and sizes lives."""
    sizes = [[path.name, path.stat().st_size] for path in files_of(entries)]
    return stores() / f"{corpus.name}-{digest([settings_of(corpus, preparation), sizes, *stated_of(entries)])[:16]}"


def stated_of(entries: list[Entry]) -> list:
    """What a table states of each record (patient, codes, fold, age), where the corpus has one: another table is another store."""
    if not any(entry.codes or entry.group for entry in entries):
        return []
    return [[[e.record, e.patient, e.codes, e.group, str(e.age_years)] for e in entries]]


def settings_of(corpus: Corpus, preparation: Preparation) -> dict:
    """All that decides what the windows hold, but for the files."""
    return {"layout": LAYOUT, "corpus": corpus.name, "version": corpus.version, "preparation": preparation.as_dict()}


def digest(plain: object) -> str:
    """SHA-256 of plain values as sorted JSON."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(folder: Path, index: Index, manifest: dict) -> None:
    """Write index and manifest beside the windows already in `folder`; the manifest comes last."""
    np.savez(folder / _INDEX, **{name: getattr(index, name) for name in INDEXED})
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1))


def windows_file(folder: Path) -> Path:
    """The file that holds the windows of a store, float32, [n, leads, samples] in C order."""
    return folder / _WINDOWS


def open_store(folder: Path) -> Store:
    """Open a finished store.

    Raises
    ------
    StoreDamaged
        Where a file is missing, or of another size than the manifest says.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
        shape = tuple(manifest["shape"])
        size = (folder / _WINDOWS).stat().st_size
        if manifest["settings"]["layout"] != LAYOUT or size != 4 * int(np.prod(shape)):
            raise ValueError(f"{size} bytes of windows for shape {shape}, layout {manifest['settings']['layout']}")
        with np.load(folder / _INDEX, allow_pickle=False) as arrays:
            index = Index(**{name: arrays[name] for name in arrays.files})
        if len(index.record) != shape[0]:
            raise ValueError(f"{len(index.record)} rows of index for {shape[0]} windows")
        windows = np.memmap(folder / _WINDOWS, np.float32, mode="r", shape=shape)
    except Exception as error:
        raise StoreDamaged(
            f"the store {folder} is not whole.",
            found=f"{type(error).__name__}: {error}",
            expected=f"{_WINDOWS}, {_INDEX} and {_MANIFEST} that agree",
            remedy=f"rm -r {folder}      then prepare again",
        ) from error
    return Store(folder, windows, index, manifest)


def is_current(store: Store, entries: list[Entry]) -> bool:
    """Whether the store was made from files of the same content; unchanged size and time spare the reading."""
    known = store.manifest["files"]
    paths = files_of(entries)
    if {path.name for path in paths} != set(known):
        return False
    for path in paths:
        stat, told = path.stat(), known[path.name]
        if stat.st_size != told["size"]:
            return False
        if stat.st_mtime_ns != told["mtime_ns"] and file_sha256(path) != told["sha256"]:
            return False
    return True
