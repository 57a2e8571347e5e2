"""Knows how an evaluation reads as a table, in Markdown and in the terminal. Computes nothing."""

from einthoven.evaluation.evaluate import HEADLINE


def cells(found: dict[str, float | None], digits: int = 3) -> tuple[str, str]:
    """A value and its interval as text."""
    value, low, high = (found[name] for name in ("value", "low", "high"))
    text = "–" if value is None else f"{value:.{digits}f}"
    return text, "–" if low is None else f"{low:.{digits}f} to {high:.{digits}f}"


def title(metrics: dict) -> str:
    """One line that says what was tested on what, how often, and whether patients leak."""
    leak = "  LEAKS PATIENTS" if metrics["leaks_patients"] else ""
    drawn = metrics["interval"]
    return (
        f"{metrics['model']} on {metrics['corpus']} {metrics['corpus_version']}, protocol {metrics['protocol']}{leak}: "
        f"{metrics['n_test']:,} beats of {metrics['n_patients']} patients; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws"
    )


def per_class(metrics: dict) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of the table of classes."""
    columns = ("class", "beats", "patients", "precision", "recall", "F1", "F1 95 % interval", "AUC")
    rows = []
    for name, row in metrics["per_class"].items():
        figures = [cells(row[metric])[0] for metric in ("precision", "recall")]
        rows.append((name, f"{row['n']:,}", str(row["n_patients"]), *figures, *cells(row["f1"]), cells(row["auc"])[0]))
    return columns, rows


def markdown(metrics: dict) -> str:
    """The whole evaluation as a page of Markdown."""
    base = metrics["baselines"]["majority"]
    lines = [f"# {title(metrics)}", "", metrics["remark"], "", f"Labels: {metrics['labels']}.", ""]
    lines += ["| metric | value | 95 % interval | always " + base["class"] + " |", "|---|---|---|---|"]
    for name in HEADLINE:
        told = f"{base[name]:.3f}" if name in base else "0.500"
        lines.append(f"| {name} | {' | '.join(cells(metrics[name]))} | {told} |")
    columns, rows = per_class(metrics)
    lines += ["", _row(columns), _row(["---"] * len(columns)), *[_row(row) for row in rows], ""]
    names = metrics["confusion"]["classes"]
    lines += [
        "Rows are the annotators' classes, columns the model's.",
        "",
        _row(["", *names]),
        _row(["---"] * (len(names) + 1)),
    ]
    counted = zip(names, metrics["confusion"]["rows_are_truth"], strict=True)
    return "\n".join([*lines, *[_row([name, *[f"{n:,}" for n in row]]) for name, row in counted], ""])


def _row(values) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"
