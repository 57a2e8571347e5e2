"""Knows how an evaluation reads as a table, in Markdown and in the terminal. Computes nothing."""

from einthoven.bundle import Card
from einthoven.evaluation.evaluate import headline


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
        f"{metrics['n_test']:,} {metrics['rows']} of {metrics['n_patients']:,} patients; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws"
    )


def per_class(metrics: dict) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of the table of classes."""
    areas = ("auroc", "auprc") if "macro_auroc" in metrics else ("auc",)
    columns = ("class", metrics["rows"], "patients", "precision", "recall", "F1", "F1 95 % interval")
    columns += tuple(_AREAS[area] for area in areas)
    rows = []
    for name, row in metrics["per_class"].items():
        figures = [cells(row[metric])[0] for metric in ("precision", "recall")]
        ends = [cells(row[area])[0] for area in areas]
        rows.append((name, f"{row['n']:,}", str(row["n_patients"]), *figures, *cells(row["f1"]), *ends))
    return columns, rows


def beside_its_model(card: Card) -> tuple[tuple[str, ...], list[tuple[str, ...]], str]:
    """Columns and rows of how an exported file answers beside the model it was made of, and a sentence about it."""
    compared = card.export.get("compared")
    if compared is None:
        largest = next(value for key, value in card.export.items() if key.startswith("largest_logit_difference"))
        return (), [], f"Not compared on real windows; largest difference of a logit on noise: {largest:g}."
    pairs = compared["metrics"] | {f"F1 of {name}": pair for name, pair in compared["f1_per_class"].items()}
    rows = [
        (name, f"{old:.4f}", f"{new:.4f}", f"{100 * (new - old):+.2f}")
        if None not in (old, new)
        else (name, "no row", "", "")
        for name, (old, new) in pairs.items()
    ]
    folds = {member.get("fold") for member in card.training.get("members", ())}
    where = "on rows its members trained on" if len(folds) > 1 else "on validation"
    largest, mean = compared["largest_probability_difference"], compared["mean_probability_difference"]
    told = (
        f"{compared['windows']:,} rows; the same is said of {compared['agreement']:.2%}; difference of a probability: "
        f"largest {largest:g}, mean {mean:g}."
    )
    return (where, "model", "export", "points"), rows, told


_AREAS = {"auc": "AUC", "auroc": "AUROC", "auprc": "AUPRC"}


def markdown(metrics: dict) -> str:
    """The whole evaluation as a page of Markdown."""
    lines = [f"# {title(metrics)}", "", metrics["remark"], "", f"Labels: {metrics['labels']}.", ""]
    lines += [*(f"- {told}" for told in metrics["store_remarks"]), ""] if metrics["store_remarks"] else []
    known = metrics["baselines"]
    known = {f"always {row['class']}" if key == "majority" else key: row for key, row in known.items()}
    lines += [_row(["metric", "value", "95 % interval", *known]), _row(["---"] * (3 + len(known)))]
    for name in headline(metrics):
        base = [f"{row[name]:.3f}" if name in row else "0.500" if name in _CHANCE else "" for row in known.values()]
        lines.append(_row([name, *cells(metrics[name]), *base]))
    columns, rows = per_class(metrics)
    lines += ["", _row(columns), _row(["---"] * len(columns)), *[_row(row) for row in rows], ""]
    if metrics.get("undefined"):
        lines += [f"Without both labels, and so without AUROC and AUPRC: {', '.join(metrics['undefined'])}.", ""]
    if "confusion" not in metrics:
        return "\n".join(lines)
    names = metrics["confusion"]["classes"]
    lines += [
        "Rows are the annotators' classes, columns the model's.",
        "",
        _row(["", *names]),
        _row(["---"] * (len(names) + 1)),
    ]
    counted = zip(names, metrics["confusion"]["rows_are_truth"], strict=True)
    return "\n".join([*lines, *[_row([name, *[f"{n:,}" for n in row]]) for name, row in counted], ""])


_CHANCE = ("macro_auc", "macro_auroc")


def _row(values) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"
