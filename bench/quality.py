"""Trains the index of signal quality and tests it by cross-validation; writes it, and docs/results/quality.md.

python bench/quality.py DIR      DIR: nstdb, mitdb, svdb, ludb, ptb-xl, challenge-2011, … as their publishers lay them out
"""

import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from einthoven import workers
from einthoven.paths import written_aside
from einthoven.signal import quality_index
from einthoven.signal.quality_features import FEATURES
from einthoven.training.levels import levels, limits_of, thresholds
from quality_data import NOISES, Rows, noise_alone, tasks
from shares import share

N_FOLDS = 5
MARKED, UNREAD = 0.017, 0.011
"""Shares of the clean stretches of DS1 that may be marked, and called unreadable."""
TREES = {"max_iter": 100, "max_leaf_nodes": 10, "learning_rate": 0.15, "min_samples_leaf": 100}


def measured(task: tuple) -> list[Rows]:
    """The rows of one recording; none where it cannot be read."""
    function, arguments = task
    try:
        return list(function(*arguments))
    except (ValueError, OSError, IndexError) as error:
        print(f"left out: {arguments[0]}: {error}", flush=True)
        return []


class Table:
    """The rows of all recordings, one stretch each."""

    def __init__(self, rows: list[Rows]):
        rows = [row for row in rows if len(row.features)]
        n = [len(row.features) for row in rows]
        self.features = np.nan_to_num(np.concatenate([row.features for row in rows]))
        for name in ("source", "record", "lead", "label", "weight", "snr_db", "tests"):
            setattr(self, name, np.repeat(np.array([getattr(row, name) for row in rows]), n))
        self.trains = (self.label >= 0) & ~self.tests
        self.piece = np.repeat(np.arange(len(rows)), n)
        _, member = np.unique(self.record, return_inverse=True)
        self.fold = np.random.default_rng(0).integers(0, N_FOLDS, member.max() + 1)[member]

    def fit(self, chosen: np.ndarray) -> "Trees":
        """Boosted trees for the rows that train."""
        return Trees(self.features[chosen], self.label[chosen], self.weight[chosen])

    def scores(self) -> np.ndarray:
        """The score of each row by trees that saw neither its recording nor its noise."""
        found = np.zeros(len(self.label))
        for fold in range(N_FOLDS):
            held_out = self.fold == fold
            found[held_out] = self.fit(self.trains & ~held_out).decision_function(self.features[held_out])
            print(f"fold {fold + 1} of {N_FOLDS}", flush=True)
        return self.lowered(found, np.ones(len(found), bool))

    def lowered(self, scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Scores of some rows after those of the stretches before, lead by lead."""
        pieces = np.split(scores, np.flatnonzero(np.diff(self.piece[rows])) + 1)
        return np.concatenate([quality_index.after(piece) for piece in pieces])


class Trees:
    """Boosted trees that decide on levels of the features."""

    def __init__(self, features: np.ndarray, label: np.ndarray, weight: np.ndarray):
        self.limits = limits_of(features)
        self.grown = HistGradientBoostingClassifier(**TREES, random_state=0)
        self.grown.fit(levels(features, self.limits), label, sample_weight=weight)

    def decision_function(self, features: np.ndarray) -> np.ndarray:
        """The score of each row."""
        return self.grown.decision_function(levels(features, self.limits))


def arrays_of(trees: Trees) -> dict[str, np.ndarray]:
    """The trees as arrays [trees, nodes]; a leaf is its own child."""
    nodes = [row[0].nodes for row in trees.grown._predictors]
    n = max(len(one) for one in nodes)
    found = {
        "feature": np.zeros((len(nodes), n), np.int8),
        "threshold": np.full((len(nodes), n), np.inf, np.float32),
        "left": np.tile(np.arange(n, dtype=np.int8), (len(nodes), 1)),
        "right": np.tile(np.arange(n, dtype=np.int8), (len(nodes), 1)),
        "value": np.zeros((len(nodes), n), np.float32),
    }
    for at, one in enumerate(nodes):
        inner = np.flatnonzero(~one["is_leaf"].astype(bool))
        for name, field in (
            ("feature", "feature_idx"),
            ("threshold", "num_threshold"),
            ("left", "left"),
            ("right", "right"),
        ):
            values = one[field][inner]
            found[name][at, inner] = (
                thresholds(one["feature_idx"][inner], values, trees.limits) if name == "threshold" else values
            )
        leaf = np.flatnonzero(one["is_leaf"])
        found["value"][at, leaf] = one["value"][leaf]
    depth = max(int(one["depth"].max()) for one in nodes)
    base = np.float32(np.ravel(trees.grown._baseline_prediction)[0])
    return found | {"base": base, "depth": np.int64(depth), "features": np.array(FEATURES)}


def results(table: Table, scores: np.ndarray, marked: float, unread: float) -> dict[str, dict]:
    """Which share of each kind of stretch is marked and called unreadable."""
    found = {}

    def add(name: str, rows: np.ndarray) -> None:
        if rows.any():
            record = table.record[rows]
            found[name] = {
                "marked": share(scores[rows] < marked, record),
                "unreadable": share(scores[rows] < unread, record),
            }

    for source in sorted(set(table.source.tolist())):
        rows = table.source == source
        if source.split(", ")[-1] in NOISES:
            for snr_db in sorted(set(table.snr_db[rows].tolist()), reverse=True):
                add(f"{source} at {snr_db:g} dB", rows & (table.snr_db == snr_db) & table.tests)
        else:
            add(source, rows & (table.tests | ~np.char.endswith(table.source, " alone")))
    return found


def acceptable(table: Table) -> dict[str, float]:
    """AUROC of the experts' verdict on whole recordings of the Challenge 2011, by trees that saw none of them."""
    inside = np.char.startswith(table.source, "challenge-2011")
    if not inside.any():
        return {}
    trees = table.fit(table.trains & ~inside)
    scores = table.lowered(trees.decision_function(table.features[inside]), inside)
    records = np.unique(table.record[inside])
    worst = np.full((len(records), 12), 10.0)
    np.minimum.at(worst, (np.searchsorted(records, table.record[inside]), table.lead[inside]), scores)
    first = np.searchsorted(
        table.record[inside], records, sorter=(order := np.argsort(table.record[inside], kind="stable"))
    )
    truth = np.char.endswith(table.source[inside][order][first], ", acceptable")
    worst = np.sort(worst, axis=1)
    by_all = np.zeros(len(records))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(worst, truth):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05)).fit(worst[train], truth[train])
        by_all[test] = model.decision_function(worst[test])
    return {
        "records": len(records),
        "worst lead": float(roc_auc_score(truth, worst[:, 0])),
        "all leads, five folds": float(roc_auc_score(truth, by_all)),
    }


def page(found: dict) -> str:
    """The results as Markdown."""
    rows = [
        f"| {name} | {row['marked']['n']:,} | {_cell(row['marked'])} | {_cell(row['unreadable'])} |"
        for name, row in found["stretches"].items()
    ]
    accepted = found["acceptable"]
    by_worst, by_all = (accepted.get(name, float("nan")) for name in ("worst lead", "all leads, five folds"))
    made_of = f"{TREES['max_iter']} of {TREES['max_leaf_nodes']} leaves) over {len(FEATURES)} measurements"
    return f"""# Quality of stretches

`python bench/quality.py DIR` · stretches of five seconds of one lead. Boosted trees ({made_of} of its shape;
amplitudes do not count. Five folds by recording; noise of the first ten minutes of each record of the noise stress
database trains, that of the next ten minutes tests. SNR as WFDB's `nst` defines it. A stretch's score is lowered where the
one before was worse. *Marked*: noisy or unreadable; the limits mark {MARKED:.1%} and make unreadable {UNREAD:.1%} of the
stretches of DS1 of MIT-BIH. In brackets: 95 % intervals, 1,000 draws of recordings. DS2 was not used.

| stretches of | n | marked | unreadable |
|---|---|---|---|
{chr(10).join(rows)}

Challenge 2011, {accepted.get("records", 0)} recordings, acceptable or not, by trees that saw none of them: AUROC
{by_worst:.3f} by the worst stretch of the worst lead, {by_all:.3f} by a logistic regression over all leads (five folds).
"""


def _cell(row: dict) -> str:
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def write(root: Path, repository: Path) -> None:
    """Measure, cross-validate, fit, and write index and page."""
    work = tasks(root)
    rows = [row for found in workers.parallel_map(measured, work) for row in found] + list(noise_alone(root))
    table = Table(rows)
    print(f"{len(table.label):,} stretches of {len(set(table.record.tolist())):,} recordings", flush=True)
    scores = table.scores()
    clean = scores[table.source == "mitdb"]
    marked, unread = (float(np.quantile(clean, share_)) for share_ in (MARKED, UNREAD))
    found = {"stretches": results(table, scores, marked, unread), "acceptable": acceptable(table)}
    trees = arrays_of(table.fit(table.trains)) | {"limits": np.array([unread, marked], np.float32)}
    weights = repository / "src" / "einthoven" / "assets" / "quality" / quality_index.WEIGHTS.name
    weights.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(weights) as aside, aside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **trees)
    place = repository / "docs" / "results"
    (place / "quality").mkdir(exist_ok=True)
    with written_aside(place / "quality" / "results.json") as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n")
    with written_aside(place / "quality.md") as aside:
        aside.write_text(page(found))
    print(page(found))


if __name__ == "__main__":
    from command import run

    run(lambda words: write(Path(words[0]), Path(__file__).parents[1]), __doc__, 1)
