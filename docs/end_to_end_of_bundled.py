"""Score the bundled models of beats end to end on the records of their tests, and write it on their cards.

python docs/end_to_end_of_bundled.py DIR      DIR: mitdb as its publisher lays it out
"""

import sys
from dataclasses import replace
from pathlib import Path

from einthoven import bundle, console
from einthoven.corpora import CORPORA
from einthoven.corpora.mitdb import DS2
from einthoven.evaluation.end_to_end import on_a_card
from einthoven.inference.end_to_end import scored_end_to_end
from einthoven.inference.predictor import load
from einthoven.paths import ASSETS
from einthoven.report.tables import end_to_end, end_to_end_title


def main() -> None:
    """Score and write each; print its table."""
    corpus = CORPORA["mitdb"]
    protocol = corpus.protocol("clean")
    for name in bundle.bundled():
        folder = ASSETS / name
        card = bundle.load_card(folder)
        if card.preparation.is_whole or card.training["protocol"] != "clean":
            continue
        entries = [entry for entry in corpus.entries(Path(sys.argv[1]) / "mitdb", 180.0) if entry.record in DS2]
        found = scored_end_to_end(load(name), corpus, protocol, entries)
        results = [row | {"end_to_end": on_a_card(found)} if row["corpus"] == "mitdb" else row for row in card.results]
        bundle.rewrite_card(folder, replace(card, results=tuple(results)))
        console.say(f"{name}: {end_to_end_title(found)}")
        console.table(*end_to_end(found))


if __name__ == "__main__":
    main()
