"""Check a simulated heart that is run backwards, and fit its early sites to ECGs whose sites are known. No recording is read."""

import json
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from einthoven.models.geodesic import Tissue, read_mesh
from einthoven.paths import written_aside
from einthoven.report import geodesic_study
from einthoven.steps import Steps
from einthoven.studies import geodesic_checks as checks
from einthoven.studies import geodesic_fits as fits
from einthoven.studies.geodesic_shapes import MADE, block, patchy_sheet, through_file, ventricle

_WHOLE: dict[str, Any] = {
    "side": 21,
    "halvings": 3,
    "block_mm": 6.0,
    "gradients": 5,
    "truths": {"sheet": 20, "surface": 5, "tetrahedra": 5},
    "starts": 10,
    "steps": 200,
}
_QUICK: dict[str, Any] = {
    "side": 13,
    "halvings": 2,
    "block_mm": 6.0,
    "gradients": 1,
    "truths": {"sheet": 1, "surface": 1, "tetrahedra": 1},
    "starts": 2,
    "steps": 3,
}
_SIDE_MM = 60.0


class _Run:
    """A study that is running.

    Parameters
    ----------
    source : Path or None
        Mesh of the user's, in place of the two that are made.
    folder : Path
        Folder of the study.
    quick : bool
        Whether this is a smoke run.
    """

    def __init__(self, source: Path | None, folder: Path, quick: bool):
        self.source, self.folder, self.size = source, folder, _QUICK if quick else _WHOLE

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tissues."""
        return ("sheet", *(MADE if self.source is None else (self.source.stem,)))

    @cached_property
    def tissues(self) -> dict[str, Tissue]:
        """The tissues by name; meshes are read from files."""
        side = self.size["side"]
        found = {"sheet": patchy_sheet(side, _SIDE_MM / (side - 1))}
        if self.source is not None:
            return found | {self.source.stem: read_mesh(self.source)}
        for name, made in zip(MADE, (ventricle(self.size["halvings"]), block(self.size["block_mm"])), strict=True):
            found[name] = through_file(made, self.folder / "meshes" / f"{name}.vtk")
        return found

    def figure(self, name: str) -> Path:
        """Return the file of a figure."""
        return self.folder / "figures" / f"{name}.png"


def run(source: Path | None, folder: Path, quick: bool = False) -> dict[str, Any]:
    """Do the steps that are not done yet, and write results.json, table.md and figures.

    Parameters
    ----------
    source : Path or None
        A mesh of a heart's surface or of its walls, in mm, that is simulated in place of the two that are made.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.

    Returns
    -------
    dict
        What results.json holds.
    """
    this = _Run(None if source is None else Path(source), Path(folder), quick)
    if this.source is not None:
        read_mesh(this.source)
    works = _works(this)
    settings = {"study": "geodesic", "quick": quick, "mesh": source and Path(source).name, **this.size}
    steps = Steps(this.folder, settings, {name: cost for name, (_, cost) in works.items()})
    with _one_thread():
        done = dict(zip(works, steps.side_by_side({name: work for name, (work, _) in works.items()}), strict=True))
    found: dict[str, Any] = {"study": "geodesic", "smoke_run": quick, "simulation": True, "steps": done}
    found |= {"settings": settings, **geodesic_study.table(done, this.names, quick)}
    for name, text in (
        ("results.json", json.dumps(found, indent=1) + "\n"),
        ("table.md", geodesic_study.page(found, "figures")),
    ):
        with written_aside(this.folder / name) as aside:
            aside.write_text(text)
    return found


class _one_thread:
    """Let torch use one thread: its arrays are small here, and its sums are then the same everywhere."""

    def __enter__(self) -> None:
        self.before = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        torch.set_num_threads(self.before)


def _works(this: _Run) -> dict[str, tuple[Callable[[], dict[str, Any]], float]]:
    """Return work and cost of each step, by its name, in their order."""
    size = this.size
    works: dict[str, tuple[Callable[[], dict[str, Any]], float]] = {
        "sweeps": (lambda: checks.sweeps(this.tissues), 0.1),
        "closed-forms": (partial(checks.closed_forms, size["side"], size["halvings"], size["block_mm"]), 0.1),
        "gradient": (partial(checks.gradient, 13, size["gradients"]), 0.1),
    }
    for name in this.names:
        n_truths = size["truths"].get(name, size["truths"]["surface"])
        for noise_db, label in ((None, "clean"), (fits.NOISE_DB, "noise")):
            works[f"fits-{name}-{label}"] = partial(_fits, this, name, noise_db, n_truths), float(n_truths)
    works["mirrored"] = partial(fits.mirrored, size["side"], this.figure("pair-mirrored")), 0.1
    works["as-good"] = (
        lambda: fits.as_good(this.tissues["sheet"], size["starts"], size["steps"], this.figure("pair-as-good")),
        1.0,
    )
    return works


def _fits(this: _Run, name: str, noise_db: float | None, n_truths: int) -> dict[str, Any]:
    """Fit the sites of each truth; the first without noise is drawn."""
    figure = this.figure(f"{name}-clean")
    rows = [
        fits.fitted(
            this.tissues[name],
            seed,
            noise_db,
            this.size["starts"],
            this.size["steps"],
            figure if noise_db is None and not seed else None,
        )
        for seed in range(n_truths)
    ]
    return {"truths": rows, "nodes": len(this.tissues[name].nodes_mm)}
