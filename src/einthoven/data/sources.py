"""Identify a store by what it is made from: the settings, and the files of the records with their checksums."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from einthoven.corpora.corpus import Corpus, Entry
from einthoven.paths import stores
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Preparation

LAYOUT = 4
"""Raised when stores of an earlier version can no longer be read."""


def files_of(entries: list[Entry]) -> list[Path]:
    """Return every file of the records of a corpus, sorted.

    Parameters
    ----------
    entries : list of Entry
        The records.
    """
    return sorted(entry.path.with_name(f"{entry.path.name}.{suffix}") for entry in entries for suffix in entry.suffixes)


def folder_for(corpus: Corpus, entries: list[Entry], preparation: Preparation) -> Path:
    """Return the folder of the store for some settings and for files of these names and sizes.

    Parameters
    ----------
    corpus : Corpus
        The corpus.
    entries : list of Entry
        Its records.
    preparation : Preparation
        How its windows are prepared.

    Returns
    -------
    Path
        The folder, which may not exist.
    """
    sizes = [[path.name, path.stat().st_size] for path in files_of(entries)]
    settings = [settings_of(corpus, preparation), sizes, *declared_values(entries)]
    return stores() / f"{corpus.name}-{digest(settings)[:16]}"


def declared_values(entries: list[Entry]) -> list[list[list[str]]]:
    """Return patient, codes, fold and age of each record from the table of a corpus: another table means another store.

    Parameters
    ----------
    entries : list of Entry
        The records.

    Returns
    -------
    list
        Empty where the corpus has no table, otherwise one list with a row for each record.
    """
    if not any(entry.codes or entry.group for entry in entries):
        return []
    return [[[e.record, e.patient, e.codes, e.group, str(e.age_years)] for e in entries]]


def settings_of(corpus: Corpus, preparation: Preparation) -> dict[str, Any]:
    """Return all settings that decide the content of the windows, apart from the files.

    Parameters
    ----------
    corpus : Corpus
        The corpus.
    preparation : Preparation
        How its windows are prepared.

    Returns
    -------
    dict
        Plain values.
    """
    measured = {name: digest(FEATURES[name].names)[:16] for name in preparation.feature_sets}
    settings = {
        "layout": LAYOUT,
        "corpus": corpus.name,
        "version": corpus.version,
        "preparation": preparation.as_dict(),
    }
    return settings | ({"measurements": measured} if measured else {})


def digest(values: object) -> str:
    """Return the SHA-256 of plain values as sorted JSON.

    Parameters
    ----------
    values : object
        Anything that JSON can hold.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_current(files: Mapping[str, Mapping[str, Any]], entries: list[Entry]) -> bool:
    """Return whether files have the same content as before; files of unchanged size and time are not read.

    Parameters
    ----------
    files : mapping
        Size, time and checksum of each file as they were, by name.
    entries : list of Entry
        The records, with their files as they are now.
    """
    paths = files_of(entries)
    if {path.name for path in paths} != set(files):
        return False
    for path in paths:
        stat, before = path.stat(), files[path.name]
        if stat.st_size != before["size"]:
            return False
        if stat.st_mtime_ns != before["mtime_ns"] and file_sha256(path) != before["sha256"]:
            return False
    return True
