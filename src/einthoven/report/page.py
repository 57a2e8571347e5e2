"""Knows the report as one self-contained HTML page that works offline. Decides nothing about beats."""

from collections.abc import Sequence

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from einthoven import __version__
from einthoven.evaluation.evaluate import headline
from einthoven.inference.findings import Findings, Why
from einthoven.inference.prediction import DISCLAIMER, SCOPE, UNSURE, Prediction
from einthoven.report import paper
from einthoven.report.plots import colour_of
from einthoven.report.tables import beside_its_model, cells
from einthoven.signal import leads

_NORMAL = "N"
_OPEN_STRIPS, _MOST_STRIPS = 24, 400
_MOST_LINES = 60
_MOST_PAPER_S = 60.0


def render(
    predictions: Sequence[Prediction | Findings], counted: dict[str, int] | None = None, remark: str = ""
) -> str:
    """The page of one or several answers of one model.

    Parameters
    ----------
    counted : what annotators counted, class to beats, where it is known (shown beside the model's)
    remark : a sentence that belongs to the whole page
    """
    loader = PackageLoader("einthoven.report")
    whole = isinstance(predictions[0], Findings)
    page = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = page.get_template("findings.html" if whole else "page.html")
    card = predictions[0].card
    return page.render(
        version=__version__,
        disclaimer=DISCLAIMER,
        scope=SCOPE,
        remark=remark,
        grid=Markup(paper.grid_pattern()),
        card=card,
        results=[_result(row) for row in card.results],
        beside=beside_its_model(card) if card.export else None,
        records=[_found(row) if whole else _section(row, counted) for row in predictions],
        unsure=UNSURE,
        strip_s=paper.STRIP_S,
    )


def _section(prediction: Prediction, counted: dict[str, int] | None) -> dict:
    record, classes = prediction.record, prediction.card.classes
    loud = prediction.decided != (classes.index(_NORMAL) if _NORMAL in classes else -1)
    marks = [
        paper.Mark(float(time_s), classes[label] + "?" * bool(doubt), colour_of(classes[label], label), bool(strange))
        for time_s, label, doubt, strange in zip(
            prediction.times_s, prediction.decided, prediction.doubts, loud, strict=True
        )
    ]
    shown_mv, names = leads.select(record.signal_mv, record.leads, prediction.leads)
    found = paper.stretches(prediction.times_s, loud, record.duration_s)
    first = _telling(found, prediction, loud)
    begins = [start for start, _ in found[:_MOST_STRIPS]] or [0.0]

    def drawn(start: float) -> tuple[str, Markup]:
        strip = paper.strip(shown_mv, record.fs_hz, names, start, marks, f"{record.name} from {clock(start)}")
        return clock(start), Markup(strip)

    line_s = 60.0 * max(1, int(np.ceil(record.duration_s / 60 / _MOST_LINES)))
    return {
        "prediction": prediction,
        "record": record,
        "length": clock(record.duration_s),
        "counts": [
            {
                "name": name,
                "meaning": meaning,
                "colour": colour_of(name, at),
                "n": n,
                "share": n / max(1, len(prediction.beats)),
                "counted": None if counted is None else counted.get(name, 0),
            }
            for at, (name, meaning, n) in enumerate(
                zip(classes, prediction.card.meanings, prediction.counts.values(), strict=True)
            )
        ],
        "counted_elsewhere": {name: n for name, n in (counted or {}).items() if name not in classes},
        "n_abnormal": int(loud.sum()),
        "n_stretches": len(found),
        "overview": [
            (clock(start), Markup(paper.overview(shown_mv[0], record.fs_hz, start, line_s, marks)))
            for start in np.arange(0, record.duration_s, line_s)
        ],
        "overview_lead": names[0],
        "line_s": line_s,
        "strips": [drawn(start) for at, start in enumerate(begins) if at in first or not found],
        "more_strips": [drawn(start) for at, start in enumerate(begins) if at not in first and found],
        "not_drawn": [clock(start) for start, _ in found[_MOST_STRIPS:]],
    }


def _found(findings: Findings) -> dict:
    record, card = findings.record, findings.card
    limits = findings.thresholds or (None,) * len(card.classes)
    rows = [
        {"name": name, "meaning": meaning, "probability": float(p), "said": bool(said), "threshold": limit}
        for name, meaning, p, said, limit in zip(
            card.classes, card.meanings, findings.probability, findings.said, limits, strict=True
        )
    ]
    title = f"{record.name}, {', '.join(findings.leads)}"
    beats_s = findings.beats / record.fs_hz
    shown_mv, names = leads.select(record.signal_mv, record.leads, findings.leads)
    if set(names) >= set(leads.STANDARD):
        standard_mv, _ = leads.select(record.signal_mv, record.leads, leads.STANDARD)
        drawing = paper.twelve(standard_mv, record.fs_hz, 0.0, title)
    elif len(names) == 1:
        shown = (0.0, min(record.duration_s, _MOST_PAPER_S))
        drawing = paper.rows(shown_mv[0], record.fs_hz, names[0], shown, beats_s, title)
    else:
        drawing = paper.strip(shown_mv, record.fs_hz, names, 0.0, (), title)
    told: list[dict] = []
    for row in findings.why:
        lead = int(np.argmax(row.falls))
        fs_hz, start = card.preparation.fs_hz, clock(row.start_s)
        title = f"{card.classes[row.label]} {start}"
        if row.parts:
            place = f"drawn on {names[lead]} from {start}"
            end = min(record.duration_s, row.start_s + len(row.map) / fs_hz)
            where = (row.start_s, end)
            picture = paper.rows(shown_mv[lead], record.fs_hz, names[lead], where, beats_s, title, (row.map, fs_hz))
        elif row.beat is None:
            place = f"drawn on {names[lead]} from {start}"
            picture = paper.shaded(shown_mv[lead], record.fs_hz, names[lead], row.map, fs_hz, row.start_s, title)
        else:
            place = f"drawn on the typical beat of the window from {start}"
            picture = paper.beats(row.beat, fs_hz, names, row.map, title)
            if row.trace is not None:
                place += f", and on {names[lead]} from {start}"
                picture += paper.shaded(
                    shown_mv[lead], record.fs_hz, names[lead], row.trace, fs_hz, row.start_s, f"{title}, the trace"
                )
        told.append(rows[row.label] | {"place": place, "drawing": Markup(picture), "falls": row.without(names)})
    return {
        "findings": findings,
        "record": record,
        "length": clock(record.duration_s),
        "rows": sorted(rows, key=lambda row: -row["probability"]),
        "n_first": max(8, int((findings.said | findings.near).sum())),
        "all_good": all(verdict.verdict == "good" for verdict in findings.quality),
        "near": [name for name, is_near in zip(card.classes, findings.near, strict=True) if is_near],
        "n_windows": len(findings.starts),
        "start": clock(0.0),
        "drawing": Markup(drawing),
        "why": told,
        "drawn_on": next((_drawn_on(row) for row in findings.why), ""),
    }


def _drawn_on(row: Why) -> str:
    if row.parts:
        return "rhythm"
    return "map" if row.beat is None else "beats" if row.trace is None else "both"


def _telling(found: list[tuple[float, int]], prediction: Prediction, loud: np.ndarray) -> set[int]:
    """Which stretches come first: the surest of each class, the rarest class first, then the fullest."""
    starts = np.array([start for start, _ in found])
    chosen: list[int] = []
    counts = sorted((n, name) for name, n in prediction.counts.items() if n)
    for _, name in counts:
        members = np.flatnonzero(loud & (prediction.decided == prediction.card.classes.index(name)))
        if len(members):
            surest = members[prediction.sure[members].argmax()]
            chosen.append(int(np.searchsorted(starts, prediction.times_s[surest], side="right")) - 1)
    fullest = sorted(range(len(found)), key=lambda at: -found[at][1])
    return set([*dict.fromkeys(chosen), *[at for at in fullest if at not in chosen]][:_OPEN_STRIPS])


def _result(row: dict) -> dict:
    shown = ("challenge_score", "accuracy", "macro_f1") if "accuracy" in row else headline(row)
    told = [(name.replace("_", "-"), *cells(row[name])) for name in shown if name in row]
    unit = row.get("rows", "beats")
    told += [(f"F1 of {name} ({found['n']:,} {unit})", *cells(found["f1"])) for name, found in row["per_class"].items()]
    return {"row": row, "figures": told}


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, with hours where there are any."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
