"""Disturbs recordings and asks the bundled models about them; writes docs/results/trust.md and docs/results/trust/.

python bench/trust.py DIR [MODEL …]     only the models named are asked again, the others keep their results

DIR: nstdb, mitdb, challenge-2017, challenge-2021, ludb, as their publishers lay them out
"""

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import wfdb

from einthoven import __version__
from einthoven.cli.main import main as command_line
from einthoven.report import stress

PLACE = Path(__file__).parents[1] / "docs" / "results"
_BEATS = ("--from", "mitdb", "--records", "12")
_TWELVE = ("--corpus", "challenge-2021", "--from", "challenge-2021", "--records", "24", "--seen")
MODELS = {
    "mitbih-cnn-lstm-mlii": _BEATS,
    "mitbih-clean-one-lead": ("--corpus", "mitdb", *_BEATS),
    "mitbih-clean-context": ("--corpus", "mitdb", *_BEATS),
    "mitbih-paper-vote": ("--from", "mitdb", "--records", "8", "--seen"),
    "challenge2017-rhythm": ("--from", "challenge-2017", "--records", "24", "--seen"),
    "challenge2017-small": ("--from", "challenge-2017", "--records", "24"),
    "rhythm-any-lead": ("--corpus", "ludb", "--from", "ludb", "--records", "24"),
    "ptbxl-diagnoses": _TWELVE,
    "ptbxl-rhythm": _TWELVE,
}
"""What each model is asked about, beside the noise."""
_FIRST_SAMPLE = 216_000
_NO_ECG = (
    "flat", "white noise", "pink noise", "brown noise", "square wave", "sine", "triangle", "mains hum", "pulse wave",
    "brain waves", "muscle bursts", "electrode steps", "chirp",
)  # fmt: skip


def later_half(nstdb: Path, folder: Path) -> Path:
    """Write the second ten minutes of each noise: the first ten trained the index of quality."""
    for name in ("bw", "em", "ma"):
        half = wfdb.rdheader(str(nstdb / name)).sig_len // 2
        noise = wfdb.rdrecord(str(nstdb / name), sampfrom=min(_FIRST_SAMPLE, half))
        wfdb.wrsamp(
            name, fs=noise.fs, units=noise.units, sig_name=noise.sig_name, p_signal=noise.p_signal, fmt=noise.fmt,
            adc_gain=noise.adc_gain, baseline=noise.baseline, write_dir=str(folder),
        )  # fmt: skip
    return folder


def asked(name: str, root: Path, noise: Path, out: Path) -> None:
    """Keep the results and the figure of one model."""
    words = [
        str(root / word) if before == "--from" else word
        for before, word in zip(("", *MODELS[name]), MODELS[name], strict=False)
    ]
    if command_line(["stress", name, *words, "--noise", str(noise), "--out", str(out)]):
        sys.exit(f"{name} was not asked")
    (PLACE / "trust").mkdir(exist_ok=True)
    found = {"einthoven": __version__} | json.loads((out / "stress.json").read_text())
    (PLACE / "trust" / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    shutil.copy(out / "stress.png", PLACE / "trust" / f"{name}.png")


def span(found: list[dict], conditions: tuple[str, ...], share: str) -> str:
    """The smallest and the largest share among conditions and models."""
    values = [
        row[share] for one in found for row in one["conditions"]
        if row["condition"] in conditions and row["n_records"] and row[share] is not None
    ]  # fmt: skip
    return f"{min(values):.2f} to {max(values):.2f}"


def page(found: list[dict]) -> str:
    """The page of all models."""
    rows = [
        (f"no ECG ({len(_NO_ECG)} kinds of signal): declined", _NO_ECG, "declined"),
        ("clean recordings: declined", ("clean",), "declined"),
        ("clean recordings: stretches marked", ("clean",), "marked"),
        *(
            (f"`{noise}` at {level} dB: stretches marked", (f"{noise} at {level} dB",), "marked")
            for noise in ("em", "ma")
            for level in (0, -6)
        ),
    ]
    lines = ["# Trust: what the bundled models say of disturbed recordings", "", _INTRODUCTION, ""]
    lines += ["| what | least and most of all models |", "|---|---|"]
    lines += [f"| {label} | {span(found, conditions, share)} |" for label, conditions, share in rows]
    for one in found:
        name = one["model"]
        columns, cells = stress.table(one)
        lines += ["", f"## {name}", "", f"`einthoven stress {name} {' '.join(MODELS[name])} --noise NSTDB`", ""]
        lines += [f"Version {one['einthoven']}. {stress.title(one)}. {one['remark']}", ""]
        lines += ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *cells)]
        lines += ["", f"![Stress of {name}](trust/{name}.png)"]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """`python bench/trust.py DIR [MODEL …]` runs `einthoven stress` for each model, or for those that are named, with
seed 0; the others keep the results of an earlier version. The noise is the second ten minutes of each record of the MIT-BIH Noise
Stress Test Database; the first ten minutes trained the index of quality. [How to read the tables](../trust.md#read-the-table).
Version 0.2.0 could not decline, and judged a lead as a whole. The shares have no intervals: they are over 8 to 24 recordings."""


def main(words: list[str]) -> None:
    """Ask the models, and write the page of all whose results are there."""
    root, names = Path(words[0]), words[1:] or list(MODELS)
    with TemporaryDirectory() as aside:
        noise = later_half(root / "nstdb", Path(aside))
        for name in names:
            asked(name, root, noise, Path(aside) / name)
    kept = [PLACE / "trust" / f"{name}.json" for name in MODELS]
    (PLACE / "trust.md").write_text(page([json.loads(file.read_text()) for file in kept if file.is_file()]))


if __name__ == "__main__":
    from command import run

    run(main, __doc__, 1)
