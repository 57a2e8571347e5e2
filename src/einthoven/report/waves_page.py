"""Show delineations as one HTML page that works offline: boundaries on the trace, coloured by wave, and the intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from einthoven import __version__
from einthoven.inference.answer import DISCLAIMER
from einthoven.inference.delineator import Delineation
from einthoven.inference.reading import remarks_on
from einthoven.report import paper
from einthoven.report.page import shown_result
from einthoven.report.paper import LEFT_MM, MM_PER_MV, MM_PER_S
from einthoven.report.times import clock
from einthoven.signal.boundaries import WAVES, Waves
from einthoven.signal.quality import Quality

COLOURS = ("#2563a8", "#c2410c", "#15803d")
"""Colour of P, QRS and T."""
_STRIP_S = 10.0
_MOST_STRIPS = 6
_GAP_MM = 1.0


def render(found: Sequence[Delineation]) -> str:
    """Return the page of one or several records.

    Parameters
    ----------
    found : sequence of Delineation
        One for each record.
    """
    pages = Environment(loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("waves.html").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        grid=Markup(paper.grid_pattern()),
        card=found[0].card,
        results=[shown_result(row) for row in found[0].card.results],
        colours=list(zip(WAVES, COLOURS, strict=True)),
        sections=[_section(one) for one in found],
    )


def _section(one: Delineation) -> dict[str, Any]:
    length_s = one.record.duration_s
    starts = np.arange(0.0, max(length_s - 1.0, 0.1), _STRIP_S)
    quality = remarks_on(one.quality)
    return {
        "record": one.record,
        "length": clock(length_s),
        "counts": [(name, len(one.all_leads.of(kind))) for kind, name in enumerate(WAVES)],
        "measurements": [(row.name, row.text, row.n) for row in one.intervals.measurements],
        "by_lead": [(lead, list(rows.values())) for lead, rows in one.intervals.by_lead.items()],
        "strips": [(clock(start), Markup(_strip(one, float(start)))) for start in starts[:_MOST_STRIPS]],
        "not_drawn": clock(float(starts[_MOST_STRIPS])) if len(starts) > _MOST_STRIPS else "",
        "quality": quality,
        "remarks": [remark for remark in one.remarks if remark not in quality],
    }


def _strip(one: Delineation, start_s: float) -> str:
    """Draw ten seconds of every lead, with its waves as coloured spans of the trace and lines at its boundaries."""
    record = one.record
    end_s = min(start_s + _STRIP_S, record.duration_s)
    width, top, drawn = LEFT_MM + (end_s - start_s) * MM_PER_S, 0.0, []
    for name, lead_mv in zip(record.leads, record.signal_mv, strict=True):
        cut = lead_mv[round(start_s * record.fs_hz) : round(end_s * record.fs_hz)]
        bounds = paper.band_mv(cut)
        below = top + float(np.ceil((bounds[1] - bounds[0]) * MM_PER_MV / 5) * 5)
        zero = top + bounds[1] * MM_PER_MV
        drawn += [paper.pulse(zero), paper.trace(cut, record.fs_hz, zero, bounds)]
        waves = one.by_lead.get(name)
        if waves is None:
            drawn.append(paper.text("cut", f"{name} is unreadable: no waves are given", width - 1, below - 1.2))
        else:
            drawn += _spans(waves, cut, record.fs_hz, (start_s, end_s), (top, below, zero), bounds)
            if not _is_readable(one.quality, name, start_s, end_s):
                drawn.append(paper.text("cut", f"{name} is unreadable in part", width - 1, below - 1.2))
        drawn.append(paper.text("lead", name, 0.6, below - 1.2))
        top = below
    return paper.svg(f"{record.name} from {clock(start_s)}", width, top, "".join(drawn))


def _is_readable(quality: Quality, lead: str, start_s: float, end_s: float) -> bool:
    rows = [row for row in quality.stretches if row.lead == lead and row.end_s > start_s and row.start_s < end_s]
    return all(row.is_readable for row in rows)


def _spans(
    waves: Waves,
    cut: Any,
    fs_hz: float,
    between_s: tuple[float, float],
    place_mm: tuple[float, float, float],
    bounds_mv: tuple[float, float],
) -> list[str]:
    start_s, end_s = between_s
    top, below, zero = place_mm
    drawn = []
    for at in np.flatnonzero((waves.onset_s >= start_s) & (waves.offset_s < end_s)):
        colour = COLOURS[int(waves.kind[at])]
        span = float(waves.onset_s[at] - start_s), float(waves.offset_s[at] - start_s)
        drawn.append(paper.trace(cut, fs_hz, zero, bounds_mv, span, colour))
        ends = "".join(f"M{LEFT_MM + x * MM_PER_S:.2f} {top + _GAP_MM:g}V{below - _GAP_MM:g}" for x in span)
        drawn.append(f'<path class="bound" stroke="{colour}" d="{ends}"/>')
    return drawn
