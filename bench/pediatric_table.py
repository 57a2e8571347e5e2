"""Writes docs/results/pediatric.md from the folder of einthoven study pediatric.

python bench/pediatric_table.py studies/pediatric
"""

import json
from pathlib import Path

from einthoven.paths import written_aside
from einthoven.report.tables import cells

RESULTS = Path(__file__).parents[1] / "docs" / "results"
_KEPT = ("macro_f1", "macro_auroc", "hamming_loss", "micro_f1", "subset_accuracy")


def main(folder: Path) -> None:
    """Read, write."""
    results = json.loads((folder / "results.json").read_text())
    scores = results["scores"]
    tested = {
        name: next(found for label, found in scores.items() if label.endswith(name)) for name in _protocols(scores)
    }
    sizes = ". ".join(
        f"Protocol {name} tests {found['n_test']:,} {found['rows']} of {found['n_patients']:,} patients"
        for name, found in tested.items()
    )
    drawn = next(iter(scores.values()))["interval"]
    lines = [
        f"# The pediatric benchmark's nets and protocols, on {results['corpus']}",
        "",
        f"{results['recordings']:,} recordings. {results['remarks'][0]} {sizes}. {drawn['level']:.0%} intervals, "
        f"{drawn['draws']:,} draws. They are over patients where these are apart, and over windows otherwise.",
        "",
        "```",
        f"einthoven study pediatric --from DIR --protocol both --out studies/pediatric      "
        f"# {sum(results['seconds'].values()) / 3600:.1f} hours of one core, two trainings side by side, shared with other work",
        "python bench/pediatric_table.py studies/pediatric",
        "```",
        "",
        "![Macro-F1 of four nets, nine and twelve leads, by both protocols](pediatric/protocols.png)",
        "",
        "| net | leads | protocol | macro-F1 | macro AUROC | Hamming loss | micro-F1 | subset accuracy | parameters | best epoch |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for label, found in scores.items():
        net, leads, name = label.split("-")
        leak = " (LEAKS PATIENTS)" if found["leaks_patients"] else ""
        figures = [" (".join(cells(found[key], 4 if key == "hamming_loss" else 3)) + ")" for key in _KEPT]
        ends = f"{found['n_parameters']:,} | {found['best_epoch']}"
        lines.append(f"| {net} | {leads} | {name}{leak} | {' | '.join(figures)} | {ends} |")
    lines += ["", *(f"{line}\n" for line in results["remarks"][1:-1]), "## The distance between the protocols", ""]
    lines += ["| net | leads | macro-F1, paper | clean | distance |", "|---|---|---|---|---|"]
    for label in (label for label in scores if label.endswith("-clean")):
        clean, paper = (scores[label.replace("clean", name)]["macro_f1"]["value"] for name in ("clean", "paper"))
        net, leads, _ = label.split("-")
        lines.append(f"| {net} | {leads} | {paper:.3f} | {clean:.3f} | {paper - clean:+.3f} |")
    lines += [
        "",
        "## By class: resnet1d, twelve leads",
        "",
        "| class | paper: n | F1 | clean: n | F1 |",
        "|---|---|---|---|---|",
    ]
    both = [scores[f"resnet1d-12-{name}"]["per_class"] for name in ("paper", "clean")]
    for name, row in both[0].items():
        told = [
            f"{part['n']} | {cells(part['f1'])[0]}"
            for part in (row, both[1].get(name, {"n": 0, "f1": None}))
            if part["f1"]
        ]
        lines.append(f"| {name} | {' | '.join(told)} |")
    groups = sorted({group for found in scores.values() for group in found["ages"]})
    lines += ["", "## By age", "", f"| net | leads | protocol | {' | '.join(f'{g}: n | macro-F1' for g in groups)} |"]
    lines.append("|---|---|---|" + "---|---|" * len(groups))
    for label, found in scores.items():
        ages = [found["ages"].get(group) for group in groups]
        told = " | ".join(f"{age['n']} | {age['macro_f1']:.3f}" if age else "0 | " for age in ages)
        lines.append(f"| {' | '.join(label.split('-'))} | {told} |")
    lines += ["", *(RESULTS / "pediatric_notes.md").read_text().splitlines()]
    with written_aside(RESULTS / "pediatric.md") as aside:
        aside.write_text("\n".join(lines) + "\n")
    for source, target in (
        (folder / "results.json", "results.json"),
        (folder / "figures" / "protocols.png", "protocols.png"),
    ):
        with written_aside(RESULTS / "pediatric" / target) as aside:
            aside.write_bytes(source.read_bytes())


def _protocols(scores: dict) -> list[str]:
    return sorted({label.rsplit("-", 1)[1] for label in scores})


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0])), __doc__, 1)
