"""Knows how a bundle answers: Record in, Prediction out; windows in, probabilities out. Loads a backend when it first answers."""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import BundleDamaged, RecordTooShort
from einthoven.evaluation.share import with_own_share
from einthoven.inference.backends import Backend, TorchBackend, card_inside, fastest
from einthoven.inference.findings import Findings
from einthoven.inference.prediction import Prediction
from einthoven.records.record import Record
from einthoven.signal import heartbeats, leads, preparation, quality

_log = logging.getLogger(__name__)

_LISTENED = ("good", "noisy", "clipped", "missing", "flat")
_LEAST_FILLED, _LONG_ENOUGH_S = 0.5, 9.0
_UPRIGHT = ("I", "II", "MLII", "V5", "V6", "ECG")


def load(name_or_path: str | Path) -> "Predictor":
    """A model that answers, by the name of a bundled one, from the folder of a bundle or a run, or from an exported file.

    Raises
    ------
    UnknownName, BundleDamaged
        Where there is none, or it is damaged. Pickles are never loaded.
    """
    folder = bundle.find(name_or_path)
    here = bundle.at(Path(name_or_path))
    if here is not None and bundle.is_bundled(folder) and not bundle.is_bundled(here):
        _log.warning("%s is the model that comes with einthoven; ./%s names the one here", name_or_path, name_or_path)
    if folder.is_file():
        return Predictor(folder, card_inside(folder))
    card = bundle.load_card(folder)
    bundle.load_weights(folder, card)
    return Predictor(folder, card)


class Predictor:
    """A loaded bundle; call it with a Record.

    Parameters
    ----------
    folder : of the bundle, or the exported file; card : its card; backend : what computes it, the fastest where not stated
    """

    def __init__(self, folder: Path, card: Card, backend: Backend | None = None):
        self.folder, self.card = folder, card
        if backend is not None:
            self.backend = backend

    @cached_property
    def backend(self) -> Backend:
        """What computes the network; loaded when first asked."""
        return fastest(self.folder, self.card)

    @property
    def is_exported(self) -> bool:
        """Whether this is an exported file, which holds a graph and no weights."""
        return self.folder.is_file()

    @cached_property
    def network(self):
        """The network itself in torch, in eval mode, for explanations.

        Raises
        ------
        BundleDamaged
            Where this is an exported file.
        """
        name = self.card.name
        if self.is_exported:
            raise BundleDamaged(
                f"{self.folder} cannot be explained or exported again.",
                found="an exported graph",
                expected="the bundle it was exported from, with its weights",
                remedy=f"{name if name in bundle.bundled() else f'the folder of {name}'} in place of {self.folder}",
            )
        return TorchBackend(self.folder, self.card).network

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Class probabilities of prepared windows.

        Parameters
        ----------
        windows : array [n, leads, samples], float32

        Returns
        -------
        array [n, classes], float32
        """
        if not len(windows):
            return np.zeros((0, len(self.card.classes)), np.float32)
        card = self.card
        if card.preparation.crop_s:
            cut = preparation.crops(windows, card.preparation)
            logits = self.backend.logits(cut.reshape(-1, *cut.shape[2:])).reshape(*cut.shape[:2], -1).mean(axis=1)
        else:
            logits = self.backend.logits(windows)
        if card.multilabel:
            return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        if self.card.class_weights:
            powers = powers * np.asarray(self.card.class_weights, powers.dtype)
        return powers / powers.sum(axis=1, keepdims=True)

    def answers(self, windows: np.ndarray, record: np.ndarray) -> np.ndarray:
        """Class probabilities of prepared windows, with each record's own share of a class where the card has one worked out.

        Parameters
        ----------
        windows : array [n, leads, samples], float32; record : which record each is from [n]

        Returns
        -------
        array [n, classes], float32
        """
        return with_own_share(self.probabilities(windows), record, self.card.classes, self.card.class_prior_adaptation)

    def _told_share(self, probability: np.ndarray) -> str:
        of, beside, share = (self.card.class_prior_adaptation[name] for name in ("of", "beside", "share"))
        mass = probability[:, [self.card.classes.index(name) for name in (of, beside)]].sum(axis=0)
        return (
            f"how many beats are {of} is worked out from this recording ({mass[0] / max(mass.sum(), 1e-9):.0%} of {beside} and "
            f"{of}; {share:.0%} in training data)"
        )

    def __call__(self, record: Record, beats: np.ndarray | None = None) -> Prediction | Findings:
        """Answer for a record: the classes of its beats, or, for a model that sees whole stretches, its findings.

        Parameters
        ----------
        beats : sample numbers, where they are known; else they are looked for

        Raises
        ------
        LeadMismatch, RecordTooShort
            Where the record does not have what the model needs.
        """
        return self._findings(record) if self.card.preparation.cut == "tiles" else self._beats(record, beats)

    def _used(
        self, record: Record, least_s: float, reason: str
    ) -> tuple[np.ndarray, tuple[str, ...], tuple[quality.LeadQuality, ...]]:
        """The leads that are read, their names and what they are like; refused where the record is too short."""
        where = str(record.source or record.name)
        used_mv, names = leads.select(record.signal_mv, record.leads, self.card.preparation.leads, where)
        if record.duration_s < least_s:
            raise RecordTooShort(
                f"{where} is too short for {self.card.name}.",
                found=f"{record.duration_s:.2f} s",
                expected=f"at least {least_s:g} s, {reason}",
                remedy="give a longer recording",
            )
        looked = (quality.lead_quality(name, lead, record.fs_hz) for name, lead in zip(names, used_mv, strict=True))
        return used_mv, names, tuple(looked)

    @property
    def least_s(self) -> float:
        """Of a model that sees whole stretches: the shortest recording that it answers."""
        return min(_LEAST_FILLED * self.card.preparation.after_s, _LONG_ENOUGH_S)

    def _findings(self, record: Record) -> Findings:
        wanted = self.card.preparation
        used_mv, names, verdicts = self._used(record, self.least_s, f"of the {wanted.after_s:g} s it looks at")
        remarks = list(record.warnings)
        if record.duration_s < wanted.after_s - 0.5 / wanted.fs_hz:
            remarks.append(f"{record.duration_s:.1f} s long: the rest of the {wanted.after_s:g} s is filled with zeros")
        remarks += [f"lead {v.lead} is {v.verdict}: {v.reason}" for v in verdicts if v.verdict != "good"]
        seen, beats, _ = _heard(used_mv, verdicts, record.fs_hz)
        if len(names) == 1 and names[0] in _UPRIGHT and quality.looks_inverted(seen, beats, record.fs_hz):
            remarks.append(
                f"most QRS complexes of {names[0]} point down: electrodes reversed, or the device held upside down"
            )
        windows, starts = preparation.tiles(
            record.signal_mv, record.fs_hz, record.leads, wanted, str(record.source or record.name)
        )
        each = self.probabilities(windows)
        return Findings(record, self.card, names, starts, each, beats, verdicts, tuple(remarks))

    def _beats(self, record: Record, beats: np.ndarray | None) -> Prediction:
        wanted = self.card.preparation
        least_s = max(wanted.before_s + wanted.after_s, heartbeats.SHORTEST_S if beats is None else 0)
        used_mv, names, verdicts = self._used(record, least_s, "to find heartbeats and to fill one window")
        remarks = list(record.warnings)
        if beats is None:
            seen, beats, at = _heard(used_mv, verdicts, record.fs_hz)
            if not len(beats):
                remarks.append("no heartbeat was found")
            elif names[at] in _UPRIGHT and quality.looks_inverted(seen, beats, record.fs_hz):
                remarks.append(
                    f"most QRS complexes of {names[at]} point down: reversed electrodes, or a bundle branch block"
                )
        remarks += [f"lead {v.lead} is {v.verdict}: {v.reason}" for v in verdicts if v.verdict != "good"]
        windows = preparation.beat_windows(
            record.signal_mv, record.fs_hz, record.leads, beats, wanted, str(record.source or record.name)
        )
        probability = self.answers(windows, np.zeros(len(windows), int))
        if self.card.class_prior_adaptation and len(beats):
            remarks.append(self._told_share(probability))
        return Prediction(
            record=record,
            card=self.card,
            leads=names,
            beats=beats,
            probability=probability,
            missing=_near_missing(used_mv, beats, record.fs_hz),
            quality=verdicts,
            remarks=tuple(remarks),
        )


def _heard(
    used_mv: np.ndarray, verdicts: tuple[quality.LeadQuality, ...], fs_hz: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """The clearest lead without its gaps [samples], its heartbeats [n], and which it is."""
    at = min(range(len(verdicts)), key=lambda lead: _LISTENED.index(verdicts[lead].verdict))
    seen = quality.interpolated(used_mv[at])
    is_silent = verdicts[at].verdict in ("flat", "missing")
    return seen, np.zeros(0, np.int64) if is_silent else heartbeats.find(seen, fs_hz), at


def _near_missing(signal_mv: np.ndarray, beats: np.ndarray, fs_hz: float) -> np.ndarray:
    """Whether a sample within 0.3 s of each beat is missing in any lead."""
    gone = np.concatenate(([0], np.cumsum(~np.isfinite(signal_mv).all(axis=0))))
    reach = round(0.3 * fs_hz)
    last = signal_mv.shape[1]
    return gone[np.minimum(beats + reach, last)] > gone[np.maximum(beats - reach, 0)]
