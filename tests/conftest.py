"""Small recordings in exact layouts, written by the tests themselves; real ones where $EINTHOVEN_DATA says they are."""

import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# One thread for NumPy and torch, who read this as they are imported: the arrays here are small, and each test process has a core to
# itself, where threads that wait for others' would spin.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import hypothesis
import numpy as np
import wfdb
from filelock import FileLock

from einthoven.corpora.mitdb import RECORDS
from tests import headers_faster

hypothesis.settings.register_profile("einthoven", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("einthoven")
headers_faster.install()
FS_HZ = 360.0
_LONGEST = ("studies", "training", "export", "test_bench", "test_docs", "streaming")
"""Of tests/: with a file for each worker in turn, the long ones begin first, so that no worker waits for the last."""
_LEADS = {"102": ("V5", "V2"), "104": ("V5", "V2"), "114": ("V5", "MLII"), "100": ("MLII", "V5"), "124": ("MLII", "V4")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    ranks = {name: rank for rank, name in enumerate(_LONGEST)}
    tests = Path(__file__).parent
    items.sort(
        key=lambda item: (
            ranks.get(item.path.relative_to(tests).parts[0].removesuffix(".py"), len(ranks))
            if item.path.is_relative_to(tests)
            else len(ranks)
        )
    )


def pytest_runtest_setup() -> None:
    """Let torch's exporter list the operators that it knows once a process: for each graph anew it takes half a second.

    Figures have a fifth of their dots: nobody looks at them here.
    """
    if (figure := sys.modules.get("einthoven.report.plots.figure")) is not None:
        figure.DPI = 30
    exporter = sys.modules.get("torch.onnx._internal.exporter._registration")
    registry = getattr(exporter, "ONNXRegistry", None)
    if hasattr(registry, "from_torchlib") and not hasattr(registry.from_torchlib, "cache_info"):
        registry.from_torchlib = staticmethod(functools.cache(registry.from_torchlib))


def synthetic_ecg(beats: np.ndarray, symbols: np.ndarray, n_samples: int, fs_hz: float, rng: np.random.Generator):
    """Two leads [2, n_samples] in mV: P, QRS and T as Gaussians; V beats wide and inverted in T, S beats without a P."""
    t = np.arange(n_samples) / fs_hz
    lead = 0.02 * rng.standard_normal(n_samples)
    for beat, symbol in zip(beats, symbols, strict=True):
        wide = 0.045 if symbol == "V" else 0.012
        waves = [(0.0, 1.5 if symbol == "V" else 1.1, wide), (0.28, -0.4 if symbol == "V" else 0.3, 0.05)]
        if symbol == "N":
            waves.append((-0.16, 0.15, 0.025))
        for offset, height, width in waves:
            first, last = np.searchsorted(t, (beat / fs_hz + offset - 5 * width, beat / fs_hz + offset + 5 * width))
            lead[first:last] += height * np.exp(-0.5 * ((t[first:last] - beat / fs_hz - offset) / width) ** 2)
    return np.stack((lead, -0.6 * lead + 0.02 * rng.standard_normal(n_samples)))


def beats_and_symbols(n_samples: int, fs_hz: float, rng: np.random.Generator, kinds: str = "NNNNNVS"):
    """A rhythm of about 75 a minute with early ectopic beats."""
    at, beats, symbols = 0.5, [], []
    while at < n_samples / fs_hz - 0.6:
        symbol = rng.choice(list(kinds)) if len(beats) > 2 else "N"
        at -= 0.25 if symbol in "VAS" else 0.0
        beats.append(round(at * fs_hz))
        symbols.append("A" if symbol == "S" else symbol)
        at += 0.8 + 0.03 * rng.standard_normal() + (0.25 if symbol in "VAS" else 0.0)
    return np.array(beats), np.array(symbols)


def shared_place(factory: pytest.TempPathFactory) -> Path:
    """The folder that all test processes of a session share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def shared(factory: pytest.TempPathFactory, name: str, write: Callable[[Path], object]) -> Path:
    """A corpus that all test processes read, written by whichever asks first."""
    place = shared_place(factory) / "corpora"
    place.mkdir(exist_ok=True)
    with FileLock(place / f"{name}.lock"):
        if not (place / name).exists():
            (place / f"{name}-half").mkdir()
            write(place / f"{name}-half")
            (place / f"{name}-half").rename(place / name)
    return place / name


@pytest.fixture(scope="session")
def mitdb_like(tmp_path_factory) -> Path:
    """All 48 records of the MIT-BIH layout (format 212, two leads, 360 Hz, .atr), 20 s each."""
    return shared(tmp_path_factory, "mitdb", _write_mitdb)


def _write_mitdb(folder: Path) -> None:
    rng = np.random.default_rng(1)
    n_samples = round(20 * FS_HZ)
    for name in RECORDS:
        kinds = "NNNN/f" if name in ("102", "104", "107", "217") else "NNNNNVVSSF"
        beats, symbols = beats_and_symbols(n_samples, FS_HZ, rng, kinds)
        signal = synthetic_ecg(beats, symbols, n_samples, FS_HZ, rng)
        leads = _LEADS.get(name, ("MLII", "V1"))
        wfdb.wrsamp(
            name,
            fs=FS_HZ,
            units=["mV", "mV"],
            sig_name=list(leads),
            p_signal=(signal if name != "114" else signal[::-1]).T,
            fmt=["212", "212"],
            adc_gain=[200, 200],
            baseline=[1024, 1024],
            write_dir=str(folder),
        )
        at = np.concatenate(([18], beats))
        wfdb.wrann(name, "atr", at, symbol=["+", *symbols], aux_note=["(N", *[""] * len(beats)], write_dir=str(folder))


@pytest.fixture(scope="session")
def ecg() -> tuple[np.ndarray, np.ndarray]:
    """A minute of one lead at 360 Hz in mV, and its beats."""
    rng = np.random.default_rng(2)
    n_samples = round(60 * FS_HZ)
    beats, symbols = beats_and_symbols(n_samples, FS_HZ, rng)
    return synthetic_ecg(beats, symbols, n_samples, FS_HZ, rng)[0], beats


@pytest.fixture(scope="session")
def strip(tmp_path_factory, ecg) -> Path:
    """A minute of one lead as NPY, which states neither rate nor lead nor unit."""
    file = tmp_path_factory.mktemp("strips") / "strip.npy"
    np.save(file, ecg[0][None])
    return file


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """The bundle of a small net with random weights that wants lead MLII; a test that would change it takes a copy."""
    import torch

    from einthoven import bundle
    from einthoven.models import MODELS
    from einthoven.signal.preparation import Beats, Preparation, SignalSpec

    torch.manual_seed(0)
    network = MODELS["cnn"](1, 4, 360, widths=(8, 8))
    card = bundle.Card(
        name="untrained",
        architecture="cnn",
        settings={"widths": [8, 8]},
        classes=tuple("NSVF"),
        labels="AAMI, four classes",
        meanings=("normal", "supraventricular", "ventricular", "fusion"),
        preparation=Preparation(SignalSpec(("MLII|II",), 180), Beats(1.2, 0.8)),
        training={"corpus": "mitdb", "protocol": "clean", "protocol_summary": "none", "patients": ["mitdb/101"]},
    )
    folder = tmp_path_factory.mktemp("bundles") / "untrained"
    bundle.save(folder, card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})
    made = {file.name: file.read_bytes() for file in folder.iterdir()}
    yield folder
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == made, "a test changed a bundle that all share"


@pytest.fixture
def untrained_copy(untrained, tmp_path) -> Path:
    """The same bundle for a test that writes to it."""
    return shutil.copytree(untrained, tmp_path / "untrained")


@pytest.fixture
def graphs_once(monkeypatch) -> None:
    """Export each network once a test process, where a test does not ask how its graph is made."""
    from einthoven.export import graph
    from tests.export.once import once

    monkeypatch.setattr(graph, "to_onnx", once(graph.to_onnx))


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty root for stores."""
    monkeypatch.setenv("EINTHOVEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def store_of(tmp_path_factory):
    """Give the store of a corpus under a folder, built once for all tests of all processes that only read it."""
    from einthoven.data.build import build

    place = shared_place(tmp_path_factory) / "stores"
    place.mkdir(exist_ok=True)

    def store(corpus, source, preparation=None, without=()):
        with pytest.MonkeyPatch.context() as patch, FileLock(place / "lock"):
            patch.setenv("EINTHOVEN_HOME", str(place))
            return build(corpus, source, preparation or corpus.preparation, without)

    return store


def real(name: str) -> Path:
    """The folder of a real corpus, or a skip with its reason."""
    root = os.environ.get("EINTHOVEN_DATA")
    folder = Path(root) / name if root else None
    if folder is None or not folder.is_dir():
        pytest.skip(f"needs the real {name}: set EINTHOVEN_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def real_mitdb() -> Path:
    """The real MIT-BIH Arrhythmia Database."""
    return real("mitdb")


@pytest.fixture(scope="session")
def real_challenge2017() -> Path:
    """The real recordings of the Challenge of 2017."""
    return real("challenge-2017")


@pytest.fixture(scope="session")
def real_cpsc2018() -> Path:
    """The real MATLAB structs of CPSC 2018."""
    return real("cpsc2018")


@pytest.fixture(scope="session")
def real_ludb() -> Path:
    """The real Lobachevsky University Database."""
    return real("ludb")


@pytest.fixture(scope="session")
def svdb_like(tmp_path_factory) -> Path:
    """Three records of the layout of svdb (format 212, ECG1 and ECG2, 128 Hz, .atr), a minute each."""
    return shared(tmp_path_factory, "svdb", _write_svdb)


def _write_svdb(folder: Path) -> None:
    rng = np.random.default_rng(3)
    for name in ("800", "812", "894"):
        beats, symbols = beats_and_symbols(128 * 60, 128, rng, "NNNNBVSSn")
        signal = synthetic_ecg(beats, symbols, 128 * 60, 128, rng)
        layout = {"units": ["mV"] * 2, "sig_name": ["ECG1", "ECG2"], "fmt": ["212"] * 2, "adc_gain": [200] * 2}
        wfdb.wrsamp(name, fs=128, p_signal=signal.T, baseline=[0, 0], write_dir=str(folder), **layout)
        wfdb.wrann(name, "atr", beats, symbol=symbols.tolist(), write_dir=str(folder))


@pytest.fixture(scope="session")
def nstdb_like(tmp_path_factory) -> Path:
    """The three noise records of the layout of nstdb (format 212, two leads, 360 Hz), 70 s each."""
    return shared(tmp_path_factory, "nstdb", _write_nstdb)


def _write_nstdb(folder: Path) -> None:
    rng = np.random.default_rng(4)
    n_samples = round(70 * FS_HZ)
    white = rng.standard_normal((3, 2, n_samples))
    slow = np.cumsum(white[0], axis=1) / 100
    jumps = np.cumsum(np.where(rng.random((2, n_samples)) < 1 / FS_HZ, white[1], 0), axis=1)
    for name, noise in (("bw", slow), ("em", jumps + 0.01 * white[1]), ("ma", 0.1 * white[2])):
        layout = {"units": ["mV"] * 2, "sig_name": ["noise1", "noise2"], "fmt": ["212"] * 2, "adc_gain": [100] * 2}
        wfdb.wrsamp(name, fs=FS_HZ, p_signal=noise.clip(-20, 20).T, baseline=[0, 0], write_dir=str(folder), **layout)


@pytest.fixture(scope="session")
def ptbxl_like(tmp_path_factory) -> Path:
    """Sixty records of the layout of PTB-XL, at 100 and 500 Hz."""
    from tests.layouts import write_ptbxl

    return shared(tmp_path_factory, "ptbxl", functools.partial(write_ptbxl, rates=(100, 500)))


@pytest.fixture(scope="session")
def zzu_like(tmp_path_factory) -> Path:
    """Thirty records of twenty-four children in the layout of ZZU-pECG."""
    from tests.layouts import write_zzu

    return shared(tmp_path_factory, "zzu", write_zzu)


@pytest.fixture(scope="session")
def challenge2021_like(tmp_path_factory) -> Path:
    """A record for each dialect of the Challenge 2021."""
    from tests.layouts import write_challenge2021

    return shared(tmp_path_factory, "challenge2021", write_challenge2021)


@pytest.fixture(scope="session")
def challenge2017_like(tmp_path_factory) -> Path:
    """Forty recordings of the layout of the Challenge 2017."""
    from tests.layouts import write_challenge2017

    return shared(tmp_path_factory, "challenge2017", write_challenge2017)


@pytest.fixture(scope="session")
def cpsc2018_like(tmp_path_factory) -> Path:
    """Forty recordings of the layouts of CPSC 2018: MATLAB structs, WFDB with codes, WFDB with words."""
    from tests.layouts import write_cpsc2018

    return shared(tmp_path_factory, "cpsc2018", write_cpsc2018)


@pytest.fixture(scope="session")
def ludb_like(tmp_path_factory) -> Path:
    """Ten records of the layout of LUDB, two of each fold."""
    from tests.layouts import write_ludb

    return shared(tmp_path_factory, "ludb", write_ludb)


@pytest.fixture(scope="session")
def qtdb_like(tmp_path_factory) -> Path:
    """Six records of the layout of the QT Database, forty seconds each."""
    from tests.layouts import write_qtdb

    return shared(tmp_path_factory, "qtdb", write_qtdb)
