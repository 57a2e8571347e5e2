"""Draw how a model answers disturbed records: curves over the noise, and a map of all other conditions."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from einthoven.report.colours import PALETTE
from einthoven.report.plots.figure import save

_CURVES = ("marked", "items_marked", "declined", "confidence")


def stress(found: dict[str, Any], headings: dict[str, str], path: Path) -> None:
    """Draw shares over the signal-to-noise ratio of each noise, and below them the shares under each other condition.

    Parameters
    ----------
    found : dict
        What :func:`einthoven.inference.stressing.stress` returns.
    headings : dict of str to str
        Name that people read for each share.
    path : Path
        PNG to write.
    """
    rows = [row for row in found["conditions"] if row["n_records"]]
    others = [row for row in rows if row["noise"] is None]
    figure = Figure(figsize=(10.5, 4.3 + 0.26 * len(others)), layout="constrained")
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.0, 1.0 + 0.26 * len(others)))[:, 0]
    clean = next(row for row in rows if row["group"] == "clean")
    noisy = [row for row in rows if row["noise"] is not None]
    panels = above.subplots(1, len(_CURVES))
    for axes, name in zip(panels, _CURVES, strict=True):
        _curves(axes, noisy, clean, name)
        axes.set_title(headings[name], fontsize=9)
    handles, names = panels[0].get_legend_handles_labels()
    above.legend(handles, names, loc="outside right center", fontsize=8, frameon=False)
    _map(below.subplots(), others, headings)
    trained = " (TRAINED ON THESE RECORDS)" if found["trained_on_these_records"] else ""
    tested = f"{found['model']}, {len(found['records'])} records of {found['corpus']}{trained}"
    figure.suptitle(tested, fontsize=10, x=0.01, ha="left")
    save(figure, path)


def _curves(axes: Axes, noisy: list[dict[str, Any]], clean: dict[str, Any], name: str) -> None:
    """Draw one share over the signal-to-noise ratio, a curve for each noise, and a line for the clean records."""
    if clean[name] is not None:
        axes.axhline(clean[name], color="#94a3b8", linewidth=1, linestyle="--", label="clean")
    for at, kind in enumerate(dict.fromkeys(row["noise"] for row in noisy)):
        points = [(row["snr_db"], row[name]) for row in noisy if row["noise"] == kind and row[name] is not None]
        x, y = [point[0] for point in points], [point[1] for point in points]
        axes.plot(x, y, color=PALETTE[at + 1], marker=".", linewidth=1.5, label=kind)
    axes.set_xlim(26, -8)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks(sorted({row["snr_db"] for row in noisy}))
    axes.set_xlabel("signal-to-noise ratio (dB)", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color="#e2e8f0")
    axes.spines[["top", "right"]].set_visible(False)


def _map(axes: Axes, rows: list[dict[str, Any]], headings: dict[str, str]) -> None:
    """Draw the shares as shaded cells with their values."""
    values = np.array([[np.nan if row[name] is None else row[name] for name in headings] for row in rows], float)
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    for (y, x), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(x, y, text, ha="center", va="center", fontsize=8, color="#1a202c")
    axes.set_xticks(range(len(headings)), [text.replace(" ", "\n") for text in headings.values()], fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), [row["condition"] for row in rows], fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for y in (at for at in range(1, len(rows)) if rows[at]["group"] != rows[at - 1]["group"]):
        axes.axhline(y - 0.5, color="#64748b", linewidth=0.8)
