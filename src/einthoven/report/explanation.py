"""Write the explanation of a record's beats: a PNG, or a page that holds it."""

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.explanation.beat_evidence import Explained
from einthoven.inference.answer import DISCLAIMER, BeatAnswer
from einthoven.paths import require_folder, written_aside
from einthoven.report import plots

SUFFIXES = (".html", ".png")


def require_writable(path: Path, source: Path) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of the input, before any work.

    Parameters
    ----------
    path : Path
        The output.
    source : Path
        The recording that is read.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or the reason that the system gives.
    """
    is_input = path.exists() and source.exists() and path.samefile(source)
    if path.suffix.lower() not in SUFFIXES or path.is_dir() or is_input:
        found = (
            "a folder" if path.is_dir() else "the recording itself" if is_input else f"suffix {path.suffix or 'none'}"
        )
        raise OutputRefused(
            f"{path} cannot be written.",
            found=found,
            expected=", ".join(SUFFIXES),
            remedy=f"--out {path.with_suffix('.html')}",
        )
    require_folder(path.parent)


def write(answer: BeatAnswer, found: Sequence[Explained], path: Path) -> None:
    """Write the explanation in the format of the suffix, whole or not at all.

    Parameters
    ----------
    answer : BeatAnswer
        The answer that is explained.
    found : sequence of Explained
        Beats and maps of each class.
    path : Path
        A file that ends in .html or .png.
    """
    if path.suffix.lower() == ".png":
        plots.explained(answer, found, path)
        return
    loader = PackageLoader("einthoven.report")
    page = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "explained.png"
        plots.explained(answer, found, drawing)
        content = base64.b64encode(drawing.read_bytes()).decode()
    meanings = dict(zip(answer.classes, answer.card.meanings, strict=True))
    rows = [(row, meanings[row.name], [share(row, wave) for wave in plots.WAVES_S]) for row in found]
    text = page.get_template("explanation.html").render(
        answer=answer, rows=rows, drawing=content, disclaimer=DISCLAIMER, version=__version__
    )
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def share(row: Explained, wave: str) -> float:
    """Return how much of the mean map lies over a wave (``P``, ``QRS`` or ``T``), 0 to 1.

    Parameters
    ----------
    row : Explained
        Explained beats of one class.
    wave : str
        Name of the wave.
    """
    low, high = plots.WAVES_S[wave]
    inside = (row.at_s >= low) & (row.at_s < high)
    return float(row.mean_map[inside].sum() / max(float(np.sum(row.mean_map)), 1e-12))
