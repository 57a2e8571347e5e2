"""Make the parts of an interpretation's page that are printed on one sheet: its head, and ten seconds of twelve leads."""

import shlex
from typing import Any

import numpy as np
from markupsafe import Markup

from einthoven.interpretation.interpretation import Interpretation
from einthoven.report import strips, twelve
from einthoven.report.paper_head import Head, head_of
from einthoven.report.paper_plan import clearest_start, shown_part, standard_leads
from einthoven.report.sheet import PAPERS, Sheet

_MARGIN_MM, _BESIDE_MM, _MEASURED_MM, _GAP_MM = 7.0, 24.0, 88.0, 5.0
"""Margin of the page; height of title, disclaimer and scale; width of the measurements, and what parts the columns."""
_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
_WIDE, _HIGH = 0.57, 1.34
"""Width of a letter and height of a line of wide fonts, as shares of the font's size."""


def parts(found: Interpretation, sheet: Sheet, is_short: bool) -> dict[str, Any]:
    """Return what the templates of the head and of the drawing show.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    sheet : Sheet
        Layout of the twelve leads.
    is_short : bool
        Whether the recording is drawn, not summarised.

    Returns
    -------
    dict
        ``head``, ``has_device``, ``drawing`` and ``shown``, ``is_sheet`` (whether a print has this page alone), ``points``
        (size of the head in print), ``on_screen`` (class of the style sheet), and ``explain``, the command that shows evidence.
    """
    head = head_of(found)
    drawing, shown, is_sheet = _drawing(found, sheet) if is_short else (None, "", False)
    return {
        "head": head,
        "has_device": any(row.device for row in head.measured),
        "drawing": drawing,
        "shown": shown,
        "is_sheet": is_sheet,
        "points": print_points(head, sheet),
        "on_screen": Markup(' class="on-screen"') if is_sheet else "",
        "explain": _explain(found),
    }


def _drawing(found: Interpretation, sheet: Sheet) -> tuple[Markup, str, bool]:
    """Return the drawing, which part it shows, and whether it is the page of twelve leads."""
    record = found.record
    title = f"{record.name}, {', '.join(record.leads)}"
    twelve_mv = standard_leads(record)
    if twelve_mv is not None:
        start_s = clearest_start(found.quality, record.duration_s)
        layout = twelve.LAYOUTS[sheet.layout]
        drawing = twelve.draw(twelve_mv, record.fs_hz, start_s, title, layout)
        return Markup(drawing), f"; {shown_part(start_s, start_s + twelve.PAGE_S, record.duration_s)}", True
    beats_s = np.zeros(0) if found.delineation is None else found.delineation.beats / record.fs_hz
    shown = (0.0, record.duration_s)
    return Markup(strips.rows(record.signal_mv[0], record.fs_hz, record.leads[0], shown, beats_s, title)), "", False


def print_points(head: Head, sheet: Sheet) -> float:
    """Return the size of the head's letters with which head and drawing are about to fit on one page.

    Parameters
    ----------
    head : Head
        The words of the head.
    sheet : Sheet
        Paper and layout.

    Returns
    -------
    float
        Points.
    """
    wide_mm, high_mm = PAPERS[sheet.paper]
    layout = twelve.LAYOUTS[sheet.layout]
    room_mm = high_mm - 2 * _MARGIN_MM - _BESIDE_MM - twelve.above_mm(layout.row_mm) - layout.n_rows * layout.row_mm
    column_mm = (wide_mm - 2 * (_MARGIN_MM + _GAP_MM) - _MEASURED_MM) / 2
    texts = (head.statements, (head.set_text, *head.rest))
    for points in _SIZES:
        size_mm = points * 25.4 / 72
        fits = int(column_mm / (_WIDE * size_mm))
        lines = max(sum(-(-len(text) // fits) for text in texts_of) for texts_of in texts)
        if max(lines, len(head.measured) + 2) * _HIGH * size_mm <= room_mm:
            return points
    return _SIZES[-1]


def _explain(found: Interpretation) -> str:
    """Return the command that shows evidence for the diagnoses; empty where the file is not known."""
    answer, source = found.diagnosis_answer, found.record.source
    if answer is None or source is None:
        return ""
    return f"einthoven explain {answer.card.name} {shlex.quote(str(source))} --out evidence.html"
