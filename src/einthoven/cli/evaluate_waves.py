"""Evaluate a delineator, or a table of waves, from the command line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from einthoven import console
from einthoven.corpora.corpus import Corpus, Entry, Protocol
from einthoven.paths import require_folder, written_aside

if TYPE_CHECKING:
    from einthoven.inference.predictor import Predictor


def evaluate_waves(source: Path, corpus: Corpus, protocol: Protocol, tested: "Predictor | Path", out: Path) -> int:
    """Delineate the records of a corpus, score the boundaries, and write metrics.json and table.md.

    Parameters
    ----------
    source : Path
        Folder of the corpus; it need not hold all records where its publisher's parts can stand alone.
    corpus : Corpus
        A corpus whose waves are marked.
    protocol : Protocol
        Its protocol.
    tested : Predictor or Path
        The model, or a CSV of waves.
    out : Path
        Folder of the results.
    """
    from einthoven.inference import wave_scoring
    from einthoven.inference.delineator import Delineator
    from einthoven.report import wave_scores

    wave_scoring.require_marks(corpus)
    require_folder(out)
    entries: list[Entry] = list(corpus.entries(source, corpus.preparation.fs_hz))
    everyone = len(entries)
    facts: dict[str, Any] = {}
    if isinstance(tested, Path):
        name, waves_in = tested.stem, wave_scoring.from_table(tested)
    else:
        delineator = Delineator(tested)
        entries = wave_scoring.require_unseen(delineator, corpus, entries)
        name, waves_in = tested.card.display_name, wave_scoring.by_model(delineator, corpus)
        facts = {"weights_sha256": tested.card.weights_sha256}
    rows = wave_scoring.compared(corpus, console.progress(entries, "delineating", len(entries)), waves_in)
    assert corpus.marks is not None
    remarks = [remark for entry in entries for remark in corpus.marks(entry).remarks]
    metrics = wave_scoring.metrics_of(name, corpus, protocol, rows, remarks, everyone - len(entries)) | facts
    with written_aside(out / "metrics.json") as aside:
        aside.write_text(json.dumps(metrics, indent=1) + "\n")
    with written_aside(out / "table.md") as aside:
        aside.write_text(wave_scores.markdown(metrics))
    if not isinstance(tested, Path):
        wave_scoring.keep(Delineator(tested), metrics)
    console.table(("", "value", "95 % interval"), wave_scores.summary(metrics), wave_scores.title(metrics))
    console.table(wave_scores.COLUMNS, wave_scores.rows(metrics["boundaries"]))
    if metrics["left_out"]:
        console.say(f"{metrics['left_out']} records that trained the model are not tested")
    console.say(f"{metrics['remark']}\n{out}: metrics.json, table.md")
    return 0
