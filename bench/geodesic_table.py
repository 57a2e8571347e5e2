"""Writes docs/results/geodesic.md from the results of the study geodesic; no number is typed by hand.

python bench/geodesic_table.py      reads docs/results/geodesic.json, the study's results.json
"""

import json
from pathlib import Path

from einthoven.paths import written_aside
from einthoven.report.geodesic_study import page

DOCS = Path(__file__).parents[1] / "docs" / "results"


def main() -> None:
    """Write the page."""
    found = json.loads((DOCS / "geodesic.json").read_text())
    with written_aside(DOCS / "geodesic.md") as aside:
        aside.write_text(page(found, "geodesic"))


if __name__ == "__main__":
    main()
