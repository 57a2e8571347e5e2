"""Map the diagnoses of other corpora to the diagnostic subclasses and the rhythms of PTB-XL: SOURCES.

A class is present, absent or unknown for a record. A source has a list of the classes that its annotators name; only the absence
of these counts as absence. A statement that could mean several classes leaves them unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.scp import LABEL_SETS, RHYTHMS, STATEMENTS, SUBCLASSES

Array = NDArray[Any]

CLASSES = (*SUBCLASSES, *RHYTHMS)
"""Every class that is mapped: the diagnostic subclasses, then the rhythms."""
NORMAL = "NORM"
_CONDUCTION = ("_AVB", "CLBBB", "ILBBB", "CRBBB", "IRBBB", "LAFB/LPFB", "IVCD", "WPW")
_ECTOPIC = ("PVC", "PAC")
_HEART_RATE = ("SR", "SBRAD", "STACH", "AFIB", "AFLT", "PACE", *_ECTOPIC)
_MI = ("AMI", "IMI", "LMI", "PMI")
_ISCHAEMIA = ("ISC_", "ISCA", "ISCI")
_REPOLARISATION = ("STTC", "NST_", *_ISCHAEMIA)


@dataclass(frozen=True)
class Source:
    """How the statements of a source are read."""

    title: str
    """The source, in words."""
    says: Mapping[str, tuple[str, ...]]
    """Classes that a statement means; none for a statement of something else."""
    knows: tuple[str, ...]
    """Classes whose absence among the statements counts as absence."""
    unclear: Mapping[str, tuple[str, ...]]
    """Classes that a statement may mean: they are unknown."""
    normal: frozenset[str]
    """Statements that a normal electrocardiogram can have."""
    says_normal: frozenset[str]
    """Of these, statements without which a record is not known to be normal."""

    def targets(self, statements: Iterable[str]) -> Array:
        """Return the classes of a record.

        Parameters
        ----------
        statements : iterable of str
            Its statements.

        Returns
        -------
        array [len(CLASSES)], float32
            1 where a class is present, 0 where it is absent, NaN where it is unknown.
        """
        said = set(statements)
        found = {name: 0.0 if name in self.knows else np.nan for name in CLASSES}
        found |= {name: np.nan for one in said for name in self.unclear.get(one, ())}
        found |= {name: 1.0 for one in said for name in self.says.get(one, ())}
        if said and said <= self.normal:
            if said & self.says_normal:
                found |= {name: found[name] if name in RHYTHMS else 0.0 for name in CLASSES} | {NORMAL: 1.0}
        elif said:
            found[NORMAL] = 0.0
        return np.array([found[name] for name in CLASSES], np.float32)


_SINUS, _SLOW, _FAST, _IRREGULAR = "426783006", "426177001", "427084000", "427393009"
_SNOMED = {
    _SINUS: ("SR",),
    _SLOW: ("SBRAD",),
    _FAST: ("STACH",),
    _IRREGULAR: ("SR",),
    "164889003": ("AFIB",),
    "164890007": ("AFLT",),
    "10370003": ("PACE",),
    "284470004": ("PAC",),
    "63593006": ("PAC",),
    "427172004": ("PVC",),
    "17338001": ("PVC",),
    "164884008": ("PVC",),
    "270492004": ("_AVB",),
    "233917008": ("_AVB",),
    "164909002": ("CLBBB",),
    "733534002": ("CLBBB",),
    "713427006": ("CRBBB",),
    "59118001": ("CRBBB",),
    "713426002": ("IRBBB",),
    "445118002": ("LAFB/LPFB",),
    "698252002": ("IVCD",),
    "164873001": ("LVH",),
    "89792004": ("RVH",),
    "253352002": ("LAO/LAE",),
    "67741000119109": ("LAO/LAE",),
    "446358003": ("RAO/RAE",),
    "111975006": ("STTC",),
    "425623009": ("ISCA",),
    "426434006": ("ISCA",),
}
_SNOMED_UNCLEAR = {
    "59118001": ("IRBBB",),
    "164909002": ("ILBBB",),
    "164867002": _MI,
    "164865005": _MI,
    "164861001": _ISCHAEMIA,
    "413844008": _ISCHAEMIA,
    "55827005": ("LVH",),
    "251223006": ("RAO/RAE",),
    "426627000": ("SBRAD",),
    "713422000": ("SR", "AFLT"),
    "233897008": ("WPW",),
}
_CHALLENGE_NORMAL = frozenset({_SINUS, _SLOW, _FAST, _IRREGULAR, "39732003", "47665007", "284470004", "427172004"})
_HYPERTROPHY = ("LVH", "RVH", "LAO/LAE", "RAO/RAE")
_LUDB_WALLS = {
    "anterior wall": "A",
    "septal": "A",
    "apical": "A",
    "lateral wall": "L",
    "inferior wall": "I",
    "posterior wall": "P",
}
_INFARCTION = {"A": "AMI", "L": "LMI", "I": "IMI", "P": "PMI"}
_LUDB = {
    "Rhythm: Sinus rhythm": ("SR",),
    "Rhythm: Sinus bradycardia": ("SBRAD",),
    "Rhythm: Sinus tachycardia": ("STACH",),
    "Rhythm: Sinus arrhythmia": ("SR",),
    "Rhythm: Irregular sinus rhythm": ("SR",),
    "Rhythm: Atrial fibrillation": ("AFIB",),
    "Rhythm: Atrial flutter, typical": ("AFLT",),
    "Incomplete right bundle branch block": ("IRBBB",),
    "Complete right bundle branch block": ("CRBBB",),
    "Incomplete left bundle branch block": ("ILBBB",),
    "Complete left bundle branch block": ("CLBBB",),
    "Left anterior hemiblock": ("LAFB/LPFB",),
    "I degree AV block": ("_AVB",),
    "III degree AV-block": ("_AVB",),
    "Non-specific intravintricular conduction delay": ("IVCD",),
    "Right ventricular hypertrophy": ("RVH",),
    "Right atrial hypertrophy": ("RAO/RAE",),
    "Right atrial overload": ("RAO/RAE",),
    "UNIpolar ventricular pacing": ("PACE",),
    "BIpolar ventricular pacing": ("PACE",),
    "UNIpolar atrial pacing": ("PACE",),
    "Biventricular pacing": ("PACE",),
}
_LUDB_AXES = tuple(f"Electric axis of the heart: {axis}" for axis in ("normal", "vertical", "horizontal"))
_LUDB_SINUS = tuple(f"Rhythm: Sinus {kind}" for kind in ("rhythm", "bradycardia", "arrhythmia"))


_LUDB_OTHERWISE = {
    "Left ventricular hypertrophy": ("LVH",),
    "Left ventricular overload": ("LVH",),
    "Left atrial hypertrophy": ("LAO/LAE",),
    "Left atrial overload": ("LAO/LAE",),
}
"""Statements that LUDB makes of every second person, by other criteria than PTB-XL, which makes them of one in ten."""


def _ludb_walls() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return what LUDB's statements on a wall mean, and may mean."""
    says: dict[str, tuple[str, ...]] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    for wall, place in _LUDB_WALLS.items():
        for kind in ("STEMI", "Scar formation"):
            says[f"{kind}: {wall}"] = (_INFARCTION[place],)
        says[f"Ischemia: {wall}"] = ("ISCA" if place in "AL" else "ISCI",)
        unclear[f"Undefined ischemia/scar/supp.NSTEMI: {wall}"] = (*_MI, *_ISCHAEMIA)
        unclear[f"Non-specific repolarization abnormalities: {wall}"] = ("STTC", "NST_")
    for start, kind in (("Ventricular extrasystole", "PVC"), ("Atrial extrasystole", "PAC")):
        says[start] = (kind,)
    return says, unclear | _LUDB_OTHERWISE


_WALLS_SAY, _WALLS_UNCLEAR = _ludb_walls()
SOURCES = {
    "cpsc": Source(
        "CPSC 2018: nine statements",
        _SNOMED,
        ("_AVB", "CLBBB", "CRBBB", "AFIB", "PVC", "PAC"),
        _SNOMED_UNCLEAR,
        frozenset({_SINUS, "284470004", "164884008"}),
        frozenset({_SINUS}),
    ),
    "cpsc-extra": Source(
        "CPSC 2018, records that its contest did not use",
        _SNOMED,
        ("_AVB", "CLBBB", "CRBBB", "IRBBB", "AFIB", "AFLT", "PACE", "PVC", "PAC"),
        _SNOMED_UNCLEAR,
        frozenset({_SINUS}),
        frozenset({_SINUS}),
    ),
    "georgia": Source(
        "Georgia 12-lead ECG Challenge Database",
        _SNOMED,
        (*_CONDUCTION, *_HYPERTROPHY, *_HEART_RATE),
        _SNOMED_UNCLEAR,
        _CHALLENGE_NORMAL,
        frozenset({_SINUS}),
    ),
    "ningbo": Source(
        "Ningbo First Hospital",
        _SNOMED,
        ("_AVB", "CLBBB", "CRBBB", "IRBBB", "IVCD", "WPW", "RVH", *_HEART_RATE),
        _SNOMED_UNCLEAR,
        _CHALLENGE_NORMAL,
        frozenset({_SINUS}),
    ),
    "ptb": Source(
        "PTB Diagnostic ECG Database",
        _SNOMED,
        (),
        _SNOMED_UNCLEAR,
        frozenset({_SINUS}),
        frozenset({_SINUS}),
    ),
    "ludb": Source(
        "Lobachevsky University Database",
        _LUDB | _WALLS_SAY,
        (*_CONDUCTION, *_MI, *_ISCHAEMIA, *_HYPERTROPHY, *_HEART_RATE),
        _WALLS_UNCLEAR,
        frozenset((*_LUDB_SINUS, *_LUDB_AXES)),
        frozenset(_LUDB_SINUS),
    ),
}
"""The sources by name; PTB-XL itself states all classes."""
_RHYTHM_CODES = frozenset(one.code for one in STATEMENTS if one.kinds == "rhythm")


def targets_of_ptbxl(likelihoods: Mapping[str, float]) -> Array:
    """Return the classes of a record of PTB-XL.

    Parameters
    ----------
    likelihoods : mapping of str to float, percent
        Its SCP-ECG statements.

    Returns
    -------
    array [len(CLASSES)], float32
        NaN for the diagnoses where none is stated, and for the rhythms other than ectopic beats where none is stated.
    """
    subclasses = LABEL_SETS["subclasses"]
    found = {name: float(any(code in likelihoods for code in subclasses.symbols[name])) for name in SUBCLASSES}
    if not any(found.values()):
        found = dict.fromkeys(SUBCLASSES, np.nan)
    has_rhythm = not _RHYTHM_CODES.isdisjoint(likelihoods)
    for name, (_, codes) in RHYTHMS.items():
        said = float(not likelihoods.keys().isdisjoint(codes))
        found[name] = said if has_rhythm or name in _ECTOPIC else np.nan
    return np.array([found[name] for name in CLASSES], np.float32)


def statements_in(comments: Iterable[str]) -> list[str]:
    """Return the statements of a record of LUDB; of extrasystoles their kind alone.

    Parameters
    ----------
    comments : iterable of str
        Comments of its header.
    """
    lines = (comment.strip().rstrip(".").strip() for comment in comments)
    said = [line for line in lines if line and not line.startswith("<")]
    return [line.split(",")[0].split(":")[0] if "extrasystole" in line else line for line in said]
