"""How many paced recordings the doctor finds, and how many others it calls paced, for bench/doctor.py."""

import csv
from pathlib import Path

import einthoven
from einthoven.corpora.mitdb import PACED
from einthoven.errors import EinthovenError
from einthoven.signal.pacing import spikes


def pacing(folder: Path) -> dict[str, dict[str, list[int]]]:
    """By source: of the paced recordings and of the others, how many are called paced, and of how many."""
    mitdb, ludb, ptbxl = (folder / name for name in ("mitdb", "ludb", "ptb-xl"))
    listed = {
        "MIT-BIH (360 Hz, two leads)": {path: path.stem in PACED for path in mitdb.glob("*.hea")},
        "LUDB (500 Hz, twelve leads)": {
            ludb / "data" / f"{row['ID'].strip()}.hea": bool(row["Cardiac pacing"].strip())
            for row in _rows(ludb / "ludb.csv")
        },
        "PTB-XL (500 Hz, twelve leads)": {
            ptbxl / f"{row['filename_hr']}.hea": "PACE" in row["scp_codes"]
            for row in _rows(ptbxl / "ptbxl_database.csv")
        },
    }
    found = {}
    for source, truth in listed.items():
        counts = {"paced": [0, 0], "others": [0, 0]}
        for path, is_paced in truth.items():
            told = _told(path) if path.exists() else None
            if told is not None:
                count = counts["paced" if is_paced else "others"]
                count[0] += told
                count[1] += 1
        found[source] = counts
    return found


def _rows(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.open())) if table.exists() else []


def _told(path: Path) -> bool | None:
    try:
        record = einthoven.read(path)
    except EinthovenError:
        return None
    return spikes(record.signal_mv, record.fs_hz) is not None
