"""Knows the verb explain."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.predict import leads_of
from einthoven.errors import RecordTooShort


@dataclass(frozen=True)
class Explain:
    """Show where in a beat, or in which leads and when, the model found what spoke for its class (Grad-CAM).

    Example: einthoven explain mitbih-cnn-lstm-mlii 100.hea --out why.html
    """

    model: Positional[str]
    """A bundled model's name, a bundle's folder, or a run's folder."""
    file: Positional[Path]
    """One recording."""
    out: Path
    """Where the explanation goes: .html or .png."""
    fs: Annotated[float | None, arg(metavar="HZ")] = None
    """Sampling rate, where the file does not state it."""
    leads: Annotated[str | None, arg(metavar="A,B|FILE=LEAD")] = None
    """Leads in the file's order (I,II,V1), or what some of the file's stand for (ECG1=MLII)."""
    unit: str | None = None
    """V, mV or uV, where the file does not state it."""
    model_file: Annotated[str | None, arg(metavar="FILE.py")] = None
    """Python file of the model's architecture, if that is your own: it is run. A model brings along no code."""

    def run(self) -> int:
        """Read, answer, explain, draw."""
        from einthoven.explanation.beats import explain
        from einthoven.inference.findings import Findings
        from einthoven.inference.prediction import DISCLAIMER
        from einthoven.inference.predictor import load
        from einthoven.records import read
        from einthoven.report import explanation

        explanation.require_writable(self.out, self.file)
        predictor = load(self.model, self.model_file)
        prediction = predictor(read(self.file, fs_hz=self.fs, leads=leads_of(self.leads), unit=self.unit))
        if isinstance(prediction, Findings):
            return self._findings(predictor, prediction)
        if not len(prediction.beats):
            raise RecordTooShort(
                f"there is nothing to explain in {self.file}.",
                found="; ".join(prediction.remarks) or "no heartbeat",
                expected="one heartbeat or more",
                remedy=f"einthoven predict {self.model} {self.file}      says what the leads are like",
            )
        found = explain(predictor, prediction)
        explanation.write(prediction, found, self.out)
        rows = [
            (row.name, row.n, *[f"{explanation.share(row, wave):.0%}" for wave in ("P", "QRS", "T")]) for row in found
        ]
        columns = ("class", "beats", "of the map over P", "over QRS", "over T")
        console.table(columns, rows, f"{prediction.record.name}: what spoke for each class  ({prediction.card.name})")
        console.say("A map shows where the network looked, not why a heart beats so.")
        console.say(f"{self.out}\n{DISCLAIMER}")
        return 0

    def _findings(self, predictor, findings) -> int:
        from einthoven.explanation.findings import why
        from einthoven.inference.prediction import DISCLAIMER
        from einthoven.report import answers, plots

        found = replace(findings, why=why(predictor, findings))
        if self.out.suffix.lower() == ".png":
            plots.findings(found, self.out)
        else:
            answers.write([found], self.out)
        rows = []
        for row in found.why:
            told = "  ".join(f"{part} {-fall:+.2f}" for part, fall in row.without(found.leads)[:4])
            rows.append((found.card.classes[row.label], f"{found.probability[row.label]:.2f}", told))
        columns = ("class", "probability", "what the answer loses without a lead or part, the most telling first")
        console.table(columns, rows, f"{found.record.name}: what spoke for {found.answer}  ({found.card.name})")
        console.say("A map shows where the network looked, not why a heart beats so.")
        console.say(f"{self.out}\n{DISCLAIMER}")
        return 0
