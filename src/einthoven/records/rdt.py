"""Read Holter recordings of Reynolds (RDT): number of leads, sampling rate, then samples; neither names nor scale."""

import struct
from pathlib import Path

import numpy as np

from einthoven.errors import StatementMissing
from einthoven.records.channels import Channel, record_of
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a

TITLE = "Reynolds RDT"
_HEAD = struct.Struct("<2H")


def read_rdt(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a recording of Reynolds.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states: leads and scale.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If the samples are not as many as the leads need.
    StatementMissing
        If leads or scale are not stated.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    n_leads, fs_hz = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
    if not 1 <= n_leads <= 16 or not 64 <= fs_hz <= 10_000:
        raise not_a(path, TITLE, f"{n_leads:,} leads at {fs_hz:,} Hz")
    if size == _HEAD.size or (size - _HEAD.size) % (2 * n_leads):
        raise not_a(path, TITLE, f"{size - _HEAD.size:,} bytes of samples for {n_leads} leads of 16 bits")
    names = ",".join(f"LEAD{at + 1}" for at in range(n_leads))
    missing = [
        *([] if stated.leads else [f"--leads {names}"]),
        *([] if stated.states_scale else ["--gain 200"]),
    ]
    if missing:
        raise StatementMissing(
            f"{path} does not state everything that is needed to read it.",
            found=f"{n_leads} leads at {fs_hz} Hz; not stated: {', '.join(flag.split()[0] for flag in missing)}",
            expected="the leads in the file's order, and the counts per mV",
            remedy=" ".join(missing),
        )
    counts = np.memmap(path, "<i2", "r", _HEAD.size).reshape(-1, n_leads)
    channels = [Channel(f"LEAD{at + 1}", np.ascontiguousarray(counts[:, at]), unit="") for at in range(n_leads)]
    return record_of(path, float(fs_hz), channels, stated)
