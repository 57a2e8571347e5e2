"""Score episodes of a rhythm as ANSI/AAMI EC57 does: by duration, by episode, and the share of the time (burden)."""

from collections.abc import Sequence
from dataclasses import dataclass

Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class EpisodeScore:
    """How the episodes that were found in a recording agree with the annotated ones."""

    length_s: float
    """Length of the recording, s."""
    true_s: float
    """Time that is annotated, s."""
    found_s: float
    """Time that was found, s."""
    both_s: float
    """Time in both, s."""
    n_true: int
    """Annotated episodes of the least length or more."""
    n_true_found: int
    """Those of them that an episode that was found overlaps."""
    n_found: int
    """Episodes found of the least length or more."""
    n_found_true: int
    """Those of them that an annotated episode overlaps."""

    @property
    def burden(self) -> tuple[float, float]:
        """Share of the recording that is annotated, and that was found."""
        return self.true_s / self.length_s, self.found_s / self.length_s

    @property
    def sensitivity(self) -> float:
        """Share of the annotated time that was found; NaN without any."""
        return self.both_s / self.true_s if self.true_s else float("nan")

    @property
    def positive_predictivity(self) -> float:
        """Share of the time found that is annotated; NaN without any."""
        return self.both_s / self.found_s if self.found_s else float("nan")


def scored(true: Spans, found: Spans, length_s: float, least_s: float = 30.0) -> EpisodeScore:
    """Score the episodes of one recording.

    Parameters
    ----------
    true : sequence of (float, float), s
        Beginning and end of each annotated episode, apart and in order.
    found : sequence of (float, float), s
        Those that were found.
    length_s : float, s
        Length of the recording.
    least_s : float, s
        Shortest episode that counts among the episodes; all count in the durations.

    Returns
    -------
    EpisodeScore
    """
    both = sum(_overlap(one, other) for one in true for other in found)
    long_true, long_found = ([one for one in spans if one[1] - one[0] >= least_s] for spans in (true, found))
    return EpisodeScore(
        length_s=length_s,
        true_s=sum(end - start for start, end in true),
        found_s=sum(end - start for start, end in found),
        both_s=both,
        n_true=len(long_true),
        n_true_found=sum(any(_overlap(one, other) > 0 for other in found) for one in long_true),
        n_found=len(long_found),
        n_found_true=sum(any(_overlap(one, other) > 0 for other in true) for one in long_found),
    )


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
