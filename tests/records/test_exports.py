"""Tables as devices and apps export them are read with nothing stated, as far as they state it themselves."""

import json

import numpy as np
import pytest

from einthoven.records import read
from tests.records.strips import FIRST, FS_HZ, SECOND, clock, comma, rows


def one_column(decimal_comma=False, quote=""):
    return rows(lambda at: quote + (comma(1000 * FIRST[at]) if decimal_comma else f"{1000 * FIRST[at]:.3f}") + quote)


APPLE = {
    "English": (
        'Name,Test Person\nDate of Birth,"Jan 1, 1990"\nRecorded Date,2026-03-14 09:15:00 -0400\n'
        "Classification,Sinus Rhythm\nSymptoms,\nSoftware Version,1.90\nDevice,\"Watch6,7\"\nSample Rate,250 hertz\n\n\n"
        "Lead,Lead I\nUnit,µV\n\n",
        one_column(),
    ),
    "German": (
        "Name,Erika\nGeburtsdatum,01.02.1980\nAufzeichnungsdatum,2026-03-14 09:15:00 +0100\nKlassifizierung,Sinusrhythmus\n"
        'Symptome,\nGerät,"Watch6,7"\nAbtastrate,250 Hertz\n\n\nAbleitung,Ableitung I\nEinheit,µV\n\n',
        one_column(decimal_comma=True),
    ),
    "Swedish": (
        "Namn,Test\nSamplingsfrekvens,250 hertz\n\nAvledning,Avledning I\nEnhet,µV\n\n",
        one_column(decimal_comma=True).replace("-", "−"),
    ),
    "Spanish": (
        "Nombre,Ana\nFrecuencia de muestreo,250 hercios\nDerivación,Derivación I\nUnidad,µV\n",
        one_column(decimal_comma=True, quote='"'),
    ),
    "Chinese": ("姓名,张三\n分类,窦性心律\n采样率,250赫兹\n\n\n导联,导联 I\n单位,µV\n\n", one_column()),
    "an unknown language": ("Ime,Test\nUčestalost uzorkovanja,250 herca\n\nOdvod,Odvod I\nJedinica,µV\n\n", one_column()),
    "Finnish": ("Nimi,Aino\nNäytteenottotaajuus,250 hertsiä\n\nKytkentä,Kytkentä I\nYksikkö,µV\n\n", one_column(True)),
    "Hungarian": ("Név,II. Béla\nGyakoriság,250 hertz\n\nElvezetés,I. elvezetés\nMértékegység,µV\n\n", one_column()),
    "Japanese": ("名前,花子\nサンプルレート,250ヘルツ\n\n誘導,第I誘導\n単位,µV\n\n", one_column()),
    "Arabic": ("الاسم,ليلى\nمعدل العينة,250 هرتز\n\nالقطب,Lead I\nالوحدة,µV\n\n", one_column()),
    "French": (
        "Nom,Zoé\nTaux d’échantillonnage,250 hertz\n\nÉlectrode,Dérivation I\nUnité,µV\n\n",
        rows(lambda at: f"{1000 * FIRST[at]:,.3f}".replace(",", "\u202f").replace(".", ",")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", APPLE)
def test_apple_watch(language, tmp_path):
    head, body = APPLE[language]
    (tmp_path / "ecg.csv").write_text(head + body)
    record = read(tmp_path / "ecg.csv")
    assert (record.leads, record.fs_hz) == (("I",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-6)


def test_apple_watch_says_who_and_when(tmp_path):
    (tmp_path / "ecg.csv").write_text("".join(APPLE["English"]))
    record = read(tmp_path / "ecg.csv")
    assert (record.identity.name, record.identity.device) == ("Test Person", "Watch6,7")
    assert record.identity.birth_date == "Jan 1, 1990"
    assert record.machine.statements == ("Sinus Rhythm",)


def test_polar_sensor_logger(tmp_path):
    (tmp_path / "ecg.txt").write_text(
        "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n"
        + rows(
            lambda at: (
                f"2026-03-01T{clock(at - at % 73)};{599617563102000000 + at * 4000000};{at * 4:.6f};"
                f"{1000 * FIRST[at]:.0f}"
            )
        )
    )
    record = read(tmp_path / "ecg.txt")
    assert (record.leads, record.fs_hz) == (("ECG",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=6e-4)


def test_opensignals(tmp_path):
    device = {
        "sensor": ["ECG"],
        "device": "bitalino_rev",
        "column": ["nSeq", "I1", "I2", "O1", "O2", "A1"],
        "sampling rate": FS_HZ,
        "resolution": [4, 1, 1, 1, 1, 10],
        "label": ["A1"],
    }
    counts = np.rint((FIRST * 1100 / 3300 + 0.5) * 1024).astype(int)
    (tmp_path / "o.txt").write_text(
        f"# OpenSignals Text File Format\n# {json.dumps({'00:07': device})}\n# EndOfHeader\n"
        + rows(lambda at: f"{at % 16}\t0\t0\t0\t0\t{counts[at]}\t")
    )
    record = read(tmp_path / "o.txt")
    assert (record.leads, record.fs_hz, record.identity.device) == (("ECG",), FS_HZ, "bitalino_rev")
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=0.002)
    assert "data sheet of bitalino_rev" in record.warnings[0]


def test_openbci(tmp_path):
    (tmp_path / "o.txt").write_text(
        "%OpenBCI Raw EXG Data\n%Number of channels = 2\n%Sample Rate = 250 Hz\n%Board = OpenBCI_GUI$BoardGanglionBLE\n"
        "Sample Index, EXG Channel 0, EXG Channel 1, Accel Channel 0, Other, Timestamp, Timestamp (Formatted)\n"
        + rows(
            lambda at: (
                f"{float(at % 256)}, {1000 * FIRST[at]:.5f}, {1000 * SECOND[at]:.5f}, 0.1, 0.0, "
                f"{1769000000 + at / FS_HZ:.6f}, 2026-03-01 {clock(at)}"
            )
        )
    )
    record = read(tmp_path / "o.txt", leads={"EXG Channel 1": "II"})
    assert (record.leads, record.fs_hz) == (("II",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], SECOND, atol=1e-6)
    assert read(tmp_path / "o.txt").leads == ("EXG Channel 0", "EXG Channel 1")


@pytest.mark.parametrize("decimal", ".,")
def test_labchart(decimal, tmp_path):
    body = rows(lambda at: f"{at / FS_HZ:.6f}\t{FIRST[at]:.5f}\t{SECOND[at]:.5f}" + "\t#* paced" * (at == 400))
    text = (
        "Interval=\t0.004 s\nExcelDateTime=\t4.4e4\t01/01/2026 10:00:00\nTimeFormat=\tStartOfBlock\nDateFormat=\t\n"
        "ChannelTitle=\tECG II\tResp\nRange=\t10.000 mV\t10.000 V\n" + body
    )
    (tmp_path / "l.txt").write_text(text.replace(".", decimal), "latin-1")
    record = read(tmp_path / "l.txt")
    assert (record.leads, record.fs_hz) == (("II",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-5)


def labchart(interval, started, names, values, units=("10.000 mV", "10.000 V"), more=""):
    head = f"Interval=\t{interval} s\nExcelDateTime=\t{started!r}\t01/01/2026 10:00:00\nTimeFormat=\tStartOfBlock\nDateFormat=\t\n"
    head += "ChannelTitle=\t" + "\t".join(names) + "\nRange=\t" + "\t".join(units) + f"\n{more}"
    return head + "".join(f"{at * interval:.6f}\t{row[0]:.5f}\t{row[1]:.5f}\n" for at, row in enumerate(values))


def test_labchart_blocks_are_laid_on_one_line_of_time(tmp_path):
    pairs = np.stack((FIRST, SECOND), axis=1)[:1000]
    names, day = ("ECG II", "Resp"), 44_000.25
    text = labchart(0.004, day, names, pairs[:400]) + labchart(0.004, day + 2 / 86_400, names, pairs[500:])
    text += labchart(0.01, day + 9 / 86_400, names, pairs[:300])
    (tmp_path / "l.txt").write_text(text)
    record = read(tmp_path / "l.txt")
    assert (record.leads, record.fs_hz, record.n_samples) == (("II",), FS_HZ, 1000)
    np.testing.assert_allclose(record.signal_mv[0, :400], FIRST[:400], atol=1e-5)
    assert np.isnan(record.signal_mv[0, 400:500]).all()
    np.testing.assert_allclose(record.signal_mv[0, 500:], FIRST[500:1000], atol=1e-5)
    assert "1 blocks of other leads or rates are left out" in record.warnings
    assert "the recording has 2 blocks; 0.4 s between them are missing" in record.warnings


def test_labchart_blocks_of_different_years_are_not_joined(tmp_path):
    pairs = np.stack((FIRST, SECOND), axis=1)
    text = labchart(0.004, 44_000.0, ("ECG II", "Resp"), pairs[:400]) + labchart(
        0.004, 44_999.0, ("ECG II", "Resp"), pairs[:900]
    )
    (tmp_path / "l.txt").write_text(text)
    record = read(tmp_path / "l.txt")
    assert record.n_samples == 900 and any("too far apart" in each for each in record.warnings)


def test_labchart_names_a_unit_where_it_is_no_star(tmp_path):
    pairs = np.stack((FIRST, 1000 * FIRST), axis=1)
    more = "UnitName=\t*\tuV\nTopValue=\t*\t4000\nBottomValue=\t*\t-4000\n"
    (tmp_path / "l.txt").write_text(labchart(0.004, 44_000.0, ("I", "II"), pairs, more=more))
    np.testing.assert_allclose(read(tmp_path / "l.txt").signal_mv, np.stack((FIRST, FIRST)), atol=1e-5)


def test_converted_opensignals(tmp_path):
    device = {"sensor": ["ECG"], "device": "biosignalsplux", "column": ["nSeq", "DI", "CH1"], "sampling rate": FS_HZ}
    device |= {"resolution": [4, 1, 16], "label": ["CH1"], "convertedValues": 1}
    (tmp_path / "o.txt").write_text(
        f"# OpenSignals Text File Format. Version 1\n# {json.dumps({'00:07': device})}\n# EndOfHeader\n"
        + rows(lambda at: f"{at}\t0\t{FIRST[at]:.5f}\t")
    )
    np.testing.assert_allclose(read(tmp_path / "o.txt", leads={"ECG": "I"}).signal_mv[0], FIRST, atol=1e-5)


def test_acqknowledge(tmp_path):
    (tmp_path / "b.txt").write_text(
        "a.acq\n4 msec/sample\n2 channels\nECG\nmV\nRespiration\nVolts\nmin,CH1,CH2,\n,2500,2500,\n"
        + rows(lambda at: f"{at / FS_HZ / 60:.7f},{FIRST[at]:.5f},{SECOND[at]:.5f},")
    )
    record = read(tmp_path / "b.txt")
    assert (record.leads, record.fs_hz) == (("ECG",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0, -2500:], FIRST, atol=1e-5)


def test_shimmer(tmp_path):
    name = "Shimmer_B6_{}_CAL"
    names = [name.format(each) for each in ("Timestamp_Unix", "ECG_LA-RA_24BIT", "ECG_LL-LA_24BIT", "ECG_LL-RA_24BIT")]
    (tmp_path / "s.csv").write_text(
        '"sep=\t"\n'
        + "\t".join(names)
        + "\nms\tmV\tmV*\tmV\n"
        + rows(
            lambda at: f"{1769000000000 + 4 * at}\t{FIRST[at]:.5f}\t{SECOND[at]:.5f}\t{FIRST[at] + SECOND[at]:.5f}\t"
        )
    )
    record = read(tmp_path / "s.csv")
    assert (record.leads, record.fs_hz) == (("I", "III", "II"), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[2], FIRST + SECOND, atol=2e-5)


def test_date_and_time_in_two_columns(tmp_path):
    (tmp_path / "z.csv").write_text(
        "Date;Time;ECG (mV)\n" + rows(lambda at: f"01.03.2026;{clock(at)};{comma(FIRST[at])}")
    )
    record = read(tmp_path / "z.csv")
    assert (record.leads, record.fs_hz) == (("ECG",), FS_HZ)


RDSAMP = {
    "rdsamp -v -pd": (
        "     Elapsed time\t   MLII\t     V5\n    (hh:mm:ss.mmm)\t   (mV)\t   (mV)\n",
        lambda at: f"    0:{at / FS_HZ:06.3f}\t{FIRST[at]:7.4f}\t{SECOND[at]:7.4f}",
    ),
    "ATM, elapsed time": (
        "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n",
        lambda at: f"'0:{at / FS_HZ:06.3f}',{FIRST[at]:.4f},{SECOND[at]:.4f}",
    ),
    "ATM, time of day": (
        "'Time and date','MLII','V5'\n'[hh:mm:ss.mmm dd/mm/yyyy]','mV','mV'\n",
        lambda at: (
            f"'[23:59:{55 + at / FS_HZ:06.3f} 01/01/2026]',{FIRST[at]:.4f},{SECOND[at]:.4f}"
            if at < 5 * FS_HZ
            else f"'[00:00:{at / FS_HZ - 5:06.3f} 02/01/2026]',{FIRST[at]:.4f},{SECOND[at]:.4f}"
        ),
    ),
    "ATM, sample numbers": (
        "'sample interval','MLII','V5'\n'0.004 sec','mV','mV'\n",
        lambda at: f"{at},{FIRST[at]:.4f},{SECOND[at]:.4f}",
    ),
}


@pytest.mark.parametrize("kind", RDSAMP)
def test_physionet(kind, tmp_path):
    head, row = RDSAMP[kind]
    (tmp_path / "samples.csv").write_text(head + rows(row))
    record = read(tmp_path / "samples.csv")
    assert (record.leads, record.fs_hz) == (("MLII", "V5"), FS_HZ)
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=1e-5)


def fitbit(reading):
    samples = [round(10922 * value) for value in FIRST]
    return {"waveformSamples": samples, "resultClassification": "Normal Sinus Rhythm", "deviceName": "Sense"} | reading


MOVESENSE = [
    {"ecg": {"Timestamp": 1000 + 4 * at, "Samples": [round(2621.44 * value) for value in FIRST[at : at + 20]]}}
    for at in range(0, len(FIRST), 20)
]
JSON = {
    "Withings": (
        {"status": 0, "body": {"signal": np.rint(1000 * FIRST).tolist(), "sampling_frequency": 250, "wearposition": 1}},
        "I",
    ),
    "Fitbit": ({"ecgReadings": [fitbit({"samplingFrequencyHz": "250", "scalingFactor": 10922})]}, "I"),
    "Google": (fitbit({"samplingFrequencyHertz": 250, "millivoltsScalingFactor": 10922}), "I"),
    "Movesense": ({"data": MOVESENSE}, "ECG"),
    "a document with everything": ({"fs": 250, "unit": "mV", "leads": {"I": FIRST.tolist()}}, "I"),
}


@pytest.mark.parametrize("kind", JSON)
def test_json(kind, tmp_path):
    document, lead = JSON[kind]
    (tmp_path / "ecg.json").write_text(json.dumps(document))
    record = read(tmp_path / "ecg.json")
    assert (record.leads, record.fs_hz) == ((lead,), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=6e-4)


def test_json_lines_of_movesense(tmp_path):
    (tmp_path / "ecg.jsonl").write_text("\n".join(json.dumps(packet) for packet in MOVESENSE))
    np.testing.assert_allclose(read(tmp_path / "ecg.jsonl").signal_mv[0], FIRST, atol=6e-4)
    (tmp_path / "two.json").write_text(json.dumps({"ecgReadings": [fitbit({}), fitbit({})]}))


def test_the_info_of_physionet_beside_a_matrix(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "100m.mat", {"val": np.rint(200 * np.stack((FIRST, SECOND)) + 1024)}, format="4")
    (tmp_path / "100m.info").write_text(
        "Source: record mitdb/100\n\nval has 2 rows (signals) and 2500 columns (samples/signal)\n"
        "Sampling frequency: 250 Hz  Sampling interval: 0.004 sec\nRow\tSignal\tGain\tBase\tUnits\n"
        "1\tMLII\t200\t1024\tmV\n2\tV5\t200\t1024\tmV\n"
    )
    record = read(tmp_path / "100m.mat")
    assert (record.leads, record.fs_hz) == (("MLII", "V5"), FS_HZ)
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=0.003)


def test_bits_of_plux_are_those_of_its_ecg(tmp_path):
    device = {"sensor": ["RESPIRATION", "ECGBIT"], "device": "biosignalsplux", "column": ["nSeq", "DI", "CH1", "CH2"]}
    device |= {"sampling rate": FS_HZ, "label": ["CH1", "CH2"], "resolution": [12, 16]}
    (tmp_path / "o.txt").write_text(
        f"# OpenSignals Text File Format\n# {json.dumps({'00:07': device})}\n# EndOfHeader\n"
        + rows(lambda at: f"{at}\t0\t512\t{round((FIRST[at] / 3 + 0.5) * 65536)}\t")
    )
    np.testing.assert_allclose(read(tmp_path / "o.txt", leads={"ECG": "I"}).signal_mv[0], FIRST, atol=1e-3)


def test_acqknowledge_with_a_mark_behind_each_row_and_breathing(tmp_path):
    (tmp_path / "b.txt").write_text(
        f"a.acq\n4 msec/sample\n2 channels\nECG100C\nmV\nRSP100C\nVolts\nmsec\tCH1\tCH2\t\n\t{len(FIRST)}\t{len(FIRST)}\t\n"
        + rows(lambda at: f"{4 * at}\t{FIRST[at]:.5f}\t{SECOND[at]:.5f}\t")
    )
    record = read(tmp_path / "b.txt")
    assert (record.leads, record.n_samples) == (("ECG100C",), len(FIRST))
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-5)


def test_names_of_two_words_between_blanks(tmp_path):
    (tmp_path / "r.txt").write_text(
        "     Elapsed time    MLII      V5\n        (seconds)    (mV)    (mV)\n"
        + rows(lambda at: f"{at / FS_HZ:12.3f} {FIRST[at]:8.4f} {SECOND[at]:8.4f}")
    )
    record = read(tmp_path / "r.txt")
    assert (record.leads, record.fs_hz) == (("MLII", "V5"), FS_HZ)
