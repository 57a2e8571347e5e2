"""Show the study of the simulation geodesic: its checks, its fits, and activations with one ECG."""

from typing import Any

import numpy as np

from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.report.tables import cells

COLUMNS = ("tissue", "ECG", "truths", "starts that find the sites", "truths found by the best start", "sites off, mm")
_MORE = ("activation off, ms", "correlation of ECGs")
_FOUND_MM = 3.0
_DRAWS = 1000
_SAYS = (
    "A SIMULATION: no recording is read, and none of a patient is explained by it. Sheets, an ellipsoid and a block stand for a "
    "heart; electrodes are in an unbounded volume. Fits know tissue, speeds, electrodes and the number of sites, by the solver "
    "that made the ECG: the easiest case."
)
_STARTS = (
    "Two sites are fitted from random starts, by the residual of the ECG alone. Found: each site within 3 mm of a true one. Sites "
    "off: the worse of both; activation: root mean square over the nodes; medians over truths, of the start with the least "
    "residual. Brackets: 95 % intervals over truths, 1,000 draws. Noise: white, 20 dB."
)


def table(steps: dict[str, Any], names: tuple[str, ...], quick: bool) -> dict[str, Any]:
    """Return title, columns, rows and remarks.

    Parameters
    ----------
    steps : dict
        Results of the steps by name.
    names : tuple of str
        Names of the tissues.
    quick : bool
        Whether this is a smoke run.
    """
    rows = [
        _row(f"{name}, {found['nodes']:,} nodes", label, found["truths"])
        for name in names
        for label in ("clean", "noise")
        for found in [steps[f"fits-{name}-{label}"]]
    ]
    remarks = ["SMOKE RUN: its numbers mean nothing."] if quick else []
    return {
        "title": "Geodesic-BP: where activation begins, in a simulation",
        "columns": [*COLUMNS, *_MORE],
        "shown": [COLUMNS[at] for at in (0, 1, 3, 4, 5)],
        "rows": rows,
        "remarks": [*remarks, _SAYS, _STARTS],
    }


def _row(name: str, label: str, truths: list[dict[str, Any]]) -> list[str]:
    shares = [np.mean(np.array(one["off_mm"]) <= _FOUND_MM) for one in truths]
    best = [one["off_mm"][one["best"]] for one in truths]
    return [
        name,
        label,
        f"{len(truths)}",
        f"{_of(shares, np.mean, 2)} of {len(truths) * len(truths[0]['off_mm'])}",
        f"{sum(off <= _FOUND_MM for off in best)} of {len(truths)}",
        _of(best, np.median, 2),
        _of([one["activation_ms"] for one in truths], np.median, 2),
        _of([one["correlation"] for one in truths], np.median, 4),
    ]


def _of(values: Any, statistic: Any, digits: int) -> str:
    """Return a statistic over truths with its interval."""
    values = np.asarray(values, float)
    weights = draw_weights(np.arange(len(values)), _DRAWS, 0)
    drawn = np.array([statistic(np.repeat(values, row)) for row in weights])
    value, bounds = cells(interval(float(statistic(values)), drawn).as_dict(), digits)
    return f"{value} ({bounds})"


def page(found: dict[str, Any], figures: str) -> str:
    """Return the study as a page of Markdown.

    Parameters
    ----------
    found : dict
        What results.json holds.
    figures : str
        Folder of the figures, from where the page is.
    """
    steps, mesh = found["steps"], found["settings"]["mesh"]
    command = "einthoven study geodesic" + (f" --from {mesh}" if mesh else "") + " --out studies/geodesic"
    quick = " --quick" if found["smoke_run"] else ""
    lines = [f"# {found['title']}", "", f"`{command}{quick}`", "", *(f"{line}\n" for line in found["remarks"])]
    lines += ["## Fits to ECGs whose sites are known", "", *_lines(found["columns"], found["rows"]), ""]
    lines += [f"![{name}]({figures}/{name}.png)\n" for name in _drawn(steps)]
    lines += _checks(steps)
    lines += _pairs(steps, figures)
    return "\n".join([*lines, ""])


def _drawn(steps: dict[str, Any]) -> list[str]:
    return [name.removeprefix("fits-") for name in steps if name.startswith("fits-") and name.endswith("-clean")]


def _checks(steps: dict[str, Any]) -> list[str]:
    sweeps = [
        [name, f"{one['nodes']:,}", one["steps"], f"{one['largest_ms']:.1e}"]
        for name, one in steps["sweeps"].items()
        if name != "seconds"
    ]
    forms = [
        [name, f"{one['nodes']:,}", *(f"{100 * one[key]:.2f}" for key in ("least", "mean", "largest"))]
        for name, one in steps["closed-forms"].items()
        if name != "seconds"
    ]
    slopes = [[name, one["n"], f"{one['largest']:.1e}"] for name, one in steps["gradient"].items() if name != "seconds"]
    return [
        "## Checks",
        "",
        "Sweeps and SciPy's Dijkstra on the same graph, from two nodes; single precision.",
        "",
        *_lines(("tissue", "nodes", "most steps of a node", "largest difference, ms"), sweeps),
        "",
        "Arrival times where speed is the same everywhere, beside the closed form, in percent of it; nodes beyond three steps. The "
        "error is that of the directions of the steps, and no finer grid makes it smaller.",
        "",
        *_lines(("tissue", "nodes", "least error, %", "mean error, %", "largest error, %"), forms),
        "",
        "Derivatives of random sums of ECG samples, beside central differences, as a share of the largest; double precision.",
        "",
        *_lines(("of", "derivatives", "largest difference"), slopes),
        "",
    ]


def _pairs(steps: dict[str, Any], figures: str) -> list[str]:
    mirrored, good = steps["mirrored"], steps["as-good"]
    return [
        "## Two activations, one ECG",
        "",
        f"Electrodes in one plane: a sheet activated from two sites, and its mirror image in that plane, differ by "
        f"{mirrored['activation_ms']:.1f} ms (root mean square; at most {mirrored['largest_ms']:.1f} ms). Their ECGs differ by "
        f"{100 * mirrored['residual']:.1e} % of the ECG.",
        "",
        f"![pair-mirrored]({figures}/pair-mirrored.png)",
        "",
        f"Nine electrodes around the sheet: four sites were fitted to the ECG of two, from {good['starts']} starts. "
        f"Of these, {good['as_good']} leave less than 10 % of the ECG, which noise of 20 dB hides. The one that differs most has "
        f"an activation {good['activation_ms']:.1f} ms off (root mean square; at most {good['largest_ms']:.1f} ms), and an ECG "
        f"{100 * good['residual']:.1f} % off.",
        "",
        f"![pair-as-good]({figures}/pair-as-good.png)",
        "",
        "So a good fit does not show that the sites are right. A person's activation would need several fits that are as good, and "
        "what is known beforehand of sites and speeds (arXiv 2411.00165).",
    ]


def _lines(columns: Any, rows: Any) -> list[str]:
    return ["| " + " | ".join(map(str, row)) + " |" for row in (columns, ["---"] * len(columns), *rows)]
