"""Show the comparison of two models: a table, its title, and what it says in words."""

import json
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report.tables import cells

_NAMES = {"macro_f1": "macro-F1", "challenge_score": "challenge score", "micro_f1": "micro-F1"}
_NAMES |= {"macro_auroc": "macro AUROC", "macro_auprc": "macro AUPRC"}
_LIMIT = 0.05


def title(found: dict[str, Any]) -> str:
    """Return one line: who is compared, on what, how often, and whether patients leak."""
    leak = "  LEAKS PATIENTS" if found["leaks_patients"] else ""
    drawn = found["interval"]
    return (
        f"{found['first']} and {found['second']} on {found['corpus']} {found['corpus_version']}, "
        f"protocol {found['protocol']}{leak}: {found['n_test']:,} {found['rows']} of {found['n_patients']:,} patients; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} paired draws"
    )


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Lay out both models' figures and their difference.

    Parameters
    ----------
    found : dict
        As :func:`einthoven.evaluation.paired.compare_answered` gives it.

    Returns
    -------
    list of str
        Heads of the columns.
    list of list of str
        A row for each metric.
    """
    names = [found["first"], found["second"]]
    if names[0] == names[1]:
        names = [f"{names[0]} (first)", f"{names[1]} (second)"]
    rows = []
    for metric, row in found["metrics"].items():
        figures = [" (".join(cells(row[which])) + ")" for which in ("first", "second")]
        rows.append([_NAMES[metric], *figures, _difference(row["difference"]), f"{row['p']:.3f}"])
    return ["metric", *names, "difference", "p"], rows


def in_words(found: dict[str, Any]) -> list[str]:
    """Return a sentence for each metric: which model is better, and whether the test can tell them apart.

    Parameters
    ----------
    found : dict
        As :func:`einthoven.evaluation.paired.compare_answered` gives it.

    Returns
    -------
    list of str
        The sentences, and what must be known of the test.
    """
    told = []
    for metric, row in found["metrics"].items():
        value, name = row["difference"]["value"], _NAMES[metric]
        if value is None:
            told.append(f"The {name} of a model is undefined on this test part.")
        elif row["p"] >= _LIMIT:
            told.append(f"The test does not tell the {name} of the two models apart (p {row['p']:.3f}).")
        else:
            better, other = ("first", "second") if value > 0 else ("second", "first")
            told.append(
                f"{found[better]} has a better {name} than {found[other]}, by {abs(value):.3f} (p {row['p']:.3f})."
            )
    return [*told, *([found["remark"]] if found["remark"] else [])]


def write(found: dict[str, Any], folder: Path) -> None:
    """Write comparison.json and table.md.

    Parameters
    ----------
    found : dict
        As :func:`einthoven.evaluation.paired.compare_answered` gives it.
    folder : Path
        Where they are written.
    """
    columns, rows = table(found)
    body = ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows)]
    lines = [f"# {title(found)}", "", *body, "", *[f"{line}\n" for line in in_words(found)]]
    for name, content in (("comparison.json", json.dumps(found, indent=1) + "\n"), ("table.md", "\n".join(lines))):
        with written_aside(folder / name) as aside:
            aside.write_text(content, encoding="utf-8")


def _difference(found: dict[str, float | None]) -> str:
    if found["value"] is None:
        return "–"
    low, high = (f"{found[name]:+.3f}" if found[name] is not None else "–" for name in ("low", "high"))
    return f"{found['value']:+.3f} ({low} to {high})"
