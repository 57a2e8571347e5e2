"""Read a live signal from a chest strap over Bluetooth LE."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from einthoven.errors import EinthovenError, RecordUnreadable, StatementMissing, optional_imports
from einthoven.streaming.sources import Format, Piece, StatedFormat
from einthoven.streaming.stamps import Stamps
from einthoven.streaming.straps import STRAPS, Packet, Strap

_SOUGHT_S, _SILENT_S = 20.0, 15.0


def strap_pieces(name: str, address: str, stated: StatedFormat) -> Iterator[Piece]:
    """Yield the samples of a chest strap, until it disconnects.

    Parameters
    ----------
    name : str
        A key of :data:`einthoven.streaming.straps.STRAPS`.
    address : str
        Bluetooth address of the strap; empty for the first that is found.
    stated : StatedFormat
        What the user states: a rate that the strap offers, and the name of the lead (ECG by default).

    Yields
    ------
    Piece
        The samples of a packet.

    Raises
    ------
    LibraryMissing
        If bleak is not installed.
    RecordUnreadable
        If no such strap is found, or it sends nothing.
    StatementMissing
        If the strap does not offer the stated rate, or more than one lead is stated.
    """
    with optional_imports():
        import bleak

    strap = STRAPS[name]
    format_ = _format(strap, stated)
    packets: queue.Queue[Packet | BaseException | None] = queue.Queue()
    stop = threading.Event()
    work = _Connection(bleak, strap, address, format_, packets, stop)
    thread = threading.Thread(target=work.run, daemon=True)
    thread.start()
    stamps = Stamps(format_.fs_hz, unit_s=strap.stamp_s)
    try:
        while True:
            packet = _next(packets, strap)
            if packet is None:
                return
            lost = stamps.lost_before(packet.stamp, len(packet.counts))
            counts = np.concatenate((np.full(lost, np.nan), np.array(packet.counts, np.float64)))
            faults = (f"{lost} samples missing by the times of the packets",) if lost else ()
            yield Piece(format_, format_.to_mv(counts[None]), faults)
    finally:
        stop.set()
        thread.join(timeout=5.0)


def _format(strap: Strap, stated: StatedFormat) -> Format:
    fs_hz = stated.fs_hz or strap.rates_hz[0]
    if fs_hz not in strap.rates_hz:
        rates = ", ".join(f"{rate:g}" for rate in sorted(strap.rates_hz))
        raise StatementMissing(
            f"{strap.title} does not offer this sampling rate.",
            found=f"--fs {fs_hz:g}",
            expected=f"one of {rates} Hz",
            remedy=f"--fs {strap.rates_hz[0]}",
        )
    leads = stated.leads or ("ECG",)
    if len(leads) != 1:
        raise StatementMissing(
            f"{strap.title} has one lead.", found=", ".join(leads), expected="one name", remedy=f"--leads {leads[0]}"
        )
    return Format(float(fs_hz), leads, "mV", strap.counts_per_mv, 0.0)


def _next(packets: "queue.Queue[Packet | BaseException | None]", strap: Strap) -> Packet | None:
    """Return the next packet; None where the strap has disconnected."""
    try:
        packet = packets.get(timeout=_SOUGHT_S + _SILENT_S)
    except queue.Empty:
        raise _silent(strap, f"nothing for {_SILENT_S:g} s") from None
    if isinstance(packet, EinthovenError):
        raise packet
    if isinstance(packet, BaseException):
        raise _silent(strap, str(packet)[:160] or type(packet).__name__) from packet
    return packet


def _silent(strap: Strap, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"No signal from {strap.title}.",
        found=found,
        expected="a strap that is worn, in reach, and not connected to another device or app",
        remedy="wet the electrodes and put the strap on; close the app that holds it; switch Bluetooth on",
    )


class _Connection:
    """Connect to a strap in a thread of its own, and queue what it sends."""

    def __init__(
        self,
        bleak: Any,
        strap: Strap,
        address: str,
        format_: Format,
        packets: "queue.Queue[Packet | BaseException | None]",
        stop: threading.Event,
    ) -> None:
        self.bleak, self.strap, self.address, self.format = bleak, strap, address, format_
        self.packets, self.stop = packets, stop

    def run(self) -> None:
        """Receive until the strap disconnects or the stream is stopped."""
        try:
            asyncio.run(self._receive())
        except Exception as error:
            self.packets.put(error)
        else:
            self.packets.put(None)

    async def _receive(self) -> None:
        device = await self._found()
        gone = asyncio.Event()
        async with self.bleak.BleakClient(device, disconnected_callback=lambda _: gone.set()) as client:
            write, notify = self._characteristics(client)
            await client.start_notify(notify, self._take)
            await client.write_gatt_char(write, self.strap.start(round(self.format.fs_hz)), response=True)
            while not self.stop.is_set() and not gone.is_set():
                await asyncio.sleep(0.05)
            if not gone.is_set():
                await client.stop_notify(notify)

    async def _found(self) -> Any:
        scanner, title = self.bleak.BleakScanner, self.strap.title
        if self.address:
            device = await scanner.find_device_by_address(self.address, timeout=_SOUGHT_S)
        else:
            device = await scanner.find_device_by_filter(
                lambda one, _: (one.name or "").startswith(title), timeout=_SOUGHT_S
            )
        if device is None:
            raise _silent(self.strap, f"no {self.address or title} within {_SOUGHT_S:g} s")
        return device

    def _characteristics(self, client: Any) -> tuple[str, str]:
        for write, notify in self.strap.services:
            if client.services.get_characteristic(notify) is not None:
                return write, notify
        raise _silent(self.strap, "a device without the characteristics of its ECG")

    def _take(self, _: Any, data: bytearray) -> None:
        packet = self.strap.decode(bytes(data))
        if packet is not None:
            self.packets.put(packet)
