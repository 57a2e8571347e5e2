"""Files to change: small recordings in every format that is read, and real ones where $EINTHOVEN_DATA says they are."""

import io
import json
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import wfdb
from pydicom.uid import DeflatedExplicitVRLittleEndian
from scipy.io import savemat

from einthoven.records import READERS
from tests.fuzz.mutation import Seed
from tests.records.binary_files import dicom, scp_bimodal_bytes
from tests.records.clinical_files import as_prucka, kardia_document
from tests.records.files import KIND_WRITERS, WRITERS

_MOST_BYTES = 200_000
_SLOW = ("flac_3_constant",)  # 17 million samples in 20 kB
_REAL = ("formats", "wfdb-sample-data", "cases")


def written() -> list[Seed]:
    """Return one recording for each reader, as the tests write them, and one with annotations."""
    signal_mv = np.round(np.sin(np.arange(2 * 200).reshape(2, 200) / 9), 3)
    found = []
    for name, write in (WRITERS | KIND_WRITERS).items():
        with tempfile.TemporaryDirectory() as folder:
            file, stated = write(Path(folder), signal_mv)
            found.append(Seed(f"written{name}", _content(Path(folder)), str(file.relative_to(folder)), dict(stated)))
    return [*found, *_more_wfdb(), *_more_layouts(signal_mv)]


def _more_wfdb() -> list[Seed]:
    wave = (300 * np.sin(np.arange(800) / 9)).astype("<i2")
    annotated = {
        "a.hea": b"a 2 360 400 9:00:00 01/02/1989\na.dat 16 200/mV 16 0 0 0 0 II\na.dat 16 200/mV 16 0 33 0 0 V1\n# 69 M\n",
        "a.dat": wave.tobytes(),
    }
    with tempfile.TemporaryDirectory() as folder:
        at, notes = np.array([0, 10, 200, 390]), ["(AFIB", "", "", ""]
        wfdb.wrann("a", "atr", at, symbol=list("+NVN"), aux_note=notes, write_dir=folder)
        annotated["a.atr"] = (Path(folder) / "a.atr").read_bytes()
    segments = {
        "a.hea": b"a/4 2 90 500\nlay 0\ns0 200\n~ 100\ns1 200\n",
        "lay.hea": b"lay 2 90 0\n~ 0x2 200/mV 16 0 0 0 0 II\n~ 0 20/mmHg 16 0 0 0 0 ABP\n",
        "s0.hea": b"s0 1 90 200\ns0.dat 16x2:1+8 200/mV 16 0 0 0 0 II\n",
        "s1.hea": b"s1 2 90 200\ns1.dat 212x2 0 12 0 0 0 0 II\ns1.dat 212 20/mmHg 12 0 0 0 0 ABP\n",
        "s0.dat": bytes(8) + wave[:400].tobytes(),
        "s1.dat": bytes(range(256)) * 4,
    }
    return [
        Seed("written-annotations", annotated, "a.hea", {"annotator": "atr"}),
        Seed("written-segments", segments, "a.hea", {"partial": True}),
    ]


def _more_layouts(signal_mv: np.ndarray) -> list[Seed]:
    """Return layouts that a reader knows beside the one that its writer writes."""
    rows = "".join(f"{at / 360:.4f}\t{value:.3f}\t{value:.3f}\n" for at, value in enumerate(signal_mv[0]))
    block = f"Interval=\t0.002778 s\nExcelDateTime=\t4.4e4\tx\nChannelTitle=\tECG\tResp\nRange=\t10 mV\t10 V\n{rows}"
    twelve = kardia_document(signal_mv, ("leadI", "V1"))
    twelve["data12L"] = twelve.pop("data")
    n = signal_mv.shape[1]
    labchart = {"data": signal_mv.reshape(1, -1), "datastart": [[1.0], [n + 1.0]], "dataend": [[n + 0.0], [2.0 * n]]}
    labchart |= {
        "samplerate": [[360.0], [360.0]],
        "titles": ["ECG II", "ECG V1"],
        "unittext": "mV",
        "unittextmap": [[1.0]] * 2,
    }
    matlab, deflated = io.BytesIO(), io.BytesIO()
    savemat(matlab, labchart)
    data = dicom(signal_mv)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(deflated, enforce_file_format=True)
    volts = {
        "samplingFrequency": 360,
        "voltageMeasurements": [[at / 360, v / 1000] for at, v in enumerate(signal_mv[0])],
    }
    numbers = {"origin": {"value": 0, "unit": "mV"}, "period": 2.7778, "factor": 0.001, "dimensions": 1}
    numbers["data"] = " ".join(str(round(1000 * value)) for value in signal_mv[0])
    component = {"code": {"coding": [{"display": "MDC_ECG_ELEC_POTL_I"}]}, "valueSampledData": numbers}
    contents = {
        "written-healthkit.json": json.dumps(volts).encode(),
        "written-fhir.json": json.dumps({"resourceType": "Observation", "component": [component] * 2}).encode(),
        "written-bimodal.scp": scp_bimodal_bytes(signal_mv, ((41, 58), (103, 121))),
        "written-deflated.dcm": deflated.getvalue(),
        "written-labchart.txt": (block + block.replace("4.4e4", "44000.0001")).encode(),
        "written-labchart.mat": matlab.getvalue(),
        "written-twelve.json": json.dumps(twelve).encode(),
    }
    with tempfile.TemporaryDirectory() as folder:
        as_prucka(Path(folder), signal_mv)
        pair = Seed("written-cardiolab", _content(Path(folder)), "X001.txt", {})
    return [pair, *(Seed(name, {name: content}, name, {}) for name, content in contents.items())]


def real() -> list[Seed]:
    """Return the small real recordings under $EINTHOVEN_DATA; none where it is not set."""
    root = os.environ.get("EINTHOVEN_DATA")
    found = []
    for folder in (Path(root) / name for name in _REAL) if root else ():
        for file in sorted(folder.rglob("*")):
            if (
                file.is_file()
                and file.stem not in _SLOW
                and (file.suffix.lower() in READERS or not file.suffix)
                and "stream" not in file.parts
            ):
                files = {one.name: one.read_bytes() for one in _beside(file) if one.stat().st_size <= _MOST_BYTES}
                if file.name in files and sum(map(len, files.values())) <= _MOST_BYTES:
                    stated = {"fs_hz": 360} if file.suffix.lower() not in (".hea", ".dat") else {}
                    found.append(Seed(str(file.relative_to(Path(root))), files, file.name, stated))
    return found


def _beside(file: Path) -> set[Path]:
    """Return a file, those of its name, and those that its header names."""
    found = {file, *(one for one in file.parent.glob(f"{_escaped(file.stem)}.*") if one.is_file())}
    header = file.with_suffix(".hea")
    if header.is_file():
        words = re.findall(r"^[\w.-]+", header.read_text("latin-1"), re.MULTILINE)
        for word in words:
            for one in (file.parent / word, file.parent / f"{word}.hea", file.parent / f"{word}.dat"):
                found |= {one} if one.is_file() else set()
    return found


def _escaped(stem: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", stem)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}
