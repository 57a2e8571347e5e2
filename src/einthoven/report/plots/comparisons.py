"""Draw models, settings and beats beside each other."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from einthoven.report.colours import PALETTE, colour_of
from einthoven.report.plots.figure import save


def spread(groups: dict[str, dict[str, dict[str, Any]]], label: str, path: Path) -> None:
    """Draw values with their intervals, group below group.

    Parameters
    ----------
    groups : dict of group to dict of row to dict
        Of each row ``value``, ``low`` and ``high``.
    label : str
        Name of the axis.
    path : Path
        PNG to write.
    """
    n = sum(len(rows) + 1 for rows in groups.values())
    figure = Figure(figsize=(6.4, 0.8 + 0.24 * n), layout="constrained")
    axes = figure.add_subplot()
    y, ticks, names = 0.0, [], []
    for at, (group, rows) in enumerate(groups.items()):
        ticks.append(y)
        names.append(group.upper())
        for name, found in rows.items():
            y -= 1
            ticks.append(y)
            names.append(name)
            axes.plot((found["low"], found["high"]), (y, y), color=PALETTE[at], linewidth=2, alpha=0.55)
            axes.plot(found["value"], y, "o", color=PALETTE[at], markersize=5)
        y -= 1.3
    axes.set_yticks(ticks, names, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e2e8f0")
    axes.set_xlabel(label)
    axes.spines[["top", "right", "left"]].set_visible(False)
    save(figure, path)


def trade(points: dict[str, tuple[float, dict[str, Any]]], x: str, y: str, path: Path) -> None:
    """Draw a score against cost: a dot with its interval for each model.

    Parameters
    ----------
    points : dict of model to (float, dict)
        Of each model its cost, and ``value``, ``low`` and ``high`` of its score.
    x, y : str
        Names of the axes.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for at, (name, (cost, found)) in enumerate(sorted(points.items(), key=lambda item: item[1][0])):
        colour, mark = PALETTE[at % len(PALETTE)], "os^"[at // len(PALETTE) % 3]
        axes.plot((cost, cost), (found["low"], found["high"]), color=colour, linewidth=1.5, alpha=0.3)
        axes.plot(cost, found["value"], mark, color=colour, markersize=6, label=name)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, title="models, left to right")
    axes.set_xscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="y", color="#e2e8f0")
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def curves(groups: dict[str, dict[str, list[float]]], x: str, y: str, path: Path) -> None:
    """Draw a panel of curves for each group.

    Parameters
    ----------
    groups : dict of group to dict of name to list of float
        Values of each curve; the x axis counts them from one.
    x, y : str
        Names of the axes.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(2.9 * len(groups) + 1.6, 3.0), layout="constrained")
    panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    for axes, (group, rows) in zip(panels, groups.items(), strict=True):
        for at, (name, values) in enumerate(rows.items()):
            axes.plot(range(1, len(values) + 1), values, color=PALETTE[at], linewidth=1.4, marker=".", label=name)
        axes.set_title(group, fontsize=10)
        axes.set_xlabel(x)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(y)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=8, frameon=False)
    save(figure, path)


def real_and_generated(
    beats: dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]], before_s: float, fs_hz: float, path: Path
) -> None:
    """Draw real beside generated beats of each class.

    Parameters
    ----------
    beats : dict of class name to (array [n, samples], array [n, samples])
        Real and generated windows of one lead.
    before_s : float, seconds
        Time from the beginning of a window to its R peak.
    fs_hz : float
        Sampling rate of the windows.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(7.2, 2.4 * len(beats)), layout="constrained")
    rows = figure.subplots(len(beats), 2, squeeze=False, sharex=True, sharey="row")
    for at, (pair, (name, both)) in enumerate(zip(rows, beats.items(), strict=True)):
        for axes, windows, kind in zip(pair, both, ("real", "generated"), strict=True):
            at_s = np.arange(windows.shape[1]) / fs_hz - before_s
            axes.plot(at_s, windows.T, color=colour_of(name, at), linewidth=0.7, alpha=0.7)
            axes.set_title(f"{name}, {kind}", fontsize=10, loc="left")
            axes.set_ylabel("amplitude (model input)" if kind == "real" else "")
            axes.spines[["top", "right"]].set_visible(False)
    for axes in rows[-1]:
        axes.set_xlabel("time from R peak (s)")
    save(figure, path)
