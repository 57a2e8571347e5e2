"""Pool windows of one lead from several databases for models of rhythm: people apart, and what annotators say of each window."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import workers
from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.challenge2021 import CHALLENGE2021
from einthoven.corpora.corpus import Corpus, Entry
from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.corpora.ludb import LUDB
from einthoven.corpora.mitdb import MITDB, PACED
from einthoven.corpora.ptbxl import PTBXL
from einthoven.errors import CorpusIncomplete, EinthovenError
from einthoven.records import Record, read
from einthoven.signal import heartbeats
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles, prepare
from einthoven.signal.quality import interpolated, typical_of_pieces
from einthoven.studies.rhythm_told import (
    FLUTTER,
    OF_LUDB,
    SCP,
    SINUS,
    SNOMED,
    Spans,
    Telling,
    Told,
    by_class,
    by_codes,
    by_head,
    by_marks,
    is_of_cpsc,
)
from einthoven.training.flutter_records import flutter

Array = NDArray[Any]

LEFT_OUT = ("201", "202", "203", "210", "217", "219", "221", "222")
"""Records of MIT-BIH that test and never train: all with fibrillation or flutter; 201 and 202 are one man."""
STEP_S, CONTEXT_S = 10.0, 10.0
LEADS = "MLII|II|ECG|I|V5|V1|V2|V3|V4|V6|III|aVF|aVL|aVR|V|ECG1|ECG2|ML5|CM5|CC5|D3|CM2|CM4|MV2"
"""Names of the lead that is read, the first that is there."""
PREPARATION = Preparation(
    SignalSpec((LEADS,), fs_hz=150.0, scaling="local"),
    Tiles(STEP_S, context_s=CONTEXT_S),
    ("signal", "intervals", "waveform", "atria"),
)
"""Windows of 10 s, measured with 10 s before and after."""
WHOLE, SHORT = (replace(PREPARATION, cut=Tiles(length_s)) for length_s in (STEP_S + 2 * CONTEXT_S, STEP_S))
"""What trains: windows of 30 s, which are what a window of 10 s is measured with; and 10 s alone, as a recording of 10 s is."""
_MOST_SHORT = 20
"""Windows of 10 s of a lead that train, from its middle."""
_OF_TWELVE = ("I", "II", "V1")
_FILES_HZ = 100.0
"""Rate of the files that are read where a database has several."""
_SHORTEST_S = 5.0


@dataclass(frozen=True, eq=False)
class Pool:
    """Windows of single leads, those of a lead in their order."""

    features: Array
    """Measurements [n, k], float32."""
    label: Array
    """Class number of each window [n]; -1 where it has none."""
    fibrillation: Array
    """Share of each window that is annotated as fibrillation [n]; NaN where nobody says."""
    start_s: Array
    """Beginning of each window, s [n]."""
    length_s: Array
    """Length of each window, s [n]."""
    source: Array
    """Database of each window [n]."""
    record: Array
    """Record of each window, as ``database/record`` [n]."""
    lead: Array
    """Lead of each window [n]."""
    patient: Array
    """Patient of each window, as ``database/patient`` [n]."""
    typical: Array
    """What the signal of the lead looks like [n, measurements], of :func:`einthoven.signal.quality.typical_of_pieces`."""

    def at(self, chosen: Array) -> "Pool":
        """Return some of the windows.

        Parameters
        ----------
        chosen : array
            Window numbers, or a bool for each window.
        """
        return Pool(**{name: values[chosen] for name, values in vars(self).items()})

    @property
    def is_left_out(self) -> Array:
        """Which windows are of people who test and never train [n]."""
        return np.isin(self.record, [f"mitdb/{name}" for name in LEFT_OUT])


def joined(pools: list[Pool]) -> Pool:
    """Return several pools as one.

    Parameters
    ----------
    pools : list of Pool
        The pools.
    """
    return Pool(**{name: np.concatenate([vars(pool)[name] for pool in pools]) for name in vars(pools[0])})


def _read_marked(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"), annotator="atr")


def _cpsc2021(folder: Path) -> list[Entry]:
    """Return the records of the China Physiological Signal Challenge 2021, ``data_PERSON_PIECE``."""
    names = sorted(path.stem for path in folder.glob("data_*_*.hea"))
    return [Entry(name, name.rsplit("_", 1)[0], folder / name, ("hea", "dat", "atr")) for name in names]


def _entries(corpus: Corpus) -> Callable[[Path], list[Entry]]:
    return lambda folder: list(corpus.entries(folder, _FILES_HZ))


@dataclass(frozen=True)
class Source:
    """A database that tells rhythms."""

    title: str
    """Its name, version and licence, as the card attributes it."""
    entries: Callable[[Path], list[Entry]]
    """Lists its records in a folder."""
    read: Callable[[Entry], Record]
    """Reads one."""
    telling: Telling
    """What annotators say of its windows."""
    leads: tuple[str, ...] = ()
    """Leads that are read; all if empty."""
    trains: bool = True
    """Whether its people may train."""


def _source(corpus: Corpus, telling: Telling, leads: tuple[str, ...] = (), trains: bool = True) -> Source:
    title = f"{corpus.title} {corpus.version} ({corpus.licence}): {corpus.citation}. {corpus.address}"
    return Source(title, _entries(corpus), corpus.read, telling, leads, trains)


SOURCES = {
    "mitdb": replace(_source(MITDB, by_marks(SINUS)), read=_read_marked),
    "cpsc2021": Source(
        "China Physiological Signal Challenge 2021 1.0.0 (CC BY 4.0): Wang X et al. Paroxysmal atrial fibrillation events "
        "detection from dynamic ECG recordings. PhysioNet 2021. https://physionet.org/content/cpsc2021/1.0.0/",
        _cpsc2021,
        _read_marked,
        by_head,
    ),
    "challenge-2017": _source(CHALLENGE2017, by_class),
    "ptb-xl": _source(PTBXL, by_codes(SCP), _OF_TWELVE),
    "challenge-2021": _source(CHALLENGE2021, by_codes(SNOMED, is_of_cpsc), _OF_TWELVE),
    "cpsc2018": _source(CPSC2018, by_codes(SNOMED, is_of_cpsc), _OF_TWELVE),
    "ludb": _source(LUDB, by_codes(OF_LUDB), _OF_TWELVE, trains=False),
}
"""The databases by name, in folders of the same names. The Supraventricular Arrhythmia Database has no rhythm annotations."""


def pooled(source: Path, names: tuple[str, ...] = tuple(SOURCES), trains: bool = True, few: int = 1) -> Pool:
    """Measure the windows of all leads of some databases.

    Parameters
    ----------
    source : Path
        Folder that holds the databases as their publishers lay them out.
    names : tuple of str
        Keys of SOURCES; those without a folder are left out.
    trains : bool
        Whether the windows of people who train are measured, of 30 s and of 10 s, or those of people who test, as the model does.
    few : int
        Each how many-th record is read, 1 for all.

    Returns
    -------
    Pool

    Raises
    ------
    CorpusIncomplete
        If no database is there.
    """
    tasks = [
        (name, entry, trains)
        for name in names
        if (source / name).is_dir()
        for entry in _chosen(name, SOURCES[name].entries(source / name), trains)[::few]
    ]
    found = [pool for pool in _each(_measured, tasks) if pool is not None]
    if not found:
        raise CorpusIncomplete(
            f"{source} holds no database of rhythms.",
            found=", ".join(sorted(path.name for path in source.iterdir())[:8]) or "an empty folder",
            expected=f"at least one of {', '.join(SOURCES)}",
            remedy="einthoven download mitdb --to DIR/mitdb",
        )
    return joined(found)


def _each(work: Callable[[Any], Pool | None], tasks: list[Any]) -> Iterable[Pool | None]:
    """Do tasks on all cores, or in this process if they are so few that workers would not pay."""
    return map(work, tasks) if len(tasks) < _WORTH_WORKERS else workers.parallel_map(work, tasks)


_WORTH_WORKERS = 50


def _chosen(name: str, entries: list[Entry], trains: bool) -> list[Entry]:
    """Return the records that train, or that test; none has a second name, and of MIT-BIH no paced one trains."""
    kept = {entry.path: entry for entry in reversed(entries)}
    tests = {
        entry.record
        for entry in kept.values()
        if not SOURCES[name].trains or (name == "mitdb" and entry.record in LEFT_OUT)
    }
    paced = PACED if name == "mitdb" else ()
    return [
        one
        for one in reversed(kept.values())
        if (one.record in tests) != trains and (not trains or one.record not in paced)
    ]


def _measured(task: tuple[str, Entry, bool]) -> Pool | None:
    """Return the windows of a record; None where it cannot be read."""
    name, entry, trains = task
    source = SOURCES[name]
    try:
        record = source.read(entry)
    except EinthovenError:
        return None
    leads = [lead for lead in record.leads if not source.leads or lead in source.leads]
    pools = [pool for lead in leads for pool in _of_lead(name, entry, record, lead, trains)]
    return joined(pools) if pools else None


def _of_lead(
    name: str, entry: Entry, record: Record, lead: str, trains: bool, telling: Telling | None = None
) -> Iterator[Pool]:
    """Yield the windows of a lead."""
    used = record.signal_mv[[record.leads.index(lead)]]
    if record.duration_s < _SHORTEST_S or not np.isfinite(used).any():
        return
    one = replace(record, signal_mv=used, leads=(lead,))
    beats = heartbeats.find(interpolated(used[0]), record.fs_hz)
    typical = np.median(typical_of_pieces(used, (lead,), record.fs_hz), axis=0)
    for preparation in (WHOLE, SHORT) if trains else (PREPARATION,):
        first, last = _middle(record) if preparation is SHORT else (0, record.n_samples)
        part = replace(one, signal_mv=used[:, first:last], annotations=None)
        wanted = replace(preparation, signal=replace(preparation.signal, leads=(lead,)))
        windows = prepare(part, wanted, beats[(beats >= first) & (beats < last)] - first)
        assert windows.features is not None and windows.position is not None
        start_s = (first + windows.position) / record.fs_hz
        length_s = np.minimum(wanted.window_s, record.duration_s - start_s)
        told = (telling or SOURCES[name].telling)(entry, record, np.stack((start_s, start_s + length_s), axis=1))
        n, patient = len(windows), f"{name}/{entry.patient}"
        yield Pool(
            *(windows.features, told.label, told.fibrillation, start_s, length_s, np.full(n, name)),
            *(np.full(n, f"{name}/{entry.record}"), np.full(n, lead), np.full(n, patient)),
            np.tile(typical, (n, 1)),
        )


def _middle(record: Record) -> tuple[int, int]:
    """Return the part of a record of which windows of 10 s train, sample numbers: one of them up to a minute, else several."""
    n = 1 if record.duration_s <= 60.0 else _MOST_SHORT
    size = min(record.n_samples, round(n * STEP_S * record.fs_hz))
    first = (record.n_samples - size) // 2
    return first, first + size


def simulated(source: Path, names: tuple[str, ...] = ("challenge-2017", "ptb-xl"), few: int = 1) -> Pool:
    """Measure windows of simulated flutter, made from recordings in sinus rhythm.

    Parameters
    ----------
    source : Path
        Folder that holds the databases.
    names : tuple of str
        Keys of SOURCES; those without a folder are left out.
    few : int
        Each how many-th of them is used.

    Returns
    -------
    Pool
        Each window has the record and the patient of the recording that it was made from.
    """
    tasks = [
        (name, entry)
        for name in names
        if (source / name).is_dir()
        for entry in _in_sinus_rhythm(name, source)[:: _EACH_SIMULATED[name] * few]
    ]
    return joined([pool for pool in _each(_in_flutter, tasks) if pool is not None])


_EACH_SIMULATED = {"challenge-2017": 8, "ptb-xl": 4}
"""Each how many-th recording in sinus rhythm is made a simulated one."""


def _in_sinus_rhythm(name: str, source: Path) -> list[Entry]:
    """Return the records that their codes say to be in sinus rhythm."""
    telling, entries = SOURCES[name].telling, _chosen(name, SOURCES[name].entries(source / name), True)
    whole = np.array([[0.0, STEP_S]])
    return [entry for entry in entries if telling(entry, None, whole).label[0] == SINUS]


def _in_flutter(task: tuple[str, Entry]) -> Pool | None:
    name, entry = task
    try:
        record = SOURCES[name].read(entry)
    except EinthovenError:
        return None
    seed = zlib.crc32(f"{name}/{entry.record}".encode())
    rng = np.random.default_rng(seed)
    leads = [lead for lead in record.leads if not SOURCES[name].leads or lead in SOURCES[name].leads]
    lead = leads[int(rng.integers(len(leads)))]
    real = interpolated(record.signal_mv[record.leads.index(lead)])
    length_s = STEP_S + 2 * CONTEXT_S
    made = flutter(real, heartbeats.find(real, record.fs_hz), record.fs_hz, length_s, rng)
    if made is None:
        return None
    one = replace(record, signal_mv=made[None].astype(np.float32), leads=(lead,), annotations=None)
    return joined(list(_of_lead(name, entry, one, lead, True, _all_flutter)))


def _all_flutter(entry: Entry, record: Record | None, spans_s: Spans) -> Told:
    return Told(np.full(len(spans_s), FLUTTER), np.zeros(len(spans_s)))
