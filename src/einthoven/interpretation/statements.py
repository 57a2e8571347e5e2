"""Write the summary of an interpretation in words, by rules that are never stronger than the numbers behind them.

Sources of the limits: PR, QRS and axis: Surawicz et al. 2009 (AHA/ACCF/HRS, part III); QTc: Rautaharju et al. 2009 (part IV);
rate: 60 and 100/min.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.sentences import ENGLISH

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation

SLOW_BPM, FAST_BPM = 60.0, 100.0
LONG_PR_MS, LONG_QRS_MS, SHORT_QTC_MS = 200.0, 120.0, 360.0
LONG_QTC_MS = {"male": 450.0, "female": 460.0, "": 460.0}
"""QTc from which it is prolonged, by sex; where the file does not say it, the higher one."""
_SINUS, _FIBRILLATION, _OTHER = "N", "A", "O"
"""Classes of rhythm: the Challenge's O holds sinus rhythm that is slow, fast or irregular, too."""
_MOST_P, _STEADY_PR_MS, _SINUS_AXIS = 0.8, 40.0, (-15.0, 90.0)
"""Share of the beats with a P wave, range of the quartiles of PR, and axis of P (0 to 75 degrees is usual) of sinus rhythm."""
_ALL, _LEAST_P = 0.95, 0.5
"""Share of the assessed time that counts as throughout; share of the beats that need a P wave for sinus rhythm."""
_KINDS = {"V": "ventricular", "S": "supraventricular"}
_AXES = ((-30.0, 90.0, "axis_normal"), (-90.0, -30.0, "axis_left"), (90.0, 180.0, "axis_right"))
_NORMAL_ECG = "NORM"


@dataclass(frozen=True)
class Statement:
    """A sentence of the summary."""

    code: str
    """A key of the table of sentences."""
    text: str
    """The sentence."""


def statements_of(found: "Interpretation", sentences: dict[str, str] = ENGLISH) -> tuple[Statement, ...]:
    """Return the summary of an interpretation.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    sentences : dict of str
        Table of sentences of a language.

    Returns
    -------
    tuple of Statement
        Rhythm, intervals, axis, ectopic beats, pauses, diagnoses, and what was not assessed.
    """
    said = [*_rhythm(found), *_intervals(found), *_axis(found), *_ectopy(found), *_diagnoses(found), *_rest(found)]
    return tuple(Statement(code, sentences[code].format(**values)) for code, values in said)


Said = Iterator[tuple[str, dict[str, Any]]]


def _rhythm(found: "Interpretation") -> Said:
    if any(finding.code == "paced" for finding in found.findings):
        yield "paced", {}
    answer, episodes, rate = found.rhythm_answer, found.rhythm, found.rate
    if answer is None or episodes is None or rate is None or not episodes.assessed_s:
        if rate is not None:
            yield "rate_range", {"low": rate.min, "high": rate.max, "rate": rate.mean}
        return
    names = dict(zip(answer.classes, answer.card.meanings, strict=True))
    main = episodes.rhythms[0]
    by_waves = has_sinus_waves(found) and episodes.share(_SINUS) + episodes.share(_OTHER) >= _ALL
    if by_waves or (main == _SINUS and episodes.share(main) >= _ALL and not answer.doubt):
        yield _sinus(found), {"rate": rate.mean}
    elif answer.doubt and episodes.share(main) >= _ALL:
        chance = float(answer.record_probabilities[answer.classes.index(main)])
        yield "rhythm_uncertain", {"name": names[main], "probability": chance}
        yield "rate_range", {"low": rate.min, "high": rate.max, "rate": rate.mean}
    elif episodes.share(main) >= _ALL:
        yield "rhythm_throughout", {"name": _upper(names[main]), "rate": rate.mean}
    else:
        for name in sorted(episodes.rhythms, key=lambda name: name != _FIBRILLATION):
            parts = episodes.of(name)
            values = {
                "name": _upper(names[name]),
                "share": episodes.share(name),
                "n": len(parts),
                "episodes": _many("episode", len(parts)),
                "longest": _length(max(part.length_s for part in parts)),
            }
            yield "rhythm_in_part", values
        yield "rate_range", {"low": rate.min, "high": rate.max, "rate": rate.mean}


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


def _intervals(found: "Interpretation") -> Said:
    if found.delineation is None:
        return
    measured = found.delineation.intervals
    rows = {"PR": "PR", "QRS": "QRS", "QT": "QT", "QTc Fridericia": "QTc"}
    known = {name: one.value for name in rows if (one := measured[name]).value is not None}
    if not known:
        return
    listed = ", ".join(f"{rows[name]} {value:.0f} ms" for name, value in known.items())
    yield "intervals", {"listed": listed + " (Fridericia)" * ("QTc Fridericia" in known)}
    if known.get("PR", 0.0) > LONG_PR_MS:
        yield "pr_long", {}
    if known.get("QRS", 0.0) >= LONG_QRS_MS:
        yield "qrs_long", {}
    qtc, limit = known.get("QTc Fridericia"), LONG_QTC_MS[found.record.identity.sex]
    if qtc is not None and not measured["QTc Fridericia"].reason:
        if qtc >= limit:
            yield "qtc_long", {"limit": limit}
        elif qtc <= SHORT_QTC_MS:
            yield "qtc_short", {}


def _axis(found: "Interpretation") -> Said:
    measured = None if found.delineation is None else found.delineation.intervals["QRS axis"]
    if measured is not None and (axis := measured.value) is not None:
        code = next((code for low, high, code in _AXES if low <= axis <= high), "axis_extreme")
        yield code, {"axis": f"{axis:.0f}".replace("-", "−"), "note": f"; {measured.reason}" if measured.reason else ""}


def _ectopy(found: "Interpretation") -> Said:
    ectopy = found.ectopy
    if ectopy is None:
        return
    told = {beat: kind for beat, kind in _KINDS.items() if beat in ectopy.counts}
    if not any(ectopy.counts[beat] for beat in told):
        yield "no_ectopy", {"length": _length(ectopy.assessed_s)}
    for beat, kind in told.items():
        n = ectopy.counts[beat]
        if not n:
            continue
        hourly = f" ({ectopy.per_hour[beat]:,.0f} an hour)" if ectopy.assessed_s >= 600 else ""
        yield "ectopic_beats", {"n": n, "kind": kind, "beats": _many("beat", n), "per_hour": hourly}
        if couplets := ectopy.couplets[beat]:
            yield "couplets", {"n": couplets, "kind": kind, "couplets": _many("couplet", couplets)}
        if runs := [run for run in ectopy.runs if run.beat == beat]:
            longest, fastest = max(run.n for run in runs), max(run.rate_bpm for run in runs)
            values = {
                "n": len(runs),
                "kind": kind,
                "runs": _many("run", len(runs)),
                "longest": longest,
                "fastest": fastest,
            }
            yield "runs", values
        for pattern in ("bigeminy", "trigeminy"):
            n = sum(one.kind == pattern and one.beat == beat for one in ectopy.patterns)
            if n:
                yield "pattern", {"kind": _upper(f"{kind} {pattern}"), "n": n, "stretches": _many("stretch", n, "es")}
    if ectopy.pauses:
        longest_s = max(pause.length_s for pause in ectopy.pauses)
        yield "pauses", {"n": len(ectopy.pauses), "pauses": _many("pause", len(ectopy.pauses)), "longest": longest_s}


def _diagnoses(found: "Interpretation") -> Said:
    answer = found.diagnosis_answer
    if answer is None:
        return
    names = dict(zip(answer.classes, answer.card.meanings, strict=True))
    for code in answer.predicted:
        if code == _NORMAL_ECG and not _is_sinus(found):
            yield "not_normal", {}
            continue
        chance = float(answer.record_probabilities[answer.classes.index(code)])
        kind = "diagnosis" if chance >= 0.5 else "doubtful_diagnosis"
        yield kind, {"name": _upper(names[code]) if chance >= 0.5 else names[code], "probability": chance}


def _is_sinus(found: "Interpretation") -> bool:
    """Whether the whole recording is in sinus rhythm, so that it can be normal."""
    if found.rhythm is None or not found.rhythm.assessed_s:
        return False
    share = found.rhythm.share(_SINUS) + (found.rhythm.share(_OTHER) if has_sinus_waves(found) else 0.0)
    return share >= _ALL and _sinus(found).startswith("sinus")


def _rest(found: "Interpretation") -> Said:
    missing = found.not_assessed()
    if missing:
        yield (
            "not_assessed",
            {"listed": "; ".join(f"{QUESTIONS[name]} ({_bare(why)})" for name, why in missing.items())},
        )


def _many(noun: str, n: int, ending: str = "s") -> str:
    return noun if n == 1 else noun + ending


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _bare(text: str) -> str:
    return text.rstrip(".")


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
