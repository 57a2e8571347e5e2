"""Check a corpus against the contract of corpora, clause by clause."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol
from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import audit, require_apart
from einthoven.signal import leads

CLAUSES = {
    "name": "a name of lower-case letters, digits and - that no corpus of einthoven has",
    "declaration": "a title, version, licence and citation; fs_hz of 64 to 100,000; leads",
    "protocols": "protocols under their names, 'clean' first; each with classes, a meaning for each, and a remark; "
    "the remark of one that leaks patients contains LEAKS",
    "labels": "each class with its symbols, and no symbol in two classes",
    "records": "at least one record, each with another name",
    "files": "all files of each record, and no two files of the same name",
    "patients": "a patient for each record; the record's name where patients cannot be identified",
    "known labels": "at least one record with a class of the label set",
    "readable": "records that can be read, with the declared sampling rate and the leads of the preparation",
}
"""The clauses by name. Besides, PatientLeak is raised if a protocol that must keep patients apart does not."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_TRIED = 3


@dataclass(frozen=True)
class Breach:
    """A clause that a corpus breaks.

    Parameters
    ----------
    clause : str
        Key of CLAUSES.
    found : str
        What was found instead.
    """

    clause: str
    found: str


def declaration_breach(corpus: Corpus, taken: Iterable[str] = ()) -> Breach | None:
    """Return the first clause that a declaration breaks, or None.

    Parameters
    ----------
    corpus : Corpus
        The declaration.
    taken : iterable of str
        Names of other corpora.

    Returns
    -------
    Breach or None
    """
    checks: dict[str, Callable[[], str]] = {
        "name": lambda: "" if _NAME.fullmatch(corpus.name) and corpus.name not in taken else repr(corpus.name),
        "declaration": lambda: _declaration(corpus),
        "protocols": lambda: _protocols(corpus),
        "labels": lambda: next(filter(None, map(_labels, _label_sets(corpus))), ""),
    }
    found = ((clause, check()) for clause, check in checks.items())
    return next((Breach(clause, text) for clause, text in found if text), None)


def listing_breach(corpus: Corpus, listing: Listing) -> Breach | None:
    """Return the first clause that the records of a folder break, or None.

    Parameters
    ----------
    corpus : Corpus
        The declaration.
    listing : Listing
        Its records under the folder.

    Returns
    -------
    Breach or None

    Raises
    ------
    PatientLeak
        If a protocol that must keep patients apart puts one into two parts.
    LeadMismatch
        If the first record that can be read lacks a lead of the preparation.
    RecordUnreadable
        If none of the first records can be read.
    StatementMissing
        If the first records do not state their sampling rate, leads or unit.
    """
    checks: dict[str, Callable[[], str]] = {
        "records": lambda: _twice("record", [entry.record for entry in listing]) or ("" if listing else "no record"),
        "files": lambda: _files(listing),
        "patients": lambda: ", ".join(entry.record for entry in listing if not entry.patient.strip())[:120],
        "known labels": lambda: _known_labels(corpus, listing),
    }
    found = ((clause, check()) for clause, check in checks.items())
    breach = next((Breach(clause, text) for clause, text in found if text), None)
    if breach is not None:
        return breach
    _require_patients_apart(corpus, listing)
    text = _readable(corpus, listing)
    return Breach("readable", text) if text else None


def unknown_labels(corpus: Corpus, listing: Listing) -> dict[str, tuple[str, ...]]:
    """Return records whose label is in no label set of the corpus.

    Parameters
    ----------
    corpus : Corpus
        The declaration; only single-label corpora of whole records are checked.
    listing : Listing
        Its records under a folder.

    Returns
    -------
    dict of str to tuple of str
        Names of the records by reason.
    """
    if corpus.beats is not None or any(labels.multilabel for labels in _label_sets(corpus)):
        return {}
    known = {symbol for labels in _label_sets(corpus) for name in labels.classes for symbol in labels.symbols[name]}
    unknown: dict[str, list[str]] = {}
    for entry in listing:
        if entry.codes not in known:
            unknown.setdefault(f"label '{entry.codes}', which is in no label set", []).append(entry.record)
    return {reason: tuple(names) for reason, names in unknown.items()}


def index_of(listing: list[Entry]) -> Index:
    """Return an index with one row for each record, as in a store of whole recordings.

    Parameters
    ----------
    listing : list of Entry
        The records.

    Returns
    -------
    Index
    """
    return Index(
        record=np.array([entry.record for entry in listing], np.str_),
        patient=np.array([entry.patient for entry in listing], np.str_),
        symbol=np.array([entry.codes for entry in listing], np.str_),
        position=np.zeros(len(listing), np.int64),
        group=np.array([entry.group for entry in listing], np.str_),
        age_years=np.array([entry.age_years for entry in listing], np.float64),
    )


def _declaration(corpus: Corpus) -> str:
    empty = [name for name in ("title", "version", "licence", "citation", "leads") if not getattr(corpus, name)]
    rate = "" if isinstance(corpus.fs_hz, int | float) and 64 <= corpus.fs_hz <= 100_000 else f"fs_hz {corpus.fs_hz}"
    return ", ".join([f"no {name}" for name in empty] + [rate] * bool(rate))


def _protocols(corpus: Corpus) -> str:
    if next(iter(corpus.protocols), "") != "clean":
        return f"protocols {', '.join(corpus.protocols) or 'none'}"
    return next(filter(None, (_protocol(key, protocol) for key, protocol in corpus.protocols.items())), "")


def _protocol(key: str, protocol: Protocol) -> str:
    if protocol.name != key:
        return f"protocol {protocol.name} with the key {key}"
    if not protocol.labels.classes or len(protocol.labels.classes) != len(protocol.labels.meanings):
        return f"{len(protocol.labels.classes)} classes and {len(protocol.labels.meanings)} meanings in {key}"
    if not protocol.remark or protocol.leaks != ("LEAKS" in protocol.remark):
        return f"leaks={protocol.leaks} with the remark '{protocol.remark}' in {key}"
    return ""


def _label_sets(corpus: Corpus) -> list[LabelSet]:
    return [*(protocol.labels for protocol in corpus.protocols.values()), *corpus.label_sets.values()]


def _labels(labels: LabelSet) -> str:
    empty = [name for name in labels.classes if not labels.symbols[name]]
    if empty:
        return f"no symbol for {', '.join(empty)}"
    return _twice("symbol", [symbol for name in labels.classes for symbol in labels.symbols[name]])


def _twice(what: str, names: list[str]) -> str:
    twice = [name for name, n in Counter(names).items() if n > 1]
    return f"{what} {', '.join(twice[:5])} more than once" if twice else ""


def _files(listing: Listing) -> str:
    paths = [entry.path.with_name(f"{entry.path.name}.{suffix}") for entry in listing for suffix in entry.suffixes]
    missing = [path.name for path in paths if not path.is_file()]
    return f"{', '.join(missing[:5])} missing" if missing else _twice("file", [path.name for path in paths])


def _known_labels(corpus: Corpus, listing: Listing) -> str:
    if corpus.beats is not None:
        return ""
    codes = np.array([entry.codes for entry in listing], np.str_)
    if any(labels.is_labelled(codes).any() for labels in _label_sets(corpus)):
        return ""
    return f"labels {', '.join(np.unique(codes).tolist()[:5])}"


def _require_patients_apart(corpus: Corpus, listing: Listing) -> None:
    if corpus.beats is not None:  # the split may depend on the beats: that of the store is audited then
        return
    index = index_of(listing)
    for protocol in corpus.protocols.values():
        if protocol.leaks:
            continue
        for fold in (None, *range(protocol.n_folds)):
            require_apart(audit(protocol.split(index, 0, (), fold), index.patient), protocol.declared_shared)


def _readable(corpus: Corpus, listing: Listing) -> str:
    """Return what is wrong with the first readable record; raise the first error if none of a few is readable."""
    failed: list[Exception] = []
    for entry in listing[:_TRIED]:
        try:
            record = corpus.read(entry)
        except Exception as error:
            failed.append(error)
            continue
        if record.fs_hz != corpus.fs_hz:
            return f"{entry.record} has {record.fs_hz:g} Hz, fs_hz is {corpus.fs_hz:g}"
        leads.select(record.signal_mv, record.leads, corpus.preparation.leads, entry.record)
        return ""
    raise failed[0]
