"""Read lines, a serial port (here a pseudo-terminal) and a recording that is played."""

import io
import os
import pty
import select
import threading
import tty

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records.record import Record
from einthoven.report.live import trace
from einthoven.streaming.sources import is_port, playback, serial_lines, text_lines


def test_long_lines_are_cut_and_bad_bytes_replaced():
    source = io.BytesIO(b"1\n" + b"2" * 50_000 + b"\n3\xff\n4")
    first, long, bad, last = text_lines(source)
    assert (first, bad, last) == ("1\n", "3\ufffd\n", "4") and len(long) < 20_000


def test_a_recording_is_played_whole_and_at_its_pace(monkeypatch):
    record = Record("r", np.arange(1000, dtype=np.float32)[None] / 1000, 250.0, ("I",))
    now, slept = [0.0], []
    monkeypatch.setattr("einthoven.streaming.sources.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "einthoven.streaming.sources.time.sleep", lambda s: (slept.append(s), now.__setitem__(0, now[0] + s))
    )
    whole = np.concatenate([piece.signal_mv for piece in playback(record, 2.0)], axis=1)
    np.testing.assert_array_equal(whole, record.signal_mv)
    assert sum(slept) == pytest.approx(2.0, abs=0.05)
    slept.clear()
    list(playback(record, 0))
    assert not slept


class Device:
    """A pseudo-terminal that repeats its statement until a reader is there (opening a port discards input), then sends."""

    def __init__(self, payload: bytes):
        self.ours, self.theirs = pty.openpty()
        tty.setraw(self.theirs)
        self.name, self.heard, self.payload = os.ttyname(self.theirs), threading.Event(), payload
        self.sender = threading.Thread(target=self._send, daemon=True)
        self.sender.start()

    def _send(self):
        while not self.heard.is_set():
            if select.select([], [self.ours], [], 0.05)[1]:
                os.write(self.ours, b"# fs_hz=360 leads=MLII\n")
        os.write(self.ours, self.payload)

    def vanish(self):
        """Close once all was sent."""
        self.sender.join()
        os.close(self.ours)
        os.close(self.theirs)


def test_a_serial_port_gives_lines_until_it_vanishes():
    device = Device(b"0.1\n0.25\n\xff\n")
    assert is_port(device.name) and is_port("COM3") and is_port("/dev/ttyUSB77") and not is_port("100.hea")
    lines = serial_lines(device.name, 115200)
    assert next(lines) == "# fs_hz=360 leads=MLII"
    device.heard.set()
    sent = (line for line in lines if not line.startswith("#"))
    assert [next(sent), next(sent), next(sent)] == ["0.1", "0.25", "\ufffd"]
    device.vanish()
    with pytest.raises(RecordUnreadable, match="No signal from port"):
        next(lines)
    with pytest.raises(RecordUnreadable):
        next(serial_lines("/dev/nothing-there", 9600))


def test_a_trace_shows_where_the_signal_is_high():
    drawn = trace(np.r_[np.zeros(300), np.ones(20), np.zeros(300), np.full(10, np.nan)], 40)
    rows = drawn.split("\n")
    assert len(rows) == 8 and all(len(row) == 40 for row in rows)
    assert any(cell != "\u2800" for cell in rows[0][18:23]) and set(rows[0][:15]) == {"\u2800"}
    assert trace(np.zeros(0), 5) == "\n".join(["\u2800" * 5] * 8)
