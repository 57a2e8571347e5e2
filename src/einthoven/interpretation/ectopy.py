"""Count ectopic beats, and find couplets, runs, bigeminy, trigeminy and pauses among the classes of beats.

A chain is a sequence of beats without an unreadable or missing stretch between them; nothing is counted across its ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ECTOPIC = ("S", "V")
"""Classes whose beats are ectopic: supraventricular and ventricular (ANSI/AAMI EC57)."""
PAUSE_S = 2.0
"""A longer interval between two beats is a pause, s (Kusumoto et al. 2018, ACC/AHA/HRS guideline on bradycardia: over 3 s
matters; over 2 s is listed)."""
_LEAST_RUN = 3
_PATTERNS = {"bigeminy": r"(?:N{0}){{3,}}", "trigeminy": r"(?:NN{0}){{3,}}"}
"""An ectopic beat after each normal one, and after each second one, three times at least."""


@dataclass(frozen=True)
class Run:
    """Consecutive ectopic beats of one class: two are a couplet, more a run."""

    beat: str
    """Class of the beats."""
    start_s: float
    """Time of the first beat."""
    end_s: float
    """Time of the last beat."""
    n: int
    """Number of beats."""
    rate_bpm: float
    """Rate within the run, from the median of its intervals."""


@dataclass(frozen=True)
class Pattern:
    """A stretch of bigeminy or trigeminy."""

    kind: str
    """``bigeminy`` or ``trigeminy``."""
    beat: str
    """Class of the ectopic beats."""
    start_s: float
    """Time of its first beat."""
    end_s: float
    """Time of its last beat."""
    n: int
    """Number of ectopic beats in it."""


@dataclass(frozen=True)
class Pause:
    """A long interval between two beats."""

    start_s: float
    """Time of the beat before it."""
    end_s: float
    """Time of the beat after it."""

    @property
    def length_s(self) -> float:
        """How long it lasts, s."""
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Ectopy:
    """Ectopic beats of a recording."""

    counts: dict[str, int]
    """Number of beats of each class."""
    assessed_s: float
    """Time whose beats have a class, s."""
    couplets: dict[str, int]
    """Pairs of ectopic beats, by class."""
    triplets: dict[str, int]
    """Runs of exactly three ectopic beats, by class."""
    runs: tuple[Run, ...]
    """Runs of three ectopic beats and more, in order."""
    patterns: tuple[Pattern, ...]
    """Bigeminy and trigeminy, in order."""
    pauses: tuple[Pause, ...]
    """Pauses, in order."""
    pairs: tuple[Run, ...] = ()
    """The couplets, in order."""
    times_s: Array = field(default_factory=lambda: np.zeros(0))
    """Times of the beats that have a class [n], s."""
    classes: Array = field(default_factory=lambda: np.zeros(0, object))
    """Class of each [n]."""

    @property
    def per_hour(self) -> dict[str, float]:
        """Ectopic beats an hour of assessed time, by class."""
        hours = max(self.assessed_s, 1e-9) / 3600
        return {beat: self.counts.get(beat, 0) / hours for beat in ECTOPIC if beat in self.counts}


def ectopy_of(times_s: Array, classes: list[str], follows: Array, names: tuple[str, ...]) -> Ectopy:
    """Count and find the ectopy of a recording.

    Parameters
    ----------
    times_s : array [n], s
        Times of the beats that have a class, ascending.
    classes : list of str [n]
        Class of each.
    follows : array of bool [n]
        Whether each beat follows the one before it directly: nothing between them is unreadable or missing. The first does not.
    names : tuple of str
        Classes that the model tells apart.

    Returns
    -------
    Ectopy
    """
    chain, at = _chain(classes, follows)
    told = [beat for beat in ECTOPIC if beat in names]
    in_a_row = sorted((run for beat in told for run in _runs(chain, at, beat, times_s)), key=lambda run: run.start_s)
    runs = [run for run in in_a_row if run.n >= _LEAST_RUN]
    pairs = [run for run in in_a_row if run.n < _LEAST_RUN]
    patterns = [pattern for beat in told for pattern in _patterns(chain, at, beat, times_s)]
    rr_s = np.diff(times_s)
    linked = np.asarray(follows[1:], bool)
    return Ectopy(
        counts={name: classes.count(name) for name in names},
        assessed_s=float(rr_s[linked].sum()),
        couplets={beat: sum(pair.beat == beat for pair in pairs) for beat in told},
        triplets={beat: sum(run.n == _LEAST_RUN for run in runs if run.beat == beat) for beat in told},
        runs=tuple(runs),
        patterns=tuple(sorted(patterns, key=lambda pattern: pattern.start_s)),
        pauses=tuple(
            Pause(float(times_s[n]), float(times_s[n + 1])) for n in np.flatnonzero(linked & (rr_s > PAUSE_S)).tolist()
        ),
        pairs=tuple(pairs),
        times_s=times_s,
        classes=np.array(classes, object),
    )


def _chain(classes: list[str], follows: Array) -> tuple[str, list[int]]:
    """Return one letter for each beat, ``|`` where a chain ends, and the beat of each letter (-1 for ``|``)."""
    letters: list[str] = []
    at: list[int] = []
    for n, (name, is_next) in enumerate(zip(classes, follows, strict=True)):
        if not is_next:
            letters.append("|")
            at.append(-1)
        letters.append(name if len(name) == 1 else "?")
        at.append(n)
    return "".join(letters), at


def _runs(chain: str, at: list[int], beat: str, times_s: Array) -> Iterator[Run]:
    for match in re.finditer(f"{beat}{{2,}}", chain):
        times = times_s[at[match.start()] : at[match.end() - 1] + 1]
        yield Run(beat, float(times[0]), float(times[-1]), len(times), 60 / float(np.median(np.diff(times))))


def _patterns(chain: str, at: list[int], beat: str, times_s: Array) -> Iterator[Pattern]:
    for kind, pattern in _PATTERNS.items():
        for match in re.finditer(pattern.format(beat), chain):
            first, last = at[match.start()], at[match.end() - 1]
            yield Pattern(kind, beat, float(times_s[first]), float(times_s[last]), match.group().count(beat))
