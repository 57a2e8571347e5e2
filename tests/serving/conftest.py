"""A server inside the test process, with one real worker, and small recordings to upload."""

import tempfile
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs einthoven[serve]")
pytest.importorskip("uvicorn", reason="needs einthoven[serve]")

from starlette.testclient import TestClient

from einthoven.serving.application import Serving
from einthoven.serving.limits import Limits


def uploaded(*files: Path, names=None):
    """The parts of an upload, as httpx takes them."""
    names = names or [file.name for file in files]
    return [("files", (name, file.read_bytes())) for name, file in zip(names, files, strict=True)]


def started(place: Path, monkeypatch, kept=None, names=(), **limits):
    """A client of a server whose temporary folder is in `place`."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    app = Serving(Limits(**{"workers": 1, **limits}), kept).application("127.0.0.1", names)
    return TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Where the server of a module has its temporary folder."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def client(place):
    """A server that one module shares."""
    with pytest.MonkeyPatch.context() as patch, started(place, patch) as client:
        yield client


@pytest.fixture
def record(mitdb_like):
    """The files of a recording of 20 s."""
    return [mitdb_like / "100.hea", mitdb_like / "100.dat"]


def left(place: Path) -> list[Path]:
    """Files and folders that are left of uploads; ``.ses`` is a file of ONNX Runtime."""
    return [
        file for root in place.glob("einthoven-serve-*") for file in root.iterdir() if file.name not in ("lock", ".ses")
    ]
