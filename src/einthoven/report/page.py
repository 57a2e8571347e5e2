"""Show answers as one HTML page that works offline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from numpy.typing import NDArray

from einthoven import __version__
from einthoven.evaluation.evaluate import headline
from einthoven.inference.answer import DISCLAIMER, Answer, BeatAnswer, RecordAnswer
from einthoven.inference.doubtful import unsure_below
from einthoven.inference.reading import remarks_on
from einthoven.report import paper, strips, twelve
from einthoven.report.colours import colour_of
from einthoven.report.evidence import drawings, method
from einthoven.report.tables import beside_its_model, cells, intervals, metric_name
from einthoven.report.times import clock
from einthoven.signal import leads

_NORMAL, _UNREAD, _NOT_COUNTED, _GREY = "N", "×", "(•)", "#777"
_OPEN_STRIPS, _MOST_STRIPS = 24, 400
_MOST_LINES = 60
_MOST_PAPER_S = 60.0
_LEAST_ROWS = 8


def render(answers: Sequence[Answer], counted: dict[str, int] | None = None, remark: str = "") -> str:
    """Return the page of one or several answers of one model.

    Parameters
    ----------
    answers : sequence of Answer
        One for each record.
    counted : dict of str to int, optional
        Annotated beats of each class, where they are known; shown beside the model's.
    remark : str, optional
        A sentence about the whole page.
    """
    pages = Environment(loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    card = answers[0].card
    return pages.get_template("beats.html" if answers[0].kind == "beat" else "record.html").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        scope=answers[0].scope,
        remark=remark,
        grid=Markup(paper.grid_pattern()),
        card=card,
        results=[shown_result(row) for row in card.results],
        beside=beside_its_model(card) if card.export else None,
        sections=[_section(answer, counted) for answer in answers],
        unsure=unsure_below(card),
        strip_s=strips.STRIP_S,
    )


def _section(answer: Answer, counted: dict[str, int] | None) -> dict[str, Any]:
    if isinstance(answer, RecordAnswer):
        specific = _record(answer)
    else:
        assert isinstance(answer, BeatAnswer)
        specific = _beats(answer, counted)
    meanings = dict(zip(answer.classes, answer.card.meanings, strict=True))
    return specific | {
        "answer": answer,
        "record": answer.record,
        "length": clock(answer.record.duration_s),
        "borderline": [f"{meanings[name]} ({name})" for name in answer.borderline],
        "stretches": [row for row in answer.quality.stretches if row.verdict != "good"],
        "quality": remarks_on(answer.quality),
        "remarks": [remark for remark in answer.remarks if remark not in remarks_on(answer.quality)],
    }


def _beats(answer: BeatAnswer, counted: dict[str, int] | None) -> dict[str, Any]:
    record, classes = answer.record, answer.classes
    loud = (answer.most_probable != (classes.index(_NORMAL) if _NORMAL in classes else -1)) & answer.is_answered
    marks = [
        paper.Mark(
            float(time_s),
            classes[label] + "?" * bool(doubt) + "•" * bool(alone),
            colour_of(classes[label], label),
            bool(stands_out),
        )
        if is_answered
        else paper.Mark(float(time_s), _UNREAD, _GREY, False)
        for time_s, label, doubt, alone, stands_out, is_answered in zip(
            answer.times_s,
            answer.most_probable,
            answer.doubts,
            np.isin(answer.beats, answer.disputed.counted),
            loud,
            answer.is_answered,
            strict=True,
        )
    ]
    marks += [paper.Mark(at / record.fs_hz, _NOT_COUNTED, _GREY, False) for at in answer.disputed.not_counted.tolist()]
    shown_mv, names = leads.select(record.signal_mv, record.leads, answer.leads)
    found = strips.stretches(answer.times_s, loud, record.duration_s)
    first = _first_shown(found, answer, loud)
    begins = [start for start, _ in found[:_MOST_STRIPS]] or [0.0]

    def drawn(start: float) -> tuple[str, Markup]:
        title = f"{record.name} from {clock(start)}"
        return clock(start), Markup(strips.strip(shown_mv, record.fs_hz, names, start, marks, title))

    line_s = 60.0 * max(1, int(np.ceil(record.duration_s / 60 / _MOST_LINES)))
    return {
        "counts": _counts(answer, counted),
        "counted_elsewhere": {name: n for name, n in (counted or {}).items() if name not in classes},
        "n_abnormal": int(loud.sum()),
        "n_stretches": len(found),
        "overview": [
            (clock(start), Markup(strips.overview(shown_mv[0], record.fs_hz, start, line_s, marks)))
            for start in np.arange(0, record.duration_s, line_s)
        ],
        "overview_lead": names[0],
        "line_s": line_s,
        "strips": [drawn(start) for at, start in enumerate(begins) if at in first or not found],
        "more_strips": [drawn(start) for at, start in enumerate(begins) if at not in first and found],
        "not_drawn": [clock(start) for start, _ in found[_MOST_STRIPS:]],
    }


def _counts(answer: BeatAnswer, counted: dict[str, int] | None) -> list[dict[str, Any]]:
    rows = zip(answer.classes, answer.card.meanings, answer.counts.values(), strict=True)
    return [
        {
            "name": name,
            "meaning": meaning,
            "colour": colour_of(name, at),
            "n": n,
            "share": n / max(1, int(answer.is_answered.sum())),
            "counted": None if counted is None else counted.get(name, 0),
        }
        for at, (name, meaning, n) in enumerate(rows)
    ]


def _first_shown(found: list[tuple[float, int]], answer: BeatAnswer, loud: NDArray[np.bool_]) -> set[int]:
    """Return which stretches come first: the most probable beat of each class, the rarest class first, then the fullest."""
    starts = np.array([start for start, _ in found])
    chosen: list[int] = []
    for _, name in sorted((n, name) for name, n in answer.counts.items() if n):
        members = np.flatnonzero(loud & (answer.most_probable == answer.classes.index(name)))
        if len(members):
            clearest = members[answer.confidence[members].argmax()]
            chosen.append(int(np.searchsorted(starts, answer.times_s[clearest], side="right")) - 1)
    fullest = sorted(range(len(found)), key=lambda at: -found[at][1])
    return set([*dict.fromkeys(chosen), *[at for at in fullest if at not in chosen]][:_OPEN_STRIPS])


def _record(answer: RecordAnswer) -> dict[str, Any]:
    card = answer.card
    rows = [
        {
            "name": name,
            "meaning": card.meanings[at],
            "probability": float(answer.record_probabilities[at]),
            "predicted": bool(answer.is_predicted[at]),
            "threshold": answer.thresholds.get(name),
        }
        for at, name in enumerate(card.classes)
    ]
    return {
        "rows": sorted(rows, key=lambda row: -row["probability"]),
        "n_first": max(_LEAST_ROWS, len(answer.predicted) + len(answer.borderline)),
        "start": clock(0.0),
        "drawing": Markup(_paper(answer)),
        "evidence": [rows[row.label] | told for row, told in zip(answer.evidence, drawings(answer), strict=True)],
        "method": next((method(row) for row in answer.evidence), ""),
    }


def _paper(answer: RecordAnswer) -> str:
    """Return the record on paper: twelve leads as printed by electrocardiographs, one lead in rows, else a strip."""
    record = answer.record
    title = f"{record.name}, {', '.join(answer.leads)}"
    shown_mv, names = leads.select(record.signal_mv, record.leads, answer.leads)
    if set(names) >= set(leads.STANDARD):
        standard_mv, _ = leads.select(record.signal_mv, record.leads, leads.STANDARD)
        return twelve.draw(standard_mv, record.fs_hz, 0.0, title)
    if len(names) == 1:
        shown = (0.0, min(record.duration_s, _MOST_PAPER_S))
        return strips.rows(shown_mv[0], record.fs_hz, names[0], shown, answer.beats / record.fs_hz, title)
    return strips.strip(shown_mv, record.fs_hz, names, 0.0, (), title)


def shown_result(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a page shows of an evaluation on a card.

    Parameters
    ----------
    row : dict
        The evaluation.
    """
    shown = ("challenge_score", "accuracy", "macro_f1") if "accuracy" in row else headline(row)
    figures = [(metric_name(name), *cells(row[name])) for name in shown if name in row]
    unit = row.get("rows", "beats")
    figures += [
        (f"F1 of {name} ({found['n']:,} {unit})", *cells(found["f1"])) for name, found in row["per_class"].items()
    ]
    detected = row["end_to_end"]["per_class"] if "end_to_end" in row else {}
    figures += [(f"F1 of {name}, heartbeats detected", *cells(found["f1"])) for name, found in detected.items()]
    return {"row": row, "figures": figures, "intervals": intervals(row["interval"])}
