"""Writes docs/results/mitbih_study.md from the folders of einthoven study mitbih, one for each protocol that was run.

python bench/mitbih_study_table.py studies/paper [studies/clean]
"""

import json
from pathlib import Path

from einthoven.paths import written_aside
from einthoven.report.tables import cells

RESULTS = Path(__file__).parents[1] / "docs" / "results"
_SHOWN = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
_PUBLISHED = {
    "Song et al. 2026, CNN-LSTM, its best single model": ("0.982", "", "", "0.951"),
    "Song et al. 2026, Top2-Weighted": ("", "0.986", "0.934", "0.958"),
}


def main(folders: list[Path]) -> None:
    """Read, write."""
    lines = [
        "# MIT-BIH: the whole study",
        "",
        "Written by `python bench/mitbih_study_table.py FOLDER ...`; the whole `results.json` of each run lies in "
        "[mitbih_study/](mitbih_study).",
        "",
    ]
    for folder in folders:
        results = json.loads((folder / "results.json").read_text())
        lines += section(results)
        with written_aside(RESULTS / "mitbih_study" / f"{results['protocol']}.json") as aside:
            aside.write_text(json.dumps(results, separators=(",", ":")) + "\n")
        for name in ("imbalance", "ensembles", "gradcam-cnn_lstm_attention"):
            figure = folder / "figures" / f"{name}.png"
            with written_aside(RESULTS / "mitbih_study" / f"{results['protocol']}-{name}.png") as aside:
                aside.write_bytes(figure.read_bytes())
    lines += (RESULTS / "mitbih_study_notes.md").read_text().splitlines()
    with written_aside(RESULTS / "mitbih_study.md") as aside:
        aside.write_text("\n".join(lines) + "\n")


def section(results: dict) -> list[str]:
    """One protocol."""
    scores, name = results["scores"], results["protocol"]
    first = next(iter(scores.values()))
    leak = " (LEAKS PATIENTS)" if first["leaks_patients"] else ""
    drawn = first["interval"]
    hours = sum(results["seconds"].values()) / 3600
    classes = list(first["per_class"])
    lines = [
        f"## Protocol {name}{leak}",
        "",
        f"`einthoven study mitbih --from DIR --protocol {name} --out studies/{name}` · {first['n_test']:,} beats of "
        f"{first['n_patients']:,} patients; {drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws; "
        f"{hours:.1f} hours of one core, two trainings side by side.",
        "",
        first["remark"],
        "",
        f"| model | {' | '.join(_SHOWN)} | {' | '.join(f'F1 {at}' for at in classes)} | against none |",
        "|" + "---|" * (2 + len(_SHOWN) + len(classes)),
    ]
    for label, found in scores.items():
        figures = [" (".join(cells(found[metric])) + ")" for metric in _SHOWN]
        each = [cells(found["per_class"][at]["f1"])[0] for at in classes]
        test = results["against_none"].get(label)
        against = f"{test['difference']['value']:+.3f} (p {test['p']:.3f})" if test else ""
        lines.append(f"| {label} | {' | '.join(figures)} | {' | '.join(each)} | {against} |")
    if first["leaks_patients"]:
        for label, figures in _PUBLISHED.items():
            lines.append(f"| {label} | {' | '.join(figures)} |{' |' * (len(classes) + 1)}")
    best = {label: row["members"] for label, row in results["ensembles"].items() if isinstance(row, dict)}
    point = results["ensembles"]["top2_weighted"]["operating_point"]
    weights = ", ".join(f"{weight:g}" for weight in point["weights"])
    lines += [
        "",
        f"Chosen on validation: {results['winner']['member']} is the winner; members {', '.join(best['mean'])}; top2_weighted "
        f"{', '.join(best['top2_weighted'])}. Operating point: weights {weights} (validation: macro "
        f"precision {point['validation_macro_precision']:.3f}, recall {point['validation_macro_recall']:.3f}).",
        "",
        *generated(results["generated"]),
        f"![Answers to imbalance](mitbih_study/{name}-imbalance.png)",
        "",
        f"![Ensembles](mitbih_study/{name}-ensembles.png)",
        "",
        f"![Grad-CAM and attention](mitbih_study/{name}-gradcam-cnn_lstm_attention.png)",
        "",
    ]
    return lines


def generated(made: dict) -> list[str]:
    """What the generated beats are worth."""
    lines = [
        "| generated beats | real in training | made | a forest tells them from real ones | real from real | nearest real one "
        "| of held-out real ones | F1 on real beats: trained on made | trained on real |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    measured = {name: found for name, found in made["quality"].items() if isinstance(found, dict)}
    for name, found in measured.items():
        trained = [cells(made["trained_on_synthetic"][kind][name])[0] for kind in ("synthetic", "real")]
        lines.append(
            f"| {name} | {found['n_real']:,} | {found['n_made']:,} | {found['two_sample_accuracy']:.3f} "
            f"| {found['two_sample_accuracy_between_real']:.3f} | {found['nearest_real']:.2f} "
            f"| {found['nearest_real_of_held_out']:.2f} | {trained[0]} | {trained[1]} |"
        )
    return [*lines, ""]


if __name__ == "__main__":
    from command import run

    run(lambda words: main([Path(word) for word in words]), __doc__, 1)
