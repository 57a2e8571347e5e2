"""Show interpretations as one HTML page that works offline."""

from collections.abc import Mapping, Sequence
from importlib import resources
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
from einthoven.records.identity import Identity, MachineReading
from einthoven.report import paper, strips
from einthoven.report.holter import holter
from einthoven.report.times import clock
from einthoven.signal import leads

_SHORT_S = 60.0
_MEASURED = ("heart rate", "PR", "QRS", "QT", "QTc Fridericia", "QTc Bazett", "P axis", "QRS axis", "T axis")
_MACHINE = {
    "heart rate": "heart_rate_bpm",
    "PR": "pr_ms",
    "QRS": "qrs_ms",
    "QT": "qt_ms",
    "QTc Bazett": "qtc_ms",
    "P axis": "p_axis_deg",
    "QRS axis": "qrs_axis_deg",
    "T axis": "t_axis_deg",
}


def render(found: Sequence[Interpretation], failed: Mapping[Path, EinthovenError]) -> str:
    """Return the page of one or several interpretations.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
    """
    n_long = sum(one.record.duration_s > _SHORT_S for one in found)
    pages = Environment(loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.filters["clock"] = clock
    return pages.get_template("interpretation.html").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        grid=Markup(paper.grid_pattern()),
        sections=[_section(one, number, n_long) for number, one in enumerate(found, start=1)],
        script=_script() if n_long else "",
        is_long=n_long == len(found),
        failed={str(file): f"{error.summary} {error.found}" for file, error in failed.items()},
        strip_s=strips.STRIP_S,
    )


def _script() -> Markup:
    """Return the program of the viewers; no text in it ends a script element."""
    return Markup(resources.files("einthoven.report").joinpath("templates", "viewer.js").read_text(encoding="utf-8"))


def _section(found: Interpretation, number: int, n_long: int) -> dict[str, Any]:
    record = found.record
    return {
        "found": found,
        "record": record,
        "identity": _identity(record.identity),
        "length": clock(record.duration_s),
        "measured": _measured(found),
        "machine": record.machine.statements,
        "drawing": Markup(_short(found)) if record.duration_s <= _SHORT_S else None,
        "holter": holter(found, number, n_long) if record.duration_s > _SHORT_S else None,
        "diagnoses": sorted(found.to_dict()["diagnoses"] or [], key=lambda row: -row["probability"])[:8],
        "stretches": [row for row in found.quality.stretches if row.verdict != "good"],
        "asked": [(QUESTIONS[one.question], one) for one in found.asked],
    }


def _identity(identity: Identity) -> list[tuple[str, str]]:
    age = "" if identity.age_years is None else f"{identity.age_years:g}"
    rows = {
        "name": identity.name,
        "identifier": identity.patient_id,
        "born": identity.birth_date,
        "age": age,
        "sex": identity.sex,
        "recorded": identity.recorded_at,
        "device": identity.device,
    }
    return [(name, text) for name, text in rows.items() if text]


def _measured(found: Interpretation) -> list[tuple[str, str, str, str]]:
    """Return rows of a measurement, its value, its quartiles and number, and what the device says."""
    if found.delineation is None:
        return []
    machine: MachineReading = found.record.machine
    rows = []
    for name in _MEASURED:
        one = found.delineation.intervals[name]
        theirs = machine.measurements.get(_MACHINE.get(name, ""))
        said = "" if theirs is None else f"{theirs:.0f} {one.unit}"
        if one.value is None:
            rows.append((name, "–", one.reason, said))
        else:
            spread = "" if one.low is None else f"{one.low:.0f} to {one.high:.0f}, "
            rows.append((name, f"{one.value:.0f} {one.unit}", f"{spread}n = {one.n}", said))
    return rows


def _short(found: Interpretation) -> str:
    record = found.record
    title = f"{record.name}, {', '.join(record.leads)}"
    if set(record.leads) >= set(leads.STANDARD):
        standard_mv, _ = leads.select(record.signal_mv, record.leads, leads.STANDARD)
        return strips.twelve(standard_mv, record.fs_hz, 0.0, title)
    beats_s = np.zeros(0) if found.delineation is None else found.delineation.beats / record.fs_hz
    return strips.rows(record.signal_mv[0], record.fs_hz, record.leads[0], (0.0, record.duration_s), beats_s, title)
