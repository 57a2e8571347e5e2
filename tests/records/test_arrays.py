"""Arrays of any name and either way round, with rate, unit and leads beside them; nothing is unpickled."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.io import savemat

from einthoven.errors import LibraryMissing, RecordUnreadable
from einthoven.records import read
from tests.records.strips import FIRST, FS_HZ, N_SAMPLES, SECOND

h5py = pytest.importorskip("h5py")
BOTH = np.stack((FIRST, SECOND))
TIMES = np.arange(N_SAMPLES) / FS_HZ


def npz(path, **variables):
    np.savez(path / "a.npz", **variables)
    return path / "a.npz"


def mat(path, **variables):
    savemat(path / "a.mat", variables)
    return path / "a.mat"


def hdf5(path, **variables):
    with h5py.File(path / "a.h5", "w") as file:
        for name, value in variables.items():
            file[name] = value.astype("S") if getattr(value, "dtype", np.dtype("f8")).kind == "U" else value
    return path / "a.h5"


@pytest.mark.parametrize("write", [npz, mat, hdf5])
@pytest.mark.parametrize("name", ["val", "ecg", "whatever"])
@pytest.mark.parametrize("turn", [False, True])
def test_rate_and_unit_beside_a_signal_of_any_name(write, name, turn, tmp_path):
    file = write(tmp_path, **{name: BOTH.T if turn else BOTH, "Fs": np.array([[250.0]]), "notes": np.arange(3.0)})
    record = read(file, unit="mV", leads=["II", "V1"])
    assert (record.leads, record.fs_hz) == (("II", "V1"), FS_HZ)
    np.testing.assert_allclose(record.signal_mv, BOTH, atol=1e-6)


@pytest.mark.parametrize("write", [npz, hdf5])
def test_everything_is_in_the_file(write, tmp_path):
    units, names = np.array(["uV", "uV"]), np.array(["II", "V1"])
    record = read(write(tmp_path, signal=1000 * BOTH, fs=np.array(250), units=units, sig_name=names))
    assert (record.leads, record.fs_hz) == (("II", "V1"), FS_HZ)
    np.testing.assert_allclose(record.signal_mv, BOTH, atol=1e-5)


@pytest.mark.parametrize("write", [npz, mat, hdf5])
def test_a_variable_for_each_lead_and_one_of_times(write, tmp_path):
    record = read(write(tmp_path, time=TIMES, II=FIRST, V1=SECOND), unit="mV")
    assert (set(record.leads), record.fs_hz) == ({"II", "V1"}, FS_HZ)
    np.testing.assert_allclose(record.signal_mv[record.leads.index("V1")], SECOND, atol=1e-6)


@pytest.mark.parametrize("write", [npz, mat, hdf5])
def test_times_beside_a_matrix(write, tmp_path):
    assert read(write(tmp_path, ecg=BOTH, t=TIMES), unit="mV", leads=["I", "II"]).fs_hz == FS_HZ


def test_a_matlab_struct_and_cells(tmp_path):
    savemat(tmp_path / "a.mat", {"rec": {"data": BOTH, "fs": 250.0, "unit": "mV"}, "names": np.array(["a"], object)})
    assert read(tmp_path / "a.mat", leads=["I", "II"]).fs_hz == FS_HZ


def test_matlab_7_3(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["val"], file["Fs"] = BOTH.T, np.array([[250.0]])
        file["unit"] = np.frombuffer("mV".encode("utf-16-le"), "u2")[:, None]
        file["unit"].attrs["MATLAB_class"] = np.bytes_("char")
    content = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(128) + content[128:])
    record = read(tmp_path / "a.mat", leads=["I", "II"])
    np.testing.assert_allclose(record.signal_mv, BOTH, atol=1e-6)


def test_attributes_of_hdf5(tmp_path):
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        dataset = file.create_dataset("group/tracings", data=1000 * BOTH.T[None])
        dataset.attrs["sampling_rate"], dataset.attrs["unit"] = 250, "uV"
    np.testing.assert_allclose(read(tmp_path / "a.hdf5", leads=["I", "II"]).signal_mv, BOTH, atol=1e-5)


def test_parquet_with_times_and_words(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    stamps = pa.array((1769000000000 + np.arange(N_SAMPLES) * 4).astype("datetime64[ms]"))
    table = pa.table({"timestamp": stamps, "II (uV)": 1000 * FIRST, "label": ["N"] * N_SAMPLES})
    pq.write_table(table, tmp_path / "a.parquet")
    record = read(tmp_path / "a.parquet")
    assert (record.leads, record.fs_hz) == (("II",), FS_HZ)
    assert "'label' (holds words)" in " ".join(record.warnings)


def test_a_parquet_file_of_words_is_refused(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"label": ["N"] * 100}), tmp_path / "a.parquet")
    with pytest.raises(RecordUnreadable, match="none of numbers"):
        read(tmp_path / "a.parquet", fs_hz=FS_HZ, unit="mV")


@pytest.mark.parametrize("write", [npz, hdf5])
def test_several_recordings_are_refused_and_the_remedy_works(write, tmp_path):
    file = write(tmp_path, tracings=np.stack([BOTH.T] * 3))
    with pytest.raises(RecordUnreadable, match="3 recordings") as caught:
        read(file, fs_hz=FS_HZ, unit="mV", leads=["I", "II"])
    command = caught.value.remedy.split("      ")[0].replace("python ", f"{sys.executable} ", 1)
    subprocess.run(command, shell=True, check=True)
    first = read(tmp_path / "a-0.npy", fs_hz=FS_HZ, unit="mV", leads=["I", "II"])
    np.testing.assert_allclose(first.signal_mv, BOTH, atol=1e-6)


@pytest.mark.parametrize(
    "content", [{"o": np.array([{}], object)}, {"words": np.array(["a"])}, {"few": np.arange(9.0)}]
)
def test_no_signal(content, tmp_path):
    with pytest.raises(RecordUnreadable, match="no variable"):
        read(npz(tmp_path, **content), fs_hz=FS_HZ, unit="mV")


def test_objects_beside_a_signal_are_left_alone(tmp_path):
    file = npz(tmp_path, ecg=BOTH, o=np.array([{}], object))
    assert read(file, fs_hz=FS_HZ, unit="mV", leads=["I", "II"]).n_samples == N_SAMPLES


def test_an_array_that_unpacks_to_far_more_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", ecg=np.zeros((1, 20_000_000)))
    with pytest.raises(RecordUnreadable, match="that unpack to"):
        read(tmp_path / "a.npz", fs_hz=FS_HZ, unit="mV", leads=["I"])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("ecg", shape=(1, 1 << 40), dtype="f8", chunks=(1, 1 << 16))
    with pytest.raises(RecordUnreadable, match="that unpack to"):
        read(tmp_path / "a.h5", fs_hz=FS_HZ, unit="mV", leads=["I"])


@pytest.mark.parametrize(("suffix", "library"), [(".h5", "h5py"), (".parquet", "pyarrow")])
def test_a_missing_library_is_named_with_its_extra(suffix, library, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / f"a{suffix}").write_bytes(b"x")
    with pytest.raises(LibraryMissing) as caught:
        read(tmp_path / f"a{suffix}")
    assert caught.value.remedy == "pip install 'einthoven[tables]'"
