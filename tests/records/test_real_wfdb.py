"""Real WFDB records: each ECG sample by sample as the wfdb package reads it, each other record refused for the right reason."""

import numpy as np
import pytest
import wfdb

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from einthoven.records.header import read_header
from einthoven.signal.leads import canonical
from tests.conftest import real

NO_ECG = {"3269321_0001", "s00001-2896-10-09-01-56n", "s00001-2896-10-10-00-31n", "s25047-2704-05-04-10-44n"}
NO_MILLIVOLTS = {"flacformats", "n8_evoked_raw_95_F1_R9"}
MISSING = {"1003", "12726", "drive02", "drive02-no-len", "n16", "wave_4"}
MISSING |= {"3975656_0009", "3975656_0010", "3975656_0011", "p000878-2137-10-26-16-57", "s00001-2896-10-10-00-31"}
NEVER_RECORDED = {"s00001-2896-10-09-01-56"}
UNITS_MV = {"mV": 1.0, "uV": 0.001, "V": 1000.0}


@pytest.fixture(scope="module")
def samples():
    return real("wfdb-sample-data")


@pytest.fixture(scope="module")
def headers(samples):
    return {file.stem if "fixed1" not in str(file) else f"fixed1/{file.stem}": file for file in samples.rglob("*.hea")}


def signals_of_wfdb(header):
    """Name, digital units per mV, and samples in mV of every signal, each at its own rate."""
    record = wfdb.rdrecord(str(header.with_suffix("")), smooth_frames=False)
    values = record.e_p_signal if record.e_p_signal is not None else list(record.p_signal.T)
    gains = record.adc_gain or [200.0] * len(values)
    named = zip(record.sig_name, record.units, gains, values, strict=True)
    return [(name, abs(gain), UNITS_MV.get(unit, 1.0) * signal) for name, unit, gain, signal in named]


def test_each_ecg_is_that_of_wfdb_and_all_else_is_refused(headers):
    refused, n_equal = {}, 0
    for name, header in headers.items():
        try:
            record = read(header)
        except RecordUnreadable as error:
            refused[name] = f"{error.summary} {error.found}"
            continue
        theirs = signals_of_wfdb(header)
        for lead, signal in zip(record.leads, record.signal_mv, strict=True):
            at = next(at for at, one in enumerate(theirs) if canonical(one[0]) == lead)
            _, gain, expected = theirs.pop(at)
            ours = signal[:: len(signal) // len(expected)]  # a lead that is resampled keeps its own samples
            expected = np.where(np.abs(expected) > 1000, np.nan, expected)
            np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
            np.testing.assert_allclose(ours, expected, atol=0.5 / gain, err_msg=f"{name} {lead}")
        n_equal += 1
    layouts = {name for name in headers if name.endswith("_layout")}
    assert set(refused) == NO_ECG | NO_MILLIVOLTS | MISSING | NEVER_RECORDED | layouts
    assert n_equal == len(headers) - len(refused) and n_equal >= 66
    assert all("holds no ECG" in refused[name] for name in NO_ECG)
    assert all("is missing" in refused[name] for name in MISSING)
    assert all("a layout" in refused[name] for name in layouts)
    assert "none of them recorded" in refused["s00001-2896-10-09-01-56"]


def test_a_record_of_several_segments_is_read_in_part(samples, headers):
    record = read(headers["s00001-2896-10-10-00-31"], partial=True)
    assert record.leads == ("II", "V", "MCL1") and record.n_samples == 14_518_365
    first = read(headers["3975656_0005"])
    np.testing.assert_array_equal(record.signal_mv[2, 12_002 : 12_002 + first.n_samples], first.signal_mv[0])


@pytest.mark.parametrize("corpus", ["svdb", "cpsc2021", "qtdb", "challenge-2015", "challenge-2021", "nstdb", "ludb"])
def test_headers_of_real_corpora_are_read(corpus):
    files = sorted(real(corpus).rglob("*.hea"))
    assert files
    for file in files:
        header = read_header(file)
        assert header.fs_hz and header.signals and not header.is_layout
        assert all(signal.lead for signal in header.signals)


@pytest.mark.parametrize("corpus", ["svdb", "cpsc2021", "qtdb", "challenge-2015"])
def test_records_of_real_corpora_are_those_of_wfdb(corpus):
    for header in sorted(real(corpus).rglob("*.hea"))[:3]:
        record = read(header)
        theirs = signals_of_wfdb(header)[: len(record.leads)]
        for signal, (_, gain, expected) in zip(record.signal_mv, theirs, strict=True):
            np.testing.assert_allclose(signal, expected, atol=0.5 / gain)


def test_the_faults_of_challenge_2021(tmp_path):
    for folder in sorted(real("challenge-2021").iterdir()):
        for header in sorted(folder.rglob("*.hea"))[:2]:
            record = read(header)
            assert len(record.leads) == 12 and record.comments
