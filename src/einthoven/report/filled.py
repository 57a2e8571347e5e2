"""Draw a recording with filled gaps, marked as guesses, as a picture or a page."""

import base64
import tempfile
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from einthoven.errors import OutputRefused
from einthoven.inference.filling import Filled
from einthoven.paths import written_aside
from einthoven.report.plots.figure import save
from einthoven.signal.hiding import runs

SAYS = "Filled samples are guesses, not measurements. Nothing is measured or counted in them."
_SHOWN_S = 12.0
_MOST_LEADS = 12


def draw(filled: Filled, path: Path) -> None:
    """Draw each lead around its first gap: what was measured in black, what was filled in colour, with its 90 % band.

    Parameters
    ----------
    filled : Filled
        The recording.
    path : Path
        PNG to write.
    """
    record = filled.record
    rows = [at for at, row in enumerate(filled.filled) if row.any()][:_MOST_LEADS]
    figure = Figure(figsize=(11.0, 0.8 + 1.5 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, at in zip(panels, rows, strict=True):
        width = min(record.n_samples, round(_SHOWN_S * record.fs_hz))
        first = int(np.clip(runs(filled.filled[at])[0][0] - width // 3, 0, record.n_samples - width))
        shown = slice(first, first + width)
        seconds = np.arange(first, first + width) / record.fs_hz
        guess = np.where(filled.filled[at][shown], filled.signal_mv[at][shown], np.nan)
        axes.plot(seconds, record.signal_mv[at][shown], color="#1a202c", linewidth=0.8, label="measured")
        axes.plot(seconds, guess, color="#c2410c", linewidth=1.2, label="filled, not measured")
        if filled.low_mv is not None and filled.high_mv is not None:
            ends = (filled.low_mv[at][shown], filled.high_mv[at][shown])
            axes.fill_between(seconds, *ends, color="#c2410c", alpha=0.2, linewidth=0, label="90 % band")
        for begin, end in runs(filled.filled[at][shown]):
            axes.axvspan(seconds[begin], seconds[end - 1], color="#fde68a", alpha=0.35, linewidth=0)
        axes.set_ylabel(f"{record.leads[at]} (mV)", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(fontsize=7, frameon=False, loc="upper right", ncols=3)
    panels[-1].set_xlabel("time (s)", fontsize=8)
    figure.suptitle(f"{record.name}: gaps filled by {filled.method}. {SAYS}", fontsize=9)
    save(figure, path)


def write(filled: Filled, path: Path) -> None:
    """Write a picture, or a page with the picture and the list of gaps.

    Parameters
    ----------
    filled : Filled
        The recording.
    path : Path
        File with the suffix .png or .html.

    Raises
    ------
    OutputRefused
        If it has another suffix, or cannot be written.
    """
    if path.suffix.lower() == ".png":
        draw(filled, path)
        return
    if path.suffix.lower() != ".html":
        raise OutputRefused(
            "no page of this kind is written.", found=path.suffix, expected=".html or .png", remedy="--out filled.html"
        )
    with tempfile.TemporaryDirectory() as folder:
        draw(filled, Path(folder) / "filled.png")
        picture = base64.b64encode((Path(folder) / "filled.png").read_bytes()).decode()
    gaps = "".join(
        f"<tr><td>{escape(lead)}</td><td>{first:.3f} to {end:.3f}</td><td>{end - first:.3f}</td></tr>"
        for lead, first, end in filled.gaps
    )
    title = f"{escape(filled.record.name)}: gaps filled by {escape(filled.method)}"
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in filled.remarks)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font-family:sans-serif;max-width:70rem;margin:2rem auto;color:#1a202c}img{max-width:100%}"
        "td,th{padding:.2rem 1rem .2rem 0;text-align:left}</style></head>"
        f"<body><h1>{title}</h1><p><strong>{SAYS}</strong></p>{remarks}"
        f'<img alt="leads with filled gaps" src="data:image/png;base64,{picture}">'
        f"<table><tr><th>lead</th><th>filled (s)</th><th>length (s)</th></tr>{gaps}</table></body></html>\n"
    )
    with written_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")
