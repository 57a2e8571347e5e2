"""Take out of a record what may tell whose it is."""

import hashlib
from dataclasses import replace

from einthoven.records.identity import UNKNOWN, MachineReading
from einthoven.records.record import Annotations, Record


def anonymous(record: Record) -> Record:
    """Return a record without what may tell whose it is.

    Name, number, birth date, age, sex, date and device go, and so does all free text: comments, statements of the device or of a
    physician, and notes that name no rhythm. The record is named after its samples: its old name or file may hold that of a person.

    Parameters
    ----------
    record : Record
        The record.

    Returns
    -------
    Record
        Signal, leads, rate, symbols of annotations, rhythms, measurements and median beats are as they were.

    Examples
    --------
    >>> import numpy as np
    >>> anonymous(Record("Doe_Jane", np.zeros((1, 500)), 250, ("II",))).name
    'recording-7422025f'
    """
    told = hashlib.sha256(record.signal_mv.tobytes() + repr((record.fs_hz, record.leads)).encode()).hexdigest()
    return replace(
        record,
        name=f"recording-{told[:8]}",
        source=None,
        comments=(),
        identity=UNKNOWN,
        machine=MachineReading(measurements=record.machine.measurements),
        annotations=None if record.annotations is None else _without_text(record.annotations),
    )


def _without_text(annotations: Annotations) -> Annotations:
    """Keep rhythms, which WFDB writes as ``(AFIB``; other notes are free text."""
    notes = tuple(note if note.startswith("(") and len(note) < 9 else "" for note in annotations.notes)
    return Annotations(annotations.samples, annotations.symbols, notes)
