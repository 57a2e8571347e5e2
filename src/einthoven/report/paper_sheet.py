"""Draw an interpretation on one landscape page whose unit is the millimetre: 25 mm/s, 10 mm/mV, true on paper."""

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from einthoven import __version__
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.interpretation import Interpretation
from einthoven.report.paper import LEFT_MM, MM_PER_MV, MM_PER_S
from einthoven.report.paper_head import Head, head_of
from einthoven.report.paper_plan import Plan, plan_of
from einthoven.report.paper_text import MM_PER_POINT, Line, broken, column, line_mm, set_line, width_mm
from einthoven.report.paper_trend import HEIGHT_MM, draw_trend, has_trend
from einthoven.report.sheet import PAPERS, Sheet
from einthoven.report.twelve import PAGE_S, TALLEST_MV

_TOP_MM, _BOTTOM_MM, _GAP_MM = 8.0, 7.0, 4.0
_INK, _SOFT, _ALARM = "#111111", "#4a5568", "#7f1d1d"
_LARGE, _FINE = 12.0, 6.5
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
_THICK_MM, _THIN_MM, _TRACE_MM = 0.2, 0.08, 0.28
_COLUMNS_MM = (68.0, 92.0, 92.0)


def draw(found: Interpretation, sheet: Sheet, kind: type[Figure] = Figure) -> Figure:
    """Draw the page of a recording: its trace, or the trend and strips of one that is longer than a minute.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    sheet : Sheet
        Paper and layout.
    kind : type
        Figure, or a kind of it.

    Returns
    -------
    matplotlib.figure.Figure
        As large as the paper: printed without scaling, 25 mm are a second and 10 mm a millivolt.
    """
    wide_mm, high_mm = PAPERS[sheet.paper]
    plan, head = plan_of(found, sheet.layout), head_of(found)
    figure = kind(figsize=(wide_mm / 25.4, high_mm / 25.4))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, wide_mm), ylim=(high_mm, 0))
    axes.set_axis_off()
    left_mm = (wide_mm - LEFT_MM - PAGE_S * MM_PER_S) / 2
    foot_mm = high_mm - _BOTTOM_MM
    paper_top_mm = foot_mm - 2 * line_mm(_FINE) - plan.height_mm
    below_mm = _title(axes, head, left_mm, wide_mm)
    if plan.is_summary and has_trend(found):
        trend_mm = paper_top_mm - _GAP_MM - HEIGHT_MM
        draw_trend(axes, found, left_mm, trend_mm, LEFT_MM + PAGE_S * MM_PER_S)
        _block(axes, head, left_mm, below_mm, trend_mm - _GAP_MM)
    else:
        _block(axes, head, left_mm, below_mm, paper_top_mm - _GAP_MM)
    _paper(axes, plan, left_mm, paper_top_mm)
    _foot(axes, found, plan, left_mm, foot_mm)
    return figure


def _title(axes: Axes, head: Head, left_mm: float, wide_mm: float) -> float:
    """Draw whose recording it is, and return where the line below it ends, mm."""
    room_mm = wide_mm - 2 * left_mm
    title = broken(head.title, _LARGE, room_mm, is_bold=True)
    y = _TOP_MM + _LARGE * MM_PER_POINT
    set_line(axes, (left_mm, y), Line(title[0] + " …" * (len(title) > 1), is_bold=True), _LARGE)
    told = "    ".join(f"{name} {text}" for name, text in head.identity if text != head.title)
    for text in broken(told, 8.0, room_mm)[:2] if told else ():
        y += line_mm(8.0)
        set_line(axes, (left_mm, y), Line(text, colour=_INK), 8.0)
    axes.plot((left_mm, wide_mm - left_mm), (y + 1.8, y + 1.8), color=_INK, linewidth=0.2 / MM_PER_POINT)
    return y + 2.0


def _block(axes: Axes, head: Head, left_mm: float, top_mm: float, bottom_mm: float) -> None:
    """Draw measurements, statements and what was declined side by side, in the largest size that fits."""
    parts = (_measured(head), _statements(head), _rest(head))
    gap_mm = (LEFT_MM + PAGE_S * MM_PER_S - sum(_COLUMNS_MM)) / (len(parts) - 1)
    for points in _SIZES:
        columns = [column(part, points, wide) for part, wide in zip(parts, _COLUMNS_MM, strict=True)]
        n_lines = int((bottom_mm - top_mm) // line_mm(points))
        if max(map(len, columns)) <= n_lines:
            break
    x = left_mm
    for lines, wide_mm in zip(columns, _COLUMNS_MM, strict=True):
        for at, line in enumerate(_cut(lines, n_lines)):
            set_line(axes, (x, top_mm + (at + 1) * line_mm(points)), line, points, wide_mm)
        x += wide_mm + gap_mm


def _cut(lines: list[Line], n_lines: int) -> list[Line]:
    """Return the lines that fit; the last one says that there are more."""
    if len(lines) <= n_lines:
        return lines
    more = Line(f"… {len(lines) - n_lines + 1} more lines: --out report.html or .json has them.", is_bold=True)
    return [*lines[: n_lines - 1], more]


def _measured(head: Head) -> list[Line]:
    has_device = any(row.device for row in head.measured)
    lines = [Line("Measurements", is_bold=True, right="device" if has_device else "")] if head.measured else []
    for row in head.measured:
        lines.append(Line(f"{row.name}  {row.value}  ({row.detail})" if row.detail else f"{row.name}  {row.value}"))
        if has_device:
            lines[-1] = Line(lines[-1].text, right=row.device or "–")
    return lines


def _statements(head: Head) -> list[Line]:
    if not head.statements:
        return []
    first, *others = head.statements
    return [Line(first, is_bold=True), *(Line(text) for text in others)]


def _rest(head: Head) -> list[Line]:
    lines = []
    if head.probable:
        lines.append(Line("Twelve-lead model", is_bold=True, right="calibrated probability"))
        lines += [Line(name, is_predicted, right=chance) for name, chance, is_predicted in head.probable]
    if head.set_text:
        lines.append(Line(head.set_text, colour=_SOFT))
    return lines + [Line(text, colour=_INK) for text in head.rest]


def _paper(axes: Axes, plan: Plan, left_mm: float, top_mm: float) -> None:
    """Draw the grid, the calibration pulses and the traces."""
    wide_mm, high_mm = LEFT_MM + PAGE_S * MM_PER_S, plan.height_mm
    _lines(axes, np.arange(0, wide_mm + 0.01), np.arange(0, high_mm + 0.01), (left_mm, top_mm, wide_mm, high_mm))
    for row in range(plan.n_rows):
        zero = top_mm + plan.zero_mm(row)
        xs = left_mm + np.array([0.5, 1.5, 1.5, 4.5, 4.5, 5.5])
        ys = zero - MM_PER_MV * np.array([0, 0, 1, 1, 0, 0])
        axes.plot(xs, ys, color=_INK, linewidth=0.25 / MM_PER_POINT, solid_joinstyle="miter", gid=f"pulse{row}")
    for trace in plan.traces:
        zero = top_mm + plan.zero_mm(trace.row)
        x = left_mm + LEFT_MM + trace.at_s * MM_PER_S
        there = np.isfinite(trace.samples_mv)
        if there.any():
            moved_mv = trace.samples_mv - np.median(trace.samples_mv[there])
            bounds_mv = (
                max(-TALLEST_MV, (zero - top_mm - high_mm) / MM_PER_MV),
                min(TALLEST_MV, (zero - top_mm) / MM_PER_MV),
            )
            at_mm = x + np.arange(len(moved_mv)) / plan.fs_hz * MM_PER_S
            up_mm = zero - np.clip(moved_mv, *bounds_mv) * MM_PER_MV
            axes.plot(at_mm, up_mm, color=_INK, linewidth=_TRACE_MM / MM_PER_POINT, solid_joinstyle="round")
            is_cut = bool((moved_mv[there] < bounds_mv[0]).any() or (moved_mv[there] > bounds_mv[1]).any())
        else:
            is_cut = False
        if trace.at_s:
            axes.plot((x, x), (zero - 3, zero + 3), color=_INK, linewidth=0.25 / MM_PER_POINT)
        name = f"{trace.name} (cut off)" if is_cut else trace.name
        high = zero - min(0.36 * plan.row_mm, 7.0)
        line = Line(name, is_bold=True, colour=_ALARM if is_cut else _INK)
        if plan.is_summary:  # its words are long: they stand above the trace, in one line
            line = replace(line, text=broken(name, 7.0, wide_mm - LEFT_MM)[0])
            set_line(axes, (x + 0.8, top_mm + plan.zero_mm(trace.row) - 0.7 * plan.row_mm), line, 7.0)
        else:
            set_line(axes, (x + 0.8, high), line, 8.0)


def _lines(axes: Axes, xs: NDArray[Any], ys: NDArray[Any], place_mm: tuple[float, float, float, float]) -> None:
    """Draw the millimetre grid, each fifth line darker."""
    left, top, wide, high = place_mm
    for is_thick, colour, thick_mm in ((False, "#f3cfc6", _THIN_MM), (True, "#dd9484", _THICK_MM)):
        upright = [((left + x, top), (left + x, top + high)) for x in xs if (round(x) % 5 == 0) == is_thick]
        level = [((left, top + y), (left + wide, top + y)) for y in ys if (round(y) % 5 == 0) == is_thick]
        axes.add_collection(LineCollection(upright + level, colors=colour, linewidths=thick_mm / MM_PER_POINT))


def _foot(axes: Axes, found: Interpretation, plan: Plan, left_mm: float, bottom_mm: float) -> None:
    record = found.record
    room_mm = LEFT_MM + PAGE_S * MM_PER_S
    models = ", ".join(dict.fromkeys(one.model for one in found.asked if one.is_answered))
    scale = f"25 mm/s   10 mm/mV   as recorded, no filter   {record.fs_hz:g} Hz   {plan.shown}"
    maker = f"einthoven {__version__}{f': {models}' if models else ''}"
    set_line(axes, (left_mm, bottom_mm - line_mm(_FINE)), Line(scale, right=""), _FINE)
    set_line(axes, (left_mm, bottom_mm), Line(DISCLAIMER, is_bold=True), _FINE)
    beside_mm = room_mm - width_mm(DISCLAIMER, _FINE, is_bold=True) - 4
    set_line(
        axes, (left_mm, bottom_mm), Line("", right=broken(maker, _FINE, beside_mm)[0], colour=_SOFT), _FINE, room_mm
    )
