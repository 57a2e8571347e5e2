"""Knows the table and the figures of the study on PTB-XL. Trains nothing and scores nothing."""

from pathlib import Path

from einthoven.evaluation.multilabel import HEADLINE
from einthoven.report import plots
from einthoven.report.tables import cells

_DIGITS = {"hamming_loss": 4}


def table(results: dict, paper: dict[str, float], n_seeds: int) -> dict:
    """Title, columns, rows and remarks of the study's table."""
    scores, costs = results["scores"], results["cost"]
    columns = ["model", *HEADLINE, "parameters", "MMAC", "trained /s", "answered /s"]
    rows = []
    for name, found in scores.items():
        price = costs.get(name)
        figures = [" (".join(cells(found[metric], _DIGITS.get(metric, 3))) + ")" for metric in HEADLINE]
        ends = (
            [
                f"{price['parameters']:,}",
                f"{price['multiply_accumulates'] / 1e6:.1f}",
                f"{price['training_windows_per_s']:.0f}",
                f"{price['inference_windows_per_s']:.0f}",
            ]
            if price
            else [""] * 4
        )
        rows.append([name, *figures, *ends])
    published = [f"{paper[metric]:.4f}" if metric in paper else "" for metric in HEADLINE]
    rows.append(["Jafari 2026, CNN and BiLSTM, all of PTB-XL, fold 10", *published, *[""] * 4])
    first = next(iter(scores.values()))
    drawn = first["interval"]
    tested = "three groups of folds tested in turn" if len(results["folds"][0]) > 1 else "fold 10"
    title = (
        f"PTB-XL, 23 subclasses: {first['n_test']:,} records of {first['n_patients']:,} patients at hand, {tested}; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws"
    )
    hours = sum(results["seconds"].values()) / 3600
    smoke = ["SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."] if results["smoke_run"] else []
    chosen = results["chosen"]
    remarks = [
        *smoke,
        f"{first['remark']} Each row is the mean over {n_seeds} seed{'s' * (n_seeds > 1)}.",
        *[
            f"Chosen for {group}: the hybrid {found['best_hybrid']}."
            for group, found in chosen.items()
            if isinstance(found, dict)
        ],
        f"No AUROC and AUPRC, for want of both labels: {', '.join(first['undefined']) or 'none'}.",
        f"{hours:.1f} hours of computing.",
    ]
    shown = ["model", "macro_auroc", "macro_auprc", "micro_f1", "hamming_loss", "subset_accuracy"]
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks, "shown": shown}


def draw(results: dict, figures: Path) -> None:
    """Quality against cost, what each step of depth gains, and the classes of the best hybrid."""
    scores, costs = results["scores"], results["cost"]
    for metric in ("macro_auroc", "macro_auprc"):
        points = {
            name: (costs[name]["multiply_accumulates"] / 1e6, scores[name][metric]) for name in costs if name in scores
        }
        label = f"{metric.replace('_', ' ')}, 95 % interval"
        plots.trade(points, "million multiply-accumulates a record", label, figures / f"cost-{metric}.png")
    plots.classes(scores["chosen hybrid"], figures / "classes-chosen-hybrid.png")
    depth = {
        metric: {name: found[metric]["difference"] for name, found in results["deeper"].items()}
        for metric in ("macro_auroc", "macro_auprc", "micro_f1")
    }
    plots.spread(depth, "gained by one layer more, 95 % interval", figures / "depth.png")
