"""Disturb records that did not train a model in known ways, and count what is marked, declined, warned and still answered."""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import console, records
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.errors import CorpusIncomplete, EinthovenError
from einthoven.inference.answer import Answer
from einthoven.inference.predictor import Predictor
from einthoven.inference.stress_records import Candidates
from einthoven.records import Record
from einthoven.signal import disturbances as kinds
from einthoven.signal import noise_stress
from einthoven.signal.disturbances import Clean, Disturbance, Disturbed
from einthoven.signal.resample import resample

Array = NDArray[Any]

LONGEST_NOISY_S, LONGEST_S = 900.0, 300.0
"""How much of a record is used, s: with noise and undisturbed, and with any other disturbance."""
_NOISE_AT = "https://physionet.org/content/nstdb/1.0.0/"


@dataclass(frozen=True)
class Condition:
    """One way to disturb a record."""

    name: str
    """Its name."""
    group: str
    """Which conditions it is shown with."""
    longest_s: float
    """How much of a record is used, s."""
    kind: str = ""
    """Noise that is added; empty for none."""
    snr_db: float = float("nan")
    """Signal-to-noise ratio, dB; NaN without noise."""
    disturbance: Disturbance | None = None
    """What is done; None where noise is added."""


def conditions() -> list[Condition]:
    """Return all conditions, the clean one first.

    Returns
    -------
    list of Condition
    """
    found = [Condition(name, "clean", LONGEST_NOISY_S, disturbance=made) for name, made in kinds.UNDISTURBED.items()]
    found += [
        Condition(f"{kind} at {snr_db} dB", "noise", LONGEST_NOISY_S, kind, float(snr_db))
        for kind in noise_stress.KINDS
        for snr_db in noise_stress.SNRS_DB
    ]
    groups = (
        ("leads", kinds.LEADS),
        ("units", kinds.UNITS),
        ("electrodes", kinds.ELECTRODES),
        ("no ECG", kinds.NOT_ECG),
    )
    for group, ways in groups:
        found += [Condition(name, group, LONGEST_S, disturbance=made) for name, made in ways.items()]
    return found


def read_noise(folder: Path) -> dict[str, Record]:
    """Read the noise of the MIT-BIH Noise Stress Test Database.

    Parameters
    ----------
    folder : Path
        A folder with the records bw, em and ma.

    Returns
    -------
    dict of str to Record

    Raises
    ------
    CorpusIncomplete
        If one is missing, shorter than a minute, or silent.
    RecordUnreadable
        If one is damaged.
    """
    missing = [f"no {kind}.hea" for kind in noise_stress.KINDS if not (Path(folder) / f"{kind}.hea").is_file()]
    if missing:
        there = ", ".join(missing) if Path(folder).is_dir() else "no such folder"
        raise _no_noise(folder, there)
    found = {kind: records.read(Path(folder) / f"{kind}.hea") for kind in noise_stress.KINDS}
    for kind, record in found.items():
        if record.duration_s < 60 or not np.isfinite(record.signal_mv).all():
            raise _no_noise(folder, f"{kind}: {record.duration_s:.1f} s, or with samples missing")
        if not noise_stress.noise_rms_mv(record.signal_mv, record.fs_hz).all():
            raise _no_noise(folder, f"{kind}: a flat signal")
    return found


def _no_noise(folder: Path, found: str) -> CorpusIncomplete:
    return CorpusIncomplete(
        "The noise to add is not there.",
        found=f"{folder}: {found}",
        expected="the records bw, em and ma (.hea and .dat) of the MIT-BIH Noise Stress Test Database",
        remedy=f"download them from {_NOISE_AT} and name their folder: --noise DIR",
    )


def stress(
    predictor: Predictor,
    corpus: Corpus,
    protocol: Protocol,
    source: Path,
    noise: dict[str, Record],
    n_records: int,
    seed: int = 0,
    seen: bool = False,
) -> dict[str, Any]:
    """Answer disturbed records, and count.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        Corpus of the records.
    protocol : Protocol
        How it is split.
    source : Path
        Its folder.
    noise : dict of str to Record
        The noise, see :func:`read_noise`.
    n_records : int
        How many records are drawn.
    seed : int
        Seed of all draws.
    seen : bool
        Whether records that trained the model are used.

    Returns
    -------
    dict
        Plain values: ``model``, ``corpus``, ``protocol``, ``records``, ``seed``, ``remark`` and ``conditions``, a list of dicts:
        see :func:`shares`.

    Raises
    ------
    CorpusIncomplete
        If no record can be used.
    """
    chosen = Candidates.of(predictor, corpus, protocol, source, seen)
    drawn = chosen.answered(predictor, n_records, seed, LONGEST_NOISY_S)
    every = conditions()
    counts: dict[str, Counter[str]] = {condition.name: Counter() for condition in every}
    work = _answers(predictor, drawn, every, noise, seed)
    for name, found in console.progress(work, f"stressing {predictor.card.name}", len(drawn) * len(every)):
        counts[name].update(found)
    card = predictor.card
    return {
        "model": card.display_name,
        "weights_sha256": card.weights_sha256,
        "kind": "window" if card.preparation.is_whole else "beat",
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": protocol.name,
        "trained_on_these_records": chosen.trained,
        "remark": chosen.remark,
        "records": [record.name for record, _ in drawn],
        "seed": seed,
        "conditions": [
            {
                "condition": one.name,
                "group": one.group,
                "noise": one.kind or None,
                "snr_db": None if one.snr_db != one.snr_db else one.snr_db,
                **shares(counts[one.name]),
            }
            for one in every
        ],
    }


def _answers(
    predictor: Predictor,
    drawn: list[tuple[Record, Clean]],
    every: list[Condition],
    noise: dict[str, Record],
    seed: int,
) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the name of each condition and what is counted in each record under it."""
    for at, (record, clean) in enumerate(drawn):
        at_rate = {
            kind: resample(known.signal_mv.astype(np.float64), known.fs_hz, clean.fs_hz)
            for kind, known in noise.items()
        }
        for condition in every:
            # One draw for all ratios of a noise: the curve over them is of the same noise.
            rng = np.random.default_rng([seed, at, zlib.crc32((condition.kind or condition.name).encode())])
            made = condition.disturbance or partial(noise_stress.with_noise, at_rate[condition.kind], condition.snr_db)
            disturbed = made(clean.first(condition.longest_s), rng)
            yield condition.name, Counter() if disturbed is None else _counted(predictor, record, clean, disturbed)


def _counted(predictor: Predictor, record: Record, clean: Clean, disturbed: Disturbed) -> Counter[str]:
    """Answer one disturbed record and count; a record that is refused has no answer, and its user is warned."""
    try:
        answer = predictor(
            replace(record, signal_mv=np.asarray(disturbed.signal_mv, np.float32), fs_hz=disturbed.fs_hz, warnings=())
        )
    except EinthovenError:
        return Counter(records=1, refused=1, declined=1, warned=1)
    touched = {clean.leads[row] for row in disturbed.rows}
    found = Counter(records=1, declined=answer.declined is not None, warned=bool(answer.findings))
    found.update(_stretches(answer, touched, set(clean.leads), disturbed.spans))
    found.update(_items(answer, disturbed.spans))
    return found


def _stretches(answer: Answer, touched: set[str], there: set[str], spans: Array) -> dict[str, int]:
    """Count stretches of disturbed leads in disturbed time, and all stretches that the disturbance does not touch."""
    quality = answer.quality
    share = overlap(quality.bounds[:-1], quality.bounds[1:], spans)
    # A derived lead is disturbed with the leads that it follows from.
    rows = np.array([lead in touched or lead not in there for lead in quality.leads])
    disturbed = rows[:, None] & (share >= 0.5)
    spared = ~(rows[:, None] & (share > 0))
    marked = quality.verdicts > 0
    return {
        "stretches": int(disturbed.sum()),
        "marked": int((disturbed & marked).sum()),
        "unreadable": int((disturbed & ~quality.readable).sum()),
        "spared": int(spared.sum()),
        "spared_marked": int((spared & marked).sum()),
        "spared_unreadable": int((spared & ~quality.readable).sum()),
    }


def _items(answer: Answer, spans: Array) -> dict[str, float]:
    """Count beats or windows in disturbed time, those without an answer or with a doubt, and add up the others' confidence."""
    inside = overlap(answer.samples, np.maximum(answer.ends, answer.samples + 1), spans) >= 0.5
    answered = inside & answer.is_answered
    doubtful = np.array([bool(doubt) for doubt in answer.doubts], bool)
    return {
        "items": float(inside.sum()),
        "items_marked": float((inside & (doubtful | ~answer.is_answered)).sum()),
        "answered": float(answered.sum()),
        "confidence": float(answer.confidence[answered].sum()),
        "minutes": float(np.diff(spans).sum()) / answer.record.fs_hz / 60,
    }


def overlap(starts: Array, ends: Array, spans: Array) -> Array:
    """Return the share of intervals that spans cover.

    Parameters
    ----------
    starts, ends : array of int [n]
        Beginning and end of each interval.
    spans : array of int [k, 2]
        Spans that do not overlap each other.

    Returns
    -------
    array [n]
    """
    first, last = np.maximum(starts[:, None], spans[:, 0]), np.minimum(ends[:, None], spans[:, 1])
    return np.asarray(np.maximum(last - first, 0).sum(axis=1) / np.maximum(ends - starts, 1))


def shares(counts: Counter[str]) -> dict[str, float | int | None]:
    """Return what is reported of a condition.

    Parameters
    ----------
    counts : Counter
        Sums over the records.

    Returns
    -------
    dict
        ``n_records``; of the stretches of disturbed leads in disturbed time the shares ``marked`` (not good) and ``unreadable``,
        ``spared_marked`` and ``spared_unreadable`` of the others; ``confidence``: mean probability of the answered beats or windows
        in disturbed time; ``items_marked``: share of these that are unreadable, doubtful, or of a declined record; ``declined``:
        share of the records that are declined, or refused when they are read (``refused``); ``warned``: share with a finding, or
        refused; ``answered_per_minute``: beats or windows that have a class, each minute of disturbed time. None where nothing
        counts.
    """

    def share(part: str, of: str) -> float | None:
        return round(counts[part] / counts[of], 4) if counts[of] else None

    return {
        "n_records": int(counts["records"]),
        "marked": share("marked", "stretches"),
        "unreadable": share("unreadable", "stretches"),
        "spared_marked": share("spared_marked", "spared"),
        "spared_unreadable": share("spared_unreadable", "spared"),
        "confidence": share("confidence", "answered"),
        "items_marked": share("items_marked", "items"),
        "declined": share("declined", "records"),
        "refused": share("refused", "records"),
        "warned": share("warned", "records"),
        "answered_per_minute": share("answered", "minutes"),
    }
