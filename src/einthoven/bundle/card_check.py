"""Refuse a card whose values are of other kinds or sizes than a model can have, before memory is taken for them."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from einthoven.signal.preparation import Preparation

_MOST_CLASSES, _MOST_SAMPLES, _MOST_TEXT = 10_000, 1 << 24, 1_000_000
_DEEPEST = 20


def require_kinds(plain: Mapping[str, Any]) -> None:
    """Refuse plain values of a card that are of another kind than what is written.

    Parameters
    ----------
    plain : mapping
        Content of a card of the current version.

    Raises
    ------
    ValueError
        With the first field that is wrong.
    """
    for name, (holds, expected) in _FIELDS.items():
        if name in plain and not holds(plain[name]):
            raise ValueError(f"{name} is {str(plain[name])[:80]!r}; expected {expected}")
    if len(set(plain["classes"])) < len(plain["classes"]):
        raise ValueError("two classes have one name")
    if wrong := next(_wrong_results(plain.get("results", ())), None):
        raise ValueError(f"{wrong} of its results is no score")
    signal = plain["preparation"]["signal"]
    if not (_are(_is_text)(signal["leads"]) and _are(_is_text)(plain["preparation"]["inputs"])):
        raise ValueError("leads or inputs that are no names")
    if not all(_are(_is_number)(signal.get(name, ())) for name in ("mean_mv", "sd_mv")) or 0 in signal.get("sd_mv", ()):
        raise ValueError("means or deviations that are no numbers")
    if wrong := next(_wrong_training(plain["training"]), None):
        raise ValueError(f"{wrong} of its training is of another kind")


def require_size(preparation: Preparation) -> None:
    """Refuse windows that are larger than any that a model reads.

    Parameters
    ----------
    preparation : Preparation
        Preparation of the card.

    Raises
    ------
    ValueError
        If a window, with what is measured around it, has more than 16 million samples.
    """
    around = preparation.n_samples + round(
        (2 * preparation.context_s + 2 / preparation.signal.low_hz) * preparation.fs_hz
    )
    n_samples = len(preparation.leads) * (around + preparation.beat_samples)
    if not n_samples <= _MOST_SAMPLES:
        raise ValueError(f"windows of {n_samples:,} samples; expected at most {_MOST_SAMPLES:,}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_TEXT


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value) and _is_shallow(value, 0)


def _is_shallow(value: Any, depth: int) -> bool:
    """Return whether plain values are not nested without end."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < _DEEPEST and all(_is_shallow(one, depth + 1) for one in inner)


def _are(holds: Callable[[Any], bool], least: int = 0) -> Callable[[Any], bool]:
    def are(values: Any) -> bool:
        return isinstance(values, list | tuple) and least <= len(values) and all(map(holds, values))

    return are


def _are_classes(values: Any) -> bool:
    return _are(_is_text, 1)(values) and len(values) <= _MOST_CLASSES and all(values)


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_text, "a text"),
    "architecture": (_is_text, "the name of an architecture"),
    "settings": (_is_table, "settings by their names"),
    "classes": (_are_classes, "names of classes"),
    "labels": (_is_text, "a text"),
    "meanings": (_are(_is_text), "a text for each class"),
    "preparation": (_is_table, "settings by their names"),
    "training": (_is_table, "values by their names"),
    "class_weights": (_are(lambda value: _is_number(value) and value > 0), "numbers above 0"),
    "class_prior_adaptation": (_is_table, "settings by their names"),
    "answers_samples": (_is_flag, "true or false"),
    "multilabel": (_is_flag, "true or false"),
    "thresholds": (_are(lambda value: _is_number(value) and 0 <= value <= 1), "numbers from 0 to 1"),
    "at_least_one": (_is_flag, "true or false"),
    "weights_sha256": (_is_text, "a checksum"),
    "graph_sha256": (_is_text, "a checksum"),
    "feature_medians": (_are(_is_number), "numbers"),
    "n_parameters": (_is_whole, "a whole number"),
    "results": (_are(_is_table), "tables of scores"),
    "export": (_is_table, "values by their names"),
    "attribution": (_is_text, "a text"),
    "intended_use": (_is_text, "a text"),
}


_TEXTS = ("corpus", "corpus_version", "protocol", "protocol_summary", "labels", "remark", "rows")
_SCORES = ("challenge_score", "accuracy", "hamming_loss", "subset_accuracy", "label_ranking", "sd_ms")


def _wrong_results(results: Any) -> Iterator[str]:
    """Yield what is no score, no count or no name in results."""
    for row in results:
        yield from (name for name in _TEXTS if name in row and not _is_text(row[name]))
        yield from (name for name in ("corpus", "protocol") if name not in row)
        for name, value in row.items():
            if (name in _SCORES or name.startswith(("macro_", "micro_")) or name.endswith("_f1")) and not _is_score(
                value
            ):
                yield name
            if name.startswith("n_") and not _is_whole(value):
                yield name
        if not _is_flag(row.get("leaks_patients")):
            yield "leaks_patients"
        if not _is_interval(row.get("interval")):
            yield "interval"
        detected = [row["end_to_end"]] if "end_to_end" in row else []
        for part in (row, *detected):
            if not _is_table(part) or not _are_classes_scores(part.get("per_class")):
                yield "per_class"


def _are_classes_scores(table: Any) -> bool:
    """Return whether a table has a score of each class, and the number of its examples where it is stated."""
    return isinstance(table, dict) and all(
        isinstance(row, dict) and _is_score(row.get("f1")) and _is_whole(row.get("n", 0)) for row in table.values()
    )


def _is_interval(value: Any) -> bool:
    return isinstance(value, dict) and _is_number(value.get("level")) and _is_text(value.get("unit"))


def _is_score(value: Any) -> bool:
    if not isinstance(value, dict) or not {"value", "low", "high"} <= set(value):
        return False
    return all(value[name] is None or _is_number(value[name]) for name in ("value", "low", "high"))


def _wrong_training(training: Mapping[str, Any]) -> Iterator[str]:
    for name in ("corpus", "corpus_version", "protocol", "protocol_summary", "remark"):
        if name in training and not (training[name] is None or _is_text(training[name])):
            yield name
    for name in ("patients", "contains", "corpora"):
        if name in training and not _are(_is_text)(training[name]):
            yield name
    for name in ("records", "architecture_files"):
        if name in training and not _is_table(training[name]):
            yield name
    if not all(_are(_is_text)(part) for part in training.get("records", {}).values()):
        yield "records"
