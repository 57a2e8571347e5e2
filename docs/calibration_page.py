"""Write the tables of docs/results/calibration.md."""

from typing import Any

_FIGURES = {
    "calibration error": lambda row: row["ece"],
    "mean over people": lambda row: row["ece_by_patient"]["mean"],
    "largest of a person": lambda row: row["ece_by_patient"]["max"],
    "NLL": lambda row: row["nll"],
    "AURC": lambda row: row["aurc"],
    "error": lambda row: row["error_at"]["1.0"],
    "error at 80 % answered": lambda row: row["error_at"]["0.8"],
}


def page(results: dict[str, Any]) -> str:
    """Return the tables of docs/results/calibration.md."""
    rows: list[tuple[str, dict[str, Any]]] = []
    for name, found in results.items():
        parts = found if name == "DS2" else found.get("by_corpus", {"": found})
        leaks = (
            " (LEAKS PATIENTS)" if found.get("calibration", {}).get("fitted_on", {}).get("protocol") == "paper" else ""
        )
        rows += [
            (f"{part} on DS2" if name == "DS2" else f"{name} {part}".strip() + leaks, row)
            for part, row in parts.items()
        ]
    lines = [_line(["model and data", "", *_FIGURES]), _line(["---"] * (2 + len(_FIGURES)))]
    for label, row in rows:
        for when in ("before", "after"):
            lines.append(
                _line([label if when == "before" else "", when, *[_cell(of(row[when])) for of in _FIGURES.values()]])
            )
    lines += ["", _line(["model and data", "marked doubtful", "errors caught", "error of all", "error of the others"])]
    lines.append(_line(["---"] * 5))
    for label, row in rows:
        marks = (row.get("doubt") or {}).get("measured", row.get("doubt"))
        if marks:
            names = ("marked", "errors_caught", "error", "error_of_the_others")
            lines.append(_line([label, *[f"{marks[key]:.1%}" for key in names]]))
    for name, found in results.items():
        if found.get("conformal"):
            sets = found["conformal"]
            shares = [f"{key} {share:.3f}" for key, share in sets["by_class"].items() if share is not None]
            lines += [
                "",
                f"{name}, sets of {sets['coverage']:.0%}: {', '.join(shares)}; mean size {sets['mean_size']:.2f}.",
            ]
    return "\n".join(lines) + "\n"


def _cell(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "–"
    return f"{found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f})"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
