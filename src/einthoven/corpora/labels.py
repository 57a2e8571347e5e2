"""Knows label sets and the maps between them. Does not know a file."""

from dataclasses import dataclass

# ANSI/AAMI EC57:1998, as counted on MIT-BIH: supraventricular does not include e and j, which stay with N.
_AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
BEAT_SYMBOLS = "".join(_AAMI.values())
# WFDB's other codes for beats, as its own evaluation programs fold them into AAMI's classes (ecgmap.h, mapAAMI).
_AAMI_WIDE = {"N": "NLRejBn", "S": "SAaJ", "V": "VEr", "F": "F", "Q": "/fQ?"}
WIDE_BEAT_SYMBOLS = "".join(_AAMI_WIDE.values())


@dataclass(frozen=True)
class LabelSet:
    """Classes in their order, what each means, and the annotators' symbols that fall under each."""

    name: str
    classes: tuple[str, ...]
    meanings: tuple[str, ...]
    symbols: dict[str, str]

    def index_of(self, symbol: str) -> int:
        """Index of the class of an annotator's symbol; -1 where it belongs to none."""
        found = (at for at, name in enumerate(self.classes) if symbol in self.symbols[name])
        return next(found, -1)


_MEANINGS = (
    "normal or bundle branch block",
    "supraventricular ectopic",
    "ventricular ectopic",
    "fusion",
    "paced or unknown",
)

AAMI5 = LabelSet("AAMI, five classes (N = N L R e j, S = A a J S)", tuple("NSVFQ"), _MEANINGS, _AAMI)
AAMI4 = LabelSet(
    "AAMI, four classes (N = N L R e j, S = A a J S; Q out)",
    tuple("NSVF"),
    _MEANINGS[:4],
    {name: _AAMI[name] for name in "NSVF"},
)
AAMI4_WIDE = LabelSet(
    "AAMI, four classes (N = N L R e j B n, S = S A a J, V = V E r; Q out)",
    tuple("NSVF"),
    _MEANINGS[:4],
    {name: _AAMI_WIDE[name] for name in "NSVF"},
)
