"""Measures each architecture on each backend: size, latency, throughput, memory, and the share of this machine's peak.

python bench/backends.py            all, on idle cores; writes the part Backends of docs/results/speed.md, and docs/results/speed/
python bench/backends.py NAME ...   these; the others stay there as they were measured
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import sections
from einthoven.paths import written_aside

RESULTS = Path(__file__).parents[1] / "docs" / "results"
FOUND = RESULTS / "speed" / "backends.json"
SHAPES = {
    "cnn": (2, 5, 360),
    "cnn_lstm": (2, 5, 360),
    "cnn_lstm_attention": (2, 5, 360),
    "arrhythminet_v1": (1, 5, 360),
    "arrhythminet_v2": (1, 5, 360),
    "self_onn": (2, 5, 360),
    "ensemble": (2, 5, 360),
    "patient_context": (5, 4, 128),
    "resnet1d": (12, 23, 1000),
    "hybrid": (12, 23, 1000),
    "xresnet1d": (12, 23, 1000),
    "inception1d": (12, 23, 1000),
    "s4": (12, 23, 1000),
    "typical_beat": (25, 23, 1000),
    "forest": (25, 23, 1000),
    "bilstm": (12, 19, 300),
    "transformer": (12, 19, 300),
    "mamba2": (12, 19, 300),
    "litenet": (1, 4, 4500),
    "rhythm": (3, 4, 4500),
}
"""Rows, classes and samples of the studies that use them."""
CHALLENGE = {
    "rhythm": 3,
    "trees": 3,
    "resnet1d": 1,
    "hybrid": 1,
    "litenet": 1,
    "arrhythminet_v1": 1,
    "arrhythminet_v2": 1,
}
"""Rows of the contestants of the study of the Challenge 2017, whose quality is known; in the table with its name ahead."""
_AHEAD = "challenge2017 "
EVERY = [*SHAPES, *(_AHEAD + name for name in CHALLENGE)]
WAYS = ("torch fp32", "onnxruntime fp32", "onnxruntime int8", "openvino fp32", "openvino bf16", "openvino int8")
_BATCHES = (1, 16, 64)


def shape_of(name: str) -> tuple[int, int, int]:
    """Rows, classes and samples."""
    return (CHALLENGE[name.removeprefix(_AHEAD)], 4, 4500) if name.startswith(_AHEAD) else SHAPES[name]


def network_of(name: str):
    """An architecture, or a contestant's with its settings."""
    from einthoven.models import MODELS

    if not name.startswith(_AHEAD):
        return MODELS[name](*SHAPES[name]).eval()
    from einthoven.studies.challenge2017 import CONTESTANTS

    contestant = CONTESTANTS[name.removeprefix(_AHEAD)]
    return MODELS[contestant.architecture](*shape_of(name), **contestant.settings).eval()


def measure(name: str, way: str, place: Path) -> dict:
    """Latency with one thread and the memory it took so far, then throughput with two, of one way.

    Run in a process by itself, so that the memory is its own.
    """
    rows, _, samples = shape_of(name)
    rng = np.random.default_rng(0)
    work = _prepared(name, way, 1, place)
    window = rng.standard_normal((1, rows, samples)).astype(np.float32)
    taken = _times(lambda: work(window), 200, 3.0)
    memory = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    work = _prepared(name, way, 2, place)
    best = 0.0
    for size in _BATCHES:
        windows = rng.standard_normal((size, rows, samples)).astype(np.float32)
        best = max(best, size / min(_times(lambda windows=windows: work(windows), 20, 1.0)))
    return {
        "p50_ms": 1e3 * float(np.median(taken)),
        "p99_ms": 1e3 * float(np.quantile(taken, 0.99)),
        "memory_mb": memory,
        "windows_per_s": best,
    }


def _times(work, most: int, seconds: float) -> list[float]:
    for _ in range(3):
        work()
    taken, started = [], time.perf_counter()
    while len(taken) < most and time.perf_counter() - started < seconds:
        at = time.perf_counter()
        work()
        taken.append(time.perf_counter() - at)
    return taken


def _prepared(name: str, way: str, threads: int, place: Path):
    library, precision = way.split()
    if library == "torch":
        import torch

        torch.set_num_threads(threads)
        network = network_of(name)

        def eager(windows):
            with torch.inference_mode():
                return network(torch.from_numpy(windows))

        return eager
    content = (place / ("folded.onnx" if way == "onnxruntime fp32" else f"{_STORED[precision]}.onnx")).read_bytes()
    if library == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return lambda windows: session.run(None, {"windows": windows})
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(core.read_model(content), "CPU", options).create_infer_request()
    return lambda windows: request.infer({0: windows})


_STORED = {"fp32": "plain", "bf16": "plain", "int8": "int8"}


def convert(name: str, place: Path) -> dict:
    """Graphs of an architecture with random weights, into a folder; their sizes, and what the network costs."""
    import torch

    from einthoven.export import graph, int8
    from einthoven.models import cost

    torch.manual_seed(0)
    rows, _, samples = shape_of(name)
    network = network_of(name)
    windows = np.random.default_rng(0).standard_normal((64, rows, samples)).astype(np.float32)
    plain = graph.to_onnx(graph.plain(network), windows)
    contents = {
        "folded": graph.to_onnx(graph.folded(network), windows),
        "plain": plain,
        "int8": int8.quantized(plain, windows[:32], "extremes"),
    }
    for key, content in contents.items():
        (place / f"{key}.onnx").write_bytes(content)
    return {
        "parameters": cost.parameters(network),
        "multiply_accumulates": cost.multiply_accumulates(network, rows, samples),
        "bytes": {key: len(content) for key, content in contents.items()},
    }


def peaks() -> dict[str, float]:
    """Multiply-accumulates a second that two threads reach here in large matrix products, by precision."""
    import torch

    torch.set_num_threads(2)
    found = {}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16), ("int8", torch.int8)):
        reached = []
        for size in (512, 1024, 2048):
            values = torch.randint(-100, 100, (size, size)).to(kind)
            work = torch._int_mm if kind is torch.int8 else torch.mm
            reached.append(size**3 / min(_times(lambda a=values, f=work: f(a, a), 20, 3.0)))
        found[name] = max(reached)
    return found


def of(name: str) -> dict:
    """All ways of an architecture, one process each."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        found = convert(name, place)
        for way in WAYS:
            words = [sys.executable, __file__, "--one", name, way, folder]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            found[way] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def table(found: dict[str, dict]) -> list[str]:
    """The rows in Markdown."""
    lines = [
        "| architecture | input | parameters | MMAC | backend | size | p50 / p99, batch 1, one thread | windows/s, two threads "
        "| memory | share of peak | to eager: latency, throughput |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        rows, _, samples = shape_of(name)
        eager = row["torch fp32"]
        for way in WAYS:
            got = row[way]
            precision = way.split()[1]
            size = (
                row["bytes"]["int8" if precision == "int8" else "plain"] / 1e6
                if way != WAYS[0]
                else 4e-6 * row["parameters"]
            )
            share = row["multiply_accumulates"] * got["windows_per_s"] / row["peaks"][precision]
            ratios = f"{eager['p50_ms'] / got['p50_ms']:.1f}x, {got['windows_per_s'] / eager['windows_per_s']:.1f}x"
            head = [name, f"{rows} x {samples}", f"{row['parameters']:,}", f"{row['multiply_accumulates'] / 1e6:.1f}"]
            cells = [
                *(head if way == WAYS[0] else [""] * 4),
                way,
                f"{size:.2f} MB",
                f"{got['p50_ms']:.2f} / {got['p99_ms']:.2f} ms",
                f"{got['windows_per_s']:,.0f}",
                f"{got['memory_mb']:.0f} MB",
                f"{share:.0%}",
                ratios if way != WAYS[0] else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def draw(found: dict[str, dict], file: Path) -> None:
    """Latency against size for each architecture and way."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for way in WAYS:
        at = [(row["bytes"]["int8" if "int8" in way else "plain"] / 1e6, row[way]["p50_ms"]) for row in found.values()]
        axes.plot(*zip(*at, strict=True), "o", label=way, alpha=0.8)
    for name, row in found.items():
        axes.annotate(
            name,
            (row["bytes"]["plain"] / 1e6, row["torch fp32"]["p50_ms"]),
            fontsize=7,
            xytext=(4, 2),
            textcoords="offset points",
        )
    axes.set(
        xscale="log", yscale="log", xlabel="size on disk, MB", ylabel="median latency of one window, one thread, ms"
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    with written_aside(file) as aside:
        figure.savefig(aside, dpi=130, format="png")


def draw_quality(found: dict[str, dict], scores: dict, file: Path) -> None:
    """The official score of each contestant against its latency; the larger the disc, the larger the file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for way, colour in (("onnxruntime fp32", "#2563a8"), ("onnxruntime int8", "#c2410c")):
        for contestant in CHALLENGE:
            row, score = found[_AHEAD + contestant], scores[contestant]["challenge_score"]
            size = row["bytes"]["int8" if "int8" in way else "plain"] / 1e3
            at = row[way]["p50_ms"], score["value"]
            axes.vlines(at[0], score["low"], score["high"], color=colour, alpha=0.4)
            axes.scatter(
                *at, s=max(12, size / 8), color=colour, alpha=0.6, label=way if contestant == "rhythm" else None
            )
            axes.annotate(f"{contestant}, {size:,.0f} KB", at, fontsize=7, xytext=(5, 4), textcoords="offset points")
    axes.set(
        xscale="log",
        xlabel="median latency of one recording of 30 s, one thread, ms",
        ylabel="official score of the Challenge 2017, cross-validated in fp32, 95 %",
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    with written_aside(file) as aside:
        figure.savefig(aside, dpi=130, format="png")


def main() -> None:
    """Measure and write."""
    if sys.argv[1:2] == ["--one"]:
        name, way, folder = sys.argv[2:]
        print(json.dumps(measure(name, way, Path(folder))))
        return
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    limits, machine = peaks(), _machine()
    for name in sys.argv[1:] or EVERY:
        found[name] = {"machine": machine, "peaks": limits, **of(name)}
        print("\n".join(table({name: found[name]})), flush=True)
        _write({known: found[known] for known in EVERY if known in found})


def _machine() -> str:
    told = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in told if "model name" in line), "")


def _write(found: dict[str, dict]) -> None:
    """The measurements, what is drawn of them, and their part of the page."""
    FOUND.parent.mkdir(exist_ok=True)
    with written_aside(FOUND) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n")
    draw(found, FOUND.with_name("latency.png"))
    results = RESULTS / "challenge2017" / "results.json"
    quality = []
    if results.exists() and all(_AHEAD + name in found for name in CHALLENGE):
        draw_quality(found, json.loads(results.read_text())["scores"], FOUND.with_name("quality.png"))
        quality = ["![Quality against latency and size](speed/quality.png)", ""]
    reached = [row["peaks"] for row in found.values()]
    most = {name: max(row[name] for row in reached) / 1e9 for name in reached[0]}
    machines = ", ".join(sorted({row["machine"] for row in found.values()}))
    lines = [
        "",
        f"`python bench/backends.py` · {len(found)} of {len(EVERY)} rows · {machines}, two cores · "
        "random weights, which take as long as trained ones; "
        "each way in a process of its own; memory is the most with one window. Peak: the most that torch reaches in matrix "
        "products of 512 to 2048, two threads: "
        + ", ".join(f"{name} {value:.0f} GMAC/s" for name, value in most.items())
        + ".",
        "",
        *quality,
        "![Latency against size](speed/latency.png)",
        "",
        *table(found),
    ]
    sections.replace("Backends", lines)


if __name__ == "__main__":
    main()
