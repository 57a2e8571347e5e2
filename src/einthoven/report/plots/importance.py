"""Draw beats and leads coloured by their importance for a class."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from einthoven.explanation.beat_evidence import Explained
from einthoven.inference.answer import BeatAnswer, RecordAnswer
from einthoven.inference.evidence import Evidence
from einthoven.report.colours import colour_of
from einthoven.report.plots.figure import save
from einthoven.signal import leads

_AROUND_S, _BEAT_S = 4.0, 0.15
"""What is shown about a beat among its neighbours, and what of it stands out, s."""
_HEAT = LinearSegmentedColormap.from_list("importance", ("#b8c0cc", "#e8a33d", "#b91c1c", "#450a0a"))
WAVES_S = {"P": (-0.24, -0.07), "QRS": (-0.07, 0.07), "T": (0.12, 0.42)}
"""Where the waves of a beat lie about its R peak, in seconds, in most people at rest."""


def gradcam(
    beats: dict[str, NDArray[np.floating]],
    maps: dict[str, NDArray[np.floating]],
    looks: dict[str, NDArray[np.floating]],
    before_s: float,
    fs_hz: float,
    title: str,
    path: Path,
) -> None:
    """Draw the mean beat of each class coloured by its mean Grad-CAM map, and the mean attention below it.

    Parameters
    ----------
    beats, maps : dict of class name to array [samples]
        Mean beat and mean map of each class.
    looks : dict of class name to array [samples]
        Mean attention, of networks that have it; else empty.
    before_s : float, seconds
        Time from the beginning of a beat to its R peak.
    fs_hz : float
        Sampling rate of the beats.
    title : str
        Name of the model.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(2.9 * len(beats) + 0.8, 3.2), layout="constrained")
    panels = figure.subplots(1, len(beats), squeeze=False, sharey=True)[0]
    for axes, (name, beat) in zip(panels, beats.items(), strict=True):
        at_s = np.arange(len(beat)) / fs_hz - before_s
        line = _beat(axes, at_s, beat, maps[name])
        if name in looks:
            _attention(axes, at_s, looks[name])
        axes.set_title(f"class {name}", color=colour_of(name, 0), fontsize=11)
        axes.set_xlabel("time from R peak (s)")
    panels[0].set_ylabel("amplitude (model input)")
    _scale(figure, line, list(panels))
    note = "; attention in brown" if looks else ""
    figure.suptitle(f"{title}: Grad-CAM over the mean beat of each class{note}", fontsize=10, x=0.01, ha="left")
    save(figure, path)


def explained(answer: BeatAnswer, found: Sequence[Explained], path: Path) -> None:
    """Draw one row for each class: its mean beat and its most probable beats, coloured by Grad-CAM; attention below.

    Parameters
    ----------
    answer : BeatAnswer
        The answer that is explained.
    found : sequence of Explained
        Beats and maps of each class.
    path : Path
        PNG to write.
    """
    n_columns = 1 + max(len(row.windows) for row in found)
    figure = Figure(figsize=(2.7 * n_columns + 0.6, 2.3 * len(found) + 0.6), layout="constrained")
    grid = figure.subplots(len(found), n_columns, squeeze=False, sharey="row")
    unit = "mV" if answer.card.preparation.signal.scaling == "millivolt" else "normalised"
    line = None
    for number, (panels, row) in enumerate(zip(grid, found, strict=True)):
        if row.remark:
            for axes in panels:
                axes.remove()
            _among_neighbours(figure.add_subplot(len(found), 1, number + 1), answer, row)
            continue
        beats = [(f"{row.name}: mean of {row.n:,} beats", row.mean_window, row.mean_map, row.mean_attention)]
        for at, (time_s, window, cam) in enumerate(zip(row.times_s, row.windows, row.maps, strict=True)):
            attention = None if row.attention is None else row.attention[at]
            beats.append((f"{row.name} at {time_s // 60:.0f}:{time_s % 60:04.1f} min", window, cam, attention))
        for axes in panels[len(beats) :]:
            axes.set_axis_off()
        for axes, (title, window, cam, attention) in zip(panels, beats, strict=False):
            line = _beat(axes, row.at_s, window, cam)
            if attention is not None:
                _attention(axes, row.at_s, attention)
            axes.set_title(title, fontsize=9, loc="left")
        panels[0].set_ylabel(f"{answer.leads[0]} ({unit})")
        for axes in panels[: len(beats)]:
            axes.set_xlabel("time from R peak (s)", fontsize=8)
    if line is not None:
        _scale(figure, line, grid.ravel().tolist())
    note = "; attention in brown" if found[0].attention is not None else ""
    title = f"{answer.record.name}, lead {answer.leads[0]}: Grad-CAM of {answer.card.display_name}{note}"
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    save(figure, path)


def _among_neighbours(wide: Axes, answer: BeatAnswer, row: Explained) -> None:
    """Draw the surest beat of a class among its neighbours, with the RR intervals."""
    record, at_s = answer.record, float(row.times_s[0])
    begin_s = min(max(0.0, at_s - _AROUND_S), max(0.0, record.duration_s - 2 * _AROUND_S))
    end_s = min(record.duration_s, begin_s + 2 * _AROUND_S)
    signal_mv, _ = leads.select(record.signal_mv, record.leads, answer.leads[:1])
    first, last = round(begin_s * record.fs_hz), round(end_s * record.fs_hz)
    times_s = np.arange(first, last) / record.fs_hz
    wide.plot(times_s, signal_mv[0, first:last], color="#4a5568", linewidth=0.9)
    is_near = np.abs(times_s - at_s) < _BEAT_S
    wide.plot(times_s[is_near], signal_mv[0, first:last][is_near], color=colour_of(row.name, 0), linewidth=2.0)
    place = wide.get_xaxis_transform()
    for one_s, other_s in itertools.pairwise(answer.times_s[(answer.times_s >= begin_s) & (answer.times_s <= end_s)]):
        is_ahead = abs(other_s - at_s) < 1e-6
        style: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 8, "weight": "bold" if is_ahead else "normal"}
        wide.text((one_s + other_s) / 2, 1.0, f"{1000 * (other_s - one_s):.0f}", transform=place, **style)
        wide.plot(
            (one_s, one_s, other_s, other_s), (0.88, 0.91, 0.91, 0.88), transform=place, color="#4a5568", linewidth=0.6
        )
    wide.spines[["top", "right"]].set_visible(False)
    wide.set_xlim(begin_s, end_s)
    wide.set_ylabel(f"{answer.leads[0]} (mV)")
    wide.set_xlabel("time (s); above: RR intervals (ms)", fontsize=8)
    told = f"{row.name} at {at_s // 60:.0f}:{at_s % 60:04.1f} min, among its neighbours"
    wide.set_title(f"{told}. {row.remark.split(':')[0]}.", fontsize=9, loc="left")


def evidence(answer: RecordAnswer, path: Path) -> None:
    """Draw for each predicted class the lead that matters most, coloured by importance, and the fall without each input.

    Parameters
    ----------
    answer : RecordAnswer
        An answer with its evidence.
    path : Path
        PNG to write.
    """
    panels = [
        (row, on_beat)
        for row in answer.evidence
        for on_beat in ((False,) if row.beat is None else (True,) if row.trace is None else (True, False))
    ]
    figure = Figure(figsize=(11.0, 1.0 + 2.1 * max(1, len(panels))), layout="constrained")
    grid = figure.subplots(max(1, len(panels)), 2, squeeze=False, width_ratios=(4, 1))
    for (wide, narrow), (row, on_beat) in zip(grid, panels, strict=False):
        place = _over_typical_beats(wide, answer, row) if on_beat else _over_window(wide, answer, row)
        name, meaning = answer.classes[row.label], answer.card.meanings[row.label]
        probability = answer.record_probabilities[row.label]
        wide.set_title(f"{name}: {meaning}, probability {probability:.2f}; {place}", fontsize=9, loc="left")
        wide.spines[["top", "right"]].set_visible(False)
        if row.trace is not None and not on_beat:
            narrow.set_axis_off()
        else:
            _falls(narrow, answer, row)
    if not panels:
        for axes in grid[0]:
            axes.set_axis_off()
    figure.suptitle(
        f"{answer.record.name}: {answer.summary}  ({answer.card.display_name})", fontsize=10, x=0.01, ha="left"
    )
    save(figure, path)


def _over_typical_beats(axes: Axes, answer: RecordAnswer, row: Evidence) -> str:
    """Draw the typical beats side by side and return what they are."""
    assert row.beat is not None
    fs_hz = answer.card.preparation.fs_hz
    for at, (lead, beat) in enumerate(zip(answer.leads, row.beat, strict=True)):
        begins_s = 1.1 * at * len(beat) / fs_hz
        _line(axes, begins_s + np.arange(len(beat)) / fs_hz, beat, row.map)
        axes.text(begins_s, 1.0, lead, transform=axes.get_xaxis_transform(), va="top", fontsize=7)
    axes.set_xticks([])
    axes.set_xlabel(f"one beat of each lead, {row.beat.shape[1] / fs_hz:.1f} s each", fontsize=8)
    axes.set_ylabel("typical beat (mV)", fontsize=8)
    return "typical beat of each lead"


def _over_window(axes: Axes, answer: RecordAnswer, row: Evidence) -> str:
    """Draw the window of the lead that matters most and return which it is."""
    signal_mv, names = leads.select(answer.record.signal_mv, answer.record.leads, answer.leads)
    lead, fs_hz, rate_hz = int(np.argmax(row.falls)), answer.record.fs_hz, answer.card.preparation.fs_hz
    shade = row.map if row.trace is None else row.trace
    first = round(row.start_s * fs_hz)
    drawn_mv = np.nan_to_num(signal_mv[lead, first : first + round(len(shade) / rate_hz * fs_hz)])
    at_s = np.arange(len(drawn_mv)) / fs_hz
    _line(axes, row.start_s + at_s, drawn_mv, np.interp(at_s, np.arange(len(shade)) / rate_hz, shade))
    axes.set_xlabel("time (s)", fontsize=8)
    axes.set_ylabel(f"lead {names[lead]} (mV)", fontsize=8)
    return f"lead {names[lead]}"


def _falls(axes: Axes, answer: RecordAnswer, row: Evidence) -> None:
    parts = row.without(answer.leads) if row.parts else list(zip(answer.leads, row.falls, strict=True))
    axes.barh(range(len(parts)), [fall for _, fall in parts], height=min(0.8, 0.2 * len(parts)), color="#c2410c")
    axes.set_yticks(range(len(parts)), [name.replace(", ", ",\n") for name, _ in parts], fontsize=7)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("fall of the probability\nwithout this input", fontsize=8)


def _beat(
    axes: Axes, at_s: NDArray[np.floating], beat: NDArray[np.floating], values: NDArray[np.floating]
) -> LineCollection:
    """Draw a beat coloured by values over the spans of its waves."""
    for (wave, (low, high)), shade in zip(WAVES_S.items(), ("#e8f0fb", "#fdeee4", "#eaf6ec"), strict=True):
        axes.axvspan(low, high, color=shade, linewidth=0)
        place = axes.get_xaxis_transform()
        style: dict[str, Any] = {"va": "top", "ha": "center", "fontsize": 6, "color": "#566074"}
        axes.text((low + high) / 2, 1.0, wave, transform=place, clip_on=True, **style)
    axes.spines[["top", "right"]].set_visible(False)
    return _line(axes, at_s, beat, values)


def _line(
    axes: Axes, at_s: NDArray[np.floating], beat: NDArray[np.floating], values: NDArray[np.floating]
) -> LineCollection:
    points = np.stack((at_s, beat), axis=1)
    line = LineCollection(list(np.stack((points[:-1], points[1:]), axis=1)), cmap=_HEAT, linewidth=2.2)
    line.set_array(values[:-1])
    line.set_clim(0, max(1e-9, float(values.max())))
    axes.add_collection(line)
    axes.autoscale_view()
    return line


def _attention(axes: Axes, at_s: NDArray[np.floating], attention: NDArray[np.floating]) -> None:
    below = axes.inset_axes((0, 0, 1, 0.12), sharex=axes)
    below.fill_between(at_s, attention, color="#a16207", alpha=0.6, linewidth=0)
    below.set_axis_off()


def _scale(figure: Figure, line: LineCollection, axes: list[Axes]) -> None:
    bar = figure.colorbar(line, ax=axes, label="importance for the class", ticks=[*line.get_clim()])
    bar.ax.set_yticklabels(["low", "high"], fontsize=8)
