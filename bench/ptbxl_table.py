"""Writes docs/results/ptbxl.md from the folder of einthoven study ptbxl.

python bench/ptbxl_table.py studies/ptbxl
"""

import json
from pathlib import Path

from einthoven.evaluation.multilabel import HEADLINE
from einthoven.paths import written_aside

RESULTS = Path(__file__).parents[1] / "docs" / "results"
_FIGURES = ("cost-macro_auroc", "cost-macro_auprc", "depth", "classes-chosen-hybrid")
_N_AT_HAND = 859


def main(folder: Path) -> None:
    """Read, write."""
    results = json.loads((folder / "results.json").read_text())
    first = next(iter(results["scores"].values()))
    drawn = first["interval"]
    lines = [
        f"# PTB-XL at {_N_AT_HAND} records: how much temporal modelling is enough",
        "",
        f"{_N_AT_HAND} of PTB-XL's 21,799 records are at hand (folds 1 to 9), {first['n_test']:,} of them, of "
        f"{first['n_patients']:,} patients, with a diagnostic statement; 23 subclasses. Three groups of folds are tested in turn, "
        "their answers pooled: each record is answered by models that never saw its patient. "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws.",
        "",
        "```",
        f"einthoven study ptbxl --from DIR --out studies/ptbxl      # {sum(results['seconds'].values()) / 3600:.1f} hours of one "
        "core, two trainings side by side, shared with other work",
        "python bench/ptbxl_table.py studies/ptbxl",
        "```",
        "",
        "![Macro AUROC against multiply-accumulates](ptbxl/cost-macro_auroc.png)",
        "",
        *_table(results["columns"], results["rows"]),
        "",
        *(f"{remark}\n" for remark in results["remarks"]),
        "## What a layer more gains",
        "",
        "![What each step of depth gains](ptbxl/depth.png)",
        "",
        *_paired(results["deeper"]),
        "",
        "## Against xresnet1d101",
        "",
        *_paired(results["against_reference"]),
        "",
        "## How much the seed decides",
        "",
        *_seeds(results["each_seed"]),
        "",
        "## By class",
        "",
        "![The best hybrid by class](ptbxl/classes-chosen-hybrid.png)",
        "",
        *(RESULTS / "ptbxl_notes.md").read_text().splitlines(),
    ]
    with written_aside(RESULTS / "ptbxl.md") as aside:
        aside.write_text("\n".join(lines) + "\n")
    (RESULTS / "ptbxl").mkdir(exist_ok=True)
    for source in (folder / "results.json", *(folder / "figures" / f"{name}.png" for name in _FIGURES)):
        with written_aside(RESULTS / "ptbxl" / source.name) as aside:
            aside.write_bytes(source.read_bytes())


def _table(columns, rows) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)]


def _paired(found: dict) -> list[str]:
    metrics = list(next(iter(found.values())))
    rows = [[name, *(_difference(**row[metric]) for metric in metrics)] for name, row in found.items()]
    return _table(["step", *metrics], rows)


def _difference(difference: dict, p: float) -> str:
    return f"{difference['value']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f}), p {p:.3f}"


def _seeds(each: dict) -> list[str]:
    rows = [[name, *(", ".join(f"{seed[m]:.3f}" for seed in found) for m in HEADLINE)] for name, found in each.items()]
    return _table(["model", *HEADLINE], rows)


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0])), __doc__, 1)
