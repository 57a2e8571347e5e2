"""Build the store of a corpus and a preparation, on every core at once."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from einthoven import console, workers
from einthoven.corpora.corpus import Corpus, Entry, Index, Listing
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
from einthoven.signal.preparation import Preparation, prepare
from einthoven.signal.windows import Windows

_log = logging.getLogger(__name__)

_WORTH_WORKERS = 10_000_000
"""Bytes of a corpus below which workers take longer to begin than one process to end."""


def build(
    corpus: Corpus, source: Path, preparation: Preparation, without: tuple[str, ...] = (), strict: bool = False
) -> stores.Store:
    """The store of a corpus, made where there is none, else opened.

    Parameters
    ----------
    source : the folder of the corpus as its publisher lays it out
    without : records that are not prepared
    strict : whether a record that is declared and not there, or cannot be read, ends it; else such are counted and told

    Raises
    ------
    CorpusIncomplete, RecordUnreadable, LeadMismatch
        Where the files do not allow it; no store is left behind then.
    """
    listing = corpus.entries(source, preparation.fs_hz)
    entries = [entry for entry in listing if entry.record not in without]
    if strict and listing.dropped:
        raise _incomplete(corpus, source, listing.dropped)
    folder = stores.folder_for(corpus, entries, preparation)
    if folder.exists():
        try:
            found = stores.open_store(folder)
            if stores.is_current(found, entries):
                if strict and found.manifest.get("refused"):
                    raise _incomplete(corpus, source, found.manifest["refused"])
                return replace(found, manifest=found.manifest | _of_the_listing(listing))
        except FileDamaged as error:
            _log.info("%s It is made again.", error.summary)
    files = _files_of(corpus, source, entries)
    with folder_aside(folder) as aside:
        with stores.Writer(aside, preparation) as writer:
            index, refused = _fill(writer, corpus, entries, preparation)
        if refused and (strict or not len(index.record)):
            raise _incomplete(corpus, source, refused)
        settings = stores.settings_of(corpus, preparation)
        contents = sorted((name, known["sha256"]) for name, known in files.items())
        manifest = {
            "settings": settings,
            "preparation": preparation.as_dict(),
            "files": files,
            **_of_the_listing(listing),
            "refused": refused,
            "fingerprint": stores.digest([settings, contents, *stores.stated_of(entries)]),
        }
        writer.end(index, manifest)
    return stores.open_store(folder)


def _files_of(corpus: Corpus, source: Path, entries: list[Entry]) -> dict[str, dict]:
    """Size, time and checksum of every file that is to be read, by its name."""
    try:
        return {
            path.name: {
                "size": path.stat().st_size,
                "mtime_ns": path.stat().st_mtime_ns,
                "sha256": stores.file_sha256(path),
            }
            for path in stores.files_of(entries)
        }
    except OSError as error:
        raise _incomplete(corpus, source, {error.strerror or str(error): [Path(error.filename or "").name]}) from error


def _of_the_listing(listing: Listing) -> dict[str, dict[str, list[str]]]:
    """What a folder declares and lacks, and what is odd about it: its own, whoever made the store."""
    parts = (("dropped", listing.dropped), ("odd", listing.odd))
    return {part: {reason: list(names) for reason, names in found.items()} for part, found in parts}


def _fill(
    writer: stores.Writer, corpus: Corpus, entries: list[Entry], preparation: Preparation
) -> tuple[Index, dict[str, list[str]]]:
    """Write the windows; return the index of those written, and the records that were refused, by the reason."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in stores.INDEXED}
    refused: dict[str, list[str]] = {}
    work = _answers([(corpus, entry, preparation) for entry in entries])
    for entry, answer in zip(entries, console.progress(work, f"preparing {corpus.name}", len(entries)), strict=True):
        if isinstance(answer, EinthovenError):
            refused.setdefault(answer.found or answer.summary, []).append(entry.record)
            continue
        windows, symbols = answer
        writer.add(windows)
        known = (entry.record, entry.patient, symbols, windows.position, entry.group, entry.age_years)
        for name, values in zip(stores.INDEXED, known, strict=True):
            parts[name].append(np.broadcast_to(np.asarray(values), len(windows)))
    joined = {name: np.concatenate(arrays) if arrays else np.zeros(0) for name, arrays in parts.items()}
    return Index(**joined), refused


def left_out_lines(store: stores.Store) -> list[str]:
    """What was left out of a store, in words, a line for each reason."""
    parts = (("left out, ", "dropped"), ("left out, ", "refused"), ("kept, ", "odd"))
    return [
        f"{word}{reason}: {len(names)} ({', '.join(names[:3])}{', …' * (len(names) > 3)})"
        for word, part in parts
        for reason, names in store.manifest.get(part, {}).items()
    ]


def _incomplete(corpus: Corpus, source: Path, left_out: dict[str, Sequence[str]]) -> CorpusIncomplete:
    n = sum(len(names) for names in left_out.values())
    reasons = "; ".join(f"{reason}: {', '.join(list(names)[:3])}" for reason, names in list(left_out.items())[:3])
    return CorpusIncomplete(
        f"{n} records of {corpus.name} under {source} cannot be used.",
        found=reasons,
        expected="every record that is declared, readable",
        remedy="leave out --strict to go on without them, or copy them again",
    )


def _answers(tasks: list[tuple[Corpus, Entry, Preparation]]) -> Iterator:
    """:func:`_windows_of` of each task in their order, on every core where there is enough to do."""
    n_bytes = sum(path.stat().st_size for path in stores.files_of([entry for _, entry, _ in tasks]))
    if workers.n_cores() < 2 or len(tasks) < 8 or n_bytes < _WORTH_WORKERS:
        return map(_windows_of, tasks)
    return workers.parallel_map(_windows_of, tasks)


def _windows_of(task: tuple[Corpus, Entry, Preparation]) -> "tuple[Windows, np.ndarray | str] | EinthovenError":
    """Return the windows of one record and their symbols; the error instead, where the corpus goes on without a bad record."""
    corpus, entry, preparation = task
    try:
        record = corpus.read(entry)
        if preparation.is_whole:
            return prepare(record, preparation), entry.codes
        if corpus.beats is None:
            raise ConfigurationFault(
                f"the heartbeats of {corpus.name} are not annotated.",
                found="windows around heartbeats",
                expected="windows that follow each other",
                remedy="--prepare.window-s 10",
            )
        beats, symbols = corpus.beats(record)
        return prepare(record, preparation, beats), symbols
    except (RecordUnreadable, StatementMissing, LeadMismatch) as error:
        if not corpus.skips_unreadable:
            raise
        return error
