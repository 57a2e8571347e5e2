"""Recognise a recording that trained the model, by its name and its sampling rate."""

from einthoven.bundle import Card
from einthoven.corpora.corpus import Corpus
from einthoven.records.record import Record

_FILES = {"ptb-xl": ("_hr", "_lr")}
"""Corpora whose files have other names than their records: 00001_hr and 00001_lr are record 1, at 500 and 100 Hz."""


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
        if _trained(card, corpus, record, "" if not several else f"{corpus.name}/"):
            return [
                f"Recording {record.name} of {corpus.title} trained this model: if this is that recording, the answer says "
                "nothing about new recordings."
            ]
    return []


def _trained(card: Card, corpus: Corpus, record: Record, ahead: str) -> bool:
    """Tell whether a recording of a corpus trained a model; where there are several, `ahead` stands before its records."""
    suffixes = _FILES.get(corpus.name, ())
    if suffixes and not record.name.endswith(suffixes):
        return False
    if not suffixes and record.fs_hz != corpus.fs_hz:
        return False
    name = record.name.split("_")[0].lstrip("0") if suffixes else record.name
    if f"{corpus.name}/{record.name}" in card.patients:
        return True
    return any(f"{ahead}{name}" in part for part in card.training.get("records", {}).values())
