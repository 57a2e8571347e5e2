"""Writes docs/results/mitbih_clean.md from the configurations that were tested on DS2; no number in it is typed by hand.

python bench/mitbih_clean_table.py      reads docs/results/mitbih_clean/*.json and the notes beside them
"""

import json
from pathlib import Path

from einthoven.paths import written_aside
from einthoven.report.tables import cells

DOCS = Path(__file__).parents[1] / "docs" / "results"
_NAMES = ("N", "S", "V", "F")


def main() -> None:
    """Collect, one row for cross-validation and one for DS2 a configuration, write."""
    rows, told = [], []
    for file in sorted((DOCS / "mitbih_clean").glob("*.json")):
        found = json.loads(file.read_text())
        told.append(f"{len(told) + 1}. {found['configuration']}.")
        for place, metrics in (("DS1, cross-validated", found["cross_validation"]), ("DS2", found["ds2"])):
            per = [_spread(metrics["per_class"][name]["f1"]) for name in _NAMES]
            rows.append([len(told), place, _spread(metrics["accuracy"]), _spread(metrics["macro_f1"]), *per])
    ds2 = found["ds2"]
    lines = [
        "# MIT-BIH: patients that no model has seen",
        "",
        f"DS1 trains, DS2 tests: {ds2['n_test']:,} beats of {ds2['n_patients']} patients. {ds2['remark']} "
        f"{ds2['interval']['level']:.0%} intervals over {ds2['interval']['unit']}s, {ds2['interval']['draws']:,} draws. "
        "Every configuration that was ever tested on DS2 is here, in its order; each was chosen by cross-validation over "
        "the patients of DS1 (six folds), frozen, and tested once.",
        "",
        *told,
        "",
        _row(("configuration", "tested on", "accuracy", "macro-F1", *[f"F1 {name}" for name in _NAMES])),
        _row(["---"] * 8),
        *[_row(row) for row in rows],
        "",
        (DOCS / "mitbih_clean_notes.md").read_text().rstrip(),
        "",
    ]
    with written_aside(DOCS / "mitbih_clean.md") as aside:
        aside.write_text("\n".join(lines))


def _spread(found: dict) -> str:
    value, spread = cells(found)
    return f"{value} ({spread})"


def _row(values) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"


if __name__ == "__main__":
    main()
