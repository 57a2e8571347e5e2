"""Turn an answer into plain values, a table, a text of a few lines, and a small block of HTML."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from einthoven.errors import LibraryMissing

if TYPE_CHECKING:
    import pandas

    from einthoven.inference.answer import Answer

_MOST_SHOWN = 6


def values(answer: "Answer") -> dict[str, Any]:
    """Return plain values for JSON, see :meth:`einthoven.inference.answer.Answer.to_dict`.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    dict
        Values that JSON can hold.
    """
    record, declined = answer.record, answer.declined
    return {
        "record": record.name,
        "file": str(record.source) if record.source else None,
        "fs_hz": record.fs_hz,
        "duration_s": round(record.duration_s, 3),
        "leads": list(record.leads),
        "leads_used": list(answer.leads),
        "quality": [
            vars(row) | {"start_s": round(row.start_s, 3), "end_s": round(row.end_s, 3), "index": round(row.index, 4)}
            for row in answer.quality.stretches
        ],
        "findings": [vars(finding) | {"leads": list(finding.leads)} for finding in answer.findings],
        "remarks": list(answer.remarks),
        "declined": None if declined is None else {"code": declined.code, "text": declined.text},
        "rate_bpm": None if answer.rate_bpm is None else round(answer.rate_bpm, 1),
        "predicted": list(answer.predicted),
        "borderline": list(answer.borderline),
        "probabilities": by_class(answer.classes, answer.record_probabilities.tolist()),
        "thresholds": answer.thresholds,
        "counts": answer.counts,
        "prediction_set": None if answer.coverage is None else answer.prediction_set(answer.coverage).to_dict(),
        "n_items": answer.n_items,
        "n_doubtful": answer.n_doubtful,
        "n_unreadable": answer.n_unreadable,
        "doubt": answer.doubt,
        "beats": answer.beats.tolist(),
        "disputed": answer.disputed.to_dict(),
        "items": items(answer),
    }


def items(answer: "Answer") -> list[dict[str, Any]]:
    """Return the beats or windows of an answer as plain values.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    list of dict
        One for each, see :func:`item`.
    """
    fs_hz = answer.record.fs_hz
    shown = np.where(answer.is_answered[:, None], answer.probabilities, np.nan).tolist()
    rows = zip(answer.samples, answer.ends, answer.labels, shown, answer.doubts, strict=True)
    return [
        item(
            answer.kind,
            int(first),
            float(first) / fs_hz,
            float(end) / fs_hz,
            labels,
            by_class(answer.classes, row),
            doubt,
        )
        for first, end, labels, row, doubt in rows
    ]


def item(
    kind: str,
    sample: int,
    start_s: float,
    end_s: float,
    predicted: tuple[str, ...],
    probabilities: Mapping[str, float | None],
    doubt: str,
) -> dict[str, Any]:
    """Return one beat or window as plain values, with the same keys in a record's answer and in a stream.

    Parameters
    ----------
    kind : str
        ``beat`` or ``window``.
    sample : int
        Number of the beat's sample, or of the window's first.
    start_s, end_s : float, seconds
        Where it begins and ends.
    predicted : tuple of str
        Names of the predicted classes.
    probabilities : mapping of float
        Probability of each class.
    doubt : str
        Why it is doubtful, or an empty text.

    Returns
    -------
    dict
        The values by these names.
    """
    return {
        "kind": kind,
        "sample": sample,
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "predicted": list(predicted),
        "probabilities": dict(probabilities),
        "doubt": doubt,
    }


def by_class(classes: tuple[str, ...], probabilities: list[float]) -> dict[str, float | None]:
    """Return probabilities by class name, rounded to four digits.

    Parameters
    ----------
    classes : tuple of str
        Names of the classes.
    probabilities : list of float
        One for each class; NaN where it is unknown.

    Returns
    -------
    dict of float
        None for a probability that is unknown.
    """
    pairs = zip(classes, probabilities, strict=True)
    return {name: None if value != value else round(value, 4) for name, value in pairs}


def frame(answer: "Answer") -> "pandas.DataFrame":
    """Return one row for each item of an answer.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    pandas.DataFrame
        The rows.

    Raises
    ------
    LibraryMissing
        Where pandas is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise LibraryMissing(
            "to_frame() needs pandas.",
            found="an installation without pandas",
            expected="pandas",
            remedy="pip install pandas      or to_dict(), which needs nothing",
        ) from error

    plain = {
        "record": [answer.record.name] * answer.n_items,
        "kind": [answer.kind] * answer.n_items,
        "sample": answer.samples,
        "start_s": answer.times_s,
        "end_s": answer.ends / answer.record.fs_hz,
        "predicted": ["; ".join(labels) for labels in answer.labels],
        "doubt": list(answer.doubts),
    }
    shown = np.where(answer.is_answered[:, None], answer.probabilities, np.nan)
    return pandas.DataFrame(plain | dict(zip(answer.classes, shown.T, strict=True)))


def rows(answer: "Answer") -> list[tuple[str, str, str]]:
    """Return the classes to show, the most important first.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    list of (str, str, str)
        Name, number of beats or probability, and meaning of each class.
    """
    if answer.declined is not None:
        return []
    if answer.kind == "beat":
        counts, meanings = answer.counts, dict(zip(answer.classes, answer.card.meanings, strict=True))
        return [(name, f"{n:,} beats", meanings[name]) for name, n in counts.items()]
    order = sorted(range(len(answer.classes)), key=lambda at: -float(answer.record_probabilities[at]))
    shown = [at for at in order if answer.is_predicted[at] or answer.is_borderline[at]]
    shown += [at for at in order if at not in shown][: max(0, 3 - len(shown))]
    words = {True: " predicted", False: ""}
    return [
        (
            answer.classes[at],
            f"{answer.record_probabilities[at]:.2f}"
            + (words[bool(answer.is_predicted[at])] or " borderline" * bool(answer.is_borderline[at])),
            answer.card.meanings[at],
        )
        for at in shown
    ]


def text(answer: "Answer") -> str:
    """Return an answer in a few lines.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    str
        The lines.
    """
    leads = ", ".join(answer.leads)
    lines = [f"{type(answer).__name__}: {answer.record.name}, leads {leads}, model {answer.card.display_name}"]
    lines += _main_lines(answer)
    shown = rows(answer)
    lines += [f"  {name:<8} {figure:<16} {meaning}" for name, figure, meaning in shown[:_MOST_SHOWN]]
    if len(shown) > _MOST_SHOWN:
        lines.append(f"  … {len(shown) - _MOST_SHOWN} more")
    lines += [f"  found: {finding.sentence}" for finding in answer.findings]
    return "\n".join([*lines, *(f"  note: {remark}" for remark in answer.remarks)])


def html(answer: "Answer") -> str:
    """Return an answer as a small table for notebooks.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    str
        HTML in which all text is escaped.
    """
    cells = "".join(
        f"<tr><td><b>{escape(name)}</b></td><td>{escape(figure)}</td><td>{escape(meaning)}</td></tr>"
        for name, figure, meaning in rows(answer)
    )
    title = f"<b>{escape(answer.record.name)}: {escape(answer.summary)}</b> ({escape(answer.card.display_name)})"
    notes = "".join(
        f"<br><small>{escape(line.strip())}</small>" for line in [*_main_lines(answer)[1:], *answer.remarks]
    )
    return f"<div>{title}<table>{cells}</table>{notes}</div>"


def _main_lines(answer: "Answer") -> list[str]:
    """Return the answer's main lines: the reason where it is declined, the summary, the heart rate, what is doubtful."""
    if answer.declined is not None:
        return [f"  {answer.summary}  ({answer.declined.code})"]
    kind = answer.kind if answer.n_items == 1 else f"{answer.kind}s"
    doubtful = f"{answer.n_doubtful} of {answer.n_items:,} {kind} doubtful"
    if answer.n_unreadable:
        doubtful += f", {answer.n_unreadable:,} unreadable"
    return [f"  {answer.summary}", f"  {answer.heart_rate}", f"  {doubtful}"]
