"""Decode what chest straps send over Bluetooth LE: Polar H10 and Movesense.

Sources: Polar Measurement Data Specification (Polar BLE SDK); Movesense GATT SensorData protocol and Movesense Device Library
(one count of /Meas/ECG is 1 / (20 * 2^17) V).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Packet:
    """Samples that came together."""

    counts: tuple[int, ...]
    """The samples in counts."""
    stamp: float
    """Time of the packet in units of the strap."""


@dataclass(frozen=True)
class Strap:
    """How a strap is found, started and read."""

    title: str
    """Its name for people, and the beginning of the name that it advertises."""
    services: tuple[tuple[str, str], ...]
    """Characteristics to write commands to and to be notified by; the first pair that the strap has is used."""
    rates_hz: tuple[int, ...]
    """Sampling rates that it offers; the first is asked for unless another is stated."""
    counts_per_mv: float
    """Gain of its samples."""
    stamp_s: float
    """Unit of its times, s."""
    start: Callable[[int], bytes]
    """Command that starts the ECG at a rate."""
    decode: Callable[[bytes], Packet | None]
    """Reads a notification; None for one without samples of an ECG."""


def _start_polar(fs_hz: int) -> bytes:
    """Return: start (2), ECG (0); rate (0), one value, 16 bits; resolution (1), one value, 14 bits."""
    return struct.pack("<BBBBHBBH", 2, 0, 0, 1, fs_hz, 1, 1, 14)


def _decode_polar(data: bytes) -> Packet | None:
    """Read a frame: kind 0 (ECG), time of its last sample in ns, frame type 0, then samples of 24 bits in microvolts."""
    if len(data) < 13 or data[0] != 0 or data[9] & 0x7F != 0:
        return None
    counts = tuple(int.from_bytes(data[at : at + 3], "little", signed=True) for at in range(10, len(data) - 2, 3))
    return Packet(counts, float(int.from_bytes(data[1:9], "little")))


_REFERENCE = 99


def _start_movesense(fs_hz: int) -> bytes:
    """Return: subscribe (1), a reference of ours, the path of the resource."""
    return bytes((1, _REFERENCE)) + f"/Meas/ECG/{fs_hz}".encode()


def _decode_movesense(data: bytes) -> Packet | None:
    """Read a notification: data (2), our reference, time of its first sample in ms, then samples of 32 bits."""
    if len(data) < 10 or data[0] != 2 or data[1] != _REFERENCE:
        return None
    n = (len(data) - 6) // 4
    return Packet(struct.unpack_from(f"<{n}i", data, 6), float(struct.unpack_from("<I", data, 2)[0]))


_PMD = ("fb005c81-02e7-f387-1cad-8acd2d8df0c8", "fb005c82-02e7-f387-1cad-8acd2d8df0c8")
_GSP = ("34800001-7185-4d5d-b431-630e7050e8f0", "34800002-7185-4d5d-b431-630e7050e8f0")
_SENSOR_DATA = ("6b200001-ff4e-4979-8186-fb7ba486fcd7", "6b200002-ff4e-4979-8186-fb7ba486fcd7")

STRAPS = {
    "polar-h10": Strap("Polar H10", (_PMD,), (130,), 1000.0, 1e-9, _start_polar, _decode_polar),
    "movesense": Strap(
        "Movesense",
        (_GSP, _SENSOR_DATA),
        (250, 125, 128, 200, 256, 500, 512),
        20 * 2**17 / 1000,
        1e-3,
        _start_movesense,
        _decode_movesense,
    ),
}
"""The straps that are read, by the name that ``--from`` takes."""
