"""Show an evaluation as tables, in Markdown and in the terminal."""

from collections.abc import Iterable
from typing import Any

from einthoven.bundle import Card
from einthoven.evaluation.evaluate import headline

_NAMES = {
    "challenge_score": "Challenge score",
    "macro_auroc": "macro AUROC",
    "macro_auprc": "macro AUPRC",
    "macro_auc": "macro AUC",
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "hamming_loss": "Hamming loss",
}


def metric_name(key: str) -> str:
    """Return the name that people read for a metric's key in metrics.json.

    Parameters
    ----------
    key : str
        The key.
    """
    return _NAMES.get(key, key.replace("_", " "))


def cells(found: dict[str, float | None], digits: int = 3) -> tuple[str, str]:
    """Return a value and its interval as text.

    Parameters
    ----------
    found : dict
        Value, low and high end of its interval; None where it is undefined.
    digits : int
        Digits behind the decimal point.
    """
    value, low, high = (found[name] for name in ("value", "low", "high"))
    text = "–" if value is None else f"{value:.{digits}f}"
    return text, "–" if low is None else f"{low:.{digits}f} to {high:.{digits}f}"


def title(metrics: dict[str, Any]) -> str:
    """Return one line with model, corpus, protocol, size of the test set, and whether patients leak.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    """
    leak = "  LEAKS PATIENTS" if metrics["leaks_patients"] else ""
    drawn = metrics["interval"]
    return (
        f"{metrics['model']} on {metrics['corpus']} {metrics['corpus_version']}, protocol {metrics['protocol']}{leak}: "
        f"{metrics['n_test']:,} {metrics['rows']} of {metrics['n_patients']:,} patients; {intervals(drawn)}"
    )


def intervals(drawn: dict[str, Any]) -> str:
    """Return how intervals were computed, e.g. "95 % intervals: bootstrap over patients, 1,000 draws".

    Parameters
    ----------
    drawn : dict
        The interval's level, unit and draws, as in metrics.json.
    """
    return f"{100 * drawn['level']:.0f} % intervals: bootstrap over {drawn['unit']}s, {drawn['draws']:,} draws"


def per_class(metrics: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of the table of classes.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    """
    areas = ("auroc", "auprc") if "macro_auroc" in metrics else ("auc",)
    columns: tuple[str, ...] = ("class", metrics["rows"], "patients", "precision", "recall", "F1", "F1 95 % interval")
    columns += tuple(_AREAS[area] for area in areas)
    rows = []
    for name, row in metrics["per_class"].items():
        figures = [cells(row[metric])[0] for metric in ("precision", "recall")]
        ends = [cells(row[area])[0] for area in areas]
        rows.append((name, f"{row['n']:,}", str(row["n_patients"]), *figures, *cells(row["f1"]), *ends))
    return columns, rows


def end_to_end_title(found: dict[str, Any]) -> str:
    """Return one line on the heartbeats of whole records: how many were found, missed and invented.

    Parameters
    ----------
    found : dict
        ``end_to_end`` of metrics.json.
    """
    figures = (
        f"{name.replace('_', ' ')} {cells(found[name], 4)[0]} ({cells(found[name], 4)[1]})"
        for name in ("sensitivity", "positive_predictivity")
    )
    declined = f"; declined: {', '.join(found['declined'])}" if found["declined"] else ""
    return (
        f"End to end, heartbeats detected: {found['n_beats']:,} beats, {found['missed']:,} missed, {found['invented']:,} invented; "
        f"{', '.join(figures)}{declined}"
    )


def end_to_end(found: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of the table of classes end to end: a missed beat counts as not found, an invented one as false.

    Parameters
    ----------
    found : dict
        ``end_to_end`` of metrics.json.
    """
    columns = (
        "class, end to end",
        "beats",
        "missed",
        "no class",
        "invented",
        "precision",
        "recall",
        "F1",
        "F1 95 % interval",
    )
    rows = []
    for name, row in found["per_class"].items():
        counts = [f"{row[key]:,}" for key in ("n", "missed", "unanswered", "invented")]
        figures = [cells(row[metric])[0] for metric in ("precision", "recall")]
        rows.append((name, *counts, *figures, *cells(row["f1"])))
    return columns, rows


def of_reliability(metrics: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows of the table of how far probabilities can be trusted.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    """
    if "ece" not in metrics:
        return []
    by_patient = metrics["ece_by_patient"]
    figures = {
        "calibration error (15 bins)": metrics["ece"],
        "its mean over patients": by_patient["mean"],
        "its largest of a patient": by_patient["max"],
        "Brier score": metrics["brier"],
        "negative log-likelihood": metrics["nll"],
        "area under risk and coverage": metrics["aurc"],
    } | {f"error at {float(share):.0%} answered": found for share, found in metrics["error_at"].items()}
    return [(name, *cells(found, 4)) for name, found in figures.items() if found["value"] is not None]


def beside_its_model(card: Card) -> tuple[tuple[str, ...], list[tuple[str, ...]], str]:
    """Return columns and rows of an exported file's scores beside those of its model, and a sentence about them.

    Parameters
    ----------
    card : Card
        Card of the exported file.
    """
    compared = card.export.get("compared")
    if compared is None:
        largest = next(value for key, value in card.export.items() if key.startswith("largest_logit_difference"))
        return (), [], f"Not compared on recordings. Largest difference of a logit on random input: {largest:g}."
    pairs = {metric_name(key): pair for key, pair in compared["metrics"].items()} | {
        f"F1 of {name}": pair for name, pair in compared["f1_per_class"].items()
    }
    rows: list[tuple[str, ...]] = [
        (name, f"{old:.4f}", f"{new:.4f}", f"{100 * (new - old):+.2f}")
        if None not in (old, new)
        else (name, "no example", "", "")
        for name, (old, new) in pairs.items()
    ]
    folds = {member.get("fold") for member in card.training.get("members", ())}
    where = "training data of its members" if len(folds) > 1 else "validation data"
    largest, mean = compared["largest_probability_difference"], compared["mean_probability_difference"]
    unit = "samples" if card.answers_samples else "windows"
    told = (
        f"Compared on {compared['windows']:,} {unit}: the prediction is the same for {compared['agreement']:.2%}; "
        f"probabilities differ by at most {largest:g}, on average by {mean:g}."
    )
    return (where, "model", "export", "difference (points)"), rows, told


_AREAS = {"auc": "AUC", "auroc": "AUROC", "auprc": "AUPRC"}


def markdown(metrics: dict[str, Any]) -> str:
    """Return the whole evaluation as a page of Markdown.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    """
    lines = [f"# {title(metrics)}", "", metrics["remark"], "", f"Labels: {metrics['labels']}.", ""]
    lines += [*(f"- {told}" for told in metrics["store_remarks"]), ""] if metrics["store_remarks"] else []
    known = metrics["baselines"]
    known = {f"always {row['class']}" if key == "majority" else key: row for key, row in known.items()}
    lines += [_row(["metric", "value", "95 % interval", *known]), _row(["---"] * (3 + len(known)))]
    for name in headline(metrics):
        base = [f"{row[name]:.3f}" if name in row else "0.500" if name in _CHANCE else "" for row in known.values()]
        lines.append(_row([metric_name(name), *cells(metrics[name]), *base]))
    columns, rows = per_class(metrics)
    lines += ["", _row(columns), _row(["---"] * len(columns)), *[_row(row) for row in rows], ""]
    lines += _end_to_end_lines(metrics["end_to_end"]) if "end_to_end" in metrics else []
    if of_reliability(metrics):
        kind = "calibrated" if metrics["calibrated"] else "not calibrated"
        lines += [_row([f"{kind} probabilities", "value", "95 % interval"]), _row(["---"] * 3)]
        lines += [*[_row(row) for row in of_reliability(metrics)], ""]
    if metrics.get("undefined"):
        lines += [
            f"AUROC and AUPRC are undefined, as the test set has only one of the labels: {', '.join(metrics['undefined'])}.",
            "",
        ]
    if "confusion" not in metrics:
        return "\n".join(lines)
    names = metrics["confusion"]["classes"]
    lines += [
        "Rows: annotated class. Columns: predicted class.",
        "",
        _row(["", *names]),
        _row(["---"] * (len(names) + 1)),
    ]
    counted = zip(names, metrics["confusion"]["rows_are_truth"], strict=True)
    return "\n".join([*lines, *[_row([name, *[f"{n:,}" for n in row]]) for name, row in counted], ""])


def _end_to_end_lines(found: dict[str, Any]) -> list[str]:
    columns, rows = end_to_end(found)
    lines = [
        f"{end_to_end_title(found)}.",
        "",
        _row(columns),
        _row(["---"] * len(columns)),
        *[_row(row) for row in rows],
        "",
    ]
    table = found["table"]
    lines += ["Rows: annotated. Columns: predicted.", "", _row(["", *table["columns"]])]
    lines += [_row(["---"] * (len(table["columns"]) + 1))]
    counted = zip(table["rows"], table["counts"], strict=True)
    return [*lines, *[_row([name, *[f"{n:,}" for n in row]]) for name, row in counted], ""]


_CHANCE = ("macro_auc", "macro_auroc")


def _row(values: Iterable[object]) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"
