"""Run the verb predict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybeNumber, MaybePath, Model, ModelFile, Recordings, optional
from einthoven.errors import EinthovenError, LibraryMissing, StatementMissing, optional_imports

if TYPE_CHECKING:
    from einthoven.inference.answer import Answer, BeatAnswer, RecordAnswer
    from einthoven.inference.predictor import Predictor

_LEAST_SHOWN = 5
BACKENDS = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch"}


@dataclass(frozen=True)
class Predict(ReadOptions):
    """Classify recordings (WFDB, MATLAB, CSV, NPY); print a table, write JSON, CSV or an HTML report.

    Example: einthoven predict mitbih-cnn-lstm-mlii 100.hea --out report.html

    Example, a CSV file with one row per sample: einthoven predict mitbih-cnn-lstm-mlii ecg.csv --fs 250 --leads MLII --unit mV
    """

    model: Model
    files: Recordings
    """Recordings. For WFDB the header, the signal file or the record name."""
    out: Annotated[MaybePath, optional("FILE")] = None
    """File to write: .json, .csv, .html, or .atr (WFDB annotations of the beats of one record)."""
    coverage: Annotated[MaybeNumber, optional("SHARE")] = None
    """Also print the set of classes that holds the true one with this probability, e.g. 0.9, where it can be promised."""
    model_file: ModelFile = None

    def run(self) -> int:
        """Classify each file; one that cannot be read does not stop the others."""
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.inference.predictor import load

        if self.coverage is not None:
            from einthoven.evaluation.conformal import require_coverage

            require_coverage(self.coverage)
        if self.out is not None:
            from einthoven.report import answers

            answers.require_writable(self.out, self.files)
        if not self.files:
            raise StatementMissing(
                "No recording was given.",
                found="a model and no file",
                expected="at least one file",
                remedy=f"einthoven predict {self.model} 100.hea --out report.html",
            )
        model = load(self.model, self.model_file)
        answered = self._answered(model)
        if not answered:
            return 2
        if self.out is not None:
            if self.out.suffix.lower() == ".html":
                answered = with_evidence(model, answered)
            answers.write(answered, self.out)
        for answer in answered:
            show(answer)
        if self.out is not None:
            console.say(str(self.out))
        console.say(f"{answered[0].scope}\n{DISCLAIMER}")
        console.note(f"backend: {BACKENDS.get(model.backend.name, model.backend.name)}")
        n_failed = len(self.files) - len(answered)
        if n_failed:
            console.note(f"{n_failed} of {len(self.files)} files could not be classified; the reasons are above")
        return 1 if n_failed else 0

    def _answered(self, model: "Predictor") -> "list[Answer]":
        """Classify each file that can be read, and print why the others cannot."""
        answered = []
        for file in console.progress(self.files, "classifying", len(self.files)):
            try:
                found = model(self.read(file))
                answered.append(replace(found, coverage=self.coverage))
            except EinthovenError as error:
                console.fail(error)
        return answered


def with_evidence(model: "Predictor", answered: "Sequence[Answer]") -> "list[Answer]":
    """Add the evidence for each predicted class of whole records, where it can be computed.

    Parameters
    ----------
    model : Predictor
        The model.
    answered : sequence of Answer
        Its answers.
    """
    from einthoven.inference.answer import RecordAnswer

    if not isinstance(answered[0], RecordAnswer):
        return list(answered)
    try:
        with optional_imports():
            from einthoven.explanation.record_evidence import evidence_for, needs_weights
    except LibraryMissing as missing:
        console.note(f"the report has no section on evidence: {missing.summary} {missing.remedy}")
        return list(answered)
    if model.is_exported and needs_weights(model.card):
        console.note("the report has no section on evidence: an exported file has no weights")
        return list(answered)
    return [
        replace(one, evidence=evidence_for(model, one)) if isinstance(one, RecordAnswer) else one for one in answered
    ]


def show(answer: "Answer", counted: dict[str, int] | None = None) -> None:
    """Print an answer as a table.

    Parameters
    ----------
    answer : Answer
        The answer.
    counted : dict of str to int, optional
        Annotated beats of each class, where they are known.
    """
    from einthoven.inference.answer import BeatAnswer, RecordAnswer

    if answer.declined is not None:
        console.say(f"{answer.record.name}: {answer.summary}  ({answer.declined.code}; {answer.card.display_name})")
    elif isinstance(answer, BeatAnswer):
        _show_beats(answer, counted)
    elif isinstance(answer, RecordAnswer):
        _show_record(answer)
    if answer.declined is None:
        if answer.coverage is not None:
            console.say(f"  {answer.prediction_set(answer.coverage)}")
        console.say(f"  {answer.heart_rate}.")
        if answer.doubt:
            console.say(f"  {answer.doubt}")
    for finding in answer.findings:
        console.say(f"  {finding.sentence}")
    for remark in answer.remarks:
        console.say(f"  {remark}")


def _show_beats(answer: "BeatAnswer", counted: dict[str, int] | None) -> None:
    card, counts = answer.card, answer.counts
    title = f"{answer.record.name}: {answer.summary}, {answer.n_doubtful} doubtful  ({card.display_name})"
    columns = ["class", "beats", "share", *(["annotated"] if counted else []), "meaning"]
    meanings = dict(zip(card.classes, card.meanings, strict=True))
    rows, n = [], int(answer.is_answered.sum())
    for name in [*card.classes, *[name for name in counted or {} if name not in card.classes]]:
        found = [str(counts[name]), f"{counts[name] / max(1, n):.1%}"] if name in counts else ["–", "–"]
        annotated = [str(counted.get(name, 0))] if counted else []
        rows.append([name, *found, *annotated, meanings.get(name, "not a class of this model")])
    console.table(columns, rows, title)


def _show_record(answer: "RecordAnswer") -> None:
    """Print the predicted and borderline classes, and the most probable of the others."""
    card = answer.card
    order = sorted(range(len(card.classes)), key=lambda at: -answer.record_probabilities[at])
    shown = [at for at in order if answer.is_predicted[at] or answer.is_borderline[at]]
    shown += [at for at in order if at not in shown][: max(0, _LEAST_SHOWN - len(shown))]
    limits = answer.thresholds
    columns = ["", "class", "probability", *(["threshold"] if limits else []), "meaning"]
    rows = [
        [
            "predicted" if answer.is_predicted[at] else "borderline" if answer.is_borderline[at] else "",
            card.classes[at],
            f"{answer.record_probabilities[at]:.2f}",
            *([f"{limits[card.classes[at]]:.2f}"] if limits else []),
            card.meanings[at],
        ]
        for at in shown
    ]
    console.table(columns, rows, f"{answer.record.name}: {answer.summary}  ({card.display_name})")
