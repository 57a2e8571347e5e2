"""Recordings as the readers' tests write them, one way for each suffix."""

import numpy as np
import wfdb
from scipy.io import savemat

import einthoven
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


def as_json(folder, signal_mv):
    return einthoven.write(einthoven.Record("a", signal_mv, 360, ("MLII", "V1")), folder / "a.json"), {}


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
}
KIND_WRITERS = {
    "aecg": clinical_files.as_aecg,
    "muse": clinical_files.as_muse,
    "muse_text": clinical_files.as_muse_text,
    "dicom": binary_files.as_dicom(""),
    "edf": binary_files.as_edf(".edf"),
    "bdf": binary_files.as_edf(".bdf"),
    "cardiosoft": clinical_files.as_cardiosoft,
    "schiller": clinical_files.as_schiller,
    "ishne": binary_files.as_ishne,
    "atc": binary_files.as_atc,
    "scp": binary_files.as_scp,
    "sierra": clinical_files.as_sierra,
    "mortara": clinical_files.as_mortara,
    "mfer": binary_files.as_mfer(".mwf"),
}
"""One way for each kind of content."""
