"""Delineate a record: P, QRS and T of each lead and of all leads together, and the intervals between them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk, records
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.inference.examined import Examined
from einthoven.inference.fitting import SHORTEST_WAVES_S
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.reading import remarks_on
from einthoven.records.record import Record
from einthoven.signal import intervals, quality
from einthoven.signal.boundaries import QRS, Waves, waves_from
from einthoven.signal.delineation import Decoding, decoded, joined, of_all_leads
from einthoven.signal.preparation import Preparation, prepared_signal
from einthoven.signal.windows import Windows, tile

Array = NDArray[Any]

DEFAULT = "waves-ludb"
"""The bundled delineator."""
MARGIN_S = 1.0
"""What a window sees on either side of the samples that it answers for, s."""
_CHUNK = 64
"""Windows of a lead that are joined and decoded together; memory is bounded by it."""


@dataclass(frozen=True, eq=False)
class Delineation:
    """The waves of a record.

    Parameters
    ----------
    record : Record
        What was delineated.
    card : Card
        Card of the model.
    by_lead : dict of Waves
        Waves of each lead that is readable, by its name; where a lead is unreadable for a while, none of that while.
    all_leads : Waves
        Waves of all leads together.
    quality : Quality
        Quality of the leads.
    intervals : Intervals
        What is measured on the waves.
    remarks : tuple of str
        What a reader must know.
    every : int
        Which windows were read: 1 for all of them; 2 for every second, of a long recording.
    """

    record: Record
    card: Card
    by_lead: dict[str, Waves]
    all_leads: Waves
    quality: quality.Quality
    intervals: intervals.Intervals
    remarks: tuple[str, ...] = ()
    every: int = 1

    @property
    def beats(self) -> NDArray[np.int64]:
        """Sample numbers of the QRS complexes, at the record's sampling rate [n]."""
        return np.rint(self.all_leads.of(QRS).peak_s * self.record.fs_hz).astype(np.int64)


def delineate(record: Record | str | PathLike[str], model: str | Path | Predictor = DEFAULT) -> Delineation:
    """Find onset, peak and offset of every P wave, QRS complex and T wave.

    Parameters
    ----------
    record : Record or path
        A recording, or its file, which is read as by :func:`einthoven.read`.
    model : str, Path or Predictor
        A delineator: its name, its folder, an exported file, or what :func:`einthoven.load` gave.

    Returns
    -------
    Delineation
        Waves of each lead and of all leads together, in seconds, and the intervals.

    Raises
    ------
    ConfigurationFault
        If the model is no delineator.
    RecordUnreadable
        If the record cannot be read, or is shorter than two seconds.
    """
    predictor = model if isinstance(model, Predictor) else load(model)
    return Delineator(predictor)(record if isinstance(record, Record) else records.read(Path(record)))


class Delineator:
    """A model that answers each sample of a lead, applied to all leads of a record.

    Parameters
    ----------
    predictor : Predictor
        The loaded model.
    decoding : Decoding, optional
        How probabilities become waves.

    Raises
    ------
    ConfigurationFault
        If the model answers windows.
    """

    def __init__(self, predictor: Predictor, decoding: Decoding | None = None) -> None:
        if not predictor.card.answers_samples:
            raise ConfigurationFault(
                f"{predictor.card.name} finds no waves.",
                found="a model that answers beats or windows",
                expected="a delineator",
                remedy=f"--model {DEFAULT}",
            )
        self.predictor, self.decoding = predictor, decoding or Decoding()

    def __call__(self, record: Record) -> Delineation:
        """Delineate a record.

        Parameters
        ----------
        record : Record
            The recording; each of its leads is read, whatever its name.

        Returns
        -------
        Delineation
        """
        return self.delineated(Examined(record))

    def delineated(self, examined: Examined, most_s: float = np.inf) -> Delineation:
        """Delineate a record that other models may read too.

        Parameters
        ----------
        examined : Examined
            The recording.
        most_s : float
            How much of it is read, s: of a longer one windows at equal distances.

        Returns
        -------
        Delineation

        Raises
        ------
        RecordUnreadable
            If it is shorter than two seconds.
        """
        card, record = self.predictor.card, examined.record
        if record.duration_s < SHORTEST_WAVES_S:
            raise RecordUnreadable(
                f"{record.source or record.name} is too short to be delineated.",
                found=f"{record.duration_s:.2f} s",
                expected=f"at least {SHORTEST_WAVES_S:g} s",
                remedy="use a longer recording",
            )
        seen, findings = examined.quality, examined.findings
        every = max(1, int(np.ceil(record.duration_s / most_s)))
        by_lead, together = self.waves(record, seen, every)
        remarks = [*record.warnings, *remarks_on(seen), *(finding.sentence for finding in findings)]
        return Delineation(
            record=record,
            card=card,
            by_lead=by_lead,
            all_leads=together,
            quality=seen,
            intervals=intervals.measured(record, together, seen, any(one.code == "paced" for one in findings)),
            remarks=tuple(dict.fromkeys(remarks)),
            every=every,
        )

    def waves(self, record: Record, seen: quality.Quality, every: int = 1) -> tuple[dict[str, Waves], Waves]:
        """Find the waves of each readable lead, and of all of them together.

        Parameters
        ----------
        record : Record
            The recording.
        seen : Quality
            Quality of its leads.
        every : int
            Which windows are read: 1 for all of them.

        Returns
        -------
        by_lead : dict of Waves
            By the name of the lead.
        all_leads : Waves
            Of all leads together.
        """
        fs_hz = self._fs_hz
        usable = [at for at, row in enumerate(seen.readable) if row.any()]
        names = tuple(record.leads[at] for at in usable)
        if not usable:
            return {}, waves_from(())
        prepared = prepared_signal(record, _for_leads(self.predictor.card.preparation, names))
        leads: list[list[Waves]] = [[] for _ in usable]
        together: list[Waves] = []
        for first, begin, end, log_probability in self._chunks(prepared, every):
            here = slice(first, first + log_probability.shape[2])
            at_s = np.arange(here.start, here.stop) / fs_hz
            readable = seen.readable[usable][:, seen.at((at_s * record.fs_hz).astype(np.int64))]
            each, all_of = joined(log_probability, readable, self.decoding.own_share)
            each = _where(readable, each)
            found = [
                decoded(one, lead[here], fs_hz, self.decoding).moved(first / fs_hz)
                for one, lead in zip(each, prepared, strict=True)
            ]
            height = np.sqrt(np.mean(np.square(prepared[:, here], dtype=np.float64), axis=0))
            whole = decoded(all_of, height, fs_hz, self.decoding).moved(first / fs_hz)
            whole = of_all_leads(whole, found, self.decoding)
            for kept, waves in zip([*leads, together], [*found, whole], strict=True):
                kept.append(waves[(waves.peak_s >= begin / fs_hz) & (waves.peak_s < end / fs_hz)])
            on_disk.release(prepared)
        return dict(zip(names, map(_together, leads), strict=True)), _together(together)

    @property
    def _fs_hz(self) -> float:
        return self.predictor.card.preparation.fs_hz

    def _chunks(self, prepared: Array, every: int) -> Iterator[tuple[int, int, int, Array]]:
        """Yield pieces of the leads: first sample, the samples that it answers for, and log-probabilities [leads, classes, n]."""
        n_samples, size = prepared.shape[1], self.predictor.card.preparation.n_samples
        margin = round(MARGIN_S * self._fs_hz)
        padded = prepared if n_samples >= size else np.pad(prepared, ((0, 0), (0, size - n_samples)))
        starts = tile(padded.shape[1], size, size - 2 * margin)
        if every > 1:
            for start in starts[every // 2 :: every]:
                window = self._log_probability(padded[:, start : start + size])
                yield int(start), int(start) + margin, int(start) + size - margin, window
            return
        # A window answers up to the middle of what it shares with the next.
        edges = np.concatenate(([0], (starts[1:] + starts[:-1] + size) // 2, [n_samples]))
        for at in range(0, len(starts), _CHUNK):
            until = min(at + _CHUNK, len(starts))
            chosen = range(max(0, at - 1), min(len(starts), until + 1))
            pieces = [self._log_probability(padded[:, starts[one] : starts[one] + size]) for one in chosen]
            owned = [
                piece[:, :, edges[one] - starts[one] : edges[one + 1] - starts[one]]
                for one, piece in zip(chosen, pieces, strict=True)
            ]
            yield int(edges[chosen[0]]), int(edges[at]), int(edges[until]), np.concatenate(owned, axis=2)

    def _log_probability(self, window: Array) -> Array:
        """Return log-probabilities [leads, classes, samples] of a window of some leads [leads, samples]."""
        logits = self.predictor.backend.logits(Windows(np.ascontiguousarray(window[:, None], np.float32)))
        if self.predictor.card.multilabel:  # no wave where none of them is more probable than not
            logits = np.concatenate((np.zeros_like(logits[:, :1]), logits), axis=1)
        highest = logits.max(axis=1, keepdims=True)
        shifted = logits - highest
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _for_leads(preparation: Preparation, names: tuple[str, ...]) -> Preparation:
    """Return the preparation of a delineator for all leads of a record."""
    return replace(preparation, signal=replace(preparation.signal, leads=names))


def _where(readable: Array, probability: Array) -> Array:
    """Return probabilities [leads, classes, samples] that are those of ``none`` where a lead is not readable."""
    kept = probability * readable[:, None]
    kept[:, 0] += ~readable
    return kept


def _together(pieces: list[Waves]) -> Waves:
    fields = ("kind", "onset_s", "peak_s", "offset_s")
    return Waves(*(np.concatenate([getattr(one, name) for one in pieces]) for name in fields))
