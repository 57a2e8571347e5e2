"""Recordings of two leads as hospital systems write them: small, in the exact layouts, of a patient who does not exist."""

import json
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


def cardiosoft_text(signal_mv, names=NAMES, fs_hz=FS_HZ):
    def lead(name, counts):
        return f'<WaveformData lead="{name}">\n{",".join(map(str, counts))}\n</WaveformData>'

    leads = "".join(lead(name, row) for name, row in zip(names, counts_of(signal_mv, 0.005), strict=True))
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><CardiologyXML><ObservationType>RestECG</ObservationType>'
        "<ObservationDateTime><Hour>10</Hour><Minute>11</Minute><Second>12</Second><Day>29</Day><Month>2</Month><Year>2024</Year>"
        "</ObservationDateTime><PatientInfo><PID>P-7</PID><Name><FamilyName>Doe</FamilyName><GivenName>Jo</GivenName></Name>"
        '<Age units="Years">53</Age><Gender>FEMALE</Gender></PatientInfo><Interpretation><Diagnosis>'
        "<DiagnosisText>Sinus rhythm</DiagnosisText></Diagnosis></Interpretation>"
        '<RestingECGMeasurements><VentricularRate units="BPM">69</VentricularRate><PQInterval units="ms">180</PQInterval>'
        "</RestingECGMeasurements>"
        f'<StripData><NumberOfLeads>2</NumberOfLeads><SampleRate units="Hz">{fs_hz}</SampleRate>'
        f'<Resolution units="uVperLsb">5</Resolution>{leads}</StripData></CardiologyXML>'
    )


def as_cardiosoft(folder, signal_mv):
    file = folder / "a.xml"
    file.write_text(cardiosoft_text(signal_mv), "latin-1")
    return file, {}


def schiller_text(signal_mv, names=NAMES, fs_hz=FS_HZ):
    def lead(name, counts):
        return (
            f"<channel><name>{name}</name><data>{','.join(map(str, counts))}</data><datastype>COMMASEPARATE</datastype>"
            f"<samplecount>{len(counts)}</samplecount></channel>"
        )

    leads = "".join(lead(name, row) for name, row in zip(names, counts_of(signal_mv, 0.001), strict=True))
    return (
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<com.xiriuz.sema.xml.schillerEDI.SchillerEDI><patdata><id>P-7</id>'
        "<lastname>Doe</lastname><firstname>Jo</firstname><birthdate>19700301</birthdate><gender>FEMALE</gender></patdata>"
        "<examdescript><startdatetime><date>20240229</date><time>101112000</time></startdatetime><aquiringdevice><hardware>"
        "<vendor>Schiller</vendor><model>AT-110</model></hardware></aquiringdevice></examdescript><eventdata><event><wavedata>"
        f"<type>ECG_RHYTHMS</type><resolution><samplerate><exponent>1</exponent><value>{fs_hz}</value></samplerate><yres>"
        f"<unitperbit>1.0</unitperbit><units>UV</units></yres></resolution>{leads}</wavedata><annotation_global><name>HR</name>"
        "<value>69</value></annotation_global><annotation_global><name>BP_D</name><value> -</value></annotation_global>"
        "<textdata><type>INTERPRETATION</type><textdata>Sinus rhythm</textdata></textdata></event></eventdata>"
        "</com.xiriuz.sema.xml.schillerEDI.SchillerEDI>"
    )


def as_schiller(folder, signal_mv):
    file = folder / "a.xml"
    file.write_text(schiller_text(signal_mv), "utf-8")
    return file, {}


def sierra_text(signal_mv, names=NAMES, fs_hz=FS_HZ, content=None, compression="Uncompressed"):
    counts = counts_of(signal_mv, 0.005)
    content = b64encode(counts.tobytes()).decode() if content is None else content
    duration_ms = len(counts[0]) * 1000 / fs_hz
    return (
        '<?xml version="1.0" encoding="UTF-16"?><restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>'
        "<documenttype>SierraECG</documenttype><documentversion>1.03</documentversion></documentinfo><patient>"
        "<generalpatientdata><patientid>P-7</patientid><name><lastname>Doe</lastname><firstname>Jo</firstname></name>"
        "<age><years>53</years></age><sex>Female</sex></generalpatientdata></patient>"
        '<dataacquisition date="2024-02-29" time="10:11:12"><signalcharacteristics>'
        f"<samplingrate>{fs_hz}</samplingrate><signalresolution>5</signalresolution><acquisitiontype>STD-12</acquisitiontype>"
        f"<numberchannelsallocated>{len(counts)}</numberchannelsallocated></signalcharacteristics></dataacquisition><waveforms>"
        f'<parsedwaveforms durationperchannel="{duration_ms!r}" numberofleads="{len(counts)}" leadlabels="{" ".join(names)}" '
        f'dataencoding="Base64" compression="{compression}">{content}</parsedwaveforms></waveforms></restingecgdata>'
    )


def as_sierra(folder, signal_mv):
    file = folder / "a.xml"
    file.write_bytes(sierra_text(signal_mv).encode("utf-16"))
    return file, {}


def as_mortara(folder, signal_mv):
    leads = "".join(
        f'<CHANNEL OFFSET="0" BITS="16" FORMAT="SIGNED" UNITS_PER_MV="400" DURATION="{len(row)}" SAMPLE_FREQ="{FS_HZ}" '
        f'NAME="{name}" ENCODING="BASE64" DATA="{b64encode(row.tobytes()).decode()}"/>'
        for name, row in zip(NAMES, counts_of(signal_mv, 0.0025), strict=True)
    )
    file = folder / "a.xml"
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><ECG ACQUISITION_TIME="20240229101112" VENT_RATE="69">'
        f'<SUBJECT LAST_NAME="Doe" FIRST_NAME="Jo" ID="P-7" GENDER="FEMALE"/>{leads}</ECG>'
    )
    return file, {}


def kardia_document(signal_mv, names=NAMES, kind="raw"):
    samples = {name: row.tolist() for name, row in zip(names, counts_of(signal_mv, 0.0005), strict=True)}
    block = {"frequency": FS_HZ, "mainsFrequency": 50, "amplitudeResolution": 500, "samples": samples}
    return {
        "id": "x",
        "patientID": "P-7",
        "recordedAt": "2024-02-29T10:11:12Z",
        "duration": 4000,
        "heartRate": 69,
        "algorithmDetermination": "normal",
        "qtMeasurement": {"QT": {"Value": 400}, "QTcF": {"Value": 410}},
        "deviceInfo": {"hardwareType": "KardiaMobile 6L"},
        "data": {kind: block},
    }


def as_kardia(folder, signal_mv):
    file = folder / "a.json"
    file.write_text(json.dumps(kardia_document(signal_mv)))
    return file, {}


def labsystem_text(signal_mv, names=NAMES, fs_hz=FS_HZ):
    counts = np.round(np.asarray(signal_mv) / 5 * 32768).astype(int)
    head = (
        f"[Header]\r\nFile Type: 1\r\nVersion: 1\r\nChannels exported: {len(counts)}\r\n"
        f"Samples per channel: {len(counts[0])}\r\nStart time:  6:55:24\r\nEnd time:  6:55:29\r\nCh. Info. Pointer: 320\r\n"
        f"Stamp Data: T\r\nMux format: 0\r\nMux Block Size: \r\nData Format 1\r\nSample Rate: {fs_hz}Hz\r\n"
    )
    for at, name in enumerate(names):
        head += (
            f"Channel #: {at + 1}\r\nLabel: {name}\r\nRange: 5mv \r\nLow: 1Hz\r\nHigh: 100Hz\r\nSample rate: {fs_hz}Hz\r\n"
            "Color: 0000FF\r\nScale: -7\r\n"
        )
    return head + "[Data]\r\n" + "\r\n".join(",".join(map(str, row)) for row in counts.T) + "\r\n"


def as_labsystem(folder, signal_mv):
    file = folder / "a.txt"
    file.write_text(labsystem_text(signal_mv), newline="")
    return file, {}


def as_prucka(folder, signal_mv, names=NAMES):
    rows = "\n".join(" ".join(f"{value:.3f}" for value in row) + " " for row in np.asarray(signal_mv).T)
    (folder / "X001.txt").write_text(rows + "\n")
    listed = "\n".join(f"{7 * at + 1}              {name}" for at, name in enumerate(names))
    file = folder / "X001.inf"
    file.write_text(
        "Patient = Doe, Jo\nDescription = VT induction\nDate = 2/29/2024 11:49:37 AM\n"
        f"Number of Channel = {len(names)}\nPoints for Each Channel = {len(signal_mv[0])}\n"
        f"Data Sampling Rate = {FS_HZ} points/second\nStart Time = 2/29/2024 10:11:12 AM\n"
        "Stop Time = 2/29/2024 10:11:16 AM\nUnits: mmHg for pressure and mV for all others\n"
        f"Channel Number  Channel Label\n{listed}\n"
    )
    return file, {}
