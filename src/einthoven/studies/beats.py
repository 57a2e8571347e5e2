"""Make the models of beats that travel: nets and trees from several databases with people apart, read beside each other."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report import beat_study, wave_study
from einthoven.steps import Steps
from einthoven.studies import beat_steps
from einthoven.studies.beat_nets import RECIPE, RHYTHMS
from einthoven.studies.beat_run import MODELS, VARIANTS, BeatRun
from einthoven.studies.beats_data import N_FOLDS

__all__ = ["MODELS", "VARIANTS", "run"]


def run(source: Path, folder: Path, quick: bool = False, variants: tuple[str, ...] = ()) -> dict[str, Any]:
    """Do the steps that are not done yet, and write results.json and table.md.

    Parameters
    ----------
    source : Path
        Folder that holds ``mitdb``, ``svdb`` and ``qtdb`` as their publisher lays them out.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.
    variants : tuple of str
        Keys of VARIANTS; all if empty.

    Returns
    -------
    dict
        What results.json holds.
    """
    this = BeatRun(Path(source), Path(folder), quick)
    chosen = variants or tuple(VARIANTS)
    by_shape, by_timing = map(asdict, this.how)
    settings = {"study": "beats", "quick": quick, "by_shape": by_shape, "by_timing": by_timing}
    settings |= {"nets": RECIPE.as_dict()}
    works = {step: work for name in chosen for step, work in _works(this, name).items()}
    steps = Steps(this.folder, settings, {name: cost for name, (_, cost) in works.items()})
    done = {name: steps.do(name, work) for name, (work, _) in works.items()}
    scores = {name.removeprefix("score-"): found for name, found in done.items() if name.startswith("score-")}
    folds = {name.removeprefix("folds-"): found for name, found in done.items() if name.startswith("folds-")}
    found: dict[str, Any] = {"study": "beats", "smoke_run": quick, "cross_validation": folds, "scores": scores}
    found |= {"seconds": steps.seconds, **beat_study.table(folds, scores, VARIANTS, quick)}
    for name, text in (("results.json", json.dumps(found, indent=1) + "\n"), ("table.md", wave_study.markdown(found))):
        with written_aside(this.folder / name) as aside:
            aside.write_text(text)
    return found


def _works(this: BeatRun, name: str) -> dict[str, tuple[Callable[[], dict[str, Any]], float]]:
    """Return work and cost of the steps of a variant, in their order."""
    works: dict[str, tuple[Callable[[], dict[str, Any]], float]] = {}
    for rhythm in RHYTHMS if VARIANTS[name].nets else ():
        for fold in range(N_FOLDS):
            works[f"net-{name}-{rhythm}-f{fold}"] = partial(beat_steps.net, this, name, rhythm, fold), 1.0
    works[f"trees-{name}"] = partial(beat_steps.trees, this, name), 3.0
    works[f"folds-{name}"] = partial(beat_steps.folds, this, name), 0.5
    works[f"model-{name}"] = partial(beat_steps.model, this, name), 1.0
    works[f"score-{name}"] = partial(beat_steps.score, this, name), 0.5
    return works
