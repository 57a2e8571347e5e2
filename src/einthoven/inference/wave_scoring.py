"""Score delineators, and waves from a table, beside the marks of annotators."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Entry, Protocol
from einthoven.corpora.wave_marks import ALL_LEADS
from einthoven.errors import ConfigurationFault, CorpusIncomplete, FileDamaged, PatientLeak
from einthoven.evaluation.delineation import DRAWS, NARROW_S, Compared, scored
from einthoven.evaluation.intervals import LEVEL
from einthoven.inference.delineator import Delineator
from einthoven.signal import quality
from einthoven.signal.boundaries import WAVES, Waves, waves_from

ByLead = Mapping[str, Waves]
"""Waves by the name of the lead; those of all leads together under ALL_LEADS."""
COLUMNS = ("record", "lead", "wave", "onset_s", "offset_s")
"""Columns that a table of waves needs; `lead` is empty for all leads together, `peak_s` may be there too."""
_MOST_BYTES = 1 << 30
_NO_WAVES = waves_from(())


def compared(corpus: Corpus, entries: Iterable[Entry], waves_in: Callable[[Entry], ByLead]) -> list[Compared]:
    """Put waves beside the marks of annotators, lead by lead.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose waves are marked.
    entries : iterable of Entry
        Its records.
    waves_in : callable
        Returns the waves of a record.

    Returns
    -------
    list of Compared
    """
    assert corpus.marks is not None
    rows = []
    for entry in entries:
        marks, found = corpus.marks(entry), waves_in(entry)
        rows += [
            Compared(entry.patient, truth, found.get(lead, _NO_WAVES), marks.has_p, marks.stretches_s)
            for lead, truth in marks.by_lead.items()
            if len(truth)
        ]
    return rows


def by_model(delineator: Delineator, corpus: Corpus, alone: bool = False) -> Callable[[Entry], ByLead]:
    """Return what delineates the records of a corpus.

    Parameters
    ----------
    delineator : Delineator
        The model.
    corpus : Corpus
        The corpus.
    alone : bool
        Whether each lead is read by itself; then there are no waves of all leads together.
    """
    settings = replace(delineator.decoding, own_share=1.0) if alone else delineator.decoding
    reads = Delineator(delineator.predictor, settings)

    def waves_in(entry: Entry) -> ByLead:
        record = corpus.read(entry)
        by_lead, together = reads.waves(record, quality.examine(record.signal_mv, record.leads, record.fs_hz))
        return by_lead if alone else {ALL_LEADS: together, **by_lead}

    return waves_in


def from_table(path: Path) -> Callable[[Entry], ByLead]:
    """Return what looks the waves of a record up in a table, such as another program's.

    Parameters
    ----------
    path : Path
        A CSV with the columns record, lead, wave (P, QRS or T), onset_s and offset_s.

    Raises
    ------
    FileDamaged
        If it is no such table.
    """
    rows: dict[str, dict[str, list[tuple[int, float, float, float]]]] = {}
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{path.stat().st_size / 1e9:.1f} GB")
        with path.open(newline="", encoding="utf-8") as file:
            sheet = csv.DictReader(file)
            if missing := [name for name in COLUMNS if name not in (sheet.fieldnames or ())]:
                raise ValueError(f"no column {', '.join(missing)}")
            for row in sheet:
                onset, offset = float(row["onset_s"] or "nan"), float(row["offset_s"] or "nan")
                peak = float(row.get("peak_s") or np.nanmean([onset, offset]))
                leads = rows.setdefault(row["record"], {})
                leads.setdefault(row["lead"], []).append((WAVES.index(row["wave"]), onset, peak, offset))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise FileDamaged(
            f"{path} is not a table of waves.",
            found=getattr(error, "strerror", None) or str(error)[:100],
            expected=f"a CSV with the columns {', '.join(COLUMNS)}; waves {', '.join(WAVES)}; times in s",
            remedy="einthoven delineate 100.hea --out waves.csv      writes such a table",
        ) from error
    return lambda entry: {lead: waves_from(found) for lead, found in rows.get(entry.record, {}).items()}


def require_marks(corpus: Corpus) -> None:
    """Refuse a corpus whose waves nobody marked.

    Parameters
    ----------
    corpus : Corpus
        The corpus.

    Raises
    ------
    ConfigurationFault
        If it has no marks.
    """
    if corpus.marks is None:
        raise ConfigurationFault(
            f"{corpus.name} has no marks of waves.",
            found=corpus.name,
            expected="ludb or qtdb",
            remedy="--corpus qtdb",
        )


def require_unseen(delineator: Delineator, corpus: Corpus, entries: list[Entry]) -> list[Entry]:
    """Return the records that the model was not trained on.

    Parameters
    ----------
    delineator : Delineator
        The model.
    corpus : Corpus
        The corpus.
    entries : list of Entry
        Its records.

    Returns
    -------
    list of Entry

    Raises
    ------
    PatientLeak
        If the model was trained on all of them.
    """
    known = delineator.predictor.card.patients
    unseen = [entry for entry in entries if f"{corpus.name}/{entry.patient}" not in known]
    if entries and not unseen:
        raise PatientLeak(
            f"{delineator.predictor.card.name} was trained on all of these patients.",
            found=f"{len(entries)} records of {corpus.name}, all of them in training",
            expected="records of other patients",
            remedy="--corpus qtdb" if corpus.name != "qtdb" else "--corpus ludb",
        )
    return unseen


def metrics_of(
    name: str, corpus: Corpus, protocol: Protocol, rows: list[Compared], remarks: Iterable[str], left_out: int = 0
) -> dict[str, Any]:
    """Return what metrics.json holds.

    Parameters
    ----------
    name : str
        Name of the model, or of the table.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    rows : list of Compared
        Leads of the tested records.
    remarks : iterable of str
        What a reader must know of the annotations.
    left_out : int
        Records that trained the model and are not tested.

    Returns
    -------
    dict
        What :func:`einthoven.evaluation.delineation.scored` returns at 150 ms, ``narrow`` at narrow tolerances, and facts.

    Raises
    ------
    CorpusIncomplete
        If there is nothing to score.
    """
    if not rows:
        raise CorpusIncomplete(
            f"{corpus.name} has no record to be scored.",
            found="no annotated wave",
            expected="records with annotations of P, QRS and T",
            remedy=f"einthoven download {corpus.name} --to DIR",
        )
    found = scored(rows)
    of_waves = {wave: found[f"{wave.lower()}_f1"] for wave in WAVES}
    per_class = {wave: {"n": found["boundaries"][f"{wave} offset"]["n"], "f1": f1} for wave, f1 in of_waves.items()}
    return {
        "model": name,
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": protocol.name,
        "leaks_patients": protocol.leaks,
        "labels": "P, QRS, T",
        "remark": protocol.remark,
        "rows": "leads" if corpus.name == "ludb" else "records",
        "n_test": found["n_leads"],
        "n_patients": found["n_records"],
        "left_out": left_out,
        "annotations": sorted(set(remarks)),
        "interval": {"level": LEVEL, "unit": "patient", "draws": DRAWS},
        "tolerance_ms": 150,
        **found,
        "per_class": per_class,
        "narrow": scored(rows, NARROW_S)["boundaries"],
    }


def on_card(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the part of metrics.json that stands on a card.

    Parameters
    ----------
    metrics : dict
        Content of metrics.json.
    """
    facts = (
        "corpus",
        "corpus_version",
        "protocol",
        "leaks_patients",
        "labels",
        "remark",
        "rows",
        "n_test",
        "n_patients",
    )
    figures = ("interval", "macro_f1", "p_f1", "qrs_f1", "t_f1", "sd_ms", "per_class")
    return {name: metrics[name] for name in (*facts, *figures)}


def keep(delineator: Delineator, metrics: dict[str, Any]) -> None:
    """Write an evaluation on the model's card, in place of an earlier one of the same corpus and protocol.

    The card of a bundled model, and that inside an exported file, are not changed.

    Parameters
    ----------
    delineator : Delineator
        The model.
    metrics : dict
        Content of metrics.json.
    """
    predictor = delineator.predictor
    if bundle.is_bundled(predictor.folder) or predictor.is_exported:
        return
    row = on_card(metrics)
    test = row["corpus"], row["protocol"]
    others = [known for known in predictor.card.results if (known["corpus"], known["protocol"]) != test]
    bundle.rewrite_card(predictor.folder, replace(predictor.card, results=(*others, row)))
