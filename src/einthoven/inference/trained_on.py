"""Recognise a recording that trained the model, by its name and its sampling rate."""

from einthoven.bundle import Card
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

    name = str(card.training.get("corpus", ""))
    corpus = CORPORA.get(name)
    if corpus is None or not (record.fs_hz == corpus.fs_hz or record.name.endswith(_HIGHER_RATE)):
        return []
    short = record.name.split("_")[0].lstrip("0")
    parts = card.training.get("records", {}).values()
    trained = any(record.name in part or short in part for part in parts) or f"{name}/{record.name}" in card.patients
    if not trained:
        return []
    return [
        f"Recording {record.name} of {corpus.title} trained this model: if this is that recording, the answer says nothing "
        "about new recordings."
    ]
