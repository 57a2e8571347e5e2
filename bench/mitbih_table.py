"""Writes docs/results/mitbih.md from the runs and their evaluations; no number in it is typed by hand.

python bench/mitbih_table.py RUNS      RUNS/NAME/{run.json,bundle/card.json,test/metrics.json} for each run
"""

import json
from dataclasses import fields
from pathlib import Path

from einthoven.errors import RecordUnreadable
from einthoven.paths import written_aside
from einthoven.report.tables import cells
from einthoven.training.recipe import Recipe

PAPER = "Song et al. 2026 (arXiv 2602.17701), its CNN-LSTM: accuracy 0.982, macro-F1 0.951; its split is not stated."
DOCS = Path(__file__).parents[1] / "docs" / "results"
_HEAD = ("accuracy", "macro_precision", "macro_recall", "macro_f1")


def main(runs: Path) -> None:
    """Collect, sort by protocol, write."""
    found = []
    for folder in sorted(path.parent for path in runs.glob("*/run.json")):
        if (folder / "test" / "metrics.json").exists():
            read = [
                json.loads((folder / name).read_text())
                for name in ("run.json", "bundle/card.json", "test/metrics.json")
            ]
            found.append((folder.name, *read))
    if not found:
        raise RecordUnreadable(
            f"{runs} holds no run that was evaluated.",
            found="no run.json with test/metrics.json beside it",
            expected="RUNS/NAME/run.json and RUNS/NAME/test/metrics.json",
            remedy=f"einthoven evaluate {runs}/NAME --from DIR --out {runs}/NAME/test",
        )
    lines = ["# MIT-BIH: four models, two protocols", ""]
    lines += [
        "All 48 records of the MIT-BIH Arrhythmia Database 1.0.0. Every number below was computed by `einthoven evaluate` on the "
        "test part, opened once for each run listed here; epochs were chosen by validation macro-F1. The table is written by "
        "`python bench/mitbih_table.py RUNS`; every run's whole `metrics.json` lies in [mitbih/](mitbih).",
        "",
    ]
    for protocol in ("paper", "clean"):
        rows = [row for row in found if row[3]["protocol"] == protocol]
        if not rows:
            continue
        first = rows[0][3]
        drawn = first["interval"]
        lines += [f"## Protocol {protocol}" + (" (LEAKS PATIENTS)" if first["leaks_patients"] else ""), ""]
        lines += [
            f"{first['protocol_summary'][0].upper()}{first['protocol_summary'][1:]}; {first['n_test']:,} beats of "
            f"{first['n_patients']} patients are tested. {first['labels']}. {first['remark']} "
            f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws.",
            "",
        ]
        if protocol == "paper":
            lines += [PAPER, ""]
        classes = list(first["per_class"])
        columns = [
            "run",
            "leads",
            "parameters",
            *_HEAD,
            *[f"F1 {name} (n={first['per_class'][name]['n']:,})" for name in classes],
        ]
        lines += [_row(columns), _row(["---"] * len(columns))]
        for name, _, card, metrics in rows:
            values = [_spread(metrics[key]) for key in _HEAD] + [
                _spread(metrics["per_class"][label]["f1"]) for label in classes
            ]
            leads = len(card["preparation"]["signal"]["leads"])
            lines.append(_row([name, leads, f"{card['n_parameters']:,}", *values]))
        base = first["baselines"]["majority"]
        rest = ["–"] * len(classes)
        lines += [_row([f"always {base['class']}", "–", "–", *[f"{base[key]:.3f}" for key in _HEAD], *rest]), ""]
    lines += ["## Commands", "", "```"]
    for name, run, _, _ in found:
        lines += [_train(name, run), f"einthoven evaluate runs/{name} --from DIR --out runs/{name}/test"]
    lines += [
        "```",
        "",
        "| run | precision of training | epochs, the best | minutes on two cores shared with other work |",
        "|---|---|---|---|",
    ]
    for name, run, card, _ in found:
        told = card["training"]
        minutes = f"{told['minutes_since_last_start']:.0f}"
        lines.append(_row([name, told["precision"], f"{run['recipe']['epochs']}, {told['best_epoch'] + 1}", minutes]))
    notes = DOCS / "mitbih_notes.md"
    if notes.exists():
        lines += ["", notes.read_text().rstrip()]
    with written_aside(DOCS / "mitbih.md") as aside:
        aside.write_text("\n".join([*lines, ""]))
    for name, _, _, metrics in found:
        with written_aside(DOCS / "mitbih" / f"{name}.json") as aside:
            aside.write_text(json.dumps(metrics, indent=1) + "\n")


def _train(name: str, run: dict) -> str:
    words = [
        "einthoven train --model",
        run["architecture"],
        "--corpus mitdb --from DIR --protocol",
        run["provenance"]["protocol"],
    ]
    if run["provenance"]["left_out"]:
        words.append("--leave-out " + " ".join(run["provenance"]["left_out"]))
    if len(run["preparation"]["signal"]["leads"]) == 1:
        words.append(f'--prepare.leads "{run["preparation"]["signal"]["leads"][0]}"')
    if run["settings"]:
        words.append("--set " + " ".join(f"{key}={value}" for key, value in run["settings"].items()))
    plain = Recipe().as_dict()
    for item in fields(Recipe):
        default = plain.get(item.name, item.default)
        value = run["recipe"].get(item.name, default)
        if value != (list(default) if isinstance(default, tuple) else default):
            words.append(f"--train.{item.name.replace('_', '-')} {value}")
    return " ".join([*words, "--out", f"runs/{name}"])


def _spread(found: dict) -> str:
    value, spread = cells(found)
    return f"{value} ({spread})"


def _row(values) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0])), __doc__, 1)
