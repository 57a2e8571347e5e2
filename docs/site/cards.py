"""Make one page for each bundled model from its card."""

import json
from collections.abc import Mapping
from typing import Any

from einthoven.paths import ASSETS

SCORES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "challenge_score": "official score (mean F1 of N, A and O)",
    "macro_auroc": "macro AUROC",
    "macro_auprc": "macro AUPRC",
    "micro_f1": "micro-F1",
    "hamming_loss": "Hamming loss",
    "sd_ms": "standard deviation of boundaries, ms",
}
"""What is shown of the results of a whole test set."""


NOTES = {
    "challenge2017-rhythm": [
        "The study that repeats this cross-validation has a slightly lower score. Quote the one of "
        "[the study](../results/challenge2017.md#what-is-chosen-and-where).",
        "",
    ],
}
"""What a reader of a card should know beside it."""


def number(found: Any) -> str:
    """Return a value with its interval, or a dash."""
    if not isinstance(found, Mapping) or found.get("value") is None:
        return "–"
    digits = 1 if abs(found["value"]) > 2 else 3
    return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return [*lines, ""]


def meanings(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what each class of a card means, its code where nothing else is known."""
    return dict(zip(card["classes"], card["meanings"] or card["classes"], strict=False))


def facts(card: Mapping[str, Any], size_mb: float) -> list[list[str]]:
    """Return what a person who chooses a model asks first."""
    signal, training = card["preparation"]["signal"], card["training"]
    cut = card["preparation"]["cut"]
    window = f"{cut['window_s']:g} s" if "window_s" in cut else "around each heartbeat"
    sets = {name: len(found) for name, found in training.get("records", {}).items()}
    return [
        ["Architecture", f"`{card['architecture']}`, {card['n_parameters']:,} parameters, {size_mb:.1f} MB on disk"],
        ["Leads", ", ".join(lead.replace("|", " or ") for lead in signal["leads"])],
        ["Input", f"{window}, {signal['fs_hz']:g} Hz, {signal['low_hz']:g} to {signal['high_hz']:g} Hz"],
        ["Trained on", training.get("protocol_summary") or training.get("protocol", "")],
        ["Records", ", ".join(f"{n:,} {name}" for name, n in sets.items()) or "see the card"],
        ["Calibration", calibrated(card)],
        ["Doubtful below", f"probability {card['doubt']['limit']:.2f}" if card.get("doubt") else "not marked"],
        ["Intended use", card["intended_use"]],
    ]


def calibrated(card: Mapping[str, Any]) -> str:
    """Return how the probabilities of a card were calibrated."""
    found = card.get("calibration")
    if not found:
        return "none: scores are printed as they are"
    n = found["fitted_on"]
    return f"{found['method']}, fitted on {n['n']:,} predictions of {n['n_patients']:,} patients"


def results(card: Mapping[str, Any]) -> list[str]:
    """Return each result of a card: its protocol, its scores, and the scores of each class."""
    named, lines = meanings(card), []
    for found in card["results"]:
        leak = " — LEAKS PATIENTS" if found["leaks_patients"] else ""
        lines += [f"### {found['corpus']} {found['corpus_version']}, protocol {found['protocol']}{leak}", ""]
        interval = found["interval"]
        text = f"n = {found['n_test']:,} {found.get('rows', 'windows')} of {found['n_patients']:,} patients. "
        text += f"Intervals are {interval['level']:.0%}, over {interval['unit']}s, {interval['draws']:,} draws."
        lines += [" ".join((text, found.get("remark") or "")).strip(), ""]
        scores = [[title, number(found[name])] for name, title in SCORES.items() if name in found]
        lines += table(["score", "value (95 % interval)"], scores)
        again = found.get("end_to_end", {}).get("per_class", {})
        head = ["class", "meaning", "n", "F1"]
        head += ["F1 with detected heartbeats"] if again else []
        head += ["AUROC"] if card["multilabel"] else []
        rows = []
        for name, one in found["per_class"].items():
            row = [f"`{name}`", named.get(name, name), f"{one['n']:,}", number(one["f1"])]
            row += [number(again.get(name, {}).get("f1"))] if again else []
            rows.append(row + ([number(one.get("auroc"))] if card["multilabel"] else []))
        lines += table(head, rows)
    return lines


def card_pages() -> dict[str, str]:
    """Return the page of each bundled model, and an index of them.

    Returns
    -------
    dict of str to str
        Pages in MyST Markdown, by the name of their file.
    """
    pages, rows = {}, []
    for file in sorted(ASSETS.glob("*/card.json")):
        card = json.loads(file.read_text(encoding="utf-8"))
        name = file.parent.name
        size_mb = sum(one.stat().st_size for one in file.parent.iterdir()) / 1e6
        lines = [f"# {name}", "", "Made from the model's card, which `einthoven models` prints too.", ""]
        lines += table(["property", "value"], facts(card, size_mb))
        lines += NOTES.get(name, [])
        lines += ["## Results", "", *results(card), "## Attribution", "", card["attribution"], ""]
        pages[name] = "\n".join(lines)
        rows.append([f"[{name}]({name}.md)", ", ".join(card["classes"][:8]), f"{size_mb:.1f} MB"])
    toctree = ["```{toctree}", ":hidden:", "", *pages, "```", ""]
    lines = ["# Bundled models", "", "Each page is made from the card that is installed with the model.", ""]
    return {**pages, "index": "\n".join([*lines, *table(["model", "classes", "size"], rows), *toctree])}
