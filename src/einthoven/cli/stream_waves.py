"""Follow a live signal with a delineator: one JSON object for each wave."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from einthoven import console

if TYPE_CHECKING:
    from einthoven.inference.predictor import Predictor
    from einthoven.streaming.sources import Piece
    from einthoven.streaming.written import Lines


def follow_waves(model: "Predictor", pieces: "Iterable[Piece]", lines: "Lines") -> int:
    """Delineate until the source ends; a new part begins where the signal's format changes.

    Parameters
    ----------
    model : Predictor
        A delineator.
    pieces : iterable of Piece
        The signal.
    lines : file
        Where the waves are written, one JSON object a line.
    """
    from einthoven.streaming.waves import DELAY_S, STEP_S, WaveStream

    console.note(f"waves come {DELAY_S:g} to {DELAY_S + STEP_S:g} s after their peak")
    live: WaveStream | None = None
    n_waves = n_faults = 0
    format_ = None

    def write(waves: list[dict[str, Any]]) -> int:
        for wave in waves:
            lines.write(json.dumps(wave) + "\n")
        lines.flush()
        return len(waves)

    try:
        for piece in pieces:
            for text in piece.faults:
                n_faults += 1
                console.note(text)
            if piece.format != format_:
                n_waves += write(live.end()) if live is not None else 0
                format_, live = piece.format, WaveStream(model, piece.format.fs_hz, piece.format.leads)
            assert live is not None
            n_waves += write(live.feed(piece.signal_mv))
    except KeyboardInterrupt:
        console.note("stopped")
    n_waves += write(live.end()) if live is not None else 0
    console.note(f"{n_waves:,} waves")
    return 1 if n_faults else 0
