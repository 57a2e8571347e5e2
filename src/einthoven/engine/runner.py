"""Run a declared study, and write its results, table, figures and page."""

from dataclasses import replace
from pathlib import Path

from einthoven.data.alike import require_same_recordings
from einthoven.data.build import build
from einthoven.engine.declaration import Results, Study
from einthoven.engine.study_run import StudyRun
from einthoven.report import study as page


def run(study: Study, source: Path, protocol: str, folder: Path, quick: bool = False, folds: str = "") -> Results:
    """Do the steps that are not done yet, and write results.json, table.md, report.html and the figures.

    Parameters
    ----------
    study : Study
        The declaration.
    source : Path
        Folder of the corpus as its publisher lays it out.
    protocol : str
        One of ``study.choices``.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.
    folds : str
        One of ``study.folds``; the first of them, if empty.

    Returns
    -------
    dict
        What results.json holds: among others ``title``, ``columns``, ``rows``, ``remarks`` and ``shown``.

    Raises
    ------
    ConfigurationFault
        If the folder holds a study of other settings.
    CorpusIncomplete
        If the corpus lacks what the study needs.
    FileDamaged
        If a finished step, its model or its predictions cannot be read.
    """
    this = _opened(study, Path(source), protocol, Path(folder), quick, folds or next(iter(study.folds), ""))
    for step in study.steps:
        this.do(step)
    results = {"study": study.name, "smoke_run": quick} | study.results(this) | {"seconds": this.steps.seconds}
    results |= study.table(this, results)
    for name, draw in study.figures.items():
        if draw is not None:
            draw(this, results, this.folder / "figures" / f"{name}.png")
    page.write(results, this.folder)
    return results


def _opened(study: Study, source: Path, protocol: str, folder: Path, quick: bool, folds: str) -> StudyRun:
    corpus = study.corpus_in(source) if study.corpus_in else study.corpus
    possible = {name: corpus.protocol(name) for name in (study.protocols if study.one_folder else (protocol,))}
    unused = set.intersection(*(set(found.without) for found in possible.values()))
    stores = {name: build(corpus, source, wanted, tuple(sorted(unused))) for name, wanted in study.stores.items()}
    if study.cross_validated:
        require_same_recordings(corpus, stores.values())
    this = StudyRun(study, corpus, possible, stores, folder, quick, folds)
    if not study.one_folder or protocol == "both":
        return this
    waiting = {
        one.protocol_name for step, one in this.members.items() if not (folder / "steps" / f"{step}.json").exists()
    }
    return replace(
        this, protocols={name: possible[name] for name in possible if name == protocol or name not in waiting}
    )
