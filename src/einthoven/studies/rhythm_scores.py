"""Score answers about rhythm: by window, by half minute, by episode, and the burden of each record."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.evaluation.official import challenge2017_score
from einthoven.evaluation.rhythm_episodes import EpisodeScore, scored
from einthoven.interpretation.smoothing import smoothed
from einthoven.studies.rhythm_data import CONTEXT_S, STEP_S, Pool
from einthoven.studies.rhythm_told import CLASSES, FIBRILLATION, FLUTTER, NOISE, OTHER, SINUS

Array = NDArray[Any]

DRAWS, SEED = 1000, 0
LEAST_S = (10.0, 30.0, 60.0)
"""Shortest episodes that are counted, s."""
_SAME_PERSON = {"mitdb/202": "mitdb/201"}
_SURE = 0.9
_CHALLENGE = (SINUS, FIBRILLATION, OTHER, NOISE)
_OVERLAP = 1 + 2 * CONTEXT_S / STEP_S


def of_windows(pool: Pool, answers: Array) -> dict[str, Any]:
    """Score answers to windows by themselves, by database and length of the windows.

    Parameters
    ----------
    pool : Pool
        The windows.
    answers : array [n, classes]
        Probabilities.

    Returns
    -------
    dict
        By database and length: fibrillation found and falsely found, flutter found, and the Challenge 2017's score.
    """
    found: dict[str, Any] = {}
    for source in np.unique(pool.source).tolist():
        for name, is_of in (("30 s", pool.length_s > STEP_S + 1), ("10 s", pool.length_s <= STEP_S + 1)):
            chosen = (pool.source == source) & is_of
            if chosen.any():
                found[f"{source}, {name}"] = _by_window(pool.at(chosen), answers[chosen])
    return found


def _by_window(pool: Pool, answers: Array) -> dict[str, Any]:
    said = answers.argmax(axis=1)
    sure = (pool.fibrillation > _SURE) | (pool.fibrillation < 1 - _SURE)
    flutter = pool.label == FLUTTER
    found: dict[str, Any] = {
        "people": len(np.unique(pool.patient)),
        "windows": len(said),
        "fibrillation": _binary(pool.fibrillation[sure] > _SURE, said[sure] == FIBRILLATION, pool.patient[sure]),
        "flutter": {
            "windows": int(flutter.sum()),
            "people": len(np.unique(pool.patient[flutter])),
            "found": int((said[flutter] == FLUTTER).sum()),
            "said to be fibrillation": int((said[flutter] == FIBRILLATION).sum()),
            "falsely found": int((said[~flutter & (pool.label >= 0)] == FLUTTER).sum()),
        },
        "sinus": _binary(
            pool.label[pool.label >= 0] == SINUS, said[pool.label >= 0] == SINUS, pool.patient[pool.label >= 0]
        ),
    }
    if pool.source[0] == "challenge-2017":
        found["challenge2017"] = _challenge(pool, answers)
    return found


def _challenge(pool: Pool, answers: Array) -> dict[str, Any]:
    """Return the Challenge's score: the mean answer of a recording's windows, without flutter."""
    _, first, member = np.unique(pool.record, return_index=True, return_inverse=True)
    means = np.zeros((len(first), len(CLASSES)))
    np.add.at(means, member, answers)
    said = np.array(_CHALLENGE)[means[:, _CHALLENGE].argmax(axis=1)]
    truth, weights = pool.label[first], draw_weights(np.arange(len(first)), DRAWS, SEED)
    f1 = np.stack([_f1(truth == kind, said == kind, weights) for kind in _CHALLENGE], axis=1)
    alone = np.stack([_f1(truth == kind, said == kind, np.ones((1, len(first)))) for kind in _CHALLENGE], axis=1)[0]
    value = interval(float(challenge2017_score(alone)), challenge2017_score(f1)).as_dict()
    return {"recordings": len(first), "score": value, "f1": dict(zip("NAO~", alone.round(4).tolist(), strict=True))}


def _f1(truth: Array, said: Array, weights: Array) -> Array:
    both, sums = weights @ (truth & said), weights @ (truth.astype(float) + said)
    return np.asarray(2 * both / np.maximum(1, sums))


def _binary(truth: Array, said: Array, people: Array) -> dict[str, Any]:
    """Return sensitivity and specificity with their intervals over people."""
    if not len(truth):
        return {"windows": 0}
    weights = draw_weights(people, DRAWS, SEED).astype(float)

    def share(of: Array, hit: Array) -> dict[str, float | None]:
        drawn = (weights @ (of & hit)) / np.where(weights @ of > 0, weights @ of, np.nan)
        return interval(float(hit[of].mean()) if of.any() else np.nan, drawn).as_dict()

    return {
        "windows": int(truth.sum()),
        "others": int((~truth).sum()),
        "people": len(np.unique(people[truth])),
        "sensitivity": share(truth, said),
        "specificity": share(~truth, ~said),
    }


def of_long_records(pool: Pool, answers: Array, smooths: bool = True) -> dict[str, Any]:
    """Score answers to long records: by half minute, by episode, and the burden.

    Parameters
    ----------
    pool : Pool
        Windows of 10 s, each measured with its context.
    answers : array [n, classes]
        Probabilities.
    smooths : bool
        Whether they are smoothed, as ``interpret`` smooths them.

    Returns
    -------
    dict
        By lead, the first of each record and the second: half minutes, episodes of fibrillation, and a row for each record.
    """
    found: dict[str, Any] = {}
    for at, name in enumerate(("first lead", "second lead")):
        parts = []
        for record in np.unique(pool.record).tolist():
            rows = np.flatnonzero(pool.record == record)
            leads = list(dict.fromkeys(pool.lead[rows].tolist()))
            if at < len(leads):
                chosen = rows[pool.lead[rows] == leads[at]]
                parts.append((record, leads[at], _apart(pool.at(chosen)), answers[chosen]))
        if parts:
            found[name] = _of_lead(parts, smooths)
    return found


def _of_lead(parts: list[tuple[str, str, Pool, Array]], smooths: bool) -> dict[str, Any]:
    rows, truths, saids, people = [], [], [], []
    by_least: dict[float, list[EpisodeScore]] = {least_s: [] for least_s in LEAST_S}
    for record, lead, pool, answers in parts:
        likely = smoothed(answers, np.ones(len(answers), bool), STEP_S, _OVERLAP) if smooths else answers
        said = likely.argmax(axis=1)
        truth, found = _half_minutes(pool.fibrillation), _half_minutes((said == FIBRILLATION).astype(float))
        truths.append(truth)
        saids.append(found)
        people.append(np.full(len(truth), _SAME_PERSON.get(record, record)))
        true_spans = _spans(pool, pool.fibrillation > 0.5)
        found_spans = _spans(pool, said == FIBRILLATION)
        length_s = float(pool.start_s[-1] + pool.length_s[-1])
        for least_s, scores in by_least.items():
            scores.append(scored(true_spans, found_spans, length_s, least_s))
        share = [float((pool.length_s * part).sum() / length_s) for part in (pool.fibrillation, said == FIBRILLATION)]
        flutter = [float((pool.length_s * part).sum() / length_s) for part in (pool.label == FLUTTER, said == FLUTTER)]
        rows.append({"record": record, "lead": lead, "burden": share, "flutter": flutter, "episodes": len(found_spans)})
    truth, said, person = np.concatenate(truths), np.concatenate(saids), np.concatenate(people)
    names = np.array([_SAME_PERSON.get(record, record) for record, *_ in parts])
    return {
        "half_minutes": _binary(truth, said, person),
        "episodes": {f"{least_s:g} s": _episodes(scores, names) for least_s, scores in by_least.items()},
        "records": rows,
    }


def _apart(pool: Pool) -> Pool:
    """Return windows of which the last begins where the one before it ends, if it overlaps it."""
    ends = pool.start_s + pool.length_s
    start_s = np.maximum(pool.start_s, np.append(-np.inf, ends[:-1]))
    return replace(pool, start_s=start_s, length_s=ends - start_s)


def _half_minutes(share: Array) -> Array:
    """Return which half minutes are in fibrillation for half of their time or more; a rest of less counts with none."""
    n = len(share) // 3
    return np.asarray(share[: 3 * n].reshape(n, 3).mean(axis=1) >= 0.5)


def _spans(pool: Pool, inside: Array) -> list[tuple[float, float]]:
    """Return beginning and end of the stretches of windows that are inside, s."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(int), [0]))))
    ends = pool.start_s + pool.length_s
    return [(float(pool.start_s[a]), float(ends[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _episodes(scores: list[EpisodeScore], people: Array) -> dict[str, Any]:
    """Return sensitivity and positive predictivity by duration and by episode, intervals over people."""
    weights = draw_weights(people, DRAWS, SEED).astype(float)

    def share(part: Callable[[EpisodeScore], float], whole: Callable[[EpisodeScore], float]) -> dict[str, float | None]:
        parts, wholes = (np.array([of(one) for one in scores], float) for of in (part, whole))
        drawn = (weights @ parts) / np.where(weights @ wholes > 0, weights @ wholes, np.nan)
        return interval(float(parts.sum() / wholes.sum()) if wholes.sum() else np.nan, drawn).as_dict()

    return {
        "annotated": sum(one.n_true for one in scores),
        "found": sum(one.n_found for one in scores),
        "duration_sensitivity": share(lambda one: one.both_s, lambda one: one.true_s),
        "duration_positive_predictivity": share(lambda one: one.both_s, lambda one: one.found_s),
        "episode_sensitivity": share(lambda one: one.n_true_found, lambda one: one.n_true),
        "episode_positive_predictivity": share(lambda one: one.n_found_true, lambda one: one.n_found),
    }
