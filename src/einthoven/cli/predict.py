"""Knows the verb predict."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.errors import EinthovenError, LibraryMissing, StatementMissing, optional_imports


@dataclass(frozen=True)
class Predict:
    """Classify recordings: WFDB, MATLAB, CSV or NPY in; a table, JSON, CSV or an HTML report out.

    Example: einthoven predict mitbih-cnn-lstm-mlii 100.hea --out report.html

    Example, a CSV of one row a sample: einthoven predict mitbih-cnn-lstm-mlii ecg.csv --fs 250 --leads MLII --unit mV
    """

    model: Positional[str]
    """A bundled model's name, a bundle's folder, a run's folder, or an exported file."""
    files: Positional[tuple[Path, ...]]
    """Recordings; a WFDB record by its header, its signal file or its bare name."""
    out: Path | None = None
    """Where the answer goes: .json, .csv or .html."""
    fs: Annotated[float | None, arg(metavar="HZ")] = None
    """Sampling rate, where a file does not state it."""
    leads: Annotated[str | None, arg(metavar="A,B|FILE=LEAD")] = None
    """Leads in the file's order (I,II,V1), or what some of the file's stand for (ECG1=MLII)."""
    unit: str | None = None
    """V, mV or uV, where a file does not state it."""

    def run(self) -> int:
        """Answer each file; a file that cannot be read does not stop the others."""
        from einthoven.inference.findings import Findings
        from einthoven.inference.predictor import load
        from einthoven.records import read

        if self.out is not None:
            from einthoven.report import answers

            answers.require_writable(self.out, self.files)
        if not self.files:
            raise StatementMissing(
                "no recording was named.",
                found="a model and nothing to read",
                expected="one file or more",
                remedy=f"einthoven predict {self.model} 100.hea --out report.html",
            )
        model = load(self.model)
        leads = leads_of(self.leads)
        answered, refused = [], 0
        for file in console.progress(self.files, "reading", len(self.files)):
            try:
                record = read(file, fs_hz=self.fs, leads=leads, unit=self.unit)
                answered.append(model(record))
            except EinthovenError as error:
                console.fail(error)
                refused += 1
        if not answered:
            return 2
        if self.out is not None:
            if self.out.suffix.lower() == ".html" and isinstance(answered[0], Findings):
                answered = _explained(model, answered)
            answers.write(answered, self.out)
        for answer in answered:
            show_findings(answer) if isinstance(answer, Findings) else show(answer)
        if self.out is not None:
            console.say(str(self.out))
        console.say(_notice(answered[0]))
        console.note(f"reckoned by {model.backend.name}")
        if refused:
            console.note(f"{refused} of {len(self.files)} files were not answered; the reasons are above")
        return 1 if refused else 0


def _explained(model, answered: list) -> list:
    """Findings with the evidence for them, where torch is installed and the model has its weights."""
    try:
        with optional_imports():
            from einthoven.explanation.findings import needs_weights, why
    except LibraryMissing as missing:
        console.note(f"the page does not show the evidence for the answer: {missing.summary} {missing.remedy}")
        return answered
    if model.is_exported and needs_weights(model.card):
        console.note("an exported file holds no weights: the page does not show what spoke for the answer")
        return answered
    return [replace(found, why=why(model, found)) for found in answered]


def show(prediction, counted: dict[str, int] | None = None) -> None:
    """Print the beats of each class, beside what annotators counted where it is known."""
    card = prediction.card
    rate = f", {prediction.rate_bpm:.0f} a minute" if prediction.rate_bpm else ""
    title = f"{prediction.record.name}: {len(prediction.beats)} beats{rate}, {prediction.n_unsure} doubtful  ({card.known_as})"
    columns = ["class", "beats", "share"] + (["annotators"] if counted else []) + ["meaning"]
    meanings = dict(zip(card.classes, card.meanings, strict=True))
    rows = []
    for name in [*card.classes, *[name for name in counted or {} if name not in card.classes]]:
        n = prediction.counts.get(name)
        row = [name, "–" if n is None else str(n), "–" if n is None else f"{n / max(1, len(prediction.beats)):.1%}"]
        rows.append(
            [*row, *([str(counted.get(name, 0))] if counted else []), meanings.get(name, "not known to this model")]
        )
    console.table(columns, rows, title)
    for remark in prediction.remarks:
        console.say(f"  {remark}")


def show_findings(findings) -> None:
    """Print what is said of a record, what is near it, and the most probable of the rest."""
    card = findings.card
    order = sorted(range(len(card.classes)), key=lambda at: -findings.probability[at])
    shown = [at for at in order if findings.said[at] or findings.near[at]]
    shown += [at for at in order if at not in shown][: max(0, 5 - len(shown))]
    limits = findings.thresholds
    columns = ["", "class", "probability", *(["threshold"] if limits else []), "meaning"]
    rows = [
        [
            "said" if findings.said[at] else "near" if findings.near[at] else "",
            card.classes[at],
            f"{findings.probability[at]:.2f}",
            *([f"{limits[at]:.2f}"] if limits else []),
            card.meanings[at],
        ]
        for at in shown
    ]
    console.table(columns, rows, f"{findings.record.name}: {findings.answer}  ({card.known_as})")
    console.say(f"  {findings.rate}")
    for remark in findings.remarks:
        console.say(f"  {remark}")


def _notice(answer) -> str:
    from einthoven.inference.prediction import DISCLAIMER, SCOPE, Prediction

    return f"{SCOPE}\n{DISCLAIMER}" if isinstance(answer, Prediction) else DISCLAIMER


def leads_of(text: str | None) -> "tuple[str, ...] | dict[str, str] | None":
    """What --leads says: names in order, or a map from the file's names.

    Raises
    ------
    StatementMissing
        Where it mixes both.
    """
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    if all("=" in word for word in words):
        return dict(word.split("=", 1) for word in words)
    if any("=" in word for word in words) or not words:
        raise StatementMissing(
            "the leads cannot be understood.",
            found=f"--leads {text}",
            expected="all names in order, or FILE=LEAD for each lead that is meant",
            remedy="--leads ECG1=MLII,ECG2=V1",
        )
    return tuple(words)
