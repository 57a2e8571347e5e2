"""Show the comparison of two models: a title, a table, and sentences."""

import json
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report.tables import cells

_NAMES = {"macro_f1": "macro-F1", "challenge_score": "challenge score", "micro_f1": "micro-F1"}
_NAMES |= {"macro_auroc": "macro AUROC", "macro_auprc": "macro AUPRC"}
_LIMIT = 0.05


def title(found: dict[str, Any]) -> str:
    """Return one line with the models, the test set, the intervals, and whether patients leak.

    Parameters
    ----------
    found : dict
        The comparison, as :func:`einthoven.evaluation.paired.compare_answered` returns it.
    """
    leak = "  LEAKS PATIENTS" if found["leaks_patients"] else ""
    drawn = found["interval"]
    return (
        f"{found['first']} and {found['second']} on {found['corpus']} {found['corpus_version']}, "
        f"protocol {found['protocol']}{leak}: {found['n_test']:,} {found['rows']} of {found['n_patients']:,} patients; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} paired draws"
    )


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Lay out the metrics of both models and their differences.

    Parameters
    ----------
    found : dict
        The comparison, as :func:`einthoven.evaluation.paired.compare_answered` returns it.

    Returns
    -------
    list of str
        Names of the columns.
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
    """Return a sentence for each metric: which model is better, and whether the difference is significant.

    Parameters
    ----------
    found : dict
        The comparison, as :func:`einthoven.evaluation.paired.compare_answered` returns it.

    Returns
    -------
    list of str
        The sentences, and the protocol's remark if it has one.
    """
    sentences = []
    for metric, row in found["metrics"].items():
        value, name = row["difference"]["value"], _NAMES[metric]
        if value is None:
            sentences.append(f"The {name} of a model is undefined on this test set.")
        elif row["p"] >= _LIMIT:
            sentences.append(f"The {name} of the two models does not differ significantly (p {row['p']:.3f}).")
        else:
            better, other = ("first", "second") if value > 0 else ("second", "first")
            sentences.append(
                f"{found[better]} has a better {name} than {found[other]}, by {abs(value):.3f} (p {row['p']:.3f})."
            )
    return [*sentences, *([found["remark"]] if found["remark"] else [])]


def write(found: dict[str, Any], folder: Path) -> None:
    """Write comparison.json and table.md.

    Parameters
    ----------
    found : dict
        The comparison, as :func:`einthoven.evaluation.paired.compare_answered` returns it.
    folder : Path
        Folder of the two files.
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
