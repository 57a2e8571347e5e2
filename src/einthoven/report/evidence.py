"""Draw the evidence for each predicted class of a record on ECG paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from einthoven.inference.answer import RecordAnswer
from einthoven.inference.evidence import Contribution, Evidence
from einthoven.inference.informative import remark
from einthoven.report import strips
from einthoven.report.times import clock
from einthoven.signal import leads

_LEAST_FALL = 0.01


def method(row: Evidence) -> str:
    """Return how importance was measured: ``rhythm``, ``signal``, ``beat``, or ``both`` of the last two.

    Parameters
    ----------
    row : Evidence
        The evidence for one class.
    """
    if row.parts:
        return "rhythm"
    if row.beat is None:
        return "signal"
    return "beat" if row.trace is None else "both"


def drawings(answer: RecordAnswer) -> list[dict[str, Any]]:
    """Return for each piece of evidence its drawing, the words for where it lies, and the fall without each input.

    Parameters
    ----------
    answer : RecordAnswer
        The answer that has the evidence.
    """
    shown_mv, names = leads.select(answer.record.signal_mv, answer.record.leads, answer.leads)
    drawn = {"rhythm": _over_rows, "signal": _over_window, "beat": _over_beat, "both": _over_both}
    told = []
    for row in answer.evidence:
        title = f"{answer.classes[row.label]} {clock(row.start_s)}"
        lead = int(np.argmax(row.falls))
        place, picture = drawn[method(row)](answer, row, names[lead], shown_mv[lead], title)
        told.append(
            {
                "place": place,
                "drawing": Markup(picture),
                "falls": row.without(names),
                "sentence": sentence(row, names),
                "remark": remark(row.map)
                or ("" if row.trace is None else remark(row.trace)).replace("The map", "The map over the signal", 1),
                "measurements": row.measurements,
            }
        )
    return told


def sentence(row: Evidence, names: Sequence[str]) -> str:
    """Return what the input contributes without which the probability falls most, in words and with its unit.

    Parameters
    ----------
    row : Evidence
        The evidence for one class.
    names : sequence of str
        Names of the leads used.

    Returns
    -------
    str
    """
    name, fall = row.without(names)[0]
    if fall < _LEAST_FALL:
        kind = "input" if row.parts else "lead"
        return (
            f"No single {kind} decides: without any one of them the probability falls by less than 1 percentage point."
        )
    given = f"the {name}" if row.parts else f"lead {name}"
    return Contribution(given, row.probability, row.probability - fall).sentence


def _over_rows(
    answer: RecordAnswer, row: Evidence, name: str, lead_mv: NDArray[np.floating], title: str
) -> tuple[str, str]:
    record, fs_hz = answer.record, answer.card.preparation.fs_hz
    where = (row.start_s, min(record.duration_s, row.start_s + len(row.map) / fs_hz))
    beats_s = answer.beats / record.fs_hz
    picture = strips.rows(lead_mv, record.fs_hz, name, where, beats_s, title, (row.map, fs_hz))
    return f"lead {name} from {clock(row.start_s)}", picture


def _over_window(
    answer: RecordAnswer, row: Evidence, name: str, lead_mv: NDArray[np.floating], title: str
) -> tuple[str, str]:
    shade = row.map if row.trace is None else row.trace
    fs_hz = answer.card.preparation.fs_hz
    picture = strips.shaded(lead_mv, answer.record.fs_hz, name, shade, fs_hz, row.start_s, title)
    return f"lead {name} from {clock(row.start_s)}", picture


def _over_beat(
    answer: RecordAnswer, row: Evidence, name: str, lead_mv: NDArray[np.floating], title: str
) -> tuple[str, str]:
    assert row.beat is not None
    picture = strips.beats(row.beat, answer.card.preparation.fs_hz, answer.leads, row.map, title)
    return f"typical beat of the window from {clock(row.start_s)}", picture


def _over_both(
    answer: RecordAnswer, row: Evidence, name: str, lead_mv: NDArray[np.floating], title: str
) -> tuple[str, str]:
    place, beat = _over_beat(answer, row, name, lead_mv, title)
    other, window = _over_window(answer, row, name, lead_mv, f"{title}, the signal")
    return f"{place}, and {other}", beat + window
