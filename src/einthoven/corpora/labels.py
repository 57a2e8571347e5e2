"""Define label sets: classes, and the annotators' symbols for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# ANSI/AAMI EC57:1998, as counted on MIT-BIH: supraventricular does not include e and j, which stay with N.
_AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
BEAT_SYMBOLS = "".join(_AAMI.values())
# WFDB's other codes for beats, as its own evaluation programs fold them into AAMI's classes (ecgmap.h, mapAAMI).
_AAMI_WIDE = {"N": "NLRejBn", "S": "SAaJ", "V": "VEr", "F": "F", "Q": "/fQ?"}
WIDE_BEAT_SYMBOLS = "".join(_AAMI_WIDE.values())


@dataclass(frozen=True)
class LabelSet:
    """Classes in their order, and the annotators' symbols for each."""

    name: str
    """Name of the label set, in words."""
    classes: tuple[str, ...]
    """Short names of the classes."""
    meanings: tuple[str, ...]
    """What each class means."""
    symbols: Mapping[str, str | tuple[str, ...]]
    """Symbols of each class: a string of letters, or a tuple of codes."""
    multilabel: bool = False
    """Whether a window can have several classes, or none."""
    least_likelihood: float = 0.0
    """Least likelihood, in percent, of codes that count; 0 for all, those of likelihood 0 too."""
    otherwise: str = ""
    """The class of records whose codes name no other class; each record then has one class, the first that its codes name."""
    by_window: bool = False
    """Whether each of the consecutive windows of a record has a class of its own."""
    _class_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {symbol: at for at, name in enumerate(self.classes) for symbol in self.symbols[name]}
        object.__setattr__(self, "_class_of", found)

    @property
    def all_symbols(self) -> list[str]:
        """The symbols of all classes."""
        return list(self._class_of)

    def index_of(self, symbol: str) -> int:
        """Return the class number of an annotator's symbol.

        Parameters
        ----------
        symbol : str
            The symbol.

        Returns
        -------
        int
            -1 where it belongs to no class.
        """
        if not self.otherwise:
            return self._class_of.get(symbol, -1)
        named = [
            self._class_of[code]
            for code, likelihood in decoded(symbol).items()
            if code in self._class_of and likelihood >= self.least_likelihood
        ]
        return min(named, default=self.classes.index(self.otherwise))

    def targets(self, symbols: NDArray[Any]) -> NDArray[Any]:
        """Return the targets of windows.

        Parameters
        ----------
        symbols : array [n], str
            Symbol of each window; for a multilabel set its codes, as :func:`coded` joins them.

        Returns
        -------
        array [n], int64, or array [n, classes], float32
            Class numbers, -1 for none; for a multilabel set zeros and ones.
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

    def is_labelled(self, symbols: NDArray[Any]) -> NDArray[np.bool_]:
        """Return whether windows have a class.

        Parameters
        ----------
        symbols : array [n], str
            Symbol of each window.

        Returns
        -------
        array [n], bool
        """
        found = self.targets(symbols)
        return np.asarray(found.any(axis=1) if self.multilabel else found >= 0)


def coded(likelihoods: Mapping[str, float]) -> str:
    """Join codes with their likelihoods in one text: ``NORM:100;SR:0``.

    Parameters
    ----------
    likelihoods : mapping of str to float, percent
        Likelihood of each code.

    Returns
    -------
    str
    """
    return ";".join(f"{code}:{likelihood:g}" for code, likelihood in sorted(likelihoods.items()))


def decoded(text: str) -> dict[str, float]:
    """Split a text that :func:`coded` made.

    Parameters
    ----------
    text : str
        Codes with their likelihoods.

    Returns
    -------
    dict of str to float, percent
        Likelihood of each code.
    """
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
