"""Recordings of two leads in binary formats of hospitals and Holter recorders: small, in the exact layouts, of nobody."""

import struct
import wave
from binascii import crc_hqx

import numpy as np

from tests.records.clinical_files import FS_HZ, NAMES, counts_of

STATED = {"leads": list(NAMES)}


def as_dicom(suffix):
    def write(folder, signal_mv):
        file = folder / f"a{suffix}"
        dicom(signal_mv).save_as(file, enforce_file_format=True)
        return file, {}

    return write


def dicom(signal_mv, names=NAMES, fs_hz=FS_HZ, **more):
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["einthoven"])
    data.AcquisitionDateTime, data.Modality = "20240229101112", "ECG"
    data.PatientName, data.PatientID, data.PatientAge, data.PatientSex = "Doe^Jo", "P-7", "053Y", "F"
    data.Manufacturer, data.ManufacturerModelName = "Maker", "One"
    data.WaveformSequence = [waveform(signal_mv, names, fs_hz)]
    for key, value in more.items():
        setattr(data, key, value)
    return data


def waveform(signal_mv, names, fs_hz, baseline_uv=0.0):
    from pydicom import Dataset

    counts = counts_of(np.asarray(signal_mv) - baseline_uv / 1000, 0.0025)
    group = Dataset()
    group.WaveformOriginality, group.MultiplexGroupTimeOffset = "ORIGINAL", 0
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = counts.shape
    group.SamplingFrequency, group.WaveformBitsAllocated, group.WaveformSampleInterpretation = fs_hz, 16, "SS"
    definitions = []
    for name in names:
        definition, source, unit = Dataset(), Dataset(), Dataset()
        source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "x", "TEST", f"Lead {name} (test)"
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "uV", "UCUM", "microvolt"
        definition.ChannelSourceSequence, definition.ChannelSensitivityUnitsSequence = [source], [unit]
        definition.ChannelSensitivity, definition.ChannelSensitivityCorrectionFactor = 2.5, 1
        definition.ChannelBaseline, definition.WaveformBitsStored = baseline_uv, 16
        definitions.append(definition)
    group.ChannelDefinitionSequence = definitions
    group.WaveformData = counts.T.tobytes()
    return group


def edf_bytes(rows, record_s=1.0, reserved="", patient="", recording="", n_records=None, bdf=False):
    """Rows of (label, unit, physical range, counts [data records, samples]); counts as bytes stand as they are."""
    n_records = len(rows[0][3]) if n_records is None else n_records
    lowest, highest = (-(1 << 23), (1 << 23) - 1) if bdf else (-(1 << 15), (1 << 15) - 1)
    width = 3 if bdf else 2

    def packed(counts):
        if counts.dtype == np.uint8:
            return counts.tobytes()
        return counts.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()

    def lengths(counts):
        return counts.shape[1] // width if counts.dtype == np.uint8 else counts.shape[1]

    fields = [
        (16, [row[0] for row in rows]),
        (80, ["" for _ in rows]),
        (8, [row[1] for row in rows]),
        (8, [-row[2] for row in rows]),
        (8, [row[2] for row in rows]),
        (8, [lowest for _ in rows]),
        (8, [highest for _ in rows]),
        (80, ["" for _ in rows]),
        (8, [lengths(row[3]) for row in rows]),
        (32, ["" for _ in rows]),
    ]
    head = b"\xffBIOSEMI" if bdf else b"0       "
    head += f"{patient:80}{recording:80}29.02.2410.11.12{256 * (len(rows) + 1):<8}{reserved:44}".encode("latin-1")
    head += f"{n_records:<8}{f'{record_s:.6f}'.rstrip('0').rstrip('.')[:8]:<8}{len(rows):<4}".encode()
    head += "".join(f"{value!s:{size}}" for size, values in fields for value in values).encode("latin-1")
    return head + b"".join(packed(row[3][at]) for at in range(len(rows[0][3])) for row in rows)


def as_edf(suffix):
    bdf = suffix == ".bdf"

    def write(folder, signal_mv):
        scale = (1 << (24 if bdf else 16)) / 16000
        records = np.round(np.asarray(signal_mv) * 1000 * scale).astype(np.int64)
        n = FS_HZ // 4 if records.shape[1] % (FS_HZ // 4) == 0 else records.shape[1]
        rows = [(name, "uV", 8000, row.reshape(-1, n)) for name, row in zip(NAMES, records, strict=True)]
        file = folder / f"a{suffix}"
        file.write_bytes(edf_bytes(rows, record_s=n / FS_HZ, bdf=bdf))
        return file, {}

    return write


def ishne_bytes(signal_mv, codes=(6, 11), fs_hz=FS_HZ, magic=b"ISHNE1.0", content=None):
    counts = counts_of(signal_mv, 0.0025).T
    block = b"made by a test"
    twelve = [*codes, *([-9] * (12 - len(codes)))]
    body = struct.pack("<4ih", len(block), len(counts), 522, 522 + len(block), 1)
    body += struct.pack("<40s40s20s2h", b"Jo", b"Doe", b"P-7", 2, 0)
    body += struct.pack("<12h", 1, 3, 1970, 29, 2, 2024, 29, 2, 2024, 10, 11, 12)
    body += struct.pack("<h12h12h12h", len(codes), *twelve, *([0] * 12), *[2500] * len(codes), *[0] * (12 - len(codes)))
    body += struct.pack("<h40sh80s80s88s", 0, b"recorder", fs_hz, b"", b"", b"") + block
    return magic + struct.pack("<H", crc_hqx(body, 0xFFFF)) + body + (counts.tobytes() if content is None else content)


def as_ishne(folder, signal_mv):
    file = folder / "a.ecg"
    file.write_bytes(ishne_bytes(signal_mv))
    return file, STATED


def atc_bytes(signal_mv, fs_hz=FS_HZ, more=()):
    def block(name, content):
        body = name + struct.pack("<I", len(content)) + content
        return body + struct.pack("<I", sum(body) & 0xFFFFFFFF)

    info = struct.pack(
        "<32s40s44s32s32s32s52s", b"2024-02-29T10:11:12.500+01:00", b"id", b"id", b"phone", b"1", b"Kardia", b""
    )
    blocks = [block(b"info", info), block(b"fmt ", struct.pack("<BHHBH", 1, fs_hz, 500, 0, 0))]
    blocks += [
        block(name, row.tobytes()) for name, row in zip((b"ecg ", b"ecg2"), counts_of(signal_mv, 0.0005), strict=False)
    ]
    return b"ALIVE\0\0\0" + struct.pack("<I", 4) + b"".join(blocks) + b"".join(block(*each) for each in more)


def as_atc(folder, signal_mv):
    file = folder / "a.atc"
    file.write_bytes(atc_bytes(signal_mv))
    return file, STATED


def as_rdt(folder, signal_mv):
    file = folder / "a.rdt"
    file.write_bytes(struct.pack("<2H", len(signal_mv), FS_HZ) + counts_of(signal_mv, 0.001).T.tobytes())
    return file, STATED | {"unit": "uV"}


def scp_bytes(signal_mv, lead_ids=(2, 3), interval_us=2778):
    """SCP-ECG without compression: sections 0 (pointers), 1 (patient), 3 (leads) and 6 (rhythm)."""
    counts = counts_of(signal_mv, 0.0025)
    six = struct.pack("<HHBB", 2500, interval_us, 0, 0) + b"".join(struct.pack("<H", 2 * len(row)) for row in counts)
    return scp_file(len(counts[0]), lead_ids, [(6, six + counts.tobytes())])


def scp_file(n_samples, lead_ids, more, starts=(1, 1)):
    def tag(number, content):
        return struct.pack("<BH", number, len(content)) + content

    def section(number, body):
        body += b"\0" * (len(body) % 2)
        rest = struct.pack("<HIBB6x", number, 16 + len(body), 20, 20) + body
        return struct.pack("<H", crc_hqx(rest, 0xFFFF)) + rest

    one = tag(2, b"P-7\0") + tag(0, b"Doe\0") + tag(1, b"Jo\0") + tag(8, b"\2") + tag(4, struct.pack("<HB", 53, 1))
    one += tag(25, struct.pack("<HBB", 2024, 2, 29)) + tag(26, b"\x0a\x0b\x0c") + tag(255, b"")
    three = struct.pack("<BB", len(lead_ids), 4 | len(lead_ids) << 3)
    three += b"".join(
        struct.pack("<IIB", start, start + n_samples - 1, number)
        for start, number in zip(starts, lead_ids, strict=True)
    )
    sections = [section(number, body) for number, body in sorted(((1, one), (3, three), *more))]
    at = 7 + 16 + 120
    pointers = struct.pack("<HII", 0, 136, 7)
    for number in range(1, 12):
        found = next((each for each in sections if struct.unpack_from("<H", each, 2)[0] == number), b"")
        pointers += struct.pack("<HII", number, len(found), at if found else 0)
        at += len(found)
    rest = section(0, pointers) + b"".join(sections)
    sized = struct.pack("<I", 6 + len(rest)) + rest
    return struct.pack("<H", crc_hqx(sized, 0xFFFF)) + sized


def scp_bimodal_bytes(signal_mv, zones, factor=4, lead_ids=(2, 3), interval_us=2000):
    """SCP-ECG with sections 4 and 5: all samples in the zones (numbers of samples, from 1), means of a few outside of them."""
    counts = counts_of(signal_mv, 0.0025).astype(int)
    n = counts.shape[1]
    rows = []
    for row in counts:
        kept, at = [], 1
        for first, last in (*zones, (n + 1, n)):
            between = row[at - 1 : first - 1]
            n_means = len(between) // factor
            kept += list(np.round(between[: n_means * factor].reshape(-1, factor).mean(axis=1)).astype(int))
            kept += list(between[n_means * factor :]) + list(row[first - 1 : last])
            at = last + 1
        rows.append(np.array(kept, "<i2"))
    four = struct.pack("<3H", 2, 1, len(zones)) + b"".join(struct.pack("<HIII", 1, a, a, b) for a, b in zones)
    four += b"".join(struct.pack("<II", a, b) for a, b in zones)
    five = (
        struct.pack("<HHBB", 2500, interval_us, 0, 0)
        + struct.pack(f"<{len(rows)}H", *[2] * len(rows))
        + bytes(2 * len(rows))
    )
    six = struct.pack("<HHBB", 2500, interval_us * factor, 0, 1) + b"".join(
        struct.pack("<H", 2 * len(row)) for row in rows
    )
    return scp_file(n, lead_ids, [(4, four), (5, five), (6, six + b"".join(row.tobytes() for row in rows))])


def as_scp(folder, signal_mv):
    file = folder / "a.scp"
    file.write_bytes(scp_bytes(signal_mv))
    return file, STATED


def mfer_bytes(signal_mv, interval=(1, -6, 2778), more=b""):
    """MFER: preamble, byte order, rate or interval (unit, power of ten, number), 2.5 uV a count, leads II and V1."""
    counts = counts_of(signal_mv, 0.0025)

    def define(tag, content):
        size = bytes([len(content)]) if len(content) < 128 else b"\x84" + struct.pack(">I", len(content))
        return bytes([tag]) + size + content

    head = define(0x40, b"MFR Standard 12 leads ECG       ") + define(0x01, b"\1") + define(0x08, struct.pack("<H", 1))
    head += (
        define(0x0B, struct.pack("<BbI", *interval))
        + define(0x0C, struct.pack("<BbH", 0, -7, 25))
        + define(0x0A, b"\0")
    )
    head += (
        define(0x05, struct.pack("<H", len(counts)))
        + define(0x04, struct.pack("<I", len(counts[0])))
        + define(0x06, b"\1\0")
    )
    leads = b"".join(b"\x3f" + bytes([at, 4]) + b"\x09\x02" + struct.pack("<H", code) for at, code in enumerate((2, 3)))
    return head + leads + more + define(0x1E, counts.tobytes()) + define(0x80, b"")


def as_mfer(suffix):
    def write(folder, signal_mv):
        file = folder / f"a{suffix}"
        file.write_bytes(mfer_bytes(signal_mv, (0, 0, FS_HZ)))
        return file, STATED

    return write


def as_edan(folder, signal_mv):
    counts = (counts_of(signal_mv, 0.001).T.astype(np.int32) + 16384).astype("<u2")
    head = bytearray(3672)
    struct.pack_into("<IIB", head, 4, 1_709_200_000, 1_709_200_000 + round(len(counts) / FS_HZ), 2)
    struct.pack_into("<h", head, 32, FS_HZ)
    struct.pack_into("8s8s", head, 1796, b"II", b"V1")
    (folder / "ecgraw.dat").write_bytes(counts.tobytes())
    (folder / "patient.hea").write_bytes(bytes(head))
    return folder / "patient.hea", STATED | {"unit": "uV"}


def as_wav(folder, signal_mv):
    file = folder / "a.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((len(signal_mv), 2, FS_HZ, 0, "NONE", ""))
        sound.writeframes(counts_of(signal_mv, 0.001).T.tobytes())
    return file, STATED | {"unit": "uV"}
