"""Writes docs/results/rhythm.md from the results of the study of rhythms; no number in its tables is typed by hand.

python bench/rhythm_table.py      reads docs/results/rhythm.json, the study's results.json, and the notes beside it
"""

import json
from pathlib import Path

from einthoven.paths import written_aside
from einthoven.report.rhythm_study import page

DOCS = Path(__file__).parents[1] / "docs" / "results"


def main() -> None:
    """Write the notes ahead of the tables."""
    found = json.loads((DOCS / "rhythm.json").read_text())
    measured = found["measured"]["train"]
    records = ", ".join(f"{name} {n:,}" for name, n in measured["records"].items())
    model, challenge = found["model"], found["folds"]["challenge-2017, 30 s"]["challenge2017"]
    score = challenge["score"]
    lines = [
        "# Rhythm of any lead",
        "",
        "`einthoven study rhythm --from DIR --out studies/rhythm`, its `results.json` as [rhythm.json](rhythm.json), and "
        "`python bench/rhythm_table.py`.",
        f"Records that trained `rhythm-any-lead`: {records}. It has {model['n_parameters']:,} numbers and takes "
        f"{model['bytes'] / 1e6:.1f} MB.",
        f"Score of the Challenge 2017 over {challenge['recordings']:,} recordings, five folds: {score['value']:.3f} "
        f"({score['low']:.3f} to {score['high']:.3f}); F1 "
        + ", ".join(f"{name} {value:.3f}" for name, value in challenge["f1"].items())
        + ". Intervals are of 95 % and over people, 1,000 draws.",
        "",
        *page(found),
        "",
        (DOCS / "rhythm_notes.md").read_text().rstrip(),
        "",
    ]
    with written_aside(DOCS / "rhythm.md") as aside:
        aside.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
