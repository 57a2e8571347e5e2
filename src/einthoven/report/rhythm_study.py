"""Show the study of rhythms as a table, and as the page that docs/results holds."""

from typing import Any

COLUMNS = (
    "tested on",
    "people",
    "windows",
    "fibrillation: sensitivity",
    "specificity",
    "flutter found",
    "sinus: sensitivity",
)
_HALF_MINUTES = "left-out records of MIT-BIH, half minutes, {lead}"


def table(folds: dict[str, Any], scores: dict[str, Any], former: dict[str, Any], quick: bool) -> dict[str, Any]:
    """Return title, columns, rows and remarks.

    Parameters
    ----------
    folds : dict
        Scores of the folds by database and length of the windows.
    scores : dict
        Scores of the tests.
    former : dict
        Scores of the same long records by the model of the Challenge 2017.
    quick : bool
        Whether this is a smoke run.
    """
    rows = []
    tested = [(lead, found) for lead, found in scores["mitdb"].items() if isinstance(found, dict)]
    tested += [(f"{lead}, by challenge2017-rhythm", found) for lead, found in former.items() if isinstance(found, dict)]
    for lead, part in tested:
        binary = part["half_minutes"]
        shown = [_of(binary.get(name)) for name in ("sensitivity", "specificity")]
        n = f"{binary['windows'] + binary.get('others', 0):,}"
        rows.append([_HALF_MINUTES.format(lead=lead), f"{len(part['records'])} records", n, *shown, "", ""])
    rows += [
        _row(f"LUDB, not trained on, {name.split(', ')[1]}", found)
        for name, found in scores["ludb"].items()
        if _is_part(found)
    ]
    rows += [_row(f"{name}, five folds", found) for name, found in folds.items() if _is_part(found)]
    remarks = ["SMOKE RUN: its numbers mean nothing."] if quick else []
    remarks.append(
        "95 % intervals over people. Folds over people; the left-out records of MIT-BIH and LUDB trained nothing."
    )
    return {
        "title": "Rhythm of any lead",
        "columns": list(COLUMNS),
        "shown": [COLUMNS[at] for at in (0, 2, 3, 4, 5)],
        "rows": rows,
        "remarks": remarks,
    }


def _is_part(found: Any) -> bool:
    return isinstance(found, dict) and "fibrillation" in found


def _row(name: str, found: dict[str, Any]) -> list[str]:
    flutter = found["flutter"]
    return [
        name,
        f"{found['people']:,}",
        f"{found['windows']:,}",
        _of(found["fibrillation"].get("sensitivity")),
        _of(found["fibrillation"].get("specificity")),
        f"{flutter['found']} of {flutter['windows']}" if flutter["windows"] else "",
        _of(found["sinus"].get("sensitivity")),
    ]


def _of(found: dict[str, float | None] | None) -> str:
    """Return a share with its interval."""
    if found is None or found["value"] is None:
        return "–"
    text = f"{found['value']:.3f}"
    return text if found["low"] is None else f"{text} ({found['low']:.3f} to {found['high']:.3f})"


def page(found: dict[str, Any]) -> list[str]:
    """Return the lines of the page: tables of all scores.

    Parameters
    ----------
    found : dict
        What results.json holds.

    Returns
    -------
    list of str
        Markdown.
    """
    lines = _lines(found["columns"], found["rows"])
    parts = list(found["scores"]["mitdb"].items())
    parts += [(f"{lead}, by challenge2017-rhythm", part) for lead, part in found["former"].items()]
    for lead, part in parts:
        if not isinstance(part, dict):
            continue
        lines += ["", f"### Left-out records, {lead}", ""]
        lines += _lines(
            (
                "record",
                "lead",
                "fibrillation, % of the time: annotated",
                "found",
                "flutter, %: annotated",
                "found",
                "episodes found",
            ),
            [[row["record"].split("/")[1], row["lead"], *_shares(row), row["episodes"]] for row in part["records"]],
        )
        names = (
            "duration_sensitivity",
            "duration_positive_predictivity",
            "episode_sensitivity",
            "episode_positive_predictivity",
        )
        lines += ["", f"Episodes as ANSI/AAMI EC57 counts them, {lead}:", ""]
        lines += _lines(
            ("at least", "annotated", "found", *(name.replace("_", " ") for name in names)),
            [
                [least, one["annotated"], one["found"], *(_of(one[name]) for name in names)]
                for least, one in part["episodes"].items()
            ],
        )
    return lines


def _shares(row: dict[str, Any]) -> list[str]:
    return [f"{100 * one:.1f}" for one in (*row["burden"], *row["flutter"])]


def _lines(columns: Any, rows: Any) -> list[str]:
    return ["| " + " | ".join(map(str, row)) + " |" for row in (columns, ["---"] * len(columns), *rows)]
