"""Read sound files (WAV) that hold an ECG: they state a sampling rate, but neither leads nor a scale."""

import wave
from pathlib import Path

import numpy as np

from einthoven.errors import StatementMissing
from einthoven.records.channels import Channel, record_of
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a

TITLE = "WAV"
_MOST_BYTES = 512 << 20
_MOST_LEADS = 64


def read_wav(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a WAV file of whole numbers (PCM), one channel a lead.

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
        If it is damaged or compressed.
    StatementMissing
        If leads or scale are not stated.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise not_a(path, TITLE, f"{size:,} bytes, over {_MOST_BYTES:,}", "cut it into shorter recordings")
    try:
        with wave.open(str(path), "rb") as file:
            width, n_leads, fs_hz = file.getsampwidth(), file.getnchannels(), float(file.getframerate())
            content = file.readframes(min(file.getnframes(), size))
    except (wave.Error, EOFError, ValueError, OverflowError, RuntimeError) as error:  # wave raises them bare
        raise not_a(path, TITLE, f"no sound of whole numbers: {error}"[:120], "save it as PCM of 16 bits") from error
    if width not in (1, 2, 3, 4) or not 1 <= n_leads <= _MOST_LEADS:
        raise not_a(path, TITLE, f"{n_leads:,} leads in samples of {width} bytes", "save it as PCM of 16 bits")
    content = content[: len(content) // (width * n_leads) * width * n_leads]
    if not content:
        raise not_a(path, TITLE, "no samples")
    names = ",".join(f"LEAD{at + 1}" for at in range(n_leads))
    missing = [*([] if stated.leads else [f"--leads {names}"]), *([] if stated.states_scale else ["--gain 200"])]
    if missing:
        raise StatementMissing(
            f"{path} does not state everything that is needed to read it.",
            found=f"{n_leads} leads at {fs_hz:g} Hz; not stated: {', '.join(flag.split()[0] for flag in missing)}",
            expected="the leads in the file's order, and the counts per mV",
            remedy=" ".join(missing),
        )
    if width == 3:
        parts = np.frombuffer(content, np.uint8).reshape(-1, 3).astype(np.int32)
        counts = parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24
        values = (counts >> 8).reshape(-1, n_leads)
    else:
        values = np.frombuffer(content, {1: "u1", 2: "<i2", 4: "<i4"}[width]).reshape(-1, n_leads)
    zero = 128 if width == 1 else 0
    channels = [Channel(f"LEAD{at + 1}", values[:, at], unit="", zero=zero) for at in range(n_leads)]
    return record_of(path, fs_hz, channels, stated)
