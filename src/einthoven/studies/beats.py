"""Make the models of beats that travel: trees over measurements of beats of several databases, people apart."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.corpora.corpus import Corpus
from einthoven.corpora.labels import AAMI4_WIDE
from einthoven.corpora.mitdb import MITDB
from einthoven.evaluation.choosing import best_for_s_and_v
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.trust import trust_in
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.scored import Scored
from einthoven.paths import output_folder, written_aside
from einthoven.report import beat_study, wave_study
from einthoven.signal.windows import Windows
from einthoven.steps import Steps
from einthoven.studies import beats_data
from einthoven.studies.beats_data import CLASSES, N_FOLDS, Pool
from einthoven.training.boosting import Boosting
from einthoven.training.ectopic_records import Simulated
from einthoven.training.grow_in_turn import BY_SHAPE, BY_TIMING, grow_in_turn, grown, logits_of
from einthoven.training.task import Task

Array = NDArray[Any]

MODELS = {"two": "mitbih-clean-context", "one": "mitbih-clean-one-lead"}
"""Names of the models by their leads."""
_SEED, _SYNTHETIC = 0, "synthetic"
_QUICK = {"rounds": 2, "max_leaf_nodes": 4}
_ALL = ("mitdb", "svdb", "qtdb")


@dataclass(frozen=True)
class Variant:
    """What one training reads, and what it is tested on."""

    leads: str
    """``two`` or ``one``."""
    databases: tuple[str, ...]
    """Databases that train."""
    tested: tuple[str, ...]
    """``DS2``, or a database that did not train."""
    simulates: bool = True
    """Whether simulated recordings train too."""


VARIANTS = {
    "two": Variant("two", _ALL, ("DS2",)),
    "one": Variant("one", _ALL, ("DS2",)),
    "two-without-svdb": Variant("two", ("mitdb", "qtdb"), ("DS2", "svdb")),
    "two-without-mitdb": Variant("two", ("svdb", "qtdb"), ("DS2",)),
    "two-mitdb": Variant("two", ("mitdb",), ("DS2", "svdb")),
    "two-without-qtdb": Variant("two", ("mitdb", "svdb"), ("DS2", "qtdb")),
    "two-not-simulated": Variant("two", _ALL, ("DS2",), simulates=False),
}
"""The bundled models, then one training for each question: what a database gives, and whether the answers travel."""


@dataclass(frozen=True)
class _Run:
    """A study that is running."""

    source: Path
    """Folder that holds mitdb, svdb and qtdb."""
    folder: Path
    """Folder of the study."""
    quick: bool
    """Whether this is a smoke run."""

    @cached_property
    def pools(self) -> dict[str, Pool]:
        """The beats by the number of leads; filled as they are needed."""
        return {}

    @cached_property
    def made(self) -> dict[str, dict[str, list[Simulated]]]:
        """The simulated recordings by the number of leads; filled as they are needed."""
        return {}

    def pool(self, leads: str) -> Pool:
        """Return the beats of all databases."""
        if leads not in self.pools:
            self.pools[leads] = beats_data.pooled(self.source, _ALL, leads, self.quick)
        return self.pools[leads]

    def simulated(self, variant: Variant) -> dict[str, list[Simulated]]:
        """Return the simulated recordings of a variant by their record."""
        if not variant.simulates:
            return {}
        if variant.leads not in self.made:
            self.made[variant.leads] = beats_data.simulated(self.pool(variant.leads), _SEED, self.quick)
        return self.made[variant.leads]

    def folds(self, variant: Variant) -> dict[str, int]:
        """Return the fold of each record that trains a variant."""
        dealt = beats_data.folds_of(self.pool(variant.leads))
        return {record: fold for record, fold in dealt.items() if record.split("/")[0] in variant.databases}

    def place(self, name: str) -> Path:
        """Return the folder of a variant."""
        return self.folder / "runs" / name

    @property
    def how(self) -> tuple[Boosting, Boosting]:
        """How the trees of both decisions are boosted."""
        if not self.quick:
            return BY_SHAPE, BY_TIMING
        return replace(BY_SHAPE, **_QUICK), replace(BY_TIMING, **_QUICK)


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
    this = _Run(Path(source), Path(folder), quick)
    chosen = variants or tuple(VARIANTS)
    by_shape, by_timing = map(asdict, this.how)
    settings = {"study": "beats", "quick": quick, "by_shape": by_shape, "by_timing": by_timing}
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


def _works(this: _Run, name: str) -> dict[str, tuple[Callable[[], dict[str, Any]], float]]:
    """Return work and cost of the steps of a variant, in their order."""
    works: dict[str, tuple[Callable[[], dict[str, Any]], float]] = {
        f"folds-{name}": (partial(_folds, this, name), N_FOLDS),
        f"model-{name}": (partial(_model, this, name), 2.0),
        f"score-{name}": (partial(_score, this, name), 1.0),
    }
    return works


def _training(this: _Run, variant: Variant, records: list[str], seed: int) -> tuple[Array, Array, Array]:
    """Return measurements, classes and records of the beats that train; those of simulated recordings are ``synthetic``."""
    pool, rng = this.pool(variant.leads), np.random.default_rng((_SEED, seed))
    features, labels, names = [], [], []
    for record in records:
        rows = pool.rows(record)
        for windows, own, is_simulated in (
            (pool.windows[rows], pool.labels[rows], False),
            *((one.windows, one.labels, True) for one in this.simulated(variant).get(record, [])),
        ):
            assert windows.features is not None
            at = beats_data.drawn(own, is_simulated, rng)
            features.append(windows.features[at])
            labels.append(own[at])
            names.append(np.full(len(at), _SYNTHETIC if is_simulated else record))
    return np.concatenate(features), np.concatenate(labels), np.concatenate(names)


def _folds(this: _Run, name: str) -> dict[str, Any]:
    """Answer each fold by trees that did not see its people, and choose class weights on the answers to all."""
    variant = VARIANTS[name]
    pool, folds = this.pool(variant.leads), this.folds(variant)
    found: dict[str, Array] = {}
    for fold in range(N_FOLDS):
        features, labels, _ = _training(this, variant, [record for record, of in folds.items() if of != fold], fold)
        network, _ = grown(features, labels, pool.preparation, len(CLASSES), _SEED, *this.how)
        for record in (record for record, of in folds.items() if of == fold):
            windows = pool.windows[pool.rows(record)]
            found[record] = _softmax(logits_of(network, np.asarray(windows.features)))
    plain = _predictions(pool, found)
    plain.write(output_folder(this.place(name)) / "folds.csv")
    weights, _ = best_for_s_and_v(plain, (0.0,))
    scores = {how: _by_database(each) for how, each in (("plain", plain), ("weighted", plain.weighted(weights)))}
    return {"class_weights": list(weights), "records": len(folds), "scores": scores}


def _predictions(pool: Pool, answers: dict[str, Array]) -> Predictions:
    """Return answers to the beats of some records that have a class, with their truth."""
    parts: list[tuple[Array, ...]] = []
    for record, answer in answers.items():
        labels = pool.labels[pool.rows(record)]
        known = labels >= 0
        parts.append((labels[known], answer[known], np.full(known.sum(), record), np.flatnonzero(known)))
    truth, probability, records, position = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Predictions(CLASSES, truth, probability.astype(np.float32), records, records, position)


def _softmax(logits: Array) -> Array:
    """Return probabilities [n, classes] of logits."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _by_database(answers: Predictions) -> dict[str, Any]:
    """Return the scores of each database, people drawn for the intervals."""
    corpus = np.array([record.split("/")[0] for record in answers.record.tolist()])
    return {name: evaluate(answers.at(corpus == name), "patient") for name in dict.fromkeys(corpus.tolist())}


def _model(this: _Run, name: str) -> dict[str, Any]:
    """Grow the trees on all folds, and write the model with its class weights, calibration and doubt."""
    variant = VARIANTS[name]
    pool, records = this.pool(variant.leads), list(this.folds(variant))
    features, labels, names = _training(this, variant, records, N_FOLDS)
    synthetic = names == _SYNTHETIC
    task = Task(
        windows=Windows(np.zeros((len(labels), len(pool.preparation.leads), 0), np.float32), features=features),
        labels=labels,
        train=np.arange(len(labels)),
        validation=np.zeros(0, np.int64),
        classes=CLASSES,
        label_set=AAMI4_WIDE.name,
        meanings=AAMI4_WIDE.meanings,
        preparation=pool.preparation,
        provenance=_provenance(this, variant, records, int(synthetic.sum())),
        attribution=" ".join(_attribution(beats_data.CORPORA[one]) for one in variant.databases),
        record=names,
        synthetic=synthetic,
        typical=pool.typical,
    )
    place = this.place(name)
    card = grow_in_turn(task, {}, _SEED, place, *this.how)
    answers = Predictions.read(place / "folds.csv")
    weights = tuple(json.loads((this.folder / "steps" / f"folds-{name}.json").read_text())["class_weights"])
    told = {"answers": "people of all databases, each by trees that never saw them"}
    trust = trust_in(answers, told, whole=False, weights=weights)
    card = replace(
        card,
        name=MODELS.get(name, name),
        class_weights=weights,
        calibration=trust.calibration,
        doubt=trust.doubt,
    )
    bundle.save(place / "model", card, bundle.load_weights(place / "bundle", card))
    card = add_graph(place / "model")
    size = sum(file.stat().st_size for file in (place / "model").iterdir())
    return {"n_parameters": card.n_parameters, "bytes": size}


def _provenance(this: _Run, variant: Variant, records: list[str], n_synthetic: int) -> dict[str, Any]:
    """Return what the card says of the data."""
    return {
        "corpus": MITDB.name if MITDB.name in variant.databases else variant.databases[0],
        "corpora": list(variant.databases),
        "corpus_version": ", ".join(f"{one} {beats_data.CORPORA[one].version}" for one in variant.databases),
        "contains": [],
        "protocol": "clean",
        "protocol_summary": "DS1 of MIT-BIH and all people of the other databases train, in five folds by person; DS2 tests",
        "leaks_patients": False,
        "remark": MITDB.protocol("clean").remark if MITDB.name in variant.databases else "",
        "split_seed": _SEED,
        "left_out": [],
        "fold": None,
        "label_set": AAMI4_WIDE.name,
        "left_out_of_the_store": {},
        "patients": bundle.packed(sorted(_persons(records))),
        "records": {"train": sorted(record.split("/")[1] for record in records), "validation": []},
        "store_fingerprint": beats_data.digest_of(this.pool(variant.leads)),
        "synthetic": {
            "windows": n_synthetic,
            "how": "ectopic rhythms, fibrillation and sinus arrhythmia from real beats",
        },
    }


def _persons(records: list[str]) -> set[str]:
    """Return the people of records: 202, which tests, is of the person of 201."""
    return set(records)


def _attribution(corpus: Corpus) -> str:
    return f"Trained on {corpus.title} {corpus.version} ({corpus.licence}): {corpus.citation}. {corpus.address}"


def _score(this: _Run, name: str) -> dict[str, Any]:
    """Answer the beats of people who trained nothing, once a frozen configuration."""
    variant = VARIANTS[name]
    pool, model = this.pool(variant.leads), load(this.place(name) / "model")
    found: dict[str, Any] = {}
    for tested in variant.tested:
        records = [record for record in pool.records if _is_of(record, tested)]
        answers = {record: _answers(model, pool, record) for record in records}
        predictions = _with_scores(pool, answers)
        found[tested] = evaluate(predictions, "patient")
        if tested == "DS2":
            predictions.write(this.place(name) / "DS2.csv")
            found["DS2 without 232"] = evaluate(predictions.at(predictions.record != "mitdb/232"), "patient")
    return found


def _is_of(record: str, tested: str) -> bool:
    return beats_data.is_tested(record) if tested == "DS2" else record.startswith(f"{tested}/")


def _answers(model: Predictor, pool: Pool, record: str) -> Scored:
    rows = pool.rows(record)
    return model.answers(pool.windows[rows], pool.record[rows])


def _with_scores(pool: Pool, answers: dict[str, Scored]) -> Predictions:
    """Return calibrated answers with what decides."""
    printed = _predictions(pool, {record: found.probabilities for record, found in answers.items()})
    deciding = _predictions(pool, {record: found.deciding for record, found in answers.items()})
    return replace(printed, score=deciding.probability)
