"""Declare a corpus from a folder of recordings and a table (CSV) of their labels and patients."""

from collections.abc import Mapping, Sequence

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.labelled_folder import Columns, LabelledFolder
from einthoven.corpora.labels import LabelSet
from einthoven.signal.preparation import Beats, Preparation, SignalSpec, Tiles

_MOST_HZ = {False: 100.0, True: 180.0}
"""Highest sampling rate of the model's input, Hz: for whole recordings, and for beats."""
_BEFORE_S, _AFTER_S, _HIGH_HZ = 1.2, 0.8, 40.0


def corpus_from_csv(
    *,
    name: str,
    classes: Mapping[str, str],
    fs_hz: float,
    leads: Sequence[str],
    patient: str | None,
    table: str = "labels.csv",
    record: str = "record",
    label: str | None = "label",
    split: str | None = None,
    n_folds: int = 5,
    window_s: float = 10.0,
    annotator: str | None = None,
    symbols: Mapping[str, str] | None = None,
    unit: str | None = None,
    title: str = "",
    version: str = "1",
    licence: str = "not stated",
    citation: str = "unpublished",
) -> Corpus:
    """Declare a corpus: recordings of any format that einthoven reads, and a table with a row for each.

    Recordings without a file, a class or a patient are skipped, counted and named.

    Parameters
    ----------
    name : str
        Short name of the corpus: lower-case letters, digits and -.
    classes : mapping of str
        Each class with its meaning.
    fs_hz : float, Hz
        Sampling rate of the recordings.
    leads : sequence of str
        Leads that the model reads, each with alternatives in order of preference (``MLII|II``). For files that do not state
        their leads (CSV, NPY), these are the leads of the file in its order.
    patient : str or None
        Column with the patient; None if patients cannot be identified, and each recording counts as a patient.
    table : str
        The table, as a path from the corpus's folder; its first line names the columns.
    record : str
        Column with the recording, as a path from the corpus's folder, with or without suffix.
    label : str or None
        Column with the class of a recording. None: each class has a column of zeros and ones, and a recording can have
        several classes. Not read where beats are labelled (`annotator`).
    split : str, optional
        Column with ``train``, ``validation`` or ``test``; empty for recordings in no part. Without it patients are split at
        random.
    n_folds : int
        Number of folds for cross-validation.
    window_s : float, s
        Length of the windows that whole recordings are cut into.
    annotator : str, optional
        Suffix of WFDB annotation files that label each beat, e.g. ``atr``.
    symbols : mapping of str, optional
        For labelled beats: the annotators' symbols of each class (``{"N": "NLR", "V": "VE"}``); by default each class is its
        own symbol.
    unit : str, optional
        ``V``, ``mV`` or ``uV``, for files that do not state it.
    title : str
        Full title of the corpus.
    version : str
        Its version.
    licence : str
        Licence of the recordings.
    citation : str
        How to cite it.

    Returns
    -------
    Corpus

    Raises
    ------
    ConfigurationFault
        If sampling rate, leads and window do not fit together.

    Examples
    --------
    >>> corpus = corpus_from_csv(
    ...     name="clinic", classes={"SR": "sinus rhythm", "AF": "atrial fibrillation"}, fs_hz=500, leads=["II"], patient="patient"
    ... )
    >>> list(corpus.protocols)
    ['clean']
    """
    is_beats = annotator is not None
    of_class: dict[str, str | tuple[str, ...]] = {
        key: tuple((symbols or {}).get(key, key)) if is_beats else (key,) for key in classes
    }
    labels = LabelSet(
        name=f"{title or name}: {', '.join(classes)}",
        classes=tuple(classes),
        meanings=tuple(classes.values()),
        symbols=of_class,
        multilabel=label is None and not is_beats,
    )
    columns = Columns(record, patient, None if is_beats else label, split, labels)
    folder = LabelledFolder(table, columns, float(fs_hz), tuple(leads), unit, annotator, n_folds)
    return Corpus(
        name=name,
        title=title or name,
        version=version,
        address="",
        licence=licence,
        citation=citation,
        fs_hz=float(fs_hz),
        leads=", ".join(leads),
        n_records=0,
        n_patients=None if patient is None else 0,
        n_beats=None,
        preparation=_preparation(tuple(leads), float(fs_hz), window_s, is_beats),
        protocols={"clean": _protocol(folder, labels)},
        entries=folder.entries,
        read=folder.read,
        beats=folder.beats if is_beats else None,
        skips_unreadable=True,
    )


def _preparation(leads: tuple[str, ...], fs_hz: float, window_s: float, is_beats: bool) -> Preparation:
    input_hz = min(fs_hz, _MOST_HZ[is_beats])
    high_hz = min(_HIGH_HZ, 0.45 * input_hz)
    if is_beats:
        return Preparation(SignalSpec(leads, input_hz, high_hz=high_hz), Beats(_BEFORE_S, _AFTER_S))
    return Preparation(SignalSpec(leads, input_hz, high_hz=high_hz), Tiles(window_s))


def _protocol(folder: LabelledFolder, labels: LabelSet) -> Protocol:
    columns = folder.columns
    if columns.split is None:
        summary = (
            "patients at random, 7 : 1 : 2, classes in proportion; "
            f"with --fold K of {folder.n_folds}: fold K tests, the next validates"
        )
    else:
        summary = (
            f"as in column {columns.split} of {folder.table}; "
            f"with --fold K of {folder.n_folds}: fold K of the training patients validates"
        )
    remark = "Patients are kept apart."
    if columns.patient is None:
        remark = "Patients cannot be identified: each recording counts as a patient, and a person may be in two parts."
    return Protocol(
        name="clean",
        summary=summary,
        labels=labels,
        leaks=False,
        unit="patient",
        remark=remark,
        without=(),
        declared_shared=(),
        split=folder.split,
        n_folds=folder.n_folds,
    )
