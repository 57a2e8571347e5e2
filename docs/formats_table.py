"""Read real files of hospital formats, and write the table of docs/formats.md: `python docs/formats_table.py FOLDER`.

What each file says is taken from its bytes by searches of one line, and by ecgdatakit, both apart from einthoven's readers.
"""

import re
import struct
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import einthoven
from einthoven.signal.leads import canonical

PAGE = Path(__file__).with_name("formats.md")
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
STATED = {
    ".txt": {"fs_hz": 500},
    ".rdt": {"leads": ["A", "B", "C"], "gain": 200},
    ".wav": {"leads": ["A"], "gain": 2000},
}
"""What the files do not state; the numbers are examples and are not compared."""


@dataclass(frozen=True)
class Words:
    """What a file says in its own words."""

    fs_hz: float
    n_samples: int
    n_leads: int
    identity: tuple[str, ...] = ()
    """Texts that must be in the identity: number of the patient, name, dates as digits, sex."""


def _text(content: bytes) -> str:
    return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")


def _all(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.DOTALL)


def aecg(content: bytes) -> Words:
    """HL7 aECG: the first rhythm."""
    text = _text(content).split("<derivation")[0]
    rows = [row.split() for row in _all(r"<digits>(.*?)</digits>", text)]
    subject = _all(r"<trialSubject.*?</trialSubject>", text)[0]
    said = _all(r'<id [^>]*?extension="(.*?)"', subject)[:1] + _all(r'birthTime value="(.*?)"', subject)
    said += [name for name in _all(r"<name>(.*?)</name>", subject) if name.strip("-")]
    step_s = float(_all(r'<increment value="(.*?)"', text)[0])
    return Words(1 / step_s, len(rows[0]), len(rows), tuple(said))


def muse(content: bytes) -> Words:
    """GE MUSE XML: the rhythm."""
    text = _text(content)
    rhythm = text[text.index("<WaveformType>Rhythm") :]
    said = _all(r"<(?:PatientID|PatientLastName|PatientFirstName)>(.*?)<", text)
    return Words(
        float(_all(r"<SampleBase>(\d+)", rhythm)[0]),
        int(_all(r"<LeadSampleCountTotal>(\d+)", rhythm)[0]),
        len(_all(r"<LeadID>", rhythm)),
        tuple(said),
    )


def muse_text(content: bytes) -> Words:
    """GE MUSE text: its first line; the rate is stated by the caller."""
    n_samples, n_leads = _all(r"(\d+) X (\d+)", _text(content))[0]
    return Words(500, int(n_samples), int(n_leads))


def sierra(content: bytes) -> Words:
    """Philips Sierra, or aECG that was made of it."""
    text = _text(content)
    if "<AnnotatedECG" in text:
        return aecg(content)
    fs_hz = float(_all(r"<samplingrate>\s*(\d+)", text)[0])
    duration_ms = float(_all(r'durationperchannel="(.*?)"', text)[0])
    names = _all(r"<patientid>(.*?)</patientid>", text) + _all(r"<lastname>\s*(\S.*?)\s*</lastname>", text)[:1]
    return Words(
        fs_hz, round(duration_ms * fs_hz / 1000), int(_all(r"<numberchannelsallocated>\s*(\d+)", text)[0]), tuple(names)
    )


def schiller(content: bytes) -> Words:
    """Schiller XML: the rhythm."""
    text = _text(content)
    rhythm = text[text.index("ECG_RHYTHMS") :]
    counts = _all(r"<samplecount>(\d+)", rhythm)
    said = _all(r"<patdata>\s*<id>(.*?)</id>", text) + _all(r"<date>(\d{8})</date>", text)[:1]
    return Words(float(_all(r"<samplerate>.*?<value>(\d+)", rhythm)[0]), int(counts[0]), len(counts), tuple(said))


def dicom(content: bytes) -> Words:
    """DICOM with explicit or implicit VR, little-endian: elements by their tags."""

    def values(tag: bytes) -> list[bytes]:
        found = []
        for each in re.finditer(re.escape(tag), content, re.DOTALL):
            at = each.end()
            if content[at : at + 2].isalpha():
                size, at = struct.unpack_from("<H", content, at + 2)[0], at + 4
            else:
                size, at = struct.unpack_from("<I", content, at)[0], at + 4
            found.append(content[at : at + size].strip(b" \0") if size > 4 else content[at : at + size])
        return found

    who = [values(tag)[0].decode() for tag in (b"\x10\x00\x20\x00", b"\x10\x00\x10\x00", b"\x10\x00\x30\x00")]
    return Words(
        float(values(b"\x3a\x00\x1a\x00")[0]),
        struct.unpack("<I", values(b"\x3a\x00\x10\x00")[0])[0],
        struct.unpack("<H", values(b"\x3a\x00\x05\x00")[0][:2])[0],
        tuple(who),
    )


def edf(content: bytes) -> Words:
    """EDF of one signal."""
    n_records, record_s = int(content[236:244]), float(content[244:252])
    n = int(content[256 + 216 : 256 + 224])
    return Words(n / record_s, n * n_records, int(content[252:256]), (content[8:88].decode().strip(),))


def ishne(content: bytes) -> Words:
    """ISHNE: its header."""
    n_leads, fs_hz = struct.unpack_from("<h", content, 156)[0], struct.unpack_from("<h", content, 272)[0]
    start = struct.unpack_from("<i", content, 22)[0]
    said = content[108:128].split(b"\0")[0].decode()
    return Words(fs_hz, (len(content) - start) // 2 // n_leads, n_leads, (said,))


def scp(content: bytes) -> Words:
    """SCP-ECG: sections 1, 3 and 6 by the pointers of section 0."""
    at = {n: struct.unpack_from("<I", content, 28 + 10 * n)[0] - 1 + 16 for n in (1, 3, 6)}
    first, last = struct.unpack_from("<II", content, at[3] + 2)
    interval_us = struct.unpack_from("<H", content, at[6] + 2)[0]
    who = [text.decode() for text in re.findall(rb"[\x00\x02].\x00([A-Za-z0-9\-]{3,})\x00", content[at[1] : at[3]])[:2]]
    return Words(1e6 / interval_us, last - first + 1, content[at[3]], tuple(who))


def rdt(content: bytes) -> Words:
    """Reynolds RDT: its first four bytes."""
    n_leads, fs_hz = struct.unpack_from("<2H", content)
    return Words(fs_hz, (len(content) - 4) // 2 // n_leads, n_leads)


def wav(content: bytes) -> Words:
    """WAV of 16 bits."""
    n_leads, fs_hz = struct.unpack_from("<HI", content, 22)
    return Words(fs_hz, (len(content) - 44) // 2 // n_leads, n_leads)


def stdb(content: bytes) -> Words:
    """WFDB: the record line."""
    n_leads, fs_hz, n_samples = content.split(b"\n")[0].split()[1:4]
    return Words(float(fs_hz), int(n_samples), int(n_leads))


WORDS: dict[str, Callable[[bytes], Words]] = {
    "dicom": dicom,
    "edf": edf,
    "ge-muse-txt": muse_text,
    "ge-muse-xml": muse,
    "hl7-aecg": aecg,
    "ishne": ishne,
    "philips-sierra": sierra,
    "reynolds-rdt": rdt,
    "schiller-xml": schiller,
    "scp-ecg": scp,
    "wav": wav,
    "wfdb-stdb": stdb,
}


def row(folder: Path, file: Path) -> tuple[str, bool]:
    """Return the line of a file, and whether what was read agrees with what the file says."""
    name = f"`{file.relative_to(folder).as_posix()}`"
    try:
        record = einthoven.read(file, **STATED.get(file.suffix, {}))
    except einthoven.EinthovenError as error:
        return f"| {name} | refused: {error.found} | | | | | |", True
    kind = file.relative_to(folder).parts[0]
    said = WORDS[kind](file.read_bytes())
    who = re.sub(r"[^a-z0-9]", "", str(record.identity).lower())
    missing = [
        text
        for text in said.identity
        if not all(re.sub(r"[^a-z0-9]", "", part) in who for part in text.lower().split("^"))
    ]
    leads = dict(zip(record.leads, record.signal_mv, strict=True))
    law = (
        f"{np.nanmax(np.abs(leads['I'] + leads['III'] - leads['II'])):.3f}" if {"I", "II", "III"} <= set(leads) else ""
    )
    agrees = (
        abs(record.fs_hz / said.fs_hz - 1) < 1e-6
        and (record.n_samples, len(record.leads)) == (said.n_samples, said.n_leads)
        and not missing
    )
    cells = (
        name,
        "as the file says" if agrees else f"the file says {said}, missing {missing}",
        f"{record.fs_hz:g}",
        f"{record.duration_s:.3f}",
        str(len(record.leads)),
        f"{len(said.identity)} of {len(said.identity)}" if said.identity else "none",
        " / ".join(part for part in (law or "–", _difference(file, leads)) if part),
    )
    return f"| {' | '.join(cells)} |", agrees


def _difference(file: Path, leads: dict[str, np.ndarray]) -> str:
    """Return the largest difference to what ecgdatakit reads where both have a sample, in mV."""
    from ecgdatakit import FileParser

    try:
        others = {canonical(lead.label): lead.samples for lead in FileParser.parse(file).leads if lead.units == "mV"}
    except Exception:  # it raises errors of many kinds for formats that it does not know
        return "not read"
    pairs = [(lead, others[name]) for name, lead in leads.items() if name in others and len(others[name]) == len(lead)]
    return f"{max(np.nanmax(np.abs(lead - other)) for lead, other in pairs):.6f}" if pairs else "not read"


def rows(folder: Path) -> list[tuple[str, bool]]:
    """Return the lines of all files in a folder, and whether they agree."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".atr", ".dat"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [row(folder, file) for file in files]


def table(folder: Path) -> str:
    """Return the table of a folder."""
    lines = [line for line, _ in rows(folder)]
    head = "| file | read | Hz | s | leads | identity | I + III − II / against ecgdatakit, mV |\n|---|---|---|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + table(Path(sys.argv[1])) + END + after)
