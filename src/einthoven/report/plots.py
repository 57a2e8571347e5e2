"""Knows the figures of an evaluation as PNG. Computes no metric but the points of a ROC curve."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from einthoven.evaluation.predictions import Predictions
from einthoven.explanation.beats import Explained
from einthoven.inference.findings import Findings
from einthoven.inference.prediction import Prediction
from einthoven.paths import written_aside
from einthoven.report.tables import cells
from einthoven.signal import leads

COLOURS = {"N": "#4a5568", "S": "#2563a8", "V": "#c2410c", "F": "#7e22ce", "Q": "#0f766e"}
_OTHER = ("#4a5568", "#2563a8", "#c2410c", "#7e22ce", "#0f766e", "#a16207", "#be185d", "#15803d", "#1e40af", "#525252")


def colour_of(name: str, at: int) -> str:
    """The colour of a class: fixed for AAMI's, else by number."""
    return COLOURS.get(name, _OTHER[at % len(_OTHER)])


def confusion(metrics: dict, path: Path) -> None:
    """Draw the confusion matrix: counts in the cells, shades by row."""
    names = metrics["confusion"]["classes"]
    counts = np.array(metrics["confusion"]["rows_are_truth"], float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(1.6 + 0.85 * len(names), 1.9 + 0.85 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        ink = "white" if share[row, column] > 0.55 else "#1a202c"
        text = f"{counts[row, column]:,.0f}\n{share[row, column]:.1%}"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("the model's class")
    axes.set_ylabel("the annotators' class")
    axes.set_title(_caption(metrics), fontsize=9, loc="left")
    _save(figure, path)


def classes(metrics: dict, path: Path) -> None:
    """Draw AUROC and average precision of each class with their intervals, the frequent classes first."""
    rows = sorted(metrics["per_class"].items(), key=lambda item: item[1]["n"])
    figure = Figure(figsize=(8.4, 1.6 + 0.26 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, metric, label in zip(panels, ("auroc", "auprc"), ("AUROC", "average precision"), strict=True):
        for y, (_, row) in enumerate(rows):
            found = row[metric]
            if found["value"] is not None:
                axes.plot((found["low"], found["high"]), (y, y), color="#2563a8", linewidth=2, alpha=0.55)
                axes.plot(found["value"], y, "o", color="#2563a8", markersize=5)
        axes.set_xlim(0, 1.02)
        axes.set_xlabel(f"{label}, 95 % interval")
        axes.grid(axis="x", color="#e2e8f0")
        axes.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks(range(len(rows)), [f"{name}  ({row['n']:,})" for name, row in rows], fontsize=8)
    panels[0].tick_params(axis="y", length=0)
    figure.suptitle(_caption(metrics), fontsize=9, x=0.01, ha="left")
    _save(figure, path)


def roc(predictions: Predictions, metrics: dict, path: Path) -> None:
    """Draw one ROC curve a class, with its area and interval."""
    figure = Figure(figsize=(8.2 if len(predictions.classes) > 8 else 5.6, 5.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color="#cbd5e0", linewidth=1)
    for at, name in enumerate(predictions.classes):
        positive = predictions.truth[:, at] > 0 if predictions.multi else predictions.truth == at
        if not positive.any() or positive.all():
            continue
        order = np.argsort(-predictions.probability[:, at], kind="stable")
        up, down = np.cumsum(positive[order]), np.cumsum(~positive[order])
        area, spread = cells(metrics["per_class"][name]["auroc" if predictions.multi else "auc"])
        false, true = np.r_[0, down / down[-1]], np.r_[0, up / up[-1]]
        axes.plot(false, true, color=colour_of(name, at), linewidth=1.6, label=f"{name}  {area} ({spread})")
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (sensitivity)")
    axes.set_aspect("equal")
    many = len(predictions.classes) > 8
    place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if many else {"loc": "lower right"}
    axes.legend(title="class, AUC and 95 % interval", fontsize=7 if many else 9, frameon=False, **place)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_caption(metrics), fontsize=9, loc="left")
    _save(figure, path)


_HEAT = LinearSegmentedColormap.from_list("speaks", ("#b8c0cc", "#e8a33d", "#b91c1c", "#450a0a"))
WAVES_S = {"P": (-0.24, -0.07), "QRS": (-0.07, 0.07), "T": (0.12, 0.42)}
"""Where the waves of a beat lie about its R peak, in most people at rest."""


def gradcam(
    beats: dict[str, np.ndarray],
    maps: dict[str, np.ndarray],
    looks: dict[str, np.ndarray],
    before_s: float,
    fs_hz: float,
    title: str,
    path: Path,
) -> None:
    """Draw the mean beat of each class, coloured by the mean map of what spoke for the class; mean attention below.

    Parameters
    ----------
    beats, maps : for each class an array [samples], the beat's R peak `before_s` after its beginning
    looks : likewise, for networks with attention, else empty
    """
    figure = Figure(figsize=(2.9 * len(beats) + 0.8, 3.0), layout="constrained")
    rows = figure.subplots(1, len(beats), squeeze=False, sharey=True)[0]
    for axes, (name, beat) in zip(rows, beats.items(), strict=True):
        at_s = np.arange(len(beat)) / fs_hz - before_s
        line = _coloured(axes, at_s, beat, maps[name])
        if name in looks:
            _attended(axes, at_s, looks[name])
        axes.set_title(name, color=colour_of(name, 0), fontsize=11)
        axes.set_xlabel("s from the R peak")
        axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(line, ax=list(rows), label="speaks for the class", ticks=[])
    note = "; attention in brown" if looks else ""
    figure.suptitle(f"{title}: Grad-CAM over the mean beat of each class{note}", fontsize=10, x=0.01, ha="left")
    _save(figure, path)


def explained(prediction: Prediction, found: Sequence[Explained], path: Path) -> None:
    """Draw, a row for each class, its surest beats and its mean, coloured by what spoke for the class; attention below."""
    n_columns = 1 + max(len(row.windows) for row in found)
    figure = Figure(figsize=(2.7 * n_columns + 0.6, 2.3 * len(found) + 0.5), layout="constrained")
    grid = figure.subplots(len(found), n_columns, squeeze=False, sharex=True, sharey="row")
    for panels, row in zip(grid, found, strict=True):
        beats = [(f"{row.name}, mean of {row.n:,}", row.mean_window, row.mean_map, row.mean_attention)]
        for at, (time_s, window, cam) in enumerate(zip(row.times_s, row.windows, row.maps, strict=True)):
            attention = None if row.attention is None else row.attention[at]
            beats.append((f"{row.name} at {time_s / 60:.0f}:{time_s % 60:04.1f}", window, cam, attention))
        for axes in panels[len(beats) :]:
            axes.set_axis_off()
        for axes, (title, window, cam, attention) in zip(panels, beats, strict=False):
            line = _coloured(axes, row.at_s, window, cam)
            if attention is not None:
                _attended(axes, row.at_s, attention)
            axes.set_title(title, fontsize=9, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("s from the R peak")
    figure.colorbar(line, ax=grid.ravel().tolist(), label="speaks for the class", ticks=[])
    note = "; attention in brown" if found[0].attention is not None else ""
    title = f"{prediction.record.name}, lead {prediction.leads[0]}: Grad-CAM of {prediction.card.known_as}{note}"
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    _save(figure, path)


def findings(found: Findings, path: Path) -> None:
    """Draw, for each class that is said, the lead that tells most, coloured by what spoke for it, and what each lead adds."""
    panels = [
        (row, on_beat)
        for row in found.why
        for on_beat in ((False,) if row.beat is None else (True,) if row.trace is None else (True, False))
    ]
    figure = Figure(figsize=(11.0, 1.0 + 2.1 * max(1, len(panels))), layout="constrained")
    grid = figure.subplots(max(1, len(panels)), 2, squeeze=False, width_ratios=(4, 1))
    signal_mv, names = leads.select(found.record.signal_mv, found.record.leads, found.leads)
    fs_hz = found.card.preparation.fs_hz
    for (wide, narrow), (row, on_beat) in zip(grid, panels, strict=False):
        lead = int(np.argmax(row.falls))
        if on_beat:
            for at, beat in enumerate(row.beat):
                begins_s = 1.1 * at * len(beat) / fs_hz
                _line(wide, begins_s + np.arange(len(beat)) / fs_hz, beat, row.map)
                wide.text(begins_s, 1.0, names[at], transform=wide.get_xaxis_transform(), va="top", fontsize=7)
        else:
            shade = row.map if row.trace is None else row.trace
            first, span_s = round(row.start_s * found.record.fs_hz), len(shade) / fs_hz
            drawn = np.nan_to_num(signal_mv[lead, first : first + round(span_s * found.record.fs_hz)])
            at_s = np.arange(len(drawn)) / found.record.fs_hz
            _line(wide, row.start_s + at_s, drawn, np.interp(at_s, np.arange(len(shade)) / fs_hz, shade))
        name = found.card.classes[row.label]
        place = "the typical beat of each lead" if on_beat else f"lead {names[lead]}"
        title = f"{name}  {found.probability[row.label]:.2f}   {found.card.meanings[row.label]}; {place}"
        wide.set_title(title, fontsize=9, loc="left")
        for axes in (wide, narrow):
            axes.spines[["top", "right"]].set_visible(False)
        if row.trace is not None and not on_beat:
            narrow.set_axis_off()
            continue
        parts, falls = zip(*(row.without(names) if row.parts else zip(names, row.falls, strict=True)), strict=True)
        narrow.barh(range(len(parts)), falls, height=min(0.8, 0.2 * len(parts)), color="#c2410c")
        narrow.set_yticks(range(len(parts)), [part.replace(", ", ",\n") for part in parts], fontsize=7)
        narrow.invert_yaxis()
        narrow.set_title("falls without it by", fontsize=8, loc="left")
    grid[-1, 0].set_xlabel("s")
    figure.suptitle(f"{found.record.name}: {found.answer}  ({found.card.known_as})", fontsize=10, x=0.01, ha="left")
    _save(figure, path)


def _coloured(axes: Axes, at_s: np.ndarray, beat: np.ndarray, values: np.ndarray) -> LineCollection:
    """A beat as a line coloured by values, over its waves."""
    for (wave, (low, high)), shade in zip(WAVES_S.items(), ("#e8f0fb", "#fdeee4", "#eaf6ec"), strict=True):
        axes.axvspan(low, high, color=shade, linewidth=0)
        middle, look = (low + high) / 2, {"va": "top", "ha": "center", "fontsize": 7, "color": "#566074"}
        axes.text(middle, 1.0, wave, transform=axes.get_xaxis_transform(), clip_on=True, **look)
    return _line(axes, at_s, beat, values)


def _line(axes: Axes, at_s: np.ndarray, beat: np.ndarray, values: np.ndarray) -> LineCollection:
    points = np.stack((at_s, beat), axis=1)
    line = LineCollection(np.stack((points[:-1], points[1:]), axis=1), cmap=_HEAT, linewidth=2.2)
    line.set_array(values[:-1])
    line.set_clim(0, max(1e-9, float(values.max())))
    axes.add_collection(line)
    axes.autoscale_view()
    return line


def _attended(axes: Axes, at_s: np.ndarray, attention: np.ndarray) -> None:
    below = axes.inset_axes((0, 0, 1, 0.12), sharex=axes)
    below.fill_between(at_s, attention, color="#a16207", alpha=0.6, linewidth=0)
    below.set_axis_off()


def spread(groups: dict[str, dict[str, dict]], label: str, path: Path) -> None:
    """Draw values with their intervals as dots on lines, group below group.

    Parameters
    ----------
    groups : of each group its rows, each ``{value, low, high}``
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
            axes.plot((found["low"], found["high"]), (y, y), color=_OTHER[at], linewidth=2, alpha=0.55)
            axes.plot(found["value"], y, "o", color=_OTHER[at], markersize=5)
        y -= 1.3
    axes.set_yticks(ticks, names, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e2e8f0")
    axes.set_xlabel(label)
    axes.spines[["top", "right", "left"]].set_visible(False)
    _save(figure, path)


def trade(points: dict[str, tuple[float, dict]], x: str, y: str, path: Path) -> None:
    """Draw quality against cost: a dot with its interval for each model.

    Parameters
    ----------
    points : of each model its cost, and ``{value, low, high}``
    """
    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for at, (name, (cost, found)) in enumerate(sorted(points.items(), key=lambda item: item[1][0])):
        colour, mark = _OTHER[at % len(_OTHER)], "os^"[at // len(_OTHER) % 3]
        axes.plot((cost, cost), (found["low"], found["high"]), color=colour, linewidth=1.5, alpha=0.3)
        axes.plot(cost, found["value"], mark, color=colour, markersize=6, label=name)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, title="from left to right")
    axes.set_xscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="y", color="#e2e8f0")
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def curves(groups: dict[str, dict[str, list[float]]], x: str, y: str, path: Path) -> None:
    """Draw a panel of curves for each group; the x axis counts from one."""
    figure = Figure(figsize=(2.9 * len(groups) + 1.6, 3.0), layout="constrained")
    panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    for axes, (group, rows) in zip(panels, groups.items(), strict=True):
        for at, (name, values) in enumerate(rows.items()):
            axes.plot(range(1, len(values) + 1), values, color=_OTHER[at], linewidth=1.4, marker=".", label=name)
        axes.set_title(group, fontsize=10)
        axes.set_xlabel(x)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(y)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=8, frameon=False)
    _save(figure, path)


def real_and_generated(
    beats: dict[str, tuple[np.ndarray, np.ndarray]], before_s: float, fs_hz: float, path: Path
) -> None:
    """Draw real beside generated windows of each class.

    Parameters
    ----------
    beats : for each class real and generated windows, each [n, samples] of one lead
    """
    figure = Figure(figsize=(7.2, 2.4 * len(beats)), layout="constrained")
    rows = figure.subplots(len(beats), 2, squeeze=False, sharex=True, sharey="row")
    for at, (pair, (name, both)) in enumerate(zip(rows, beats.items(), strict=True)):
        for axes, windows, kind in zip(pair, both, ("real", "generated"), strict=True):
            at_s = np.arange(windows.shape[1]) / fs_hz - before_s
            axes.plot(at_s, windows.T, color=colour_of(name, at), linewidth=0.7, alpha=0.7)
            axes.set_title(f"{name}, {kind}", fontsize=10, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
    for axes in rows[-1]:
        axes.set_xlabel("s from the R peak")
    _save(figure, path)


def _caption(metrics: dict) -> str:
    leak = " (LEAKS PATIENTS)" if metrics["leaks_patients"] else ""
    tested = f"{metrics['n_test']:,} {metrics['rows']} of {metrics['n_patients']:,} patients"
    return f"{metrics['model']}\n{metrics['corpus']}, protocol {metrics['protocol']}{leak}\n{tested}"


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=150, format="png")
