"""Hold the interpretation of one recording."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven import __version__
from einthoven.errors import optional_imports
from einthoven.inference.answer import DISCLAIMER, BeatAnswer, RecordAnswer
from einthoven.interpretation.asked import Asked
from einthoven.interpretation.ectopy import Ectopy
from einthoven.interpretation.episodes import Episodes
from einthoven.interpretation.following import follows
from einthoven.interpretation.hourly import HOUR_S, Hour, hours_of, unreadable_s
from einthoven.interpretation.rate import Rate
from einthoven.interpretation.rows import COLUMNS, rows_of
from einthoven.interpretation.statements import Statement, statements_of
from einthoven.interpretation.variability import Variability
from einthoven.records.record import Record
from einthoven.signal.finding import Finding
from einthoven.signal.quality import Quality

if TYPE_CHECKING:
    import pandas

    from einthoven.inference.delineator import Delineation

SCHEMA = 1
"""Version of what :meth:`Interpretation.to_dict` gives."""
_INTERVALS = {
    "rr_ms": "RR",
    "p_ms": "P",
    "pr_ms": "PR",
    "qrs_ms": "QRS",
    "qt_ms": "QT",
    "qtc_fridericia_ms": "QTc Fridericia",
    "qtc_bazett_ms": "QTc Bazett",
    "qtc_framingham_ms": "QTc Framingham",
    "qtc_hodges_ms": "QTc Hodges",
}
_AXES = {"p": "P axis", "qrs": "QRS axis", "t": "T axis"}


@dataclass(frozen=True, eq=False)
class Interpretation:
    """What a recording shows, and how far it can be believed."""

    record: Record
    """The recording."""
    quality: Quality
    """Quality of all leads, stretch by stretch."""
    findings: tuple[Finding, ...]
    """What is unusual about leads, units or rate."""
    asked: tuple[Asked, ...]
    """What became of each question."""
    beats: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Heartbeats, as sample numbers [n]."""
    rate: Rate | None = None
    """Heart rate; None where there are too few beats."""
    delineation: "Delineation | None" = None
    """Waves and intervals."""
    rhythm_answer: RecordAnswer | None = None
    """What the rhythm model gave."""
    rhythm: Episodes | None = None
    """Its episodes."""
    beat_answer: BeatAnswer | None = None
    """What the beat model gave."""
    ectopy: Ectopy | None = None
    """Ectopic beats, runs and pauses."""
    variability: Variability | None = None
    """Heart rate variability."""
    diagnosis_answer: RecordAnswer | None = None
    """What the model of twelve leads gave."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The summary in words, by rules."""
        return statements_of(self)

    @property
    def summary(self) -> str:
        """The summary as one text."""
        return " ".join(statement.text for statement in self.statements)

    @property
    def af_burden(self) -> float | None:
        """Share of the assessed time in atrial fibrillation; None where the rhythm is not assessed."""
        return None if self.rhythm is None or not self.rhythm.assessed_s else self.rhythm.share("A")

    def hours(self, span_s: float = HOUR_S) -> tuple[Hour, ...]:
        """Return the recording hour by hour, or by other spans.

        Parameters
        ----------
        span_s : float, s
            Length of a span.

        Returns
        -------
        tuple of Hour
        """
        record, seen = self.record, self.quality
        is_next = follows(self.beats, seen)
        return hours_of(self.beats / record.fs_hz, is_next, seen, record.duration_s, self.rhythm, self.ectopy, span_s)

    def not_assessed(self) -> dict[str, str]:
        """Return the questions without an answer, and why."""
        return {one.question: one.reason for one in self.asked if not one.is_answered}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            ``schema``, ``record``, ``leads``, ``fs_hz``, ``duration_s``; ``statements``; ``rate_bpm``; ``intervals``, each
            ``{value, low, high, n}`` (median and quartiles) or ``{value: None, reason}``; ``axis_deg``; ``rhythm``; ``beats``;
            ``diagnoses``; ``variability``; ``hours``;
            ``unreadable_s``; ``quality``; ``findings``; ``declined``; ``not_assessed``; ``models``.
        """
        return {
            "schema": SCHEMA,
            "einthoven": __version__,
            "record": self.record.name,
            "file": None if self.record.source is None else str(self.record.source),
            "leads": list(self.record.leads),
            "fs_hz": self.record.fs_hz,
            "duration_s": round(self.record.duration_s, 3),
            "statements": [{"code": one.code, "text": one.text} for one in self.statements],
            "rate_bpm": None if self.rate is None else _rounded(asdict(self.rate)),
            "intervals": self._measured(_INTERVALS),
            "axis_deg": self._measured(_AXES),
            "rhythm": self._rhythm(),
            "beats": self._beats(),
            "diagnoses": self._diagnoses(),
            "variability": None if self.variability is None else _rounded(asdict(self.variability)),
            "hours": [_rounded(asdict(hour)) for hour in self.hours()],
            "unreadable_s": round(unreadable_s(self.quality, 0.0, self.record.duration_s), 3),
            "quality": [asdict(row) for row in self.quality.stretches],
            "findings": [asdict(finding) for finding in self.findings],
            "declined": {
                one.question: {"code": one.code, "text": one.reason}
                for one in self.asked
                if one.code not in ("", "no_model")
            },
            "not_assessed": self.not_assessed(),
            "models": {one.question: {"model": one.model, "why": one.reason} for one in self.asked if one.is_answered},
            "disclaimer": DISCLAIMER,
        }

    def to_frame(self) -> "pandas.DataFrame":
        """Return one row for each number, episode, event, stretch and statement.

        Returns
        -------
        pandas.DataFrame
            With the columns of :data:`einthoven.interpretation.rows.COLUMNS`; what a row does not have is missing.

        Raises
        ------
        LibraryMissing
            Where pandas is not installed.
        """
        with optional_imports():
            import pandas

        return pandas.DataFrame(rows_of(self.to_dict()), columns=list(COLUMNS))

    def _measured(self, names: dict[str, str]) -> dict[str, Any]:
        reason = self.not_assessed().get("waves", "")
        found: dict[str, Any] = {}
        for key, name in names.items():
            one = None if self.delineation is None else self.delineation.intervals[name]
            if one is None or one.value is None:
                found[key] = {"value": None, "reason": reason if one is None else one.reason}
            else:
                found[key] = _rounded({"value": one.value, "low": one.low, "high": one.high, "n": one.n}) | (
                    {"reason": one.reason} if one.reason else {}
                )
        return found

    def _rhythm(self) -> dict[str, Any] | None:
        if self.rhythm is None or self.rhythm_answer is None:
            return None
        names = dict(zip(self.rhythm_answer.classes, self.rhythm_answer.card.meanings, strict=True))
        return {
            "assessed_s": round(self.rhythm.assessed_s, 3),
            "af_burden": None if self.af_burden is None else round(self.af_burden, 4),
            "shares": {name: round(self.rhythm.share(name), 4) for name in self.rhythm.rhythms},
            "episodes": [_rounded(asdict(one)) | {"meaning": names[one.rhythm]} for one in self.rhythm.episodes],
        }

    def _beats(self) -> dict[str, Any] | None:
        if self.ectopy is None:
            return None
        found = self.ectopy
        return {
            "counts": found.counts,
            "assessed_s": round(found.assessed_s, 3),
            "per_hour": _rounded(found.per_hour),
            "couplets": found.couplets,
            "triplets": found.triplets,
            "pairs": [_rounded(asdict(run)) for run in found.pairs],
            "runs": [_rounded(asdict(run)) for run in found.runs],
            "patterns": [_rounded(asdict(pattern)) for pattern in found.patterns],
            "pauses": [_rounded(asdict(pause) | {"length_s": pause.length_s}) for pause in found.pauses],
        }

    def _diagnoses(self) -> list[dict[str, Any]] | None:
        answer = self.diagnosis_answer
        if answer is None:
            return None
        rows = zip(answer.classes, answer.card.meanings, answer.record_probabilities, answer.is_predicted, strict=True)
        never = set(answer.card.never_found)
        return [
            {"code": code, "meaning": meaning, "probability": round(float(chance), 4), "predicted": bool(is_predicted)}
            for code, meaning, chance, is_predicted in rows
            if code not in never
        ]


def _rounded(plain: dict[str, Any]) -> dict[str, Any]:
    """Return values with floats rounded to what they mean."""
    return {
        name: round(float(value), 3) if isinstance(value, float | np.floating) else value
        for name, value in plain.items()
    }
