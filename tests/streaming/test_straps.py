"""Chest straps and Lab Streaming Layer, against simulated ones: packets as their makers define them."""

import asyncio
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.errors import LibraryMissing, RecordUnreadable, StatementMissing
from einthoven.streaming.bluetooth import strap_pieces
from einthoven.streaming.lsl import lsl_pieces
from einthoven.streaming.sources import Format, StatedFormat
from einthoven.streaming.straps import STRAPS

COUNTS = [round(700 * np.sin(at / 9)) for at in range(730)]


def polar(at, counts):
    stamp = round(1e9 * (at + len(counts) - 1) / 130)
    return (
        bytes([0])
        + struct.pack("<Q", stamp)
        + bytes([0])
        + b"".join(c.to_bytes(3, "little", signed=True) for c in counts)
    )


def movesense(at, counts):
    return bytes([2, 99]) + struct.pack(f"<I{len(counts)}i", round(1000 * at / 250), *counts)


class Strap:
    """A strap that sends its packets once it is told to start, then leaves."""

    def __init__(self, name, packets, notify):
        self.name, self.packets, self.notify, self.commands = name, packets, notify, []

    def library(self):
        strap = self

        class BleakScanner:
            @staticmethod
            async def find_device_by_filter(wanted, timeout):
                device = SimpleNamespace(name=strap.name)
                return device if wanted(device, None) else None

            @staticmethod
            async def find_device_by_address(address, timeout):
                return SimpleNamespace(name=strap.name) if address == "AA:BB" else None

        class BleakClient:
            def __init__(self, device, disconnected_callback):
                self.gone = disconnected_callback
                self.services = SimpleNamespace(get_characteristic=lambda uuid: uuid if uuid == strap.notify else None)

            async def __aenter__(self):
                return self

            async def __aexit__(self, *error):
                return None

            async def start_notify(self, uuid, callback):
                assert uuid == strap.notify
                self.callback = callback

            async def stop_notify(self, uuid):
                return None

            async def write_gatt_char(self, uuid, data, response):
                strap.commands.append((uuid, bytes(data)))
                for packet in strap.packets:
                    self.callback(None, bytearray(packet))
                await asyncio.sleep(0)
                self.gone(self)

        return SimpleNamespace(BleakScanner=BleakScanner, BleakClient=BleakClient)


def packets_of(write, size, without=()):
    return [write(at, COUNTS[at : at + size]) for at in range(0, len(COUNTS), size) if at not in without]


@pytest.mark.parametrize(
    ("name", "advertised", "write", "size", "pair", "command", "fs_hz", "per_mv"),
    [
        ("polar-h10", "Polar H10 1234", polar, 73, 0, bytes.fromhex("02 00 00 01 82 00 01 01 0e 00"), 130, 1000.0),
        ("movesense", "Movesense 1746", movesense, 10, 0, b"\x01\x63/Meas/ECG/250", 250, 2621.44),
        ("movesense", "Movesense 1746", movesense, 10, 1, b"\x01\x63/Meas/ECG/250", 250, 2621.44),
    ],
)
def test_a_strap(name, advertised, write, size, pair, command, fs_hz, per_mv, monkeypatch):
    control, notify = STRAPS[name].services[pair]
    strap = Strap(advertised, [b"\x05\x00", *packets_of(write, size)], notify)
    monkeypatch.setitem(sys.modules, "bleak", strap.library())
    pieces = list(strap_pieces(name, "", StatedFormat()))
    assert strap.commands == [(control, command)]
    assert {(piece.format.fs_hz, piece.format.leads) for piece in pieces} == {(fs_hz, ("ECG",))}
    np.testing.assert_allclose(np.concatenate([piece.signal_mv[0] for piece in pieces]), np.array(COUNTS) / per_mv)
    assert not any(piece.faults for piece in pieces)


def test_a_lost_packet_is_missing(monkeypatch):
    strap = Strap("Polar H10", packets_of(polar, 73, without=(146,)), STRAPS["polar-h10"].services[0][1])
    monkeypatch.setitem(sys.modules, "bleak", strap.library())
    pieces = list(strap_pieces("polar-h10", "AA:BB", StatedFormat(leads=("I",))))
    signal = np.concatenate([piece.signal_mv[0] for piece in pieces])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(signal)), np.arange(146, 219))
    assert pieces[0].format.leads == ("I",) and "73 samples missing" in pieces[2].faults[0]


@pytest.mark.parametrize(
    ("address", "stated", "error", "found"),
    [
        ("CC:DD", StatedFormat(), RecordUnreadable, "no CC:DD"),
        ("", StatedFormat(), RecordUnreadable, "no Polar H10"),
        ("AA:BB", StatedFormat(), RecordUnreadable, "without the characteristics"),
        ("", StatedFormat(250.0), StatementMissing, "--fs 250"),
        ("", StatedFormat(leads=("I", "II")), StatementMissing, "I, II"),
    ],
)
def test_a_strap_that_is_not_there(address, stated, error, found, monkeypatch):
    monkeypatch.setitem(sys.modules, "bleak", Strap("Other", [], "x").library())
    with pytest.raises(error) as caught:
        list(strap_pieces("polar-h10", address, stated))
    assert found in caught.value.found and caught.value.remedy


@pytest.mark.parametrize("name", STRAPS)
@pytest.mark.parametrize("data", [b"", b"\x00", bytes(9), bytes(12), b"\x02\x62" + bytes(20), b"\xff" * 40])
def test_other_notifications_are_no_samples(name, data):
    assert STRAPS[name].decode(data) is None


class Description:
    """The XML of a stream, as pylsl shows it."""

    def __init__(self, channels=None, at=0):
        self.channels, self.at = channels or [], at

    def child(self, name):
        return self

    def empty(self):
        return self.at >= len(self.channels)

    def child_value(self, name):
        return self.channels[self.at].get(name, "")

    def next_sibling(self, name):
        return Description(self.channels, self.at + 1)


def layer(chunks, fs_hz=250.0, channels=None, n=2, kind="ECG"):
    """Return a pylsl with one stream."""
    info = SimpleNamespace(
        name=lambda: "strap",
        type=lambda: kind,
        nominal_srate=lambda: fs_hz,
        channel_count=lambda: n,
        desc=lambda: Description(channels),
    )
    held = iter(chunks)

    class LostError(RuntimeError):
        pass

    def pull_chunk(timeout, max_samples):
        try:
            return next(held)
        except StopIteration:
            raise LostError from None

    inlet = SimpleNamespace(info=lambda: info, pull_chunk=pull_chunk, close_stream=lambda: None)
    matches = {"name": "strap", "type": kind}
    return SimpleNamespace(
        LostError=LostError,
        StreamInlet=lambda found, max_buflen, recover: inlet,
        resolve_byprop=lambda key, value, minimum, timeout: [info] if matches[key] == value else [],
        resolve_streams=lambda wait: [info],
    )


CHANNELS = [{"label": "II", "unit": "microvolts"}, {"label": "V1", "unit": "microvolts"}]
CHUNKS = [([[at, -at] for at in range(start, start + 25)], [start / 250 + 7]) for start in (0, 25, 100)]


@pytest.mark.parametrize("name", ["", "strap"])
def test_a_stream_of_the_layer(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", layer([([], []), *CHUNKS], channels=CHANNELS))
    pieces = list(lsl_pieces(name, StatedFormat()))
    assert pieces[0].format == Format(250.0, ("II", "V1"), "uV")
    signal = np.concatenate([piece.signal_mv for piece in pieces], axis=1)
    np.testing.assert_allclose(signal[1, :50], -np.arange(50) / 1000)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(signal[0])), np.arange(50, 100))
    assert "50 samples missing" in pieces[2].faults[0]


@pytest.mark.parametrize(
    ("made", "stated", "error", "remedy"),
    [
        ({"channels": CHANNELS, "fs_hz": 0.0}, StatedFormat(), StatementMissing, "--fs 250"),
        ({}, StatedFormat(), StatementMissing, "--unit uV"),
        ({}, StatedFormat(leads=("I",), unit="mV"), StatementMissing, "--leads LEAD1,LEAD2"),
        ({"kind": "EEG"}, StatedFormat(), RecordUnreadable, "--from lsl:NAME"),
    ],
)
def test_a_stream_that_says_too_little(made, stated, error, remedy, monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", layer(CHUNKS, **made))
    with pytest.raises(error) as caught:
        list(lsl_pieces("", stated))
    assert caught.value.remedy.startswith(remedy)
    if error is StatementMissing:
        options = dict(zip(caught.value.remedy.split()[::2], caught.value.remedy.split()[1::2], strict=True))
        leads = tuple(options["--leads"].split(",")) if "--leads" in options else None
        more = StatedFormat(float(options["--fs"]) if "--fs" in options else None, leads, options.get("--unit", "mV"))
        assert list(lsl_pieces("", more))


@pytest.mark.parametrize(("library", "extra"), [("pylsl", "lsl"), ("bleak", "bluetooth")])
def test_a_missing_library_is_named_with_its_extra(library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    pieces = lsl_pieces("", StatedFormat()) if library == "pylsl" else strap_pieces("polar-h10", "", StatedFormat())
    with pytest.raises(LibraryMissing) as caught:
        next(pieces)
    assert caught.value.remedy == f"pip install 'einthoven[{extra}]'"
