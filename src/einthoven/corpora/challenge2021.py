"""Declare the PhysioNet Challenges 2020 and 2021: recordings in WFDB and their scored diagnoses.

Sources: Reyna et al. 2021, Will two do? (the challenge); its table of scored diagnoses.
"""

import re
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol
from einthoven.corpora.dx import age_in, codes_in
from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split, random_split, without_records
from einthoven.errors import CorpusIncomplete, EinthovenError, RecordUnreadable
from einthoven.records import Record, read
from einthoven.records.header import read_header
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

_SUFFIXES = ("hea", "mat")
_GAIN = 1000.0
SCORED = {
    "AF": ("atrial fibrillation", ("164889003",)),
    "AFL": ("atrial flutter", ("164890007",)),
    "BBB": ("bundle branch block", ("6374002",)),
    "Brady": ("bradycardia", ("426627000",)),
    "CLBBB|LBBB": (
        "complete left bundle branch block or left bundle branch block",
        (
            "733534002",
            "164909002",
        ),
    ),
    "CRBBB|RBBB": (
        "complete right bundle branch block or right bundle branch block",
        (
            "713427006",
            "59118001",
        ),
    ),
    "IAVB": ("1st degree av block", ("270492004",)),
    "IRBBB": ("incomplete right bundle branch block", ("713426002",)),
    "LAD": ("left axis deviation", ("39732003",)),
    "LAnFB": ("left anterior fascicular block", ("445118002",)),
    "LPR": ("prolonged pr interval", ("164947007",)),
    "LQRSV": ("low qrs voltages", ("251146004",)),
    "LQT": ("prolonged qt interval", ("111975006",)),
    "NSIVCB": ("nonspecific intraventricular conduction disorder", ("698252002",)),
    "NSR": ("sinus rhythm", ("426783006",)),
    "PAC|SVPB": (
        "premature atrial contraction or supraventricular premature beats",
        (
            "284470004",
            "63593006",
        ),
    ),
    "PR": ("pacing rhythm", ("10370003",)),
    "PRWP": ("poor R wave Progression", ("365413008",)),
    "PVC|VPB": (
        "premature ventricular contractions or ventricular premature beats",
        (
            "427172004",
            "17338001",
        ),
    ),
    "QAb": ("qwave abnormal", ("164917005",)),
    "RAD": ("right axis deviation", ("47665007",)),
    "SA": ("sinus arrhythmia", ("427393009",)),
    "SB": ("sinus bradycardia", ("426177001",)),
    "STach": ("sinus tachycardia", ("427084000",)),
    "TAb": ("t wave abnormal", ("164934002",)),
    "TInv": ("t wave inversion", ("59931005",)),
}
"""Meaning and SNOMED CT codes of each scored class; two codes where the challenge counts them as one class."""
_LABELS = LabelSet(
    name="Challenge 2021, 26 scored classes by SNOMED CT code",
    classes=tuple(SCORED),
    meanings=tuple(meaning for meaning, _ in SCORED.values()),
    symbols={name: codes for name, (_, codes) in SCORED.items()},
    multilabel=True,
)


def _entries(folder: Path, fs_hz: float) -> Listing:
    folder = Path(folder)
    entries: list[Entry] = []
    dropped: dict[str, list[str]] = {}
    seen: set[str] = set()
    for header in sorted(folder.rglob("*.hea")):
        name = header.stem
        if name in seen:
            dropped.setdefault("the same name in another folder", []).append(name)
            continue
        if not header.with_suffix(".mat").is_file():
            dropped.setdefault("no .mat with the header", []).append(name)
            continue
        try:
            comments = read_header(header).comments
        except EinthovenError as error:
            dropped.setdefault(error.found, []).append(name)
            continue
        seen.add(name)
        path = header.with_suffix("")
        entries.append(Entry(name, name, path, _SUFFIXES, codes_in(comments), _source(header), age_in(comments)))
    if not entries:
        raise CorpusIncomplete(
            f"{folder} holds no record of the Challenge 2021.",
            found="no header with its .mat",
            expected="folders of its sources, e.g. WFDB_CPSC2018/A0001.hea and A0001.mat",
            remedy="einthoven download challenge-2021 --to DIR",
        )
    return Listing(entries, dropped)


def _source(header: Path) -> str:
    """Return the folder of its source; the publisher splits some into g1, g2 and so on."""
    return next(place.name for place in header.parents if not re.fullmatch(r"g\d+", place.name))


def _read(entry: Entry) -> Record:
    header = entry.path.with_name(f"{entry.path.name}.hea")
    gains = {signal.gain for signal in read_header(header).signals}
    if gains != {_GAIN}:
        shown = ", ".join(f"{gain:g}" for gain in sorted(gains))
        raise RecordUnreadable(
            f"Invalid gain in {header}.",
            found=f"a gain of {shown} per mV",
            expected=f"{_GAIN:g} per mV, as in every recording of the challenge",
            remedy="einthoven download challenge-2021 --to DIR      gets the current release",
        )
    return read(header)


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return without_records(random_split(index.record, seed), np.isin(index.record, left_out))


CHALLENGE2021 = Corpus(
    name="challenge-2021",
    title="PhysioNet Challenge 2021, Will two do? Varying dimensions in electrocardiography",
    version="1.0.3",
    address="https://physionet.org/content/challenge-2021/1.0.3/",
    licence="CC BY 4.0",
    citation="Reyna MA et al. Will two do? Varying dimensions in electrocardiography: the PhysioNet Challenge 2021. CinC 2021",
    fs_hz=500.0,
    leads="the twelve standard leads",
    n_records=88_253,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(SignalSpec(STANDARD, fs_hz=100.0, scaling="millivolt"), Tiles(10.0)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="recordings split at random, 7 : 1 : 2",
            labels=_LABELS,
            leaks=False,
            unit="patient",
            remark="The publisher does not identify patients: each recording counts as a patient.",
            without=(),
            declared_shared=(),
            split=_split_clean,
            official_score="challenge2021",
        ),
    },
    entries=_entries,
    read=_read,
    contains=("ptb-xl", "cpsc2018"),
    skips_unreadable=True,
    files="https://physionet.org/files/challenge-2021/1.0.3/",
)
