"""Writes docs/results/related.md: what each related system's paper says, what was measured here, and what a plain baseline gives.

python bench/related_table.py
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report.tables import cells

RESULTS = Path(__file__).parents[1] / "docs" / "results"
MISSING = "not measured yet"
Found = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A question that is put to a system."""

    system: str
    """The system and its paper."""
    question: str
    """What is asked, and by which metric."""
    published: str
    """What the paper says."""
    file: str
    """Its results, below docs/results."""
    paper: Callable[[Found], str] | None
    """The figure by the paper's protocol; None where it has none that can be repeated."""
    clean: Callable[[Found], str]
    """The figure with patients apart."""
    baseline: str
    """Name of the plain baseline."""
    plain: Callable[[Found], str]
    """Its figure with patients apart."""


def score(label: str, metric: str, mark: str = "") -> Callable[[Found], str]:
    """Show a metric of a model, with its interval and number of rows."""
    return lambda found: figure(found["scores"][label], metric) + mark if label in found["scores"] else MISSING


def figure(row: Found, metric: str) -> str:
    """Show a metric of an evaluation."""
    value, spread = cells(row[metric])
    return f"{value} ({spread}), n {row['n_test']:,}"


def protocol(by: str, label: str, metric: str, mark: str = "") -> Callable[[Found], str]:
    """Show a metric of a model by one of several protocols."""
    return lambda found: figure(found["protocols"][by]["scores"][label], metric) + mark


LEAKS = ", LEAKS PATIENTS"
ROWS = (
    Row(
        "lstm_svm, arXiv 2312.09442",
        "ectopic beats in ten seconds of MIT-BIH, average precision",
        "0.9402 (split not stated)",
        "lstm_svm/results.json",
        score("lstm_svm-paper", "average_precision", LEAKS),
        score("lstm_svm-clean", "average_precision"),
        "RR intervals",
        score("rr-clean", "average_precision"),
    ),
    Row(
        "ecg_smart_net, arXiv 2405.09567",
        "any infarction in PTB-XL, AUC (the paper's is of occlusion, in private records)",
        "0.953",
        "ecg_smart_net/results.json",
        None,
        lambda found: best(found, "infarction", "auc"),
        "60 principal components of the beat",
        score("components-infarction", "auc"),
    ),
    Row(
        "ecg_smart_net, arXiv 2405.09567",
        "23 subclasses of PTB-XL, macro AUROC",
        "none",
        "ecg_smart_net/results.json",
        None,
        lambda found: best(found, "subclasses", "macro_auroc"),
        "60 principal components of the beat",
        score("components-subclasses", "macro_auroc"),
    ),
    Row(
        "sevggnet_lstm, arXiv 2210.17111",
        "rhythms of the Challenge 2017, official score",
        "none that could be read",
        "sevggnet/results.json",
        None,
        score("squeezed", "challenge_score"),
        "RR intervals",
        score("rr", "challenge_score"),
    ),
    Row(
        "sevggnet_lstm, arXiv 2210.17111",
        "beats of MIT-BIH, macro-F1",
        "none that could be read",
        "sevggnet_beats/results.json",
        protocol("paper", "squeezed", "macro_f1", LEAKS),
        protocol("clean", "squeezed", "macro_f1"),
        "the same network without the squeeze",
        protocol("clean", "plain", "macro_f1"),
    ),
    Row(
        "intra_inter, arXiv 2410.18094",
        "fibrillation at 1 % of the labels of the Challenge 2017, AUC",
        "0.996 (persistent; private records)",
        "intra_inter/results.json",
        None,
        score("pretrained-1", "auc"),
        "RR intervals",
        score("rr-1", "auc"),
    ),
    Row(
        "biosignal_encoder, arXiv 2502.17460",
        "systolic blood pressure, mean absolute error, mmHg",
        "2.72 (MIMIC-III; whether patients are apart is not stated)",
        "biosignal_encoder/results.json",
        None,
        score("systolic", "mae_mmhg"),
        "mean of the training set",
        score("mean", "mae_mmhg"),
    ),
)
"""Files that do not exist yet belong to studies that are not run yet."""


def best(found: Found, task: str, metric: str) -> str:
    """Show the widest network that was run on beats, with its name: none is chosen by its score."""
    widths = [label for label in found["scores"] if label.startswith("beat-") and label.endswith(task)]
    label = max(widths, key=lambda name: int(name.split("-")[1]))
    return f"{figure(found['scores'][label], metric)}, width {label.split('-')[1]}"


def page() -> str:
    """Return the text of the page."""
    head = [
        "system",
        "question",
        "the paper says",
        "by its protocol",
        "patients apart",
        "plain baseline, patients apart",
    ]
    lines = [
        "# Related systems beside plain baselines",
        "",
        "```",
        "python bench/related_table.py",
        "```",
        "",
        f"Each figure is read from the results of a study, which its page describes; '{MISSING}' where there are none. Intervals "
        "are of 95 %. A protocol that shares patients says so.",
        "",
        *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *map(cells_of, ROWS))),
    ]
    return "\n".join(lines) + "\n"


def cells_of(row: Row) -> list[str]:
    """Return the cells of a row."""
    file = RESULTS / row.file
    found = json.loads(file.read_text()) if file.exists() else None
    shown = [MISSING if found is None else show(found) for show in (row.clean, row.plain)]
    by_paper = "none that can be repeated" if row.paper is None else MISSING if found is None else row.paper(found)
    return [row.system, row.question, row.published, by_paper, shown[0], f"{row.baseline}: {shown[1]}"]


def main() -> None:
    """Read, write."""
    with written_aside(RESULTS / "related.md") as aside:
        aside.write_text(page())


if __name__ == "__main__":
    main()
