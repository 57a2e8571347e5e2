"""Show the study of delineators as a table, beside what papers report."""

from typing import Any

from einthoven.report.tables import cells

COLUMNS = ("model", "leads", "tested on", "P F1", "QRS F1", "T F1", "SD P, QRS, T, ms", "false P a beat", "weights")
PUBLISHED = (
    ("Kalyakulina 2019, rules", "LUDB", "97.42", "99.74", "98.43", "10.2 11.4, 7.7 8.8, – 15.5"),
    ("Sereda 2018, eight nets", "LUDB", "88.5", "98.8", "96.3", "21.9 28.6, 12.4 14.1, 28.2 28.2"),
    ("Moskalenko 2020, U-Net", "LUDB", "96.45", "99.90", "99.18", "14.1 15.7, 9.8 9.8, 20.9 22.9"),
    ("Joung 2023, U-Net, more data", "LUDB", "97.26", "99.63", "99.63", "14.1 9.9, 10.5 10.7, 25.2 24.4"),
)
"""As one table reprints them, mean of onset and offset; their protocols differ."""
PAPER = {"P": ("90.12", "98.73"), "QRS": ("99.14", "99.94"), "T": ("98.25", "99.88")}
"""Precision and recall that ECG-DelNet's authors report on the QT Database (arXiv 2005.05236), in percent."""


def table(scores: dict[str, Any], protocol: str, quick: bool) -> dict[str, Any]:
    """Return title, columns, rows and remarks.

    Parameters
    ----------
    scores : dict
        Results of the steps that score, by their names.
    protocol : str
        ``clean`` or ``paper``.
    quick : bool
        Whether this is a smoke run.
    """
    remarks = ["SMOKE RUN: its numbers mean nothing."] if quick else []
    if protocol == "paper":
        return _paper(scores, remarks)
    rows = [
        [name.removesuffix("-qtdb"), how, _tested(name), *_figures(found), f"{sizes:,}" if sizes else ""]
        for name, kinds in scores.items()
        for sizes in [kinds.get("n_parameters")]
        for how, found in kinds.items()
        if isinstance(found, dict)
    ]
    rows += [[name, "one lead", f"{where} (published)", *figures, "", ""] for name, where, *figures in PUBLISHED]
    remarks += [
        "F1 in percent at a tolerance of 150 ms, mean of onset and offset, with 95 % intervals over records; SD of ours minus "
        "theirs at onset and offset. Five folds of LUDB by person, rhythms in proportion; each net is tested on the fold that it "
        "did not see. QT Database: net of all of LUDB, first annotator (q1c), both leads joined; it trained nothing.",
        "Published rows are reprinted from one table; their protocols differ, some were tuned on LUDB itself.",
    ]
    return {
        "title": "Delineation of P, QRS and T",
        "columns": list(COLUMNS),
        "shown": list(COLUMNS[:7]),
        "rows": rows,
        "remarks": remarks,
    }


def _tested(name: str) -> str:
    return "QT Database" if name.endswith("-qtdb") else "LUDB, five folds"


def _figures(found: dict[str, Any]) -> list[str]:
    percent = []
    for wave in ("p", "qrs", "t"):
        value, low, high = (found[f"{wave}_f1"][name] for name in ("value", "low", "high"))
        percent.append("–" if value is None else f"{100 * value:.2f} ({_percent(low)} to {_percent(high)})")
    pairs = [
        " ".join(cells(found["boundaries"][f"{wave} {end}"]["sd_ms"], 1)[0] for end in ("onset", "offset"))
        for wave in ("P", "QRS", "T")
    ]
    false_p = found["false_p"]["per_beat_in_rhythms_without_p"]
    beside = found["false_p"]["share_of_beats_without_p_mark"]
    shown = cells(false_p)[0] if false_p["n_beats"] else f"{cells(beside)[0]} of beats without P mark"
    return [*percent, ", ".join(pairs), shown]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _paper(scores: dict[str, Any], remarks: list[str]) -> dict[str, Any]:
    rows = []
    for name, found in scores.items():
        for wave, (hit, missed, extra) in found["touching"].items():
            ours = [f"{100 * hit / max(1, hit + other):.2f}" for other in (extra, missed)]
            rows.append([name, wave, str(hit + missed), *ours, *PAPER[wave]])
    columns = ["model", "wave", "marked", "precision, %", "recall, %", "paper: precision, %", "paper: recall, %"]
    remarks.append(
        "A wave is found if the intervals touch, in the better of the two leads; five folds of the QT Database by record. This "
        "flatters: no distance is asked for. The paper's best of 203 configurations, chosen on the same folds, stands beside."
    )
    title = "ECG-DelNet by its own protocol"
    return {"title": title, "columns": columns, "shown": columns, "rows": rows, "remarks": remarks}


def markdown(found: dict[str, Any]) -> str:
    """Return the study as a page of Markdown.

    Parameters
    ----------
    found : dict
        What results.json holds.
    """
    lines = [f"# {found['title']}", "", *(f"{line}\n" for line in found["remarks"])]
    rows = [found["columns"], ["---"] * len(found["columns"]), *found["rows"]]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""])
