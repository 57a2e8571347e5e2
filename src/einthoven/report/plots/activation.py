"""Draw activation maps of simulated tissue, with the early sites, and the ECGs that belong to them."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from torch import Tensor

from einthoven.models.geodesic import Fit, Tissue
from einthoven.models.geodesic.tissue import border
from einthoven.report.plots.figure import save

_COLOURS = "viridis"
_TITLE = "SIMULATION, no recording of a patient"


class Activation(Protocol):
    """Sites with their ECG and activation."""

    @property
    def places_mm(self) -> Tensor:
        """Places of the sites, [sites, 3]."""

    @property
    def at_ms(self) -> Tensor:
        """Times of the samples, [samples]."""

    @property
    def ecg(self) -> Tensor:
        """The ECG, [electrodes, samples]."""

    @property
    def arrivals_ms(self) -> Tensor:
        """Activation of each node, [nodes]."""


def draw_fit(tissue: Tissue, truth: Activation, done: Fit, path: Path) -> None:
    """Draw the true activation, that of the best start, and the ECGs of both.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    truth : Activation
        The true sites.
    done : Fit
        What was fitted.
    path : Path
        PNG to write.
    """
    best = done.best
    maps = [
        ("truth", truth.arrivals_ms, truth.places_mm),
        (f"best of {len(done.residual)} starts", done.arrivals_ms[best], done.places_mm[best]),
    ]
    _draw(tissue, maps, [truth.ecg, done.ecg[best]], truth.at_ms, path)


def draw_pair(tissue: Tissue, pair: list[Any], path: Path) -> None:
    """Draw two activations and their ECGs.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    pair : list of Activation
        The two.
    path : Path
        PNG to write.
    """
    maps = [(name, one.arrivals_ms, one.places_mm) for name, one in zip(("first", "second"), pair, strict=True)]
    n = min(len(one.at_ms) for one in pair)
    _draw(tissue, maps, [one.ecg[:, :n] for one in pair], pair[0].at_ms[:n], path)


def _draw(
    tissue: Tissue, maps: list[tuple[str, Tensor, Tensor]], ecgs: list[Tensor], at_ms: Tensor, path: Path
) -> None:
    flat = bool((tissue.nodes_mm[:, 2] == 0).all())
    figure = Figure(figsize=(11.0, 4.0))
    limits = (min(float(one.min()) for _, one, _ in maps), max(float(one.max()) for _, one, _ in maps))
    shown: Any = None
    for at, (name, arrivals, places) in enumerate(maps):
        axes = figure.add_axes((0.05 + 0.3 * at, 0.13, 0.25, 0.73), projection=None if flat else "3d")
        shown = (_flat if flat else _solid)(axes, tissue, arrivals.numpy(), places.numpy(), limits)
        axes.set_title(f"{name}: activation, sites ×", fontsize=9)
        axes.set_xlabel("x (mm)", fontsize=8)
        axes.set_ylabel("y (mm)", fontsize=8)
        axes.tick_params(labelsize=7)
    figure.colorbar(shown, cax=figure.add_axes((0.625, 0.2, 0.01, 0.58)), label="arrival (ms)")
    _leads(figure.add_axes((0.72, 0.13, 0.26, 0.73)), [name for name, _, _ in maps], ecgs, at_ms)
    figure.suptitle(_TITLE, fontsize=10)
    save(figure, path)


def _flat(axes: Any, tissue: Tissue, arrivals: Any, places: Any, limits: tuple[float, float]) -> Any:
    x, y = tissue.nodes_mm[:, 0].numpy(), tissue.nodes_mm[:, 1].numpy()
    levels = np.arange(np.floor(limits[0] / 5) * 5, limits[1] + 5, 5)
    shown = axes.tricontourf(x, y, tissue.cells.numpy(), arrivals, levels=levels, cmap=_COLOURS)
    axes.tricontour(x, y, tissue.cells.numpy(), arrivals, levels=levels, colors="white", linewidths=0.4)
    axes.plot(places[:, 0], places[:, 1], "x", color="#c2410c", markersize=9, markeredgewidth=2)
    axes.set_aspect("equal")
    return shown


def _solid(axes: Any, tissue: Tissue, arrivals: Any, places: Any, limits: tuple[float, float]) -> Any:
    faces = (tissue.cells if tissue.cells.shape[1] == 3 else border(tissue.cells)).numpy()
    nodes = tissue.nodes_mm.numpy()
    shown = Poly3DCollection(list(nodes[faces]), cmap=_COLOURS, linewidths=0.0, alpha=0.75)
    shown.set_array(arrivals[faces].mean(1))
    shown.set_clim(*limits)
    axes.add_collection3d(shown)
    axes.computed_zorder = False
    axes.plot(*places.T, "x", color="#c2410c", markersize=9, markeredgewidth=2, zorder=10)
    for name, low, high in zip("xyz", nodes.min(0), nodes.max(0), strict=True):
        getattr(axes, f"set_{name}lim")(low, high)
    axes.set_box_aspect(np.ptp(nodes, axis=0), zoom=0.85)
    axes.locator_params(axis="z", nbins=4)
    axes.set_zlabel("z (mm)", fontsize=8)
    return shown


def _leads(axes: Axes, names: list[str], ecgs: list[Tensor], at_ms: Tensor) -> None:
    """Draw the ECGs over each other, electrode below electrode."""
    size = float(ecgs[0].abs().max()) or 1.0
    for name, ecg, colour, style in zip(names, ecgs, ("#94a3b8", "#c2410c"), ("-", "--"), strict=True):
        for at, lead in enumerate(ecg):
            line = axes.plot(at_ms, (lead / size).numpy() - 1.2 * at, style, color=colour, linewidth=1.4)[0]
        line.set_label(name)
    axes.set_xlabel("time (ms)", fontsize=8)
    axes.set_ylabel("electrodes, arbitrary unit", fontsize=8)
    axes.set_yticks([])
    axes.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
