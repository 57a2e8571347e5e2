"""Show the study of filled gaps as a table, and as a page."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.report.tables import cells

Array = NDArray[Any]
PLAIN, NETWORKS = ("zero", "linear", "template"), ("once", "pulsediff")
COLUMNS = ("gaps", "method", "leads", "MSE", "MAE", "QRS within 75 ms, sinus rhythm", "all", "correlation of beats")
_DRAWS = 1000
_SAYS = (
    "Lead I of PTB-XL at 100 Hz, 10 s, records of folds 6 to 10 at hand; of networks every fourth. Folds 1 to 4 trained them (all "
    "twelve leads); fold 5 widened the band. PulseImpute's gaps: one of 1 to 5 s, or packets of 50 ms that are lost with a "
    "probability of 10 to 50 %. Leads are centred on the fullest of 50 bins and divided by the largest value, both of what is "
    "seen. Errors are over hidden samples. Brackets: 95 % intervals over patients, 1,000 draws."
)
_METHODS_SAY = (
    "zero: the level. linear: straight lines. template: the person's median beat where the rhythm leads one to expect it. once: "
    "the network without diffusion. pulsediff: mean of 10 draws of 10 steps."
)


def table(plain: dict[str, Any], scored: dict[str, Any], quick: bool) -> dict[str, Any]:
    """Return title, columns, rows, remarks, and what only the diffusion model has.

    Parameters
    ----------
    plain : dict
        Scores of the plain ways, by kind of gap.
    scored : dict
        Scores of all ways on fewer records, by kind of gap; empty while the networks are not trained.
    quick : bool
        Whether this is a smoke run.
    """
    rows, bands, paired = [], [], []
    for gap in plain:
        for found, names in ((plain, PLAIN), (scored, NETWORKS)):
            if gap in found:
                records = found[gap]["records"]
                weights = _weights(records)
                rows += [[gap, name, f"{len(records)}", *_cells(records, name, weights)] for name in names]
        if gap in scored:
            bands.append([gap, *_band(records, weights)])
            paired.append([gap, *_paired(records, weights)])
    unscored = [] if scored else ["The networks are not scored yet."]
    return {
        "title": "Filled gaps: PulseDiff beside plain ways",
        "columns": list(COLUMNS),
        "shown": [COLUMNS[at] for at in (0, 1, 3, 4, 5)],
        "rows": rows,
        "bands": bands,
        "paired": paired,
        "remarks": [*(["SMOKE RUN: its numbers mean nothing."] if quick else []), *unscored, _SAYS, _METHODS_SAY],
    }


def _weights(records: list[dict[str, Any]]) -> Array:
    """Return how often each record is drawn, the records themselves first, [1 + draws, records]."""
    drawn = draw_weights(np.array([one["patient"] for one in records]), _DRAWS, 0)
    return np.concatenate((np.ones((1, len(records))), drawn))


def _shown(values: Array, digits: int) -> str:
    """Return the first value with the interval of the others."""
    value, bounds = cells(interval(float(values[0]), values[1:]).as_dict(), digits)
    return f"{value} ({bounds})"


def _share(weights: Array, above: Array, below: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Array = (weights @ above) / (weights @ below)
    return shares


def _of(records: list[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> Array:
    return np.array([value(one) for one in records], float)


def _cells(records: list[dict[str, Any]], name: str, weights: Array) -> list[str]:
    n = _of(records, lambda one: one[name]["n"])
    sinus = _of(records, lambda one: one["rhythm"] == "sinus")
    beats, near = (_of(records, lambda one, at=at: one[name]["beats"][at]) for at in (0, 1))  # type: ignore[misc]
    shapes, n_shapes = (_of(records, lambda one, add=add: add(one[name]["shapes"])) for add in (sum, len))  # type: ignore[misc]
    return [
        _shown(_share(weights, _of(records, lambda one: one[name]["squared"]), n), 4),
        _shown(_share(weights, _of(records, lambda one: one[name]["absolute"]), n), 4),
        f"{_shown(_share(weights, near * sinus, beats * sinus), 2)} of {int((beats * sinus).sum())}",
        f"{_shown(_share(weights, near, beats), 2)} of {int(beats.sum())}",
        _shown(_share(weights, shapes, n_shapes), 2),
    ]


def _band(records: list[dict[str, Any]], weights: Array) -> list[str]:
    """Return coverage, CRPS beside the absolute error of the network that predicts once, and width by rhythm."""
    n = _of(records, lambda one: one["pulsediff"]["n"])
    width = _of(records, lambda one: one["width"])
    by_rhythm = [_of(records, lambda one, name=name: one["rhythm"] == name) for name in ("sinus", "fibrillation")]  # type: ignore[misc]
    return [
        _shown(_share(weights, _of(records, lambda one: one["covered"]), n), 3),
        _shown(_share(weights, _of(records, lambda one: one["crps"]), n), 4),
        _shown(_share(weights, _of(records, lambda one: one["once"]["absolute"]), n), 4),
        *(f"{_shown(_share(weights, width * part, n * part), 3)}, {int(part.sum())} leads" for part in by_rhythm),
    ]


def _paired(records: list[dict[str, Any]], weights: Array) -> list[str]:
    """Return by how much the squared error of the diffusion model is below that of each other method."""
    n = _of(records, lambda one: one["pulsediff"]["n"])
    ours = _of(records, lambda one: one["pulsediff"]["squared"])
    return [
        _shown(_share(weights, _of(records, lambda one, name=name: one[name]["squared"]) - ours, n), 4)  # type: ignore[misc]
        for name in (*PLAIN, "once")
    ]


def page(found: dict[str, Any]) -> str:
    """Return the study as a page of Markdown.

    Parameters
    ----------
    found : dict
        What results.json holds.
    """
    quick = " --quick" if found["smoke_run"] else ""
    weights = "".join(f" Weights of {name}: {n:,}." for name, n in found["weights"].items())
    bands = ("gaps", "covered by the 90 % band", "CRPS", "MAE of once", "width, sinus rhythm", "width, fibrillation")
    lines = [
        f"# {found['title']}",
        "",
        f"`einthoven study pulsediff --from DIR --out studies/pulsediff{quick}`.{weights}",
        "",
        *(f"{line}\n" for line in found["remarks"]),
        *_lines(found["columns"], found["rows"]),
        "",
    ]
    if not found["bands"]:
        return "\n".join(lines)
    lines += [
        "## Squared error of the other methods minus that of PulseDiff",
        "",
        "Above zero, PulseDiff is better.",
        "",
        *_lines(("gaps", *PLAIN, "once"), found["paired"]),
        "",
        "## Bands",
        "",
        f"The standard deviation of the draws is widened {found['widening']:.2f} times, measured on fold 5.",
        "",
        *_lines(bands, found["bands"]),
        "",
    ]
    return "\n".join(lines)


def _lines(columns: Any, rows: Any) -> list[str]:
    return ["| " + " | ".join(map(str, row)) + " |" for row in (columns, ["---"] * len(columns), *rows)]
