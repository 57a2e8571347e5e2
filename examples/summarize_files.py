"""Write a table with the heart rate, the rhythm and the summary of each recording: `python summarize_files.py FILE ...`.

Files that cannot be read are named with the reason, and the others are kept.
"""

import csv
import sys
from pathlib import Path

import einthoven


def main(files: list[str]) -> None:
    """Interpret each file, and write summary.csv."""
    rows = []
    for file in files:
        try:
            found = einthoven.interpret(file)
        except einthoven.EinthovenError as error:
            print(f"{file} skipped: {error.code}", file=sys.stderr)
            continue
        rate = found.rate.mean if found.rate else None
        rows.append({"file": file, "rate_bpm": rate, "summary": found.summary})
    with Path("summary.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, ["file", "rate_bpm", "summary"])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
