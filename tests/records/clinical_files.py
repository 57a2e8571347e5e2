"""Recordings of two leads as hospital systems write them: small, in the exact layouts, of a patient who does not exist."""

import zlib
from base64 import b64encode

import numpy as np

FS_HZ = 360
NAMES = ("MLII", "V1")


def counts_of(signal_mv, per_count_mv):
    return np.clip(np.round(np.asarray(signal_mv) / per_count_mv), -32768, 32767).astype("<i2")


def aecg_text(signal_mv, names=NAMES, fs_hz=FS_HZ, scale_uv=2.5, more="", **_):
    def sequence(code, value):
        return f'<component><sequence><code code="{code}"/>{value}</sequence></component>'

    def lead(name, counts):
        digits = " ".join(map(str, counts))
        scale = f'<origin value="0" unit="uV"/><scale value="{scale_uv}" unit="uV"/>'
        return sequence(f"MDC_ECG_LEAD_{name}", f"<value>{scale}<digits>{digits}</digits></value>")

    leads = "".join(lead(name, row) for name, row in zip(names, counts_of(signal_mv, scale_uv / 1000), strict=True))
    times = sequence(
        "TIME_ABSOLUTE",
        f'<value><head value="20240229101112.500"/><increment value="{1 / fs_hz!r}" unit="s"/></value>',
    )
    person = (
        '<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject><id extension="P-7"/>'
        '<subjectDemographicPerson><name>Doe, Jo</name><administrativeGenderCode code="F"/><birthTime value="19700301"/>'
        "</subjectDemographicPerson></trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>"
    )
    device = (
        "<author><seriesAuthor><manufacturedSeriesDevice><manufacturerModelName>One</manufacturerModelName>"
        "</manufacturedSeriesDevice><manufacturerOrganization><name>Maker</name></manufacturerOrganization></seriesAuthor></author>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!-- made by a test -->'
        f'<AnnotatedECG xmlns="urn:hl7-org:v3">{person}<component><series><code code="RHYTHM"/>{device}'
        '<effectiveTime><low value="20240229101112.500"/></effectiveTime>'
        f"<component><sequenceSet>{times}{leads}</sequenceSet></component>{more}</series></component></AnnotatedECG>"
    )


def as_aecg(folder, signal_mv):
    file = folder / "a.xml"
    file.write_text(aecg_text(signal_mv))
    return file, {}


def muse_text(signal_mv, names=NAMES, fs_hz=FS_HZ, more=""):
    def lead(name, counts):
        payload = counts.tobytes()
        return (
            f"<LeadData><LeadByteCountTotal>{len(payload)}</LeadByteCountTotal>"
            f"<LeadSampleCountTotal>{len(counts)}</LeadSampleCountTotal>"
            "<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>"
            f"<LeadID>{name}</LeadID><LeadSampleSize>2</LeadSampleSize><LeadDataCRC32>{zlib.crc32(payload)}</LeadDataCRC32>"
            f"<WaveFormData>\n{b64encode(payload).decode()}\n</WaveFormData></LeadData>"
        )

    leads = "".join(lead(name, row) for name, row in zip(names, counts_of(signal_mv, 0.00488), strict=True))
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG>'
        "<PatientDemographics><PatientID>P-7</PatientID><PatientAge>53</PatientAge><AgeUnits>YEARS</AgeUnits><Gender>FEMALE</Gender>"
        "<PatientLastName>Doe</PatientLastName><PatientFirstName>Jo</PatientFirstName></PatientDemographics>"
        "<TestDemographics><AcquisitionDevice>MAC55</AcquisitionDevice><Status>UNCONFIRMED</Status>"
        "<AcquisitionTime>10:11:12</AcquisitionTime><AcquisitionDate>02-29-2024</AcquisitionDate></TestDemographics>"
        "<RestingECGMeasurements><VentricularRate>69</VentricularRate><QTCorrected>416</QTCorrected></RestingECGMeasurements>"
        "<Diagnosis><DiagnosisStatement><StmtText>sinus rhythm</StmtText></DiagnosisStatement><DiagnosisStatement>"
        "<StmtFlag>ENDSLINE</StmtFlag><StmtText>with a pause</StmtText></DiagnosisStatement></Diagnosis>"
        f"{more}<Waveform><WaveformType>Rhythm</WaveformType><SampleBase>{fs_hz}</SampleBase><SampleExponent>0</SampleExponent>{leads}"
        "</Waveform></RestingECG>"
    )


def as_muse(folder, signal_mv):
    file = folder / "a.xml"
    file.write_text(muse_text(signal_mv))
    return file, {}


def as_muse_text(folder, signal_mv):
    rows = "\n".join(" ".join(map(str, row)) for row in counts_of(signal_mv, 0.001).T)
    file = folder / "a.txt"
    file.write_text(f"\n\n\nRhythm signal: {len(signal_mv[0])} X {len(signal_mv)}\n\n{rows}\n")
    return file, {"fs_hz": FS_HZ, "leads": ["MLII", "V1"]}
