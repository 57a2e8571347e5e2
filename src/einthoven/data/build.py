"""Knows how a corpus and a preparation become a store, on every core at once. Does not know what is trained on it."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from einthoven import console
from einthoven.corpora.corpus import Corpus, Entry, Index
from einthoven.data import store as stores
from einthoven.errors import StoreDamaged
from einthoven.paths import folder_aside
from einthoven.signal.preparation import Preparation, beat_windows


def build(corpus: Corpus, source: Path, preparation: Preparation, without: tuple[str, ...] = ()) -> stores.Store:
    """The store of a corpus, made where there is none, else opened.

    Parameters
    ----------
    source : the folder of the corpus as its publisher lays it out
    without : records that are not prepared

    Raises
    ------
    CorpusIncomplete, RecordUnreadable, LeadMismatch
        Where the files do not allow it; no store is left behind then.
    """
    entries = [entry for entry in corpus.entries(source) if entry.record not in without]
    folder = stores.folder_for(corpus, entries, preparation)
    if folder.exists():
        try:
            found = stores.open_store(folder)
            if stores.is_current(found, entries):
                return found
        except StoreDamaged as error:
            console.note(f"{error.summary} It is made again.")
    with folder_aside(folder) as aside:
        index, n_windows = _fill(stores.windows_file(aside), corpus, entries, preparation)
        files = {
            path.name: {
                "size": path.stat().st_size,
                "mtime_ns": path.stat().st_mtime_ns,
                "sha256": stores.file_sha256(path),
            }
            for path in stores.files_of(entries)
        }
        settings = stores.settings_of(corpus, preparation)
        manifest = {
            "settings": settings,
            "preparation": preparation.as_dict(),
            "shape": [n_windows, preparation.n_rows, preparation.n_samples],
            "files": files,
            "fingerprint": stores.digest([settings, sorted((name, told["sha256"]) for name, told in files.items())]),
        }
        stores.write(aside, index, manifest)
    return stores.open_store(folder)


def _fill(file: Path, corpus: Corpus, entries: list[Entry], preparation: Preparation) -> tuple[Index, int]:
    parts: dict[str, list[np.ndarray]] = {"record": [], "patient": [], "symbol": [], "position": []}
    with file.open("wb") as sink, _workers(len(entries)) as run:
        work = run([(corpus, entry, preparation) for entry in entries])
        for entry, (windows, beats, symbols) in zip(
            entries, console.progress(work, f"preparing {corpus.name}", len(entries)), strict=True
        ):
            sink.write(np.ascontiguousarray(windows, np.float32).data)
            parts["record"].append(np.full(len(beats), entry.record))
            parts["patient"].append(np.full(len(beats), entry.patient))
            parts["symbol"].append(np.asarray(symbols, np.str_))
            parts["position"].append(beats)
    joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return Index(**joined), len(joined["position"])


@contextmanager
def _workers(n_entries: int) -> Iterator:
    n_workers = min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, n_entries
    )
    if n_workers < 2 or n_entries < 8:
        yield lambda tasks: map(_windows_of, tasks)
        return
    with ProcessPoolExecutor(n_workers, get_context("spawn"), _leave_with_parent) as pool:
        yield lambda tasks: pool.map(_windows_of, tasks)


def _leave_with_parent() -> None:
    """A worker whose parent was killed would wait for ever for its next record."""

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _windows_of(task: tuple[Corpus, Entry, Preparation]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corpus, entry, preparation = task
    record = corpus.read(entry)
    beats, symbols = corpus.beats(record)
    windows = beat_windows(record.signal_mv, record.fs_hz, record.leads, beats, preparation, str(record.source))
    return windows, beats, symbols
