"""Write an interpretation as WFDB annotations: beats, changes of rhythm, and where leads cannot be read."""

import numpy as np

from einthoven import __version__
from einthoven.interpretation.interpretation import Interpretation
from einthoven.records.annotation_file import CODES, encoded

AUTHOR = b"einthoven"
"""How the note at the head of the file begins; a file with it may be written again."""
_RHYTHMS = {"A": "(AFIB", "AFL": "(AFL", "N": "(N", "O": "(OTHER"}
"""Aux texts of rhythms: (AFIB, (AFL and (N are those of PhysioBank; it has none for a rhythm that is neither."""
_OF_SINUS = {"sinus": "(N", "sinus_tachycardia": "(N", "sinus_bradycardia": "(SBR"}
"""By the statement of the summary: what a normal or other rhythm is then."""
_UNKNOWN = "(UNKNOWN"
_RHYTHM, _NOISE, _NOTE, _NO_CLASS = "+", "~", '"', "Q"
_MOST_LEADS = 4

Mark = tuple[int, str, str, int]


def annotations_of(found: Interpretation) -> bytes:
    """Return an interpretation as the content of an annotation file, which LightWAVE, WFDB and bxb read.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    bytes
        Of each beat its class, ``Q`` where it has none; ``+`` with ``(AFIB``, ``(AFL``, ``(N``, ``(SBR`` or ``(OTHER`` where a
        rhythm begins, and ``(UNKNOWN`` where none is assessed; ``~`` where the leads that can be read change (subtype as of WFDB:
        a bit for each of the first four leads that is not good, and another, shifted by four, for each not readable; -1 where
        none is).
    """
    marks: list[Mark] = list(beats_of(found))
    taken = {mark[0] for mark in marks}
    note = f"einthoven {__version__}: an interpretation, no reference. Not a medical device."
    for at, symbol, text, subtype in [(0, _NOTE, note, 0), *rhythms_of(found), *_noise(found)]:
        # Two annotations of one moment replace each other in WFDB.
        while at in taken:
            at += 1
        taken.add(at)
        marks.append((at, symbol, text, subtype))
    samples, symbols, texts, subtypes = zip(*marks, strict=True)
    return encoded(np.array(samples, np.int64), symbols, texts, subtypes)


def beats_of(found: Interpretation) -> list[Mark]:
    """Return the heartbeats of an interpretation.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of (int, str, str, int)
        Sample number, symbol, note and subtype of each; ``Q`` where it has no class.
    """
    classes = dict.fromkeys(found.beats.tolist(), _NO_CLASS)
    if found.ectopy is not None:
        at = np.rint(found.ectopy.times_s * found.record.fs_hz).astype(int).tolist()
        classes |= dict(zip(at, found.ectopy.classes, strict=True))
    return [(at, name if name in CODES else _NO_CLASS, "", 0) for at, name in sorted(classes.items())]


def rhythms_of(found: Interpretation) -> list[Mark]:
    """Return where the rhythm of an interpretation changes.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of (int, str, str, int)
        Sample number, symbol, rhythm from there on, and subtype of each change. Where the summary says sinus rhythm, so do these.
    """
    if found.rhythm is None:
        return []
    sinus = next((_OF_SINUS[one.code] for one in found.statements if one.code in _OF_SINUS), None)
    names = _RHYTHMS if sinus is None else _RHYTHMS | {"N": sinus, "O": sinus}
    marks: list[tuple[float, str]] = []
    until_s = 0.0
    for one in found.rhythm.episodes:
        if one.start_s - until_s > 1 / found.record.fs_hz:
            marks.append((until_s, _UNKNOWN))
        marks.append((one.start_s, names.get(one.rhythm, f"({one.rhythm}")))
        until_s = one.end_s
    if found.record.duration_s - until_s > 1 / found.record.fs_hz:
        marks.append((until_s, _UNKNOWN))
    changes = [one for at, one in enumerate(marks) if at == 0 or one[1] != marks[at - 1][1]]
    return [(round(at_s * found.record.fs_hz), _RHYTHM, text, 0) for at_s, text in changes]


def _noise(found: Interpretation) -> list[Mark]:
    """Return a mark wherever the quality of the first four leads changes; none where all is good throughout."""
    seen = found.quality
    bits = 1 << np.arange(min(_MOST_LEADS, len(seen.leads)))
    poor, gone = (seen.verdicts[: len(bits)] > 0), ~seen.readable[: len(bits)]
    subtypes = (bits @ poor) | (bits @ gone) << _MOST_LEADS
    subtypes = np.where(seen.readable_in_any, subtypes, -1)
    changes = np.flatnonzero(np.diff(np.concatenate(([0], subtypes))))
    return [(int(seen.bounds[at]), _NOISE, "", int(subtypes[at])) for at in changes]
