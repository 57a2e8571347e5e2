"""Tell the beats and rhythms of an interpretation by the codes of WFDB."""

from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.interpreter import without_s_in

BEATS = {
    "N": "normal",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "L": "left bundle branch block",
    "R": "right bundle branch block",
    "/": "paced",
    "f": "fusion of paced and normal",
    "Q": "not classified",
    "|": "artefact, no beat",
}
"""Symbols of WFDB that the web page offers for a beat, with what they mean."""
RHYTHMS = {
    "(N": "sinus rhythm",
    "(SBR": "sinus bradycardia",
    "(AFIB": "atrial fibrillation",
    "(AFL": "atrial flutter",
    "(AB": "atrial bigeminy",
    "(SVTA": "supraventricular tachyarrhythmia",
    "(B": "ventricular bigeminy",
    "(T": "ventricular trigeminy",
    "(IVR": "idioventricular rhythm",
    "(VT": "ventricular tachycardia",
    "(VFL": "ventricular flutter",
    "(BII": "second-degree heart block",
    "(NOD": "nodal rhythm",
    "(P": "paced rhythm",
    "(PREX": "pre-excitation",
    "(O": "another rhythm",
    "(U": "not assessed",
}
"""Names of rhythms of WFDB that the web page offers; ``(O`` and ``(U`` are einthoven's own."""
_OF_CLASS = {"N": "(N", "A": "(AFIB", "O": "(O"}
_OF_SINUS = {"sinus": "(N", "sinus_tachycardia": "(N", "sinus_bradycardia": "(SBR"}
_UNCLASSIFIED, _UNKNOWN = "Q", "(U"


def beats_of(found: Interpretation) -> list[tuple[int, str]]:
    """Return the heartbeats of an interpretation.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of (int, str)
        Sample number and symbol of each; ``Q`` where no class was given.
    """
    symbols = dict.fromkeys(found.beats.tolist(), _UNCLASSIFIED)
    answer = found.beat_answer
    if answer is not None:
        there = answer.is_answered
        classes = [answer.classes[at] for at in answer.most_probable[there]]
        if found.rhythm is not None:
            classes = without_s_in(found.rhythm.of("A"), answer.times_s[there], classes)
        symbols |= {
            at: name if name in BEATS else _UNCLASSIFIED
            for at, name in zip(answer.beats[there].tolist(), classes, strict=True)
        }
    return sorted(symbols.items())


def rhythms_of(found: Interpretation) -> list[tuple[int, str]]:
    """Return where the rhythm of an interpretation changes.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of (int, str)
        Sample number of each change, and the rhythm from there on; ``(U`` where it is not assessed. Where the summary says
        sinus rhythm, so do these.
    """
    if found.rhythm is None:
        return []
    sinus = next((_OF_SINUS[one.code] for one in found.statements if one.code in _OF_SINUS), None)
    names = _OF_CLASS if sinus is None else _OF_CLASS | {"N": sinus, "O": sinus}
    changes: dict[int, str] = {}
    if found.rhythm.episodes and found.rhythm.episodes[0].start_s > 0:
        changes[0] = _UNKNOWN
    for one in found.rhythm.episodes:
        start, end = (round(at_s * found.record.fs_hz) for at_s in (one.start_s, one.end_s))
        changes[start] = names.get(one.rhythm, "(O")
        if end < found.record.n_samples:
            changes.setdefault(end, _UNKNOWN)
    ordered = sorted(changes.items())
    return [one for at, one in enumerate(ordered) if at == 0 or one[1] != ordered[at - 1][1]]
