"""Knows how what bench/backends.py measured is drawn."""

from pathlib import Path

from matplotlib.figure import Figure

from einthoven.paths import written_aside


def latency(found: dict[str, dict], ways: tuple[str, ...], file: Path) -> None:
    """The latency of each architecture in each way, from the slowest in torch; beside its name the size on disk."""
    ranked = sorted(found, key=lambda name: found[name][ways[0]]["p50_ms"])
    figure = Figure(figsize=(10, 1.5 + 0.3 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    for way in ways:
        library, precision = way.split()
        colour = "0.3" if library == "torch" else {"fp32": "C0", "bf16": "C2", "int8": "C1"}[precision]
        look = {"marker": "D", "markerfacecolor": "white"} if library == "openvino" else {"marker": "o"}
        at = [found[name][way]["p50_ms"] for name in ranked]
        axes.plot(at, range(len(ranked)), linestyle="", color=colour, markersize=6, alpha=0.8, label=way, **look)
    sizes = [(found[name]["bytes"]["plain"] / 1e6, found[name]["bytes"]["int8"] / 1e6) for name in ranked]
    labels = [
        f"{name}\n{plain:.2f} MB, int8 {small:.2f} MB" for name, (plain, small) in zip(ranked, sizes, strict=True)
    ]
    axes.set_yticks(range(len(ranked)), labels, fontsize=6.5)
    axes.set(xscale="log", xlabel="median latency of one window, one thread, ms")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8, loc="lower right")
    with written_aside(file) as aside:
        figure.savefig(aside, dpi=130, format="png")


def quality(rows: dict[str, dict], scores: dict, file: Path) -> None:
    """The official score of each model against its latency, from fp32 to int8; the larger the disc, the larger the file."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    score_of = {name: scores[name]["challenge_score"] for name in rows}
    ranked = sorted(rows, key=lambda name: -score_of[name]["value"])
    for number, name in enumerate(ranked):
        row, score, colour = rows[name], score_of[name], f"C{number}"
        at = [row[f"onnxruntime {precision}"]["p50_ms"] for precision in ("fp32", "int8")]
        kilobytes = [row["bytes"][key] / 1e3 for key in ("plain", "int8")]
        label = f"{name}\n{kilobytes[0]:,.0f} KB, int8 {kilobytes[1]:,.0f} KB"
        area = [max(14, size / 8) for size in kilobytes]
        axes.vlines(at, score["low"], score["high"], color=colour, alpha=0.3)
        axes.plot(at, [score["value"]] * 2, color=colour, alpha=0.6)
        axes.scatter(at[0], score["value"], s=area[0], color=colour, alpha=0.8, label=label)
        axes.scatter(at[1], score["value"], s=area[1], facecolor="white", edgecolor=colour, linewidth=1.5, zorder=3)
    axes.set(
        xscale="log",
        xlabel="median latency of one recording of 30 s, one thread, ms (full disc: fp32, empty disc: int8)",
        ylabel="official score of the Challenge 2017, 95 %\n(cross-validated in fp32)",
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:.1g}")
    axes.grid(alpha=0.3, which="both")
    legend = figure.legend(
        fontsize=8, loc="outside right center", title="from the best, size on disk", alignment="left"
    )
    for handle in legend.legend_handles:
        handle.set_sizes([40])
    with written_aside(file) as aside:
        figure.savefig(aside, dpi=130, format="png")
