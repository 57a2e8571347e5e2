"""Make the model of rhythms of any lead: people of several databases apart, tested on long records with fibrillation."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report import rhythm_study
from einthoven.report.wave_study import markdown
from einthoven.steps import Steps
from einthoven.studies import rhythm_steps
from einthoven.studies.rhythm_run import MODEL, RhythmRun

__all__ = ["MODEL", "run"]


def run(source: Path, folder: Path, quick: bool = False) -> dict[str, Any]:
    """Do the steps that are not done yet, and write results.json and table.md.

    Parameters
    ----------
    source : Path
        Folder that holds the databases as their publishers lay them out, mitdb, ludb and challenge-2017 among them.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.

    Returns
    -------
    dict
        What results.json holds.
    """
    this = RhythmRun(Path(source), Path(folder), quick)
    works = {f"measure-{name}": (partial(rhythm_steps.measure, this, name), cost) for name, cost in _MEASURED.items()}
    works |= {
        "folds": (partial(rhythm_steps.folds, this), 1.0),
        "model": (partial(rhythm_steps.model, this), 0.5),
        "score": (partial(rhythm_steps.score, this), 0.2),
        "former": (partial(rhythm_steps.former, this), 0.2),
    }
    settings = {"study": "rhythm", "quick": quick, "boosting": asdict(this.how)}
    steps = Steps(this.folder, settings, {name: cost for name, (_, cost) in works.items()})
    done = {name: steps.do(name, work) for name, (work, _) in works.items()}
    found: dict[str, Any] = {"study": "rhythm", "smoke_run": quick, "folds": done["folds"], "scores": done["score"]}
    found |= {"former": done["former"]}
    found |= {"measured": {name: done[f"measure-{name}"] for name in _MEASURED}, "model": done["model"]}
    found |= {"seconds": steps.seconds, **rhythm_study.table(done["folds"], done["score"], done["former"], quick)}
    for name, text in (("results.json", json.dumps(found, indent=1) + "\n"), ("table.md", markdown(found))):
        with written_aside(this.folder / name) as aside:
            aside.write_text(text)
    return found


_MEASURED = {"train": 5.0, "simulated": 0.5, "test-mitdb": 0.5, "test-ludb": 0.2}
"""What is measured, and what it costs."""
