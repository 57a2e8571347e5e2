"""Recordings as the readers' tests write them, one way for each suffix."""

import gzip
import json
import zipfile

import numpy as np
import wfdb
from scipy.io import savemat

from tests.records import binary_files, clinical_files

N_SAMPLES = 1500


def write_wfdb(folder, signal_mv, fmt="16", name="strip", **more):
    settings = {"fs": 360, "units": ["mV"] * 2, "sig_name": ["MLII", "V1"], "adc_gain": [200] * 2, "baseline": [12, -7]}
    wfdb.wrsamp(name, p_signal=signal_mv.T, fmt=[fmt] * 2, write_dir=str(folder), **(settings | more))
    return folder / f"{name}.hea"


def as_hea(folder, signal_mv):
    return write_wfdb(folder, signal_mv), {}


def as_dat(folder, signal_mv):
    return write_wfdb(folder, signal_mv).with_suffix(".dat"), {}


def as_bare(folder, signal_mv):
    return write_wfdb(folder, signal_mv).with_suffix(""), {}


def as_mat(folder, signal_mv):
    savemat(folder / "a.mat", {"val": signal_mv * 1000}, format="5")
    return folder / "a.mat", {"fs_hz": 360, "leads": ["MLII", "V1"], "unit": "uV"}


def as_text(separator, suffix):
    def write(folder, signal_mv):
        file = folder / f"a{suffix}"
        np.savetxt(
            file, signal_mv.T, delimiter=separator, header=separator.join(("MLII", "V1")), comments="", fmt="%.6f"
        )
        return file, {"fs_hz": 360, "unit": "mV"}

    return write


def as_npy(folder, signal_mv):
    np.save(folder / "a.npy", signal_mv)
    return folder / "a.npy", {"fs_hz": 360, "leads": ["MLII", "V1"], "unit": "mV"}


STATED = {"fs_hz": 360, "leads": ["MLII", "V1"], "unit": "mV"}


def as_npz(folder, signal_mv):
    np.savez(folder / "a.npz", ecg=signal_mv)
    return folder / "a.npz", STATED


def as_json(suffix):
    def write(folder, signal_mv):
        file = folder / f"a{suffix}"
        rows = [dict(zip(("MLII", "V1"), row, strict=True)) for row in signal_mv.T.tolist()]
        lines = [json.dumps(row) for row in rows]
        file.write_text(json.dumps({"signal": signal_mv.tolist()}) if suffix == ".json" else "\n".join(lines))
        return file, STATED

    return write


def as_hdf5(suffix):
    def write(folder, signal_mv):
        import h5py

        with h5py.File(folder / f"a{suffix}", "w") as file:
            file["ecg"] = signal_mv.T
        return folder / f"a{suffix}", STATED

    return write


def as_parquet(suffix):
    def write(folder, signal_mv):
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table(dict(zip(("MLII", "V1"), signal_mv, strict=True))), folder / f"a{suffix}")
        return folder / f"a{suffix}", {"fs_hz": 360, "unit": "mV"}

    return write


def as_gzip(folder, signal_mv):
    file, stated = as_text(",", ".csv")(folder, signal_mv)
    packed = folder / "a.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    return packed, stated


def as_zip(folder, signal_mv):
    file, stated = as_text(",", ".csv")(folder, signal_mv)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(file, "export/a.csv")
        packed.writestr("export/readme.md", "how it was made")
    return folder / "a.zip", stated


WRITERS = {
    ".hea": as_hea,
    ".dat": as_dat,
    "": as_bare,
    ".mat": as_mat,
    ".csv": as_text(",", ".csv"),
    ".txt": as_text(" ", ".txt"),
    ".tsv": as_text("\t", ".tsv"),
    ".npy": as_npy,
    ".json": as_json,
    ".xml": clinical_files.as_aecg,
    ".dcm": binary_files.as_dicom(".dcm"),
    ".dicom": binary_files.as_dicom(".dicom"),
    ".edf": binary_files.as_edf(".edf"),
    ".bdf": binary_files.as_edf(".bdf"),
    ".ecg": binary_files.as_ishne,
    ".atc": binary_files.as_atc,
    ".rdt": binary_files.as_rdt,
    ".scp": binary_files.as_scp,
    ".mwf": binary_files.as_mfer(".mwf"),
    ".mfer": binary_files.as_mfer(".mfer"),
    ".mfr": binary_files.as_mfer(".mfr"),
    ".arc": binary_files.as_edan,
    ".wav": binary_files.as_wav,
    ".npz": as_npz,
    **{suffix: as_json(suffix) for suffix in (".json", ".jsonl", ".ndjson")},
    **{suffix: as_hdf5(suffix) for suffix in (".h5", ".hdf5", ".hdf")},
    **{suffix: as_parquet(suffix) for suffix in (".parquet", ".pq")},
    ".gz": as_gzip,
    ".zip": as_zip,
}
KIND_WRITERS = {
    "npy": as_npy,
    "hdf5": as_hdf5(".h5"),
    "parquet": as_parquet(".parquet"),
    "gzip": as_gzip,
    "zip": as_zip,
    "aecg": clinical_files.as_aecg,
    "muse": clinical_files.as_muse,
    "muse_text": clinical_files.as_muse_text,
    "dicom": binary_files.as_dicom(""),
    "edf": binary_files.as_edf(".edf"),
    "bdf": binary_files.as_edf(".bdf"),
    "labsystem": clinical_files.as_labsystem,
    "cardiosoft": clinical_files.as_cardiosoft,
    "schiller": clinical_files.as_schiller,
    "ishne": binary_files.as_ishne,
    "atc": binary_files.as_atc,
    "kardia": clinical_files.as_kardia,
    "scp": binary_files.as_scp,
    "sierra": clinical_files.as_sierra,
    "mortara": clinical_files.as_mortara,
    "mfer": binary_files.as_mfer(".mwf"),
    "wav": binary_files.as_wav,
}
"""One way for each kind of content."""
