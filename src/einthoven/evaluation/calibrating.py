"""Fit a calibration to validation answers, and choose its method by cross-validation over patients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.calibration import METHODS, MULTILABEL_METHOD, Calibration, log_softmax, sigmoid

Array = NDArray[Any]

FEWEST = 50
"""Validation windows below which nothing is calibrated."""
FOLDS = 5
"""Parts of the cross-validation that chooses the method."""
_L2 = {"temperature": 0.0, "vector": 1e-4, "dirichlet": 3e-3}
"""Weight of the squared distance from the identity: of the elements off the diagonal for ``dirichlet``; of offsets a tenth."""
_FLATTEST = 1e-3
"""Smallest slope: of a model that knows nothing all classes get about the same probability."""
_SPREAD = (0.05, 0.1)
"""Standard deviations, among the classes of a multilabel model, of the logarithm of the slope and of the offset: a rare class is
drawn towards the slope and offset of all classes together."""


def fitted(
    logits: Array,
    truth: Array,
    group: Array,
    classes: Sequence[str],
    fitted_on: dict[str, Any],
    weight: Array | None = None,
    methods: Sequence[str] = METHODS,
) -> Calibration:
    """Fit a calibration; of several methods the simplest that cross-validation does not find worse than the best.

    Worse means by more than one standard error of the difference of the negative log-likelihood, over groups.

    Parameters
    ----------
    logits : array [n, classes]
        Logits of windows that the model, or those members that answer, did not see in training.
    truth : array [n], int, or array [n, classes]
        Class numbers; zeros and ones of multilabel windows.
    group : array [n]
        What cross-validation keeps together: the patient of each window.
    classes : sequence of str
        Names of the classes.
    fitted_on : dict
        What the card states about the data.
    weight : array [n], optional
        Weight of each window.
    methods : sequence of str
        Methods to choose from, the simplest first.

    Returns
    -------
    Calibration

    Raises
    ------
    CorpusIncomplete
        If there are fewer than FEWEST windows, or they are all of one class.
    ValueError
        If a logit is not finite.
    """
    _require_enough(logits, truth)
    weight = np.ones(len(logits)) if weight is None else np.asarray(weight, np.float64)
    described = {"n": len(logits), "n_patients": len(np.unique(group))} | fitted_on
    if truth.ndim == 2:
        slopes, offsets = _platt(logits, truth > 0, weight)
        return _calibration(MULTILABEL_METHOD, classes, slopes, offsets, described)
    values, chosen = log_softmax(np.asarray(logits, np.float64)), methods[0]
    if len(methods) > 1:
        chosen, described["negative_log_likelihood"] = _chosen(values, truth, group, weight, methods)
    return _calibration(chosen, classes, *_fit(values, truth, weight, chosen), described)


def cross_fitted(
    logits: Array, truth: Array, group: Array, weight: Array | None = None, methods: Sequence[str] = METHODS
) -> Array:
    """Return the probabilities of each window by a calibration that was fitted and chosen without its group.

    Parameters
    ----------
    logits, truth, group, weight, methods
        As for :func:`fitted`.

    Returns
    -------
    array [n, classes]
    """
    weight = np.ones(len(logits)) if weight is None else weight
    found = np.zeros(logits.shape)
    classes = [str(at) for at in range(logits.shape[1])]
    for held in _parts(group, 2 * FOLDS):
        kept = ~held
        one = fitted(logits[kept], truth[kept], group[kept], classes, {}, weight[kept], methods)
        found[held] = one.apply(np.asarray(logits[held], np.float64))
    return found


def _require_enough(logits: Array, truth: Array) -> None:
    if not np.isfinite(logits).all():
        raise ValueError("a logit is not finite")
    n_kinds = len(np.unique(truth, axis=0))
    if len(logits) < FEWEST or n_kinds < 2:
        raise CorpusIncomplete(
            "There are too few validation answers to calibrate probabilities.",
            found=f"{len(logits)} windows with {n_kinds} different labels",
            expected=f"at least {FEWEST} windows with two labels or more",
            remedy="validate on more recordings, or use the model without a calibration",
        )


def _parts(group: Array, n: int) -> list[Array]:
    """Return masks of the rows of each part; the groups are dealt in a fixed random order."""
    names, member = np.unique(group, return_inverse=True)
    part = np.random.default_rng(0).permutation(len(names)) % min(n, len(names))
    return [part[member] == at for at in range(min(n, len(names)))]


def _chosen(
    values: Array, truth: Array, group: Array, weight: Array, methods: Sequence[str]
) -> tuple[str, dict[str, float]]:
    """Return the method that cross-validation chooses, and the negative log-likelihood of each."""
    parts = _parts(group, FOLDS)
    names, member = np.unique(group, return_inverse=True)
    if len(parts) < 2:
        return methods[0], {}
    by_group, total = {}, np.bincount(member, weight, len(names))
    for method in methods:
        loss = np.zeros(len(truth))
        for held in parts:
            slopes, offsets = _fit(values[~held], truth[~held], weight[~held], method)
            known = log_softmax(values[held] @ _matrix(slopes, values.shape[1]).T + offsets)
            loss[held] = -known[np.arange(held.sum()), truth[held]]
        by_group[method] = np.bincount(member, weight * loss, len(names)) / weight.sum()
    mean = {method: round(float(loss.sum()), 5) for method, loss in by_group.items()}
    best = min(methods, key=lambda method: by_group[method].sum())
    for method in methods:
        difference = by_group[method] - by_group[best]
        error = float(np.sqrt(((difference - difference.sum() * total / total.sum()) ** 2).sum()))
        if difference.sum() <= error:
            return method, mean
    return best, mean


def _fit(values: Array, truth: Array, weight: Array, method: str) -> tuple[Array, Array]:
    """Fit slopes and offsets to the logarithms of probabilities [n, classes] by their penalised likelihood."""
    k, share, l2 = values.shape[1], weight / weight.sum(), _L2[method]
    target = np.eye(k)[truth]
    n_slopes = {"temperature": 1, "vector": k, "dirichlet": k * k}[method]
    start = np.concatenate((np.eye(k).ravel() if method == "dirichlet" else np.ones(n_slopes), np.zeros(k)))

    def loss(flat: Array) -> tuple[float, Array]:
        matrix, offsets = _matrix(flat[:n_slopes], k), flat[n_slopes:]
        known = log_softmax(values @ matrix.T + offsets)
        rest = (np.exp(known) - target) * share[:, None]
        away = matrix - (np.diag(np.diag(matrix)) if method == "dirichlet" else np.eye(k))
        value = -(known * target * share[:, None]).sum() + l2 * (away**2).sum() + 0.1 * l2 * (offsets**2).sum()
        of_slopes = rest.T @ values + 2 * l2 * away
        if method == "temperature":
            return float(value), np.concatenate(([of_slopes.trace()], np.zeros(k)))
        of_slopes = of_slopes.ravel() if method == "dirichlet" else of_slopes.diagonal()
        return float(value), np.concatenate((of_slopes, rest.sum(axis=0) + 0.2 * l2 * offsets))

    least = None if method == "dirichlet" else _FLATTEST
    bounds = [(least, None)] * n_slopes + [(None, None)] * k
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000}).x
    return flat[:n_slopes], flat[n_slopes:]


def _matrix(slopes: Array, k: int) -> Array:
    """Return slopes as a matrix [classes, classes]."""
    if len(slopes) == k * k and k > 1:
        return slopes.reshape(k, k)
    return np.diag(np.broadcast_to(slopes, k))


def _calibration(
    method: str, classes: Sequence[str], slopes: Array, offsets: Array, fitted_on: dict[str, Any]
) -> Calibration:
    kept = () if method == "temperature" else _rounded(offsets)
    return Calibration(method, tuple(classes), _rounded(slopes), kept, fitted_on)


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)


def _platt(logits: Array, truth: Array, weight: Array) -> tuple[Array, Array]:
    """Fit a slope and an offset for each class; those of rare classes are drawn towards those of all classes together."""
    values = np.clip(np.asarray(logits, np.float64), -30, 30)
    everywhere, loose = np.repeat(weight, values.shape[1]), np.full(2, 1e-6)
    pooled = _logistic(values.ravel(), truth.ravel(), everywhere, np.array([1.0, 0.0]), loose)
    drawn = 0.5 / np.square(_SPREAD)
    found = [_logistic(column, there, weight, pooled, drawn) for column, there in zip(values.T, truth.T, strict=True)]
    slopes, offsets = np.array(found).T
    return slopes, offsets


def _logistic(values: Array, truth: Array, weight: Array, centre: Array, strength: Array) -> Array:
    """Fit a slope above zero and an offset to one class, drawn towards `centre` with a strength for each."""
    start = np.array([np.log(centre[0]), centre[1]])

    def loss(flat: Array) -> tuple[float, Array]:
        slope, away = np.exp(flat[0]), flat - start
        moved = values * slope + flat[1]
        rest = weight * (sigmoid(moved) - truth)
        value = (weight * (np.logaddexp(0, moved) - truth * moved)).sum() + (strength * away**2).sum()
        return float(value), np.array([(rest * values).sum() * slope, rest.sum()]) + 2 * strength * away

    flat = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-4, 3), (-20, 20)]).x
    return np.array([np.exp(flat[0]), flat[1]])
