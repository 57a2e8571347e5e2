"""Write a figure as PNG and name what it was tested on; used by all figures."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from einthoven.paths import written_aside

DPI = 150
"""Dots per inch of all figures."""


def caption(metrics: dict[str, Any]) -> str:
    """Return model, corpus, protocol and the size of the test set, in three lines.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    """
    leak = " (LEAKS PATIENTS)" if metrics["leaks_patients"] else ""
    tested = f"test set: {metrics['n_test']:,} {metrics['rows']} of {metrics['n_patients']:,} patients"
    return f"{metrics['model']}\n{metrics['corpus']}, protocol {metrics['protocol']}{leak}\n{tested}"


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Parameters
    ----------
    figure : Figure
        The figure.
    path : Path
        The PNG file.
    """
    FigureCanvasAgg(figure)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=DPI, format="png")
