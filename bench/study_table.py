"""Writes docs/results/NAME.md from the folders of studies: challenge2017, cpsc2018, mitbih-small, ptbxl-model, lstm-svm,
ecg-smart-net, sevggnet and sevggnet-beats.

python bench/study_table.py studies/challenge2017 studies/cpsc2018 studies/mitbih-small
"""

import json
from pathlib import Path

from einthoven.paths import written_aside

RESULTS = Path(__file__).parents[1] / "docs" / "results"
_OPTIONS = {"cpsc2018": " --protocol both", "mitbih-small": " --protocol both"}
_OPTIONS |= {"lstm-svm": " --protocol both", "sevggnet-beats": " --protocol both"}
_HEADS = {"challenge2017": "The official score", "cpsc2018": "By both protocols", "mitbih-small": "Confusions"}
_HEADS |= {"ptbxl-model": "By class", "ecg-smart-net": "By class", "lstm-svm": "Confusions", "sevggnet": "Confusions"}
_HEADS |= {"sevggnet-beats": "Confusions"}
_WORK = {"ptbxl-model": "two trainings side by side, "}


def main(folders: list[Path]) -> None:
    """Read, write."""
    for folder in folders:
        results = json.loads((folder / "results.json").read_text())
        name = results["study"]
        place = RESULTS / name.replace("-", "_")
        place.mkdir(exist_ok=True)
        figures = sorted((folder / "figures").glob("*.png"))
        for source in (folder / "results.json", *figures):
            with written_aside(place / source.name) as aside:
                aside.write_bytes(source.read_bytes())
        with written_aside(place.with_suffix(".md")) as aside:
            aside.write_text("\n".join(page(results, [f"{place.name}/{figure.name}" for figure in figures])) + "\n")


def page(results: dict, figures: list[str]) -> list[str]:
    """The lines of a study's page."""
    name = results["study"]
    hours = sum(results["seconds"].values()) / 3600
    notes = RESULTS / f"{name.replace('-', '_')}_notes.md"
    options = _OPTIONS.get(name, "") if any("LEAKS" in cell for row in results["rows"] for cell in row) else ""
    lines = [
        f"# {results['title']}",
        "",
        "```",
        f"einthoven study {name} --from DIR{options} --out studies/{name}      # {hours:.1f} hours of one core, "
        f"{_WORK.get(name, '')}shared with other work",
        f"python bench/study_table.py studies/{name}",
        "```",
        "",
        *_table(results["columns"], results["rows"]),
        "",
        *(f"{remark}\n" for remark in results["remarks"][:-1]),
    ]
    for title, found in _comparisons(results).items():
        lines += [f"## {title}", "", *_table(["", *next(iter(found.values()))], _rows(found)), ""]
    lines += [f"## {_HEADS[name]}", ""]
    for figure in figures:
        lines += [f"![{Path(figure).stem}]({figure})", ""]
    return [*lines, *(notes.read_text().splitlines() if notes.exists() else [])]


def _comparisons(results: dict) -> dict[str, dict[str, dict[str, dict]]]:
    """By title and pair of models, the differences of each metric."""
    by = {f", protocol {name}": found["paired"] for name, found in results.get("protocols", {}).items()}
    by |= {"": results["paired"]} if "paired" in results else {}
    return {
        f"Paired bootstrap{name}": {
            pair: {told["metric"]: told} if "metric" in told else told for pair, told in found.items()
        }
        for name, found in by.items()
    }


def _rows(found: dict[str, dict[str, dict]]) -> list[list[str]]:
    return [
        [pair, *(_difference(told["difference"], told["p"]) for told in metrics.values())]
        for pair, metrics in found.items()
    ]


def _difference(difference: dict, p: float) -> str:
    return f"{difference['value']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f}), p {p:.3f}"


def _table(columns, rows) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)]


if __name__ == "__main__":
    from command import run

    run(lambda words: main([Path(word) for word in words]), __doc__, 1)
