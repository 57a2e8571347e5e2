"""What einthoven itself writes or is sent, to be changed: cards, graphs, states, stores, lines of a signal, requests."""

import json
import tempfile
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Index
from einthoven.data import store
from einthoven.data.sources import LAYOUT
from einthoven.inference.predictor import load
from einthoven.paths import ASSETS
from einthoven.signal.cuts import Beats
from einthoven.signal.settings import Preparation, SignalSpec
from einthoven.signal.windows import Windows
from einthoven.streaming.stream import Stream
from tests.fuzz.mutation import Seed

_RNG = np.random.default_rng(0)
CARDS = ("challenge2017-small", "mitbih-cnn-lstm-mlii", "mitbih-clean-one-lead", "waves-ludb", "ptbxl-rhythm")
GRAPHS = CARDS[:2]
STREAMED = "challenge2017-small"


def written() -> list[Seed]:
    """Return a seed of each kind."""
    return [*_models("card", CARDS), *_models("graph", GRAPHS), _state(), _manifest(), *_lines(), *_requests()]


def quick() -> list[Seed]:
    """Return seeds whose use takes a fraction of a second."""
    return [
        _models("card", CARDS[:1])[0],
        _models("graph", GRAPHS[:1])[0],
        _state(),
        _manifest(),
        *_lines(),
        *_requests(),
    ]


def strip(seconds: float, fs_hz: float) -> np.ndarray:
    """Return one lead of beats [samples], mV."""
    at_s = np.arange(round(seconds * fs_hz)) / fs_hz
    phase = (at_s % 0.8) - 0.4
    beats = np.exp(-((phase / 0.012) ** 2)) + 0.2 * np.exp(-(((phase - 0.25) / 0.05) ** 2))
    return (beats + 0.01 * np.sin(at_s) + 0.01 * _RNG.standard_normal(len(at_s))).astype(np.float32)


def _models(kind: str, names: tuple[str, ...]) -> list[Seed]:
    found = []
    for name in names:
        files = {f"m/{one.name}": one.read_bytes() for one in sorted((ASSETS / name).iterdir()) if one.is_file()}
        found.append(Seed(f"{kind}-{name}", files, "m", {}, kind))
    return found


def _state() -> Seed:
    live = Stream(load(STREAMED), 300.0, ("I",))
    live.feed(strip(35.0, 300.0)[None])
    with tempfile.TemporaryDirectory() as folder:
        live.save(Path(folder) / "state")
        return Seed("state", {"state": (Path(folder) / "state").read_bytes()}, "state", {}, "state")


def _manifest() -> Seed:
    wanted = Preparation(SignalSpec(("II",), 100.0, scaling="millivolt"), Beats(0.3, 0.5), ("signal", "beat", "rr"))
    parts = store.shapes_of(wanted)
    n = 6
    windows = Windows(*(_RNG.standard_normal((n, *parts[name])).astype(np.float32) for name in parts))
    names = np.array(["a"] * 3 + ["b"] * 3)
    index = Index(names, names, np.array(list("NNVNNV")), np.arange(n) * 100, np.array([""] * n), np.full(n, 60.0))
    manifest = {"fingerprint": "x", "settings": {"layout": LAYOUT}, "preparation": wanted.as_dict()}
    manifest |= {"dropped": {"empty": ["c"]}, "refused": {}, "odd": {}}
    with tempfile.TemporaryDirectory() as folder:
        with store.Writer(Path(folder), wanted) as writer:
            for at in (0, 3):
                writer.add(windows[at : at + 3])
            writer.add_typical("a", np.zeros((1, 1, 28)))
            writer.end(index, json.loads(json.dumps(manifest)))
        files = {f"s/{one.name}": one.read_bytes() for one in Path(folder).iterdir()}
    return Seed("manifest", files, "s", {}, "manifest")


def _lines() -> list[Seed]:
    values = strip(4.0, 100.0)
    head = "# fs_hz=100 leads=I,II unit=mV\n"
    plain = head + "".join(f"{value:.3f},{value / 2:.3f}\n" for value in values)
    numbered = head + "".join(f"{at},{value:.3f},{value / 2:.3f}\n" for at, value in enumerate(values))
    timed = head + "".join(f"{at / 100:.2f};{value:.3f};{value / 2:.3f}\n" for at, value in enumerate(values))
    objects = head + "".join(json.dumps({"t": at, "I": float(v), "II": float(v)}) + "\n" for at, v in enumerate(values))
    labelled = head + "".join(f"I:{value:.3f} II:{value:.3f}\n" for value in values)
    texts = {"plain": plain, "numbered": numbered, "timed": timed, "objects": objects, "labelled": labelled}
    return [Seed(f"line-{name}", {"lines": text.encode()}, "lines", {}, "line") for name, text in texts.items()]


def _requests() -> list[Seed]:
    edge = "----edge"
    csv = "".join(f"{value:.3f}\n" for value in strip(2.0, 300.0))
    fields = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"fs": "300", "leads": "I", "unit": "mV"}.items()
    )
    head = 'Content-Disposition: form-data; name="files"; filename="a.csv"\r\nContent-Type: text/csv'
    body = f"{fields}--{edge}\r\n{head}\r\n\r\n{csv}\r\n--{edge}--\r\n"
    form = {"type": f"multipart/form-data; boundary={edge}".encode(), "body": body.encode()}
    marks = {"name": "100", "fs_hz": 360, "n_samples": 9000, "beats": [[10, "N"], [300, "V"]], "rhythms": [[0, "(N"]]}
    asked = {"type": b"application/json", "body": json.dumps(marks).encode()}
    return [Seed("request-form", form, "body", {}, "request"), Seed("request-json", asked, "body", {}, "request")]
