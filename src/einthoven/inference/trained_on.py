"""Recognise a recording that trained the model, by its name and its sampling rate."""

from einthoven.bundle import Card
from einthoven.corpora.corpus import Corpus
from einthoven.records.record import Record

_HIGHER_RATE = "_hr"  # PTB-XL names its recordings at 500 Hz so


def remark(card: Card, record: Record) -> list[str]:
    """Return a sentence if the model was trained or validated on a recording of this name and rate.

    Parameters
    ----------
    card : Card
        Card of the model.
    record : Record
        The recording.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    from einthoven.corpora import CORPORA

    several = card.training.get("corpora", [])
    names = several or [str(card.training.get("corpus", ""))]
    for corpus in (CORPORA[name] for name in names if name in CORPORA):
        if _trained(card, corpus, record, by_record=not several):
            return [
                f"Recording {record.name} of {corpus.title} trained this model: if this is that recording, the answer says "
                "nothing about new recordings."
            ]
    return []


def _trained(card: Card, corpus: Corpus, record: Record, by_record: bool) -> bool:
    """Tell whether a recording of a corpus trained a model; records on the card have no corpus where there are several."""
    if not (record.fs_hz == corpus.fs_hz or record.name.endswith(_HIGHER_RATE)):
        return False
    if f"{corpus.name}/{record.name}" in card.patients:
        return True
    short = record.name.split("_")[0].lstrip("0")
    parts = card.training.get("records", {}).values() if by_record else ()
    return any(record.name in part or short in part for part in parts)
