"""Examine a record before models read it: what several models ask of it is found once, when the first asks."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.inference import reading
from einthoven.inference.second_opinion import Disputed, disputed
from einthoven.records.record import Record
from einthoven.signal import doctor, heartbeat_network, leads, quality
from einthoven.signal.finding import Finding
from einthoven.signal.gaps import Gaps
from einthoven.signal.quality import Quality

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class UsedLeads:
    """The leads of a record that a model reads.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The leads, NaN where samples are missing.
    names : tuple of str
        Their names.
    quality : Quality
        Their quality.
    network : callable
        The heartbeat network: takes prepared leads and returns their evidence.
    """

    signal_mv: NDArray[np.float32]
    names: tuple[str, ...]
    quality: Quality
    network: Callable[[Array], Array] = heartbeat_network.evidence

    @cached_property
    def beats(self) -> NDArray[np.int64]:
        """Heartbeats in all of them together, as sample numbers [n]."""
        return reading.find_heartbeats(self.signal_mv, self.quality, self.network)

    @cached_property
    def gaps(self) -> Gaps:
        """Where samples are missing in any of them."""
        return Gaps.of(self.signal_mv)

    @cached_property
    def disputed(self) -> Disputed:
        """What only one of two heartbeat detectors sees."""
        return disputed(self.signal_mv, self.quality, self.beats)


class RememberedEvidence:
    """The heartbeat network, which reads a piece of a lead once, whatever the leads are that are read beside it."""

    def __init__(self) -> None:
        self._known: dict[bytes, Array] = {}

    def __call__(self, inputs: Array) -> Array:
        """Return how likely each time is a heartbeat.

        Parameters
        ----------
        inputs : array [leads, 2, samples], float32
            Prepared leads.

        Returns
        -------
        array [leads, n], float32
            At 64 Hz; that of 24 hours of a lead takes 22 MB.
        """
        digests = [hashlib.blake2b(lead.tobytes(), digest_size=16).digest() for lead in inputs]
        for digest, lead in zip(digests, inputs, strict=True):
            if digest not in self._known:
                self._known[digest] = heartbeat_network.evidence(lead[None])[0]
        return np.stack([self._known[digest] for digest in digests])


class Examined:
    """A record with what is found in it before a model reads it.

    Parameters
    ----------
    record : Record
        The record.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._used: dict[tuple[str, ...], UsedLeads] = {}
        self._network = RememberedEvidence()

    @cached_property
    def quality(self) -> Quality:
        """Quality of all its leads."""
        return quality.examine(self.record.signal_mv, self.record.leads, self.record.fs_hz)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the doctor found in it."""
        return doctor.examine(self.record)

    def used(self, wishes: tuple[str, ...]) -> UsedLeads:
        """Return the leads that a model reads.

        Parameters
        ----------
        wishes : tuple of str
            Name of each wanted lead, or alternatives ``"MLII|II"``.

        Returns
        -------
        UsedLeads
            The same object for the same leads.

        Raises
        ------
        LeadMismatch
            If a lead is missing.
        """
        record = self.record
        signal_mv, names = leads.select(record.signal_mv, record.leads, wishes, str(record.source or record.name))
        if names not in self._used:
            self._used[names] = UsedLeads(signal_mv, names, self._quality_of(signal_mv, names), self._network)
        return self._used[names]

    def _quality_of(self, signal_mv: NDArray[np.float32], names: tuple[str, ...]) -> Quality:
        """Return the quality of some leads: looked up where all were examined, unless they were turned or derived."""
        if "quality" in vars(self) and set(names) <= set(self.record.leads):
            return self.quality.of(names)
        return quality.examine(signal_mv, names, self.record.fs_hz)
