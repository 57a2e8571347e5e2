"""Build the store of a corpus for a preparation, on all cores."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import console, workers
from einthoven.corpora.corpus import Corpus, Entry, Index, Listing
from einthoven.data import sources
from einthoven.data import store as stores
from einthoven.errors import (
    ConfigurationFault,
    CorpusIncomplete,
    EinthovenError,
    FileDamaged,
    LeadMismatch,
    RecordUnreadable,
    StatementMissing,
)
from einthoven.paths import folder_aside
from einthoven.signal import quality
from einthoven.signal.leads import select
from einthoven.signal.preparation import Preparation, prepare
from einthoven.signal.windows import Windows

Array = NDArray[Any]
_Task = tuple[Corpus, Entry, Preparation]
_Result = tuple[Windows, Array | str, Array] | EinthovenError
_log = logging.getLogger(__name__)

_WORTH_WORKERS = 10_000_000
"""Bytes of a corpus below which one process is faster than starting workers."""


def build(
    corpus: Corpus, source: Path, preparation: Preparation, without: tuple[str, ...] = (), strict: bool = False
) -> stores.Store:
    """Return the store of a corpus; it is built if there is none that is current.

    Parameters
    ----------
    corpus : Corpus
        The corpus.
    source : Path
        Its folder, as its publisher lays it out.
    preparation : Preparation
        How its windows are prepared.
    without : tuple of str
        Records that are not prepared.
    strict : bool
        Whether a missing or unreadable record is an error; by default such records are skipped and counted.

    Returns
    -------
    Store

    Raises
    ------
    CorpusIncomplete
        If records are missing or unreadable and `strict` is set, or none is left. No store is left behind.
    RecordUnreadable
        If a record cannot be read, and the corpus does not skip such records.
    LeadMismatch
        If a record lacks a lead of the preparation, and the corpus does not skip such records.
    """
    listing = corpus.entries(source, preparation.fs_hz)
    entries = [entry for entry in listing if entry.record not in without]
    if strict and listing.dropped:
        raise _incomplete(corpus, source, listing.dropped)
    folder = sources.folder_for(corpus, entries, preparation)
    current = _current(folder, entries)
    if current is not None:
        if strict and current.manifest.get("refused"):
            raise _incomplete(corpus, source, current.manifest["refused"])
        return replace(current, manifest=current.manifest | _listing_remarks(listing))
    files = _file_checksums(corpus, source, entries)
    with folder_aside(folder) as aside:
        with stores.Writer(aside, preparation) as writer:
            index, refused = _write_windows(writer, corpus, entries, preparation)
        if refused and (strict or not len(index.record)):
            raise _incomplete(corpus, source, refused)
        settings = sources.settings_of(corpus, preparation)
        contents = sorted((name, file["sha256"]) for name, file in files.items())
        manifest = {
            "settings": settings,
            "preparation": preparation.as_dict(),
            "files": files,
            **_listing_remarks(listing),
            "refused": refused,
            "fingerprint": sources.digest([settings, contents, *sources.declared_values(entries)]),
        }
        writer.end(index, manifest)
    return stores.open_store(folder)


def _current(folder: Path, entries: list[Entry]) -> stores.Store | None:
    """Return the store in a folder, if there is one and it is current."""
    if not folder.exists():
        return None
    try:
        store = stores.open_store(folder)
        return store if sources.is_current(store.manifest["files"], entries) else None
    except FileDamaged as error:
        _log.info("%s It is built again.", error.summary)
        return None


def _file_checksums(corpus: Corpus, source: Path, entries: list[Entry]) -> dict[str, dict[str, Any]]:
    """Return size, time and checksum of every file that will be read, by its name."""
    try:
        return {
            path.name: {
                "size": path.stat().st_size,
                "mtime_ns": path.stat().st_mtime_ns,
                "sha256": sources.file_sha256(path),
            }
            for path in sources.files_of(entries)
        }
    except OSError as error:
        raise _incomplete(corpus, source, {error.strerror or str(error): [Path(error.filename or "").name]}) from error


def _listing_remarks(listing: Listing) -> dict[str, dict[str, list[str]]]:
    """Return the records that a folder declares but lacks, and those with peculiarities, by reason."""
    parts = (("dropped", listing.dropped), ("odd", listing.odd))
    return {part: {reason: list(names) for reason, names in found.items()} for part, found in parts}


def _write_windows(
    writer: stores.Writer, corpus: Corpus, entries: list[Entry], preparation: Preparation
) -> tuple[Index, dict[str, list[str]]]:
    """Write the windows; return their index, and the unreadable records by reason."""
    parts: dict[str, list[Array]] = {name: [] for name in stores.INDEXED}
    refused: dict[str, list[str]] = {}
    work = _prepared([(corpus, entry, preparation) for entry in entries])
    for entry, result in zip(entries, console.progress(work, f"preparing {corpus.name}", len(entries)), strict=True):
        if isinstance(result, EinthovenError):
            refused.setdefault(result.found or result.summary, []).append(entry.record)
            continue
        windows, symbols, typical = result
        writer.add(windows)
        writer.add_typical(entry.record, typical)
        columns = (entry.record, entry.patient, symbols, windows.position, entry.group, entry.age_years)
        for name, values in zip(stores.INDEXED, columns, strict=True):
            parts[name].append(np.broadcast_to(np.asarray(values), len(windows)))
    joined = {name: np.concatenate(arrays) if arrays else np.zeros(0) for name, arrays in parts.items()}
    return Index(**joined), refused


def left_out_lines(store: stores.Store) -> list[str]:
    """Return a line for each reason why records were skipped, or kept with a remark.

    Parameters
    ----------
    store : Store
        The store.
    """
    parts = (("left out, ", "dropped"), ("left out, ", "refused"), ("kept, ", "odd"))
    return [
        f"{word}{reason}: {len(names)} ({', '.join(names[:3])}{', …' * (len(names) > 3)})"
        for word, part in parts
        for reason, names in store.manifest.get(part, {}).items()
    ]


def _incomplete(corpus: Corpus, source: Path, left_out: Mapping[str, Sequence[str]]) -> CorpusIncomplete:
    n = sum(len(names) for names in left_out.values())
    reasons = "; ".join(f"{reason}: {', '.join(list(names)[:3])}" for reason, names in list(left_out.items())[:3])
    return CorpusIncomplete(
        f"{n} records of {corpus.name} under {source} cannot be used.",
        found=reasons,
        expected="every declared record, readable",
        remedy="leave out --strict to skip them, or copy them again",
    )


def _prepared(tasks: list[_Task]) -> Iterator[_Result]:
    """Run :func:`_windows_of` for each task, in order, on all cores where there is enough to do."""
    n_bytes = sum(path.stat().st_size for path in sources.files_of([entry for _, entry, _ in tasks]))
    if workers.n_cores() < 2 or len(tasks) < 8 or n_bytes < _WORTH_WORKERS:
        return map(_windows_of, tasks)
    return workers.parallel_map(_windows_of, tasks)


def _windows_of(task: _Task) -> _Result:
    """Return the windows of one record, their symbols and the record's typical measurements, or the error if it is skipped."""
    corpus, entry, preparation = task
    try:
        record = corpus.read(entry)
        used_mv, names = select(record.signal_mv, record.leads, preparation.leads, record.where)
        typical = quality.typical_of_pieces(used_mv, names, record.fs_hz)
        if preparation.is_whole:
            windows = prepare(record, preparation)
            if corpus.of_windows is None or windows.position is None:
                return windows, entry.codes, typical
            length = round(preparation.window_s * record.fs_hz)
            return windows, corpus.of_windows(record, windows.position, length), typical
        if corpus.beats is None:
            raise ConfigurationFault(
                f"The heartbeats of {corpus.name} are not annotated.",
                found="windows around heartbeats",
                expected="windows that follow each other",
                remedy="--prepare.window-s 10",
            )
        beats, symbols = corpus.beats(record)
        return prepare(record, preparation, beats), symbols, typical
    except (RecordUnreadable, StatementMissing, LeadMismatch) as error:
        if not corpus.skips_unreadable:
            raise
        return error
