"""Write the summary of an interpretation in words, by rules that are never stronger than the numbers behind them.

Sources of the limits: PR, QRS and axis: Surawicz et al. 2009 (AHA/ACCF/HRS, part III); QTc: Rautaharju et al. 2009 (part IV);
rate: 60 and 100/min.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.rhythm_said import is_sinus, length, rhythm_said
from einthoven.interpretation.sentences import ENGLISH

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation

LONG_PR_MS, LONG_QRS_MS, SHORT_QTC_MS = 200.0, 120.0, 360.0
LONG_QTC_MS = {"male": 450.0, "female": 460.0, "": 460.0}
"""QTc from which it is prolonged, by sex; where the file does not say it, the higher one."""
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
    said = [*rhythm_said(found), *_intervals(found), *_axis(found), *_ectopy(found), *_diagnoses(found), *_rest(found)]
    return tuple(Statement(code, sentences[code].format(**values)) for code, values in said)


Said = Iterator[tuple[str, dict[str, Any]]]


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
        yield "no_ectopy", {"length": length(ectopy.assessed_s)}
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
        if code == _NORMAL_ECG and not is_sinus(found):
            yield "not_normal", {}
            continue
        chance = float(answer.record_probabilities[answer.classes.index(code)])
        kind = "diagnosis" if chance >= 0.5 else "doubtful_diagnosis"
        yield kind, {"name": _upper(names[code]) if chance >= 0.5 else names[code], "probability": chance}


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
