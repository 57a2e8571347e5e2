"""Run the verb explain."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import ModelFile, ModelWithWeights, value
from einthoven.errors import RecordUnreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from einthoven.inference.answer import BeatAnswer, RecordAnswer
    from einthoven.inference.evidence import Measurement
    from einthoven.inference.predictor import Predictor

_CAUTION = "The map shows what the network used, not the cause of a finding."
_MOST_INPUTS = 4


@dataclass(frozen=True)
class Explain(ReadOptions):
    """Show the evidence for each predicted class: which part of a beat or recording, and which leads, the model used.

    Example: einthoven explain mitbih-cnn-lstm-mlii 100.hea --out evidence.html
    """

    model: ModelWithWeights
    file: Annotated[Positional[Path], value("FILE")]
    """Recording."""
    out: Annotated[Path, value("FILE")]
    """File to write: .html or .png."""
    model_file: ModelFile = None

    def run(self) -> int:
        """Classify the recording, compute the evidence, draw it."""
        from einthoven.inference.answer import DISCLAIMER, BeatAnswer, RecordAnswer
        from einthoven.inference.predictor import load
        from einthoven.report import explanation

        explanation.require_writable(self.out, self.file)
        model = load(self.model, self.model_file)
        answer = model(self.read(self.file))
        if answer.declined is not None:
            raise RecordUnreadable(
                f"{self.file} is not answered, so there is nothing to explain.",
                found=f"{answer.declined.code}: {answer.declined.text}",
                expected="a recording that the model answers",
                remedy=f"einthoven predict {self.model} {self.file}      shows the quality of the leads",
            )
        if isinstance(answer, BeatAnswer):
            self._beats(model, answer)
        elif isinstance(answer, RecordAnswer):
            self._record(model, answer)
        console.say(_CAUTION)
        console.say(f"{self.out}\n{DISCLAIMER}")
        return 0

    def _beats(self, model: "Predictor", answer: "BeatAnswer") -> None:
        from einthoven.explanation.beat_evidence import explain
        from einthoven.report import explanation

        found = explain(model, answer)
        explanation.write(answer, found, self.out)
        rows = [
            (
                row.name,
                row.n,
                *["–" if row.remark else f"{explanation.share(row, wave):.0%}" for wave in ("P", "QRS", "T")],
            )
            for row in found
        ]
        columns = ("class", "beats", "importance over P", "over QRS", "over T")
        title = f"{answer.record.name}: evidence for each class  ({answer.card.name})"
        console.table(columns, rows, title)
        for row in found:
            for one in row.contributions[:_MOST_INPUTS]:
                console.say(f"  {row.name}  {one.sentence}")
            if row.remark:
                console.say(f"  {row.name}  {row.remark}")
            _show_measurements(row.name, row.measurements)

    def _record(self, model: "Predictor", answer: "RecordAnswer") -> None:
        from einthoven.explanation.record_evidence import evidence_for
        from einthoven.report import answers, plots

        found = replace(answer, evidence=evidence_for(model, answer))
        if self.out.suffix.lower() == ".png":
            plots.evidence(found, self.out)
        else:
            answers.write([found], self.out)
        rows = []
        for row in found.evidence:
            changes = "  ".join(f"{name} {-100 * fall:+.0f}" for name, fall in row.without(found.leads)[:_MOST_INPUTS])
            rows.append((found.classes[row.label], f"{found.record_probabilities[row.label]:.2f}", changes))
        columns = ("class", "probability", "percentage points without a lead or input, the largest change first")
        console.table(columns, rows, f"{found.record.name}: evidence for {found.summary}  ({found.card.name})")
        for row in found.evidence:
            _show_measurements(found.classes[row.label], row.measurements)


def _show_measurements(name: str, found: "Sequence[Measurement]") -> None:
    for one in found:
        console.say(f"  {name}  {one.fall:+.2f}  {one}")
