"""Knows label sets and the maps between them. Does not know a file."""

from dataclasses import dataclass, field

import numpy as np

# ANSI/AAMI EC57:1998, as counted on MIT-BIH: supraventricular does not include e and j, which stay with N.
_AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
BEAT_SYMBOLS = "".join(_AAMI.values())
# WFDB's other codes for beats, as its own evaluation programs fold them into AAMI's classes (ecgmap.h, mapAAMI).
_AAMI_WIDE = {"N": "NLRejBn", "S": "SAaJ", "V": "VEr", "F": "F", "Q": "/fQ?"}
WIDE_BEAT_SYMBOLS = "".join(_AAMI_WIDE.values())


@dataclass(frozen=True)
class LabelSet:
    """Classes in their order, what each means, and the annotators' symbols (or codes) that fall under each.

    name, classes, meanings : in words; symbols : of each class its symbols, a string of letters or a tuple of codes
    """

    name: str
    classes: tuple[str, ...]
    meanings: tuple[str, ...]
    symbols: dict[str, str | tuple[str, ...]]
    multilabel: bool = False
    """Whether a window can bear several classes at once, or none."""
    least_likelihood: float = 0.0
    """Codes that are less likely than this, in percent, do not count; 0 lets all count, those of likelihood 0 too."""
    _class_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        found = {symbol: at for at, name in enumerate(self.classes) for symbol in self.symbols[name]}
        object.__setattr__(self, "_class_of", found)

    def index_of(self, symbol: str) -> int:
        """Index of the class of an annotator's symbol; -1 where it belongs to none."""
        return self._class_of.get(symbol, -1)

    def targets(self, symbols: np.ndarray) -> np.ndarray:
        """What a model is to answer.

        Parameters
        ----------
        symbols : text [n]: a symbol each; for several classes at once the codes as :func:`coded` joins them

        Returns
        -------
        class numbers [n], int64, -1 where there is none; for several at once [n, classes], float32, zeros and ones
        """
        texts, inverse = np.unique(np.asarray(symbols, np.str_), return_inverse=True)
        if not self.multilabel:
            return np.array([self.index_of(text) for text in texts.tolist()], np.int64)[inverse]
        rows = np.zeros((len(texts), len(self.classes)), np.float32)
        for row, text in zip(rows, texts.tolist(), strict=True):
            for code, likelihood in decoded(text).items():
                if likelihood >= self.least_likelihood and code in self._class_of:
                    row[self._class_of[code]] = 1
        return rows[inverse]

    def is_labelled(self, symbols: np.ndarray) -> np.ndarray:
        """Bool [n]: whether a window has a class at all."""
        found = self.targets(symbols)
        return found.any(axis=1) if self.multilabel else found >= 0


def coded(likelihoods: dict[str, float]) -> str:
    """Codes with their likelihood in percent as one text: ``NORM:100;SR:0``."""
    return ";".join(f"{code}:{likelihood:g}" for code, likelihood in sorted(likelihoods.items()))


def decoded(text: str) -> dict[str, float]:
    """The way back from :func:`coded`."""
    pairs = (item.rpartition(":") for item in text.split(";") if item)
    return {code: float(likelihood) for code, _, likelihood in pairs}


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
