"""Show interpretations as one HTML page that works offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from einthoven import __version__
from einthoven.errors import EinthovenError
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.interpreter import follows
from einthoven.report import paper, strips, twelve_section
from einthoven.report.colours import colour_of
from einthoven.report.paper_plan import SHORT_S
from einthoven.report.sheet import Sheet
from einthoven.report.times import clock
from einthoven.report.trend import rate_trend

_PAGE_SIZES = {"a4": "A4", "letter": "letter"}
_MOST_STRIPS = 12


def render(found: Sequence[Interpretation], failed: Mapping[Path, EinthovenError], sheet: Sheet) -> str:
    """Return the page of one or several interpretations.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    sheet : Sheet
        Paper and layout of pages that are printed.

    Returns
    -------
    str
    """
    pages = Environment(loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("interpretation.html").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        grid=Markup(paper.grid_pattern()),
        page_size=_PAGE_SIZES[sheet.paper],
        sections=[_section(one, sheet) for one in found],
        failed={str(file): f"{error.summary} {error.found}" for file, error in failed.items()},
        strip_s=strips.STRIP_S,
    )


def _section(found: Interpretation, sheet: Sheet) -> dict[str, Any]:
    record = found.record
    is_short = record.duration_s <= SHORT_S
    return {
        "found": found,
        "record": record,
        "length": clock(record.duration_s),
        "trend": None if is_short else _trend(found),
        "strips": [] if is_short else _strips(found),
        "episodes": [] if found.rhythm is None else [_episode(found, one) for one in found.rhythm.episodes],
        "diagnoses": sorted(found.to_dict()["diagnoses"] or [], key=lambda row: -row["probability"])[:8],
        "stretches": [row for row in found.quality.stretches if row.verdict != "good"],
        "asked": [(QUESTIONS[one.question], one) for one in found.asked],
        **twelve_section.parts(found, sheet, is_short),
    }


def _trend(found: Interpretation) -> Markup | None:
    at = found.beats
    if len(at) < 2:
        return None
    times_s = at / found.record.fs_hz
    episodes = () if found.rhythm is None else found.rhythm.episodes
    return Markup(rate_trend(times_s, follows(at, found.quality), found.record.duration_s, episodes))


def _strips(found: Interpretation) -> list[tuple[str, Markup]]:
    """Return strips that differ: one of each rhythm, run, pattern and pause, and of the lowest and the highest rate."""
    wanted: dict[str, float] = {}
    if found.rhythm is not None:
        for name in found.rhythm.rhythms:
            longest = max(found.rhythm.of(name), key=lambda one: one.length_s)
            wanted[f"rhythm {name}, the longest stretch"] = longest.start_s + 1.0
    ectopy = found.ectopy
    if ectopy is not None:
        for beat in ("V", "S"):
            runs = [run for run in ectopy.runs if run.beat == beat]
            if runs:
                run = max(runs, key=lambda one: one.n)
                wanted[f"longest run of {beat}: {run.n} beats, {run.rate_bpm:.0f}/min"] = run.start_s - 1.5
        for pattern in ectopy.patterns:
            wanted.setdefault(f"{pattern.kind} of {pattern.beat}", pattern.start_s - 1.0)
        if ectopy.pauses:
            pause = max(ectopy.pauses, key=lambda one: one.length_s)
            wanted[f"longest pause: {pause.length_s:.1f} s"] = pause.start_s - 1.5
    last_s = max(0.0, found.record.duration_s - strips.STRIP_S)
    return [
        (f"{caption} (from {clock(at)})", _strip(found, min(max(0.0, at), last_s)))
        for caption, at in list(wanted.items())[:_MOST_STRIPS]
    ]


def _strip(found: Interpretation, start_s: float) -> Markup:
    record, answer = found.record, found.beat_answer
    marks: list[paper.Mark] = []
    if answer is not None:
        near = (answer.times_s >= start_s) & (answer.times_s <= start_s + strips.STRIP_S) & answer.is_answered
        for at in np.flatnonzero(near).tolist():
            name = answer.classes[answer.most_probable[at]]
            colour = colour_of(name, int(answer.most_probable[at]))
            marks.append(paper.Mark(float(answer.times_s[at]), name, colour, name != "N"))
    shown_mv, names = record.signal_mv[:3], record.leads[:3]
    title = f"{record.name} from {clock(start_s)}"
    return Markup(strips.strip(shown_mv, record.fs_hz, names, start_s, marks, title))


def _episode(found: Interpretation, episode: Any) -> dict[str, Any]:
    assert found.rhythm_answer is not None
    names = dict(zip(found.rhythm_answer.classes, found.rhythm_answer.card.meanings, strict=True))
    return {
        "name": names[episode.rhythm],
        "code": episode.rhythm,
        "start": clock(episode.start_s),
        "end": clock(episode.end_s),
        "length": clock(episode.length_s),
        "probability": f"{episode.probability:.2f}",
    }
