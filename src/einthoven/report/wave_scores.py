"""Show the scores of a delineator as tables."""

from typing import Any

from einthoven.report.tables import cells, intervals

COLUMNS = ("boundary", "marked", "sensitivity", "positive predictivity", "F1", "95 % interval", "mean, ms", "SD, ms")


def title(metrics: dict[str, Any]) -> str:
    """Return one line with model, corpus, protocol and size of the test.

    Parameters
    ----------
    metrics : dict
        Content of metrics.json.
    """
    return (
        f"{metrics['model']} on {metrics['corpus']} {metrics['corpus_version']}, protocol {metrics['protocol']}: "
        f"{metrics['n_test']:,} {metrics['rows']} of {metrics['n_patients']:,} patients; {intervals(metrics['interval'])}"
    )


def rows(boundaries: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each boundary.

    Parameters
    ----------
    boundaries : dict
        Part of metrics.json: ``boundaries`` or ``narrow``.
    """
    return [
        (
            f"{name} ({row['tolerance_ms']} ms)",
            f"{row['n']:,}",
            cells(row["sensitivity"])[0],
            cells(row["positive_predictivity"])[0],
            *cells(row["f1"], 4),
            cells(row["mean_ms"], 1)[0],
            cells(row["sd_ms"], 1)[0],
        )
        for name, row in boundaries.items()
    ]


def summary(metrics: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the main figures with their intervals.

    Parameters
    ----------
    metrics : dict
        Content of metrics.json.
    """
    found = [(f"{wave} F1", *cells(metrics[f"{wave.lower()}_f1"], 4)) for wave in ("P", "QRS", "T")]
    found.append(("SD of the six boundaries, ms", *cells(metrics["sd_ms"], 1)))
    for name, row in metrics["false_p"].items():
        if row["n_beats"]:
            found.append((f"false P: {name.replace('_', ' ')} ({row['n_beats']:,} beats)", *cells(row)))
    return found


def markdown(metrics: dict[str, Any]) -> str:
    """Return the evaluation as a page of Markdown.

    Parameters
    ----------
    metrics : dict
        Content of metrics.json.
    """
    lines = [f"# {title(metrics)}", "", metrics["remark"], "", *(f"- {told}" for told in metrics["annotations"]), ""]
    lines += [_row(("", "value", "95 % interval")), _row(["---"] * 3), *map(_row, summary(metrics)), ""]
    for part in ("boundaries", "narrow"):
        lines += [_row(COLUMNS), _row(["---"] * len(COLUMNS)), *map(_row, rows(metrics[part])), ""]
    return "\n".join(lines)


def _row(values: Any) -> str:
    return "| " + " | ".join(map(str, values)) + " |"
