"""Tell the rhythm of windows by what annotators say: rhythm marks, codes of whole records, and ectopic beats."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Entry
from einthoven.corpora.labels import LabelSet, decoded
from einthoven.records import Record
from einthoven.records.record import Annotations

Array = NDArray[Any]

RHYTHMS = LabelSet(
    name="rhythms: sinus, atrial fibrillation, atrial flutter, another one, noise",
    classes=("N", "A", "AFL", "O", "~"),
    meanings=("sinus rhythm", "atrial fibrillation", "atrial flutter", "another rhythm", "too noisy to say"),
    symbols={name: (name,) for name in ("N", "A", "AFL", "O", "~")},
)
CLASSES = RHYTHMS.classes
SINUS, FIBRILLATION, FLUTTER, OTHER, NOISE = range(len(CLASSES))
UNKNOWN = -1
_FEW, _MANY = 2, 5
"""Ectopic beats within 30 s up to which it is sinus rhythm, and from which it is another one."""
_PURE = 0.8
"""Share of a window that one rhythm takes at least, where the window is said to be of it."""
_NOTES = {"AFIB": FIBRILLATION, "AFL": FLUTTER, "N": SINUS, "SBR": SINUS, "P": UNKNOWN}
"""Classes of the rhythm annotations of MIT-BIH; all others are another rhythm."""
_ECTOPIC = "AaJSVEFjn"
SCP = {"AFIB": FIBRILLATION, "AFLT": FLUTTER, "PACE": UNKNOWN, "SVARR": OTHER, "BIGU": OTHER, "TRIGU": OTHER}
SCP |= {"SVTAC": OTHER, "PSVT": OTHER, "SR": SINUS, "STACH": SINUS, "SBRAD": SINUS, "SARRH": SINUS}
SNOMED = {"164889003": FIBRILLATION, "164890007": FLUTTER, "10370003": UNKNOWN, "426783006": SINUS}
SNOMED |= {"427084000": SINUS, "426177001": SINUS, "427393009": SINUS}
_ECTOPIC_CODES = {"284470004", "63593006", "164884008", "427172004", "17338001"}
OF_LUDB = {"AF": FIBRILLATION, "AFL": FLUTTER, "SR": SINUS, "SB": SINUS, "ST": SINUS, "SA": SINUS}


@dataclass(frozen=True)
class Told:
    """What annotators say of the windows of a record."""

    label: Array
    """Class numbers [n]."""
    fibrillation: Array
    """Share of each window in fibrillation [n]; NaN where nobody says."""


Spans = Array
Telling = Callable[[Entry, Record | None, Spans], Told]


def _of_marks(record: Record | None, spans_s: Spans, first: int) -> Told:
    """Tell the rhythm of windows by rhythm annotations; `first` is the rhythm ahead of the first one."""
    assert record is not None and record.annotations is not None
    notes = record.annotations
    starts_s, kinds = _marks(notes, record.fs_hz, first)
    ends_s = np.append(starts_s[1:], record.duration_s)
    shares = np.zeros((len(spans_s), len(CLASSES) + 1))
    for start_s, end_s, kind in zip(starts_s, ends_s, kinds, strict=True):
        inside = np.minimum(end_s, spans_s[:, 1]) - np.maximum(start_s, spans_s[:, 0])
        shares[:, kind] += np.maximum(0.0, inside) / (spans_s[:, 1] - spans_s[:, 0])
    label = np.where(shares.max(axis=1) >= _PURE, shares.argmax(axis=1), UNKNOWN)
    label[label == len(CLASSES)] = UNKNOWN
    return Told(_with_ectopy(label, notes, record.fs_hz, spans_s), shares[:, FIBRILLATION])


def _marks(notes: Annotations, fs_hz: float, first: int) -> tuple[Array, list[int]]:
    """Return where each rhythm begins, s, and its class."""
    pairs = zip(notes.samples, notes.notes, strict=True)
    begins = [(at / fs_hz, note[1:].rstrip("\0 ")) for at, note in pairs if note[:1] == "("]
    kinds = [_NOTES.get(note, OTHER) for _, note in begins]
    return np.array([0.0, *(at_s for at_s, _ in begins)]), [first, *kinds]


def _with_ectopy(label: Array, notes: Annotations, fs_hz: float, spans_s: Spans) -> Array:
    """Return labels in which sinus rhythm with many ectopic beats is another rhythm, and with some of them has no class."""
    at_s = notes.samples[np.isin(np.array(notes.symbols, np.str_), list(_ECTOPIC))] / fs_hz
    middle = spans_s.mean(axis=1)
    n = np.searchsorted(at_s, middle + 15.0) - np.searchsorted(at_s, middle - 15.0)
    label = label.copy()
    label[(label == SINUS) & (n >= _MANY)] = OTHER
    label[(label == SINUS) & (n > _FEW)] = UNKNOWN
    return label


def by_marks(first: int) -> Telling:
    """Tell rhythms by rhythm annotations.

    Parameters
    ----------
    first : int
        Class number ahead of the first annotation.
    """
    return lambda entry, record, spans_s: _of_marks(record, spans_s, first)


def by_codes(classes: dict[str, int], is_complete: Callable[[Entry], bool] = lambda entry: False) -> Telling:
    """Tell the rhythm of a whole record by its codes; several rhythms beside sinus rhythm tell nothing.

    Where the codes of a record are complete and none is a rhythm, it is sinus rhythm, or with ectopic beats not fibrillation.

    Parameters
    ----------
    classes : dict of str to int
        Class number of each code that is a rhythm.
    is_complete : callable
        Whether a record has all codes that apply, of those that its publisher uses.
    """

    def telling(entry: Entry, record: Record | None, spans_s: Spans) -> Told:
        codes = set(decoded(entry.codes) if "=" in entry.codes or ":" in entry.codes else [entry.codes])
        found = {classes[code] for code in codes if code in classes}
        kinds = found - {SINUS, UNKNOWN}
        kind = min(kinds) if len(kinds) == 1 else UNKNOWN if kinds or UNKNOWN in found or not found else SINUS
        share = float(kind == FIBRILLATION) if kind != UNKNOWN else np.nan
        if not found and is_complete(entry):
            kind, share = (UNKNOWN if codes & _ECTOPIC_CODES else SINUS), 0.0
        return Told(np.full(len(spans_s), kind), np.full(len(spans_s), share))

    return telling


def is_of_cpsc(entry: Entry) -> bool:
    """Return whether a record is of CPSC 2018, each of which has at least one of nine labels.

    Parameters
    ----------
    entry : Entry
        The record.
    """
    return entry.group.startswith("WFDB_CPSC2018") or not entry.group


def by_class(entry: Entry, record: Record | None, spans_s: Spans) -> Told:
    """Tell the rhythm of a whole record by its class.

    Parameters
    ----------
    entry : Entry
        The record, whose code is one of CLASSES.
    record : Record
        Its signal, which does not matter.
    spans_s : array [n, 2], s
        Beginning and end of each window.
    """
    kind = CLASSES.index(entry.codes)
    share = np.nan if kind == NOISE else float(kind == FIBRILLATION)
    return Told(np.full(len(spans_s), kind), np.full(len(spans_s), share))


_HEADS = {"persistent atrial fibrillation": FIBRILLATION, "non atrial fibrillation": SINUS}


def by_head(entry: Entry, record: Record | None, spans_s: Spans) -> Told:
    """Tell the rhythm of the China Physiological Signal Challenge 2021: by its marks, else by the words of its header.

    Parameters
    ----------
    entry : Entry
        The record.
    record : Record
        Its signal with annotations and comments.
    spans_s : array [n, 2], s
        Beginning and end of each window.
    """
    assert record is not None
    words = next((_HEADS[line.strip()] for line in record.comments if line.strip() in _HEADS), SINUS)
    return _of_marks(record, spans_s, words)
