"""Draw the records that a model is stressed with: of the test set, and of patients that did not train it."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Protocol
from einthoven.errors import CorpusIncomplete, EinthovenError
from einthoven.inference.predictor import Predictor
from einthoven.inference.seen_patients import fold_among, seen_by
from einthoven.records import Record
from einthoven.signal.disturbances import Clean

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidates:
    """Records that a model may be stressed with.

    Parameters
    ----------
    corpus : Corpus
        Their corpus.
    entries : tuple of Entry
        The records.
    trained : bool
        Whether they trained the model.
    remark : str
        What a reader of the results must know of them.
    """

    corpus: Corpus
    entries: tuple[Entry, ...]
    trained: bool
    remark: str

    @classmethod
    def of(cls, predictor: Predictor, corpus: Corpus, protocol: Protocol, source: Path, seen: bool) -> "Candidates":
        """Return the test records of a protocol whose patients did not train a model.

        Parameters
        ----------
        predictor : Predictor
            The model.
        corpus : Corpus
            The corpus.
        protocol : Protocol
            How it is split.
        source : Path
            Its folder.
        seen : bool
            Whether records that trained the model are returned where there are no others.

        Raises
        ------
        CorpusIncomplete
            If there is none.
        """
        card = predictor.card
        listing = corpus.entries(source, card.preparation.fs_hz)
        entries = [entry for entry in listing if entry.record not in protocol.without]
        index = _index_of(corpus, protocol, entries)
        fold = fold_among(card, corpus, protocol, index.patient)
        split = protocol.parts(index, card.training.get("split_seed", 0), (), fold)
        unseen = ~seen_by(predictor, corpus, index.patient)
        tested = split.test[unseen[split.test]]
        if len(tested):
            remark = f"Records of the test set of protocol {protocol.name} whose patients did not train the model."
            return cls(corpus, tuple(entries[at] for at in tested), False, remark)
        if not seen or not entries:
            raise _none_unseen(predictor, corpus, protocol, len(entries), int((~unseen).sum()))
        remark = (
            "TRAINED ON THESE RECORDS: they trained or validated the model, so confidence on new patients is lower."
        )
        return cls(corpus, tuple(entries), True, remark)

    def answered(self, predictor: Predictor, n: int, seed: int, longest_s: float) -> list[tuple[Record, Clean]]:
        """Draw records that the model can answer.

        Parameters
        ----------
        predictor : Predictor
            The model.
        n : int
            How many.
        seed : int
            Seed of the draw.
        longest_s : float, s
            What is beyond this time is left out.

        Returns
        -------
        list of (Record, Clean)
            At most `n` records, in the order of the corpus.

        Raises
        ------
        EinthovenError
            If none can be answered: the reason of the last.
        """
        found: dict[int, tuple[Record, Clean]] = {}
        reason: EinthovenError | None = None
        for at in np.random.default_rng(seed).permutation(len(self.entries)):
            if len(found) == n:
                break
            try:
                found[int(at)] = self._read(predictor, self.entries[at], longest_s)
            except EinthovenError as error:
                _log.info("%s is not used: %s", self.entries[at].record, error.summary)
                reason = error
        if reason is not None and not found:
            raise reason
        return [found[at] for at in sorted(found)]

    def _read(self, predictor: Predictor, entry: Entry, longest_s: float) -> tuple[Record, Clean]:
        """Read the beginning of a record; its beats are those of the corpus, or where it has none, those that are found."""
        record = self.corpus.read(entry)
        beats = np.zeros(0, np.int64) if self.corpus.beats is None else self.corpus.beats(record)[0]
        n = min(record.n_samples, round(longest_s * record.fs_hz))
        record = replace(record, signal_mv=record.signal_mv[:, :n], annotations=None)
        answer = predictor(record)
        beats = beats if len(beats) else answer.beats
        clean = Clean(record.signal_mv, record.leads, record.fs_hz, answer.leads, np.sort(beats))
        return record, clean.first(longest_s)


def _index_of(corpus: Corpus, protocol: Protocol, entries: list[Entry]) -> Index:
    """Return an index with a row for each record; a record whose beats are annotated has a beat of the label set."""
    symbols = [entry.codes if corpus.beats is None else protocol.labels.all_symbols[0] for entry in entries]

    def column(values: list[str]) -> NDArray[np.str_]:
        return np.array(values, np.str_)

    return Index(
        record=column([entry.record for entry in entries]),
        patient=column([entry.patient for entry in entries]),
        symbol=column(symbols),
        position=np.zeros(len(entries), np.int64),
        group=column([entry.group for entry in entries]),
        age_years=np.array([entry.age_years for entry in entries], float),
    )


def _none_unseen(predictor: Predictor, corpus: Corpus, protocol: Protocol, n: int, n_seen: int) -> CorpusIncomplete:
    return CorpusIncomplete(
        f"{corpus.name} has no test record that did not train {predictor.card.name}.",
        found=f"{n:,} records; the patients of {n_seen:,} trained the model",
        expected=f"records of the test set of protocol {protocol.name}, of other patients",
        remedy="--seen      uses records that trained the model, and says so; or name another corpus with --corpus",
    )
