"""Measures each architecture on each backend: size, latency, throughput, memory, and the share of this machine's peak.

python bench/backends.py            all, on idle cores; writes the part Backends of docs/results/speed.md, and docs/results/speed/
python bench/backends.py NAME ...   these; the others stay there as they were measured

BENCH_PATIENCE=0.1 measures for a tenth of the time: to see that it runs, not to publish.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import sections
from backend_shapes import SHAPES, Shape
from einthoven.paths import written_aside
from einthoven.signal.windows import Windows

RESULTS = Path(__file__).parents[1] / "docs" / "results"
FOUND = RESULTS / "speed" / "backends.json"
WITH_TYPICAL_BEATS = ("rhythm", "trees")
CHALLENGE = (*WITH_TYPICAL_BEATS, "resnet1d", "hybrid", "litenet", "arrhythminet_v1", "arrhythminet_v2")
"""Models of the study of the Challenge 2017, whose quality is known; in the table with its name ahead."""
_AHEAD = "challenge2017 "
EVERY = [*SHAPES, *(_AHEAD + name for name in CHALLENGE)]
WAYS = ("torch fp32", "onnxruntime fp32", "onnxruntime int8", "openvino fp32", "openvino bf16", "openvino int8")
_BATCHES = (1, 8, 64)
_PATIENCE = float(os.environ.get("BENCH_PATIENCE", "1"))


def shape_of(name: str) -> Shape:
    """What an architecture reads, or a model of the study."""
    if not name.startswith(_AHEAD):
        return SHAPES[name]
    return SHAPES["rhythm"] if name.removeprefix(_AHEAD) in WITH_TYPICAL_BEATS else SHAPES["litenet"]


def network_of(name: str):
    """An architecture, or a model of the study with its settings."""
    from einthoven.models import MODELS
    from einthoven.models.inputs import InputShape, built

    architecture, settings = name, {}
    if name.startswith(_AHEAD):
        from einthoven.studies.challenge2017 import MODELS as STUDY_MODELS

        model = STUDY_MODELS[name.removeprefix(_AHEAD)]
        architecture, settings = model.architecture, model.settings
    return built(MODELS[architecture], InputShape(*_sizes(name)), shape_of(name).n_classes, settings).eval()


def _sizes(name: str) -> tuple[int, ...]:
    """Those of InputShape."""
    n_leads, _, *others = shape_of(name)
    return n_leads, *others


def measure(name: str, way: str, place: Path) -> dict:
    """Latency with one thread and the memory it took so far, then the most throughput on two cores, of one way.

    Both cores work on one batch, or each on its own. Run in a process by itself, so that the memory is its own.
    """
    work = _prepared(name, way, 1, place)
    window = shape_of(name).windows(1)
    taken = _times(lambda: work(window), 200, 2.0)
    memory = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    from einthoven.inference.backends import largest_batch  # only now: its memory is not what is measured

    best, most = 0.0, largest_batch(_graph(way, place)) if way.startswith("onnxruntime") else max(_BATCHES)
    for threads in (2, 1):
        workers = [_prepared(name, way, threads, place) for _ in range(2 // threads)]
        for size in sorted({min(size, most) for size in _BATCHES}):
            best = max(best, _throughput(workers, shape_of(name).windows(size)))
    return {
        "p50_ms": 1e3 * float(np.median(taken)),
        "p99_ms": 1e3 * float(np.quantile(taken, 0.99)),
        "memory_mb": memory,
        "windows_per_s": best,
    }


def _times(work, most: int, seconds: float) -> list[float]:
    for _ in range(max(1, round(3 * _PATIENCE))):
        work()
    taken, started = [], time.perf_counter()
    while len(taken) < most and time.perf_counter() - started < seconds * _PATIENCE:
        at = time.perf_counter()
        work()
        taken.append(time.perf_counter() - at)
    return taken


def _throughput(workers: list, windows: Windows) -> float:
    """Windows a second that the workers answer side by side."""
    per_batch = min(_times(lambda: workers[0](windows), 5, 0.1))
    repeats = max(1, int(0.1 * _PATIENCE / per_batch))

    def some(work) -> None:
        for _ in range(repeats):
            work(windows)

    with ThreadPoolExecutor(len(workers)) as pool:
        taken = min(_times(lambda: list(pool.map(some, workers)), 10, 0.4))
    return len(workers) * repeats * len(windows) / taken


def _prepared(name: str, way: str, threads: int, place: Path):
    library, precision = way.split()
    if library == "torch":
        import torch

        from einthoven.data.batches import tensors
        from einthoven.models.inputs import call

        torch.set_num_threads(threads)
        network = network_of(name)

        def eager(windows: Windows):
            with torch.inference_mode():
                return call(network, tensors(windows))

        return eager
    content = _graph(way, place)
    if library == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        ports = [port.name for port in session.get_inputs()]
        return lambda windows: session.run(None, {port: windows.parts[port] for port in ports})
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(core.read_model(content), "CPU", options)
    request, ports = compiled.create_infer_request(), [port.get_any_name() for port in compiled.inputs]
    return lambda windows: request.infer({port: windows.parts[port] for port in ports})


def _graph(way: str, place: Path) -> bytes:
    return (place / ("folded.onnx" if way == "onnxruntime fp32" else f"{_STORED[way.split()[1]]}.onnx")).read_bytes()


_STORED = {"fp32": "plain", "bf16": "plain", "int8": "int8"}


def convert(name: str, place: Path) -> dict:
    """Graphs of an architecture with random weights, into a folder; their sizes, and what the network costs."""
    import torch

    from einthoven.export import graph, int8, layers
    from einthoven.models import cost
    from einthoven.models.inputs import InputShape

    torch.manual_seed(0)
    network, windows = network_of(name), shape_of(name).windows(64)
    plain = graph.to_onnx(layers.with_torch_layers(network), windows)
    contents = {
        "folded": graph.to_onnx(layers.with_folded_norms(network), windows),
        "plain": plain,
        "int8": int8.quantized(plain, windows[:32], "extremes"),
    }
    for key, content in contents.items():
        (place / f"{key}.onnx").write_bytes(content)
    return {
        "parameters": cost.parameters(network),
        "multiply_accumulates": cost.multiply_accumulates(network, InputShape(*_sizes(name))),
        "bytes": {key: len(content) for key, content in contents.items()},
    }


def peaks() -> dict[str, float]:
    """Multiply-accumulates a second that two threads reach here in large matrix products, by precision."""
    import torch

    torch.set_num_threads(2)
    found = {}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16), ("int8", torch.int8)):
        reached = []
        for size in (512, 1024, 2048) if _PATIENCE >= 1 else (512,):
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
        "| architecture | input | parameters | MMAC | backend | size | p50 / p99, batch 1, one thread | windows/s, two cores "
        "| memory | share of peak | to eager: latency, throughput |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        eager = row["torch fp32"]
        for way in WAYS:
            got = row[way]
            precision = way.split()[1]
            size = (
                row["bytes"]["int8" if precision == "int8" else "plain"] / 1e6
                if way != WAYS[0]
                else 4e-6 * row["parameters"]
            )
            peak = max(other["peaks"][precision] for other in found.values() if other["machine"] == row["machine"])
            share = row["multiply_accumulates"] * got["windows_per_s"] / peak
            ratios = f"{eager['p50_ms'] / got['p50_ms']:.1f}x, {got['windows_per_s'] / eager['windows_per_s']:.1f}x"
            head = [name, str(shape_of(name)), f"{row['parameters']:,}", f"{row['multiply_accumulates'] / 1e6:.1f}"]
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


def told(found: dict[str, dict]) -> str:
    """What stands out: the best way for ResNet, where the best is slower than torch, and which ways answer later than torch."""

    def gains(name: str, what: str) -> dict[str, float]:
        eager = found[name][WAYS[0]]
        if what == "latency":
            return {way: eager["p50_ms"] / found[name][way]["p50_ms"] for way in WAYS[1:]}
        return {way: found[name][way]["windows_per_s"] / eager["windows_per_s"] for way in WAYS[1:]}

    best = []
    for what in ("latency", "throughput"):
        way, gain = max(gains("resnet1d", what).items(), key=lambda item: item[1])
        best.append(f"{what} {gain:.1f}x ({way})")
    never = [
        f"{name} in {what}"
        for name in found
        for what in ("latency", "throughput")
        if max(gains(name, what).values()) < 1
    ]
    later = [
        f"{name} with {way} ({gain:.2f}x)" for name in found for way, gain in gains(name, "latency").items() if gain < 1
    ]
    return (
        f"`resnet1d` at its best beside eager torch: {', '.join(best)}. "
        f"No way is as fast as torch: {'; '.join(never) or 'nowhere'}. "
        f"Slower than torch: {'; '.join(later) or 'none'}."
    )


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
    """The processor, and what it has for low precision."""
    told = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    told = {name.strip(): value.strip() for name, value in told.items()}
    flags = set(told.get("flags", "").split())
    units = [flag for flag in ("amx_int8", "amx_bf16", "avx512_vnni", "avx512_bf16", "avx_vnni") if flag in flags]
    return f"{told.get('model name', 'a processor')} with {', '.join(units) or 'nothing for low precision'}"


def _write(found: dict[str, dict]) -> None:
    """The measurements, what is drawn of them, and their part of the page."""
    import backends_drawn  # only here: what it loads would be counted as a backend's memory

    FOUND.parent.mkdir(exist_ok=True)
    with written_aside(FOUND) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n")
    backends_drawn.latency(found, WAYS, FOUND.with_name("latency.png"))
    results = RESULTS / "challenge2017" / "results.json"
    quality = []
    if results.exists() and all(_AHEAD + name in found for name in CHALLENGE):
        rows = {name: found[_AHEAD + name] for name in CHALLENGE}
        backends_drawn.quality(rows, json.loads(results.read_text())["scores"], FOUND.with_name("quality.png"))
        quality = ["![Quality against latency and size](speed/quality.png)", ""]
    reached = [row["peaks"] for row in found.values()]
    most = {name: max(row[name] for row in reached) / 1e9 for name in reached[0]}
    machines = ", ".join(sorted({row["machine"] for row in found.values()}))
    lines = [
        "",
        f"`python bench/backends.py` · {len(found)} of {len(EVERY)} rows · {machines}, two cores · random weights, which take as "
        "long as trained ones; each way in a process of its own. Memory is the most with one window. That of torch, in rows of "
        "challenge2017, includes what its study loads. In int8, LSTMs answer one window at a time in ONNX Runtime, as einthoven "
        "has them do. Peak: the most that torch reaches in matrix products of 512 to 2048, two threads: "
        + ", ".join(f"{name} {value:.0f} GMAC/s" for name, value in most.items())
        + ".",
        "",
        told(found),
        "",
        *quality,
        "![Latency against size](speed/latency.png)",
        "",
        *table(found),
    ]
    sections.replace("Backends", lines)


if __name__ == "__main__":
    main()
