"""Declare ZZU-pECG: children's records with nine or twelve leads, ages and nineteen cardiovascular diagnoses.

Sources: Tan et al. 2025, Scientific Data 12:867 (the database); Chen 2025, arXiv 2510.03780 (the nineteen categories).
"""

import csv
import re
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol
from einthoven.corpora.labels import LabelSet, coded
from einthoven.corpora.split import Split, random_split, without_records
from einthoven.errors import CorpusIncomplete
from einthoven.records import Record, read
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

TABLE = "AttributesDictionary.csv"
NINE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V3", "V5")
"""The leads of its nine-lead records."""
_COLUMNS = ("Filename", "Patient_ID", "Age", "ICD-10 code")
_SUFFIXES = ("hea", "dat")
_DAYS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*d\s*$")
CATEGORIES = {
    "(F) I40.0": "fulminant myocarditis",
    "(V) I40.0": "viral myocarditis",
    "I40.9": "acute myocarditis",
    "I51.4": "myocarditis",
    "I42.0": "dilated cardiomyopathy",
    "I42.2": "hypertrophic cardiomyopathy",
    "I42.9": "cardiomyopathy",
    "Q24.8": "non-compaction of the ventricular myocardium",
    "M30.3": "Kawasaki disease",
    "Q21.0": "ventricular septal defect",
    "Q21.1": "atrial septal defect",
    "(FO) Q21.1": "atrial septal defect (foramen ovale)",
    "(OSD) Q21.1": "atrial septal defect (ostium secundum)",
    "Q21.2": "atrioventricular septal defect",
    "Q21.3": "tetralogy of Fallot",
    "Q22.1": "stenosis of the right ventricular outflow tract",
    "Q25.0": "patent ductus arteriosus",
    "Q25.6": "stenosis of the pulmonary artery",
    "I37.0": "pulmonary valve stenosis",
}
"""Keys as the publisher writes them, prefix included; they are matched literally."""
_LABELS = LabelSet(
    name="ZZU-pECG, nineteen cardiovascular categories by ICD-10 key, matched literally",
    classes=tuple(CATEGORIES),
    meanings=tuple(CATEGORIES.values()),
    symbols={key: (key,) for key in CATEGORIES},
    multilabel=True,
)


def _entries(folder: Path, fs_hz: float) -> Listing:
    folder = Path(folder)
    entries: list[Entry] = []
    dropped: dict[str, list[str]] = {}
    seen: set[str] = set()
    for at, row in enumerate(_rows(folder / TABLE), 2):
        if not row["Filename"] or not row["Patient_ID"]:
            raise _wrong(folder / TABLE, f"line {at}: no Filename or no Patient_ID", "both in each line")
        parts = Path(row["Filename"]).parts
        if not parts or ".." in parts or Path(row["Filename"]).is_absolute():
            dropped.setdefault("a file name outside the folder", []).append(row["Filename"][:40])
            continue
        if parts[-1] in seen:
            raise _wrong(folder / TABLE, f"line {at}: {parts[-1]} again", "each recording once")
        seen.add(parts[-1])
        file = folder.joinpath("Child_ecg", *parts)
        if not all(file.with_name(f"{file.name}.{suffix}").is_file() for suffix in _SUFFIXES):
            dropped.setdefault("no waveform in Child_ecg", []).append(parts[-1])
            continue
        days = _DAYS.match(row["Age"] or "")
        years = float(days[1]) / 365.25 if days else float("nan")
        entries.append(Entry(parts[-1], row["Patient_ID"], file, _SUFFIXES, codes_of(row["ICD-10 code"]), "", years))
    if not entries:
        raise CorpusIncomplete(
            f"{folder} holds no waveform of ZZU-pECG.",
            found=f"{len(seen)} rows in {TABLE}, and none of their files in Child_ecg",
            expected=f"{TABLE} and Child_ecg/P00/P00001/P00001_E01.hea, as the publisher lays them out",
            remedy="einthoven download zzu-pecg      says where to get it",
        )
    return Listing(entries, dropped)


def codes_of(text: str) -> str:
    """Convert the codes of a row to the form of :func:`einthoven.corpora.labels.coded`.

    Parameters
    ----------
    text : str
        Codes as the table writes them: ``'Q21.0';'Z98.8'``.

    Returns
    -------
    str
    """
    codes = {code.strip().strip("'\"").strip() for code in (text or "").split(";")}
    return coded({code: 100.0 for code in codes if code and code != "Null" and ":" not in code})


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as sheet:
            rows = csv.DictReader(sheet, restval="")
            missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise _wrong(file, f"no column {', '.join(missing)}", f"columns {', '.join(_COLUMNS)}")
            return list(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(file, getattr(error, "strerror", None) or str(error)[:100], "the publisher's table") from error


def _wrong(file: Path, found: str, expected: str) -> CorpusIncomplete:
    return CorpusIncomplete(
        f"{file} is not the table of ZZU-pECG.",
        found=found,
        expected=expected,
        remedy="copy the publisher's table again",
    )


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"))


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return without_records(random_split(index.patient, seed), np.isin(index.record, left_out))


def _split_paper(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return without_records(random_split(np.arange(len(index.record)), seed), np.isin(index.record, left_out))


ZZU_PECG = Corpus(
    name="zzu-pecg",
    title="ZZU-pECG, a pediatric ECG database",
    version="1",
    address="https://doi.org/10.1038/s41597-025-05225-z",
    licence="CC BY 4.0",
    citation="Tan W et al. A pediatric ECG database with disease diagnosis covering 11643 children. Sci Data 12:867, 2025",
    fs_hz=500.0,
    leads="the twelve standard leads in 12,334 records; I II III aVR aVL aVF V1 V3 V5 in 1,856",
    n_records=14_190,
    n_patients=11_643,
    n_beats=None,
    preparation=Preparation(SignalSpec(STANDARD, fs_hz=100.0, scaling="millivolt"), Tiles(3.0)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="children split at random, 7 : 1 : 2",
            labels=_LABELS,
            leaks=False,
            unit="patient",
            remark="Each child is in one part; predictions are averaged over the windows of a recording.",
            without=(),
            declared_shared=(),
            split=_split_clean,
        ),
        "paper": Protocol(
            name="paper",
            summary="windows of 3 s split at random, 7 : 1 : 2",
            labels=_LABELS,
            leaks=True,
            unit="window",
            remark="LEAKS PATIENTS: windows of the same recording are in training and test set; no estimate for new children.",
            without=(),
            declared_shared=(),
            split=_split_paper,
        ),
    },
    entries=_entries,
    read=_read,
    skips_unreadable=True,
    obtained="ZZU-pECG comes with its article: https://doi.org/10.1038/s41597-025-05225-z (Scientific Data 12:867). "
    "Unpack Child_ecg (P00/P00001/P00001_E01.hea and .dat …) into one folder and put AttributesDictionary.csv beside it.",
)
