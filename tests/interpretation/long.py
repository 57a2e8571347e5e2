"""A long interpretation made by hand, without a model: 20 minutes with ectopic beats, a pause and fibrillation."""

from types import SimpleNamespace

import numpy as np

from einthoven.interpretation.asked import Asked
from einthoven.interpretation.ectopy import ectopy_of
from einthoven.interpretation.episodes import Episode, Episodes
from einthoven.interpretation.following import follows
from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.rate import rate_of
from einthoven.interpretation.variability import variability_of
from einthoven.records.identity import Identity
from einthoven.records.record import Record
from einthoven.signal import quality

FS_HZ, SECONDS = 200.0, 1200.0
SHORTER_PAUSE_AT_S = 100.0
PAUSE_AT_S = 300.0
_VENTRICULAR = (610, 611, 612, 850, 851)
"""Beats of a run and a couplet."""
CLASSES = ("N", "S", "V", "F")


def _beats():
    """Times and classes: a beat each 0.8 s, every 40th one V, three V in a row, a couplet, pauses of 2.2 and 2.5 s."""
    times, classes, at = [], [], 0.6
    while at < SECONDS - 1:
        name = "V" if len(times) % 40 == 39 or len(times) in _VENTRICULAR else "N"
        times.append(at)
        classes.append(name)
        at += 1.4 if SHORTER_PAUSE_AT_S <= at < SHORTER_PAUSE_AT_S + 0.8 else 0.0
        at += 2.5 if PAUSE_AT_S <= at < PAUSE_AT_S + 0.8 else 0.5 if name == "V" else 0.8
    return np.array(times), classes


RUN_AT_S = float(_beats()[0][_VENTRICULAR[0]])


def interpretation(name="long", source=None, identity=None, leads=("MLII", "V1")) -> Interpretation:
    """The interpretation; its signal has 30 s of missing samples, from 900 s on."""
    times_s, classes = _beats()
    t = np.arange(round(SECONDS * FS_HZ)) / FS_HZ
    lead_mv = 0.01 * np.random.default_rng(0).standard_normal(len(t))
    for at, beat in zip(times_s, classes, strict=True):
        first, last = np.searchsorted(t, (at - 0.4, at + 0.6))
        near, width = t[first:last] - at, 0.05 if beat == "V" else 0.012
        lead_mv[first:last] += np.exp(-0.5 * (near / width) ** 2) + 0.25 * np.exp(-0.5 * ((near - 0.28) / 0.05) ** 2)
    lead_mv[round(900 * FS_HZ) : round(930 * FS_HZ)] = np.nan
    signal = np.stack([lead_mv, -0.5 * lead_mv]).astype(np.float32)
    record = Record(name, signal[: len(leads)], FS_HZ, leads, source=source, identity=identity or Identity())
    seen = quality.examine(record.signal_mv, record.leads, record.fs_hz)
    beats = np.rint(times_s * FS_HZ).astype(np.int64)
    there = seen.readable_in_any[seen.at(beats)]
    beats, classes = beats[there], [one for one, is_there in zip(classes, there, strict=True) if is_there]
    is_next = follows(beats, seen)
    ectopy = ectopy_of(beats / FS_HZ, classes, is_next, CLASSES)
    episodes = Episodes((Episode("N", 0, 600, 0.9), Episode("A", 600, 900, 0.8), Episode("N", 930, 1200, 0.9)), 1170.0)
    answer = SimpleNamespace(
        classes=("N", "A", "O", "~"),
        card=SimpleNamespace(
            training={},
            meanings=("normal rhythm", "atrial fibrillation", "another rhythm", "noise"),
            preparation=SimpleNamespace(window_s=30.0),
        ),
        doubt="",
        record_probabilities=np.array([0.7, 0.3, 0.0, 0.0]),
    )
    return Interpretation(
        record,
        seen,
        (),
        (Asked("rhythm", "made-up", "it reads MLII"), Asked("diagnoses", "", "needs 12 leads", "no_model")),
        beats=beats,
        rate=rate_of(beats / FS_HZ, is_next),
        rhythm_answer=answer,
        rhythm=episodes,
        beat_answer=SimpleNamespace(leads=leads[:1], card=SimpleNamespace(training={})),
        ectopy=ectopy,
        variability=variability_of(beats / FS_HZ, np.array([one == "N" for one in classes]), is_next, True),
    )
