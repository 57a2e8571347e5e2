"""Say the rhythm by rules that hold what the rhythm model finds against the waves and the intervals between the beats.

Sinus rhythm: a P wave that is positive in I and II at a steady distance ahead of each QRS complex. Atrial fibrillation: irregular
intervals without P waves (Hindricks et al. 2021, ESC guideline).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from einthoven.inference.answer import RecordAnswer
from einthoven.interpretation.episodes import FIBRILLATION, FLUTTER, Episodes

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation
    from einthoven.signal.intervals import Intervals

Said = Iterator[tuple[str, dict[str, Any]]]

SLOW_BPM, FAST_BPM = 60.0, 100.0
_SINUS, _OTHER = "N", "O"
"""Further classes of rhythm: another rhythm may be sinus rhythm with ectopic beats; the Challenge's O holds slow and fast ones."""
_MOST_P, _STEADY_PR_MS, _SINUS_AXIS = 0.8, 40.0, (-30.0, 90.0)
"""Share of the beats with a P wave, range of the quartiles of PR, and axis of P in sinus rhythm: positive in I and in II."""
_ALL, _LEAST_P, _NO_P = 0.95, 0.5, 0.2
"""Share of the assessed time that counts as throughout; share of the beats with a P wave that sinus rhythm needs; share below
which there are no P waves."""
_ONE_RHYTHM_S = 60.0
"""The waves of a recording of up to so long are taken together, s."""
_FEW_ECTOPIC = 0.2
"""Share of ventricular beats below which irregular intervals are those of the rhythm."""


def rhythm_said(found: "Interpretation") -> Said:
    """Give the sentences about the rhythm.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Yields
    ------
    str
        Code of a sentence.
    dict
        Its values.
    """
    is_paced = any(finding.code == "paced" for finding in found.findings)
    if is_paced:
        yield "paced", {}
    answer, episodes, rate = found.rhythm_answer, found.rhythm, found.rate
    if rate is None:
        return
    if answer is not None and episodes is not None:
        if episodes.assessed_s:
            yield from _known(found, answer, episodes)
            return
        if _is_irregular_without_p(found):
            yield "irregular_without_p", {"rate": rate.mean}
            return
        yield "rhythm_noisy", {}
    yield from _rate_alone(found)


def _rate_alone(found: "Interpretation") -> Said:
    assert found.rate is not None
    yield "rate_range", {"low": found.rate.min, "high": found.rate.max, "rate": found.rate.mean}


def _known(found: "Interpretation", answer: RecordAnswer, episodes: Episodes) -> Said:
    assert found.rate is not None
    names, main = dict(zip(answer.classes, answer.card.meanings, strict=True)), episodes.rhythms[0]
    rate = found.rate.mean
    if episodes.share(_SINUS) + episodes.share(_OTHER) >= _ALL and has_sinus_waves(found):
        yield _sinus(found), {"rate": rate}
    elif episodes.share(main) < _ALL:
        yield from _parts(episodes, names)
        yield from _rate_alone(found)
    elif (code := _against_waves(found, main)) is not None:
        chance = float(answer.record_probabilities[answer.classes.index(FIBRILLATION)])
        yield code, {"rate": rate, "probability": chance}
    elif answer.doubt:
        chance = float(answer.record_probabilities[answer.classes.index(main)])
        yield "rhythm_uncertain", {"name": names[main], "probability": chance}
        yield from _rate_alone(found)
    elif main == _SINUS:
        yield _sinus(found), {"rate": rate}
    else:
        yield "rhythm_throughout", {"name": names[main][:1].upper() + names[main][1:], "rate": rate}


def _against_waves(found: "Interpretation", main: str) -> str | None:
    """Return the sentence where the waves decide: irregular without P waves, or regular without them; None where they do not.

    Flutter may be either, so that they say nothing against it.
    """
    if main == FLUTTER:
        return None
    if _is_irregular_without_p(found):
        return "fibrillation" if main == FIBRILLATION else "irregular_without_p"
    intervals = _waves_together(found)
    if intervals is None or intervals.p_share >= _NO_P or intervals.is_irregular_without_p:
        return None
    return "flutter_or_fibrillation" if main == FIBRILLATION else "no_p_waves"


def _is_irregular_without_p(found: "Interpretation") -> bool:
    intervals, ectopy = _waves_together(found), found.ectopy
    if intervals is None or intervals.p_share >= _NO_P or not intervals.is_irregular_without_p:
        return False
    n_beats = 0 if ectopy is None else sum(ectopy.counts.values())
    return ectopy is None or ectopy.counts.get("V", 0) <= _FEW_ECTOPIC * max(1, n_beats)


def _waves_together(found: "Interpretation") -> "Intervals | None":
    """Return what was measured on the waves of a short recording."""
    if found.delineation is None or found.record.duration_s > _ONE_RHYTHM_S:
        return None
    return found.delineation.intervals


def _parts(episodes: Episodes, names: dict[str, str]) -> Said:
    for name in sorted(episodes.rhythms, key=lambda name: (name != FIBRILLATION, name != FLUTTER)):
        parts = episodes.of(name)
        yield (
            "rhythm_in_part",
            {
                "name": names[name][:1].upper() + names[name][1:],
                "share": episodes.share(name),
                "n": len(parts),
                "episodes": "episode" if len(parts) == 1 else "episodes",
                "longest": length(max(part.length_s for part in parts)),
            },
        )


def has_sinus_waves(found: "Interpretation") -> bool:
    """Return whether a P wave stands at a steady distance ahead of nearly all QRS complexes, with an axis as from the sinus node.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    bool
        False where the waves are not known.
    """
    if found.delineation is None:
        return False
    intervals = found.delineation.intervals
    pr, qrs, axis = intervals["PR"], intervals["QRS"], intervals["P axis"]
    if pr.value is None or pr.n < _MOST_P * qrs.n or pr.low is None or pr.high is None:
        return False
    is_steady = pr.high - pr.low <= _STEADY_PR_MS
    return is_steady and (axis.value is None or _SINUS_AXIS[0] <= axis.value <= _SINUS_AXIS[1])


def _sinus(found: "Interpretation") -> str:
    """Return the code of sinus rhythm by its rate; without P waves it is not called so."""
    assert found.rate is not None
    if found.delineation is not None:
        pr, qrs = (found.delineation.intervals[name] for name in ("PR", "QRS"))
        if pr.n < _LEAST_P * qrs.n:
            return "no_p_waves"
    if found.rate.mean < SLOW_BPM:
        return "sinus_bradycardia"
    return "sinus_tachycardia" if found.rate.mean > FAST_BPM else "sinus"


def is_sinus(found: "Interpretation") -> bool:
    """Return whether the whole recording is in sinus rhythm, so that it can be normal.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    bool
    """
    return any(code.startswith("sinus") for code, _ in rhythm_said(found))


def length(seconds: float) -> str:
    """Return a length of time as a sentence says it.

    Parameters
    ----------
    seconds : float
        The length.

    Returns
    -------
    str

    Examples
    --------
    >>> length(30), length(1800), length(86_400)
    ('30 s', '30 min', '24.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
