"""MIT-BIH and svdb: sets, folds, shares of patients; the counts on the real files where they are at hand."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.corpora.corpus import Index
from einthoven.corpora.labels import AAMI5
from einthoven.corpora.mitdb import COMMON, DS1, DS2, ECTOPY, MITDB, PACED, RECORDS, TESTED_ALONE, VALIDATION
from einthoven.corpora.split import PARTS, Split, audit, require_apart, stratified
from einthoven.corpora.svdb import SVDB
from einthoven.data.build import build
from einthoven.errors import ConfigurationFault, CorpusIncomplete, PatientLeak
from einthoven.records import Annotations, Record


def index_of(records, patients, symbols) -> Index:
    return Index(np.array(records), np.array(patients), np.array(symbols), np.arange(len(records)))


@pytest.fixture(scope="module")
def mitdb_index() -> Index:
    """Forty beats a record, of every class, patients as the corpus names them."""
    patient = {"202": "201"}
    rows = [
        (name, patient.get(name, name), symbol)
        for name in RECORDS
        for symbol in "NNNNNNNNLRejAaJSVVE FFF/fQ".replace(" ", "")
    ]
    return index_of(*zip(*rows, strict=True))


def test_one_missing_file_is_named(mitdb_like, tmp_path):
    import shutil

    shutil.copytree(mitdb_like, tmp_path / "mitdb")
    (tmp_path / "mitdb" / "119.atr").unlink()
    with pytest.raises(CorpusIncomplete, match=r"1 missing: 119\.atr"):
        MITDB.entries(tmp_path / "mitdb", 180.0)


def test_the_sets_are_de_chazals():
    assert len(DS1) == len(DS2) == 22
    assert not set(DS1) & set(DS2)
    assert set(DS1) | set(DS2) | set(PACED) == set(RECORDS)
    assert set(VALIDATION) < set(DS1)


@pytest.mark.parametrize("name", MITDB.protocols)
def test_parts_do_not_overlap(name, mitdb_index):
    fold = 3 if name == "patient_specific" else None
    late = replace(mitdb_index, position=1000 * 360 * (mitdb_index.position % 2))
    split = MITDB.protocols[name].split(late, 0, (), fold)
    together = np.concatenate([getattr(split, part) for part in PARTS])
    assert len(np.unique(together)) == len(together)
    assert all(len(getattr(split, part)) for part in PARTS)


def test_clean_shares_one_patient_and_clean_without_202_none(mitdb_index):
    protocol = MITDB.protocols["clean"]
    assert audit(protocol.parts(mitdb_index, 0, (), None), mitdb_index.patient) == {"201": ("train", "test")}
    assert audit(protocol.parts(mitdb_index, 0, ("202",), None), mitdb_index.patient) == {}
    for fold in (None, 0):
        without = MITDB.protocols["clean_without_202"].parts(mitdb_index, 0, (), fold)
        assert audit(without, mitdb_index.patient) == {}
        for part in PARTS:
            thinned = getattr(protocol.parts(mitdb_index, 0, ("202",), fold), part)
            np.testing.assert_array_equal(getattr(without, part), thinned)
    split = protocol.parts(mitdb_index, 0, (), None)
    symbols = set(mitdb_index.symbol[np.concatenate((split.train, split.validation, split.test))])
    assert not symbols & set("/fQ")
    assert not set(mitdb_index.record[np.concatenate((split.train, split.test))]) & set(PACED)


def test_folds_validate_every_training_patient_once(mitdb_index):
    protocol = MITDB.protocols["clean"]
    validated = []
    for fold in range(protocol.n_folds):
        split = protocol.split(mitdb_index, 0, (), fold)
        assert audit(split, mitdb_index.patient) == {"201": ("train" if fold != 0 else "validation", "test")}
        assert set(mitdb_index.record[split.test]) == set(DS2)
        validated += sorted(set(mitdb_index.record[split.validation]))
    assert sorted(validated) == sorted(DS1)


def test_leaving_a_record_out_moves_no_other_beat(mitdb_index):
    protocol = MITDB.protocols["paper"]
    whole, thinned = protocol.split(mitdb_index, 0, (), None), protocol.split(mitdb_index, 0, ("208",), None)
    for part in ("train", "validation", "test"):
        kept = getattr(whole, part)
        kept = kept[mitdb_index.record[kept] != "208"]
        assert set(getattr(thinned, part)) == set(kept)


def test_paper_shares_everybody_and_is_stratified(mitdb_index):
    protocol = MITDB.protocols["paper"]
    split = protocol.split(mitdb_index, 0, (), None)
    assert len(audit(split, mitdb_index.patient)) == 47
    share = len(split.test) / len(mitdb_index.record)
    assert share == pytest.approx(0.2, abs=0.001)
    labels = np.array([AAMI5.index_of(symbol) for symbol in mitdb_index.symbol])
    for label in range(5):
        assert (labels[split.test] == label).mean() == pytest.approx((labels == label).mean(), abs=0.002)


def test_the_split_follows_the_seed():
    labels = np.repeat([0, 1], (90, 10))
    (_, a), (_, b), (_, c) = (stratified(labels, 0.2, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert (labels[a] == 1).sum() == 2


def test_a_shared_patient_is_refused():
    split = Split(np.array([0, 1]), np.array([2]), np.array([3]))
    shared = audit(split, np.array(["a", "b", "c", "a"]))
    assert shared == {"a": ("train", "test")}
    require_apart(shared, ("a",))
    with pytest.raises(PatientLeak, match="a in train and test"):
        require_apart(shared)


def test_an_unknown_protocol_is_named():
    with pytest.raises(ConfigurationFault, match="clean, clean_without_202, paper"):
        MITDB.protocol("random")


def test_symbols_and_classes():
    assert [AAMI5.index_of(symbol) for symbol in "NejaSVE/fQ"] == [0, 0, 0, 1, 1, 2, 2, 4, 4, 4]
    assert AAMI5.index_of("+") == -1


def test_real_counts(real_mitdb):
    counts, n_beats = dict.fromkeys(AAMI5.classes, 0), 0
    entries = MITDB.entries(real_mitdb, 180.0)
    for entry in entries:
        beats, symbols = MITDB.beats(MITDB.read(entry))
        n_beats += len(beats)
        for symbol in symbols:
            counts[AAMI5.classes[AAMI5.index_of(symbol)]] += 1
    assert (len(entries), n_beats) == (MITDB.n_records, MITDB.n_beats) == (48, 109_494)
    assert counts == {"N": 90_631, "S": 2_781, "V": 7_236, "F": 803, "Q": 8_043}
    assert len({entry.patient for entry in entries}) == MITDB.n_patients == 47


def test_svdb_takes_the_records_that_are_there(svdb_like, tmp_path):
    import shutil

    entries = SVDB.entries(svdb_like, 128.0)
    assert [entry.record for entry in entries] == ["800", "812", "894"]
    record = SVDB.read(entries[0])
    assert (record.leads, record.fs_hz) == (("MLII", "V1"), 128.0)
    assert "ECG1 read as MLII" in record.warnings[-1]
    _, symbols = SVDB.beats(record)
    assert {"N", "V"} <= set(symbols)
    shutil.copytree(svdb_like, tmp_path / "svdb")
    (tmp_path / "svdb" / "812.dat").unlink()
    with pytest.raises(CorpusIncomplete, match=r"1 missing: 812\.dat"):
        SVDB.entries(tmp_path / "svdb", 128.0)


def test_a_model_of_one_s_own_learns_from_common_beats_and_five_minutes(real_mitdb, home):
    protocol = MITDB.protocol("patient_specific")
    store = build(MITDB, real_mitdb, MITDB.preparation)
    early = store.index.position < 300 * 360
    for fold in (0, 13):
        split = protocol.parts(store.index, 0, (), fold)
        name = TESTED_ALONE[fold]
        learned = np.concatenate((split.train, split.validation))
        own = store.index.record[learned] == name
        assert (~own).sum() == 245 and early[learned[own]].all()
        assert set(store.index.record[split.test]) == {name} and not early[split.test].any()
        assert own.sum() + len(split.test) == (store.index.record == name).sum()
        classes, counts = np.unique(AAMI5.targets(store.index.symbol[learned[~own]]), return_counts=True)
        assert dict(zip((AAMI5.classes[at] for at in classes), counts.tolist(), strict=True)) == COMMON


def test_windows_are_ectopic_by_their_beats_and_do_not_overlap():
    """Six windows of a second: a V and a F count, a paced beat does not; a window that overlaps the one before has no class."""
    annotations = Annotations(np.array([10, 250, 299, 305, 560]), ("N", "V", "N", "/", "F"), ("",) * 5)
    record = Record("a test", np.zeros((1, 600)), 100.0, ("MLII",), annotations=annotations)
    found = MITDB.of_windows(record, np.arange(0, 600, 100), 100).tolist()
    assert found == ["none", "none", "ectopy", "none", "none", "ectopy"]
    overlapping = MITDB.of_windows(record, np.array([0, 200, 400, 500]), 200).tolist()
    assert overlapping == ["none", "ectopy", "ectopy", ""]
    assert ECTOPY.targets(np.array(found)).tolist() == [0, 0, 1, 0, 0, 1] and ECTOPY.by_window


def test_real_segments(real_mitdb, home):
    """3,960 segments of ten seconds in DS2, 1,465 of them with an ectopic beat."""
    preparation = MITDB.preparation.with_settings(leads=("MLII|II|V5",), window_s=10.0)
    store = build(MITDB, real_mitdb, preparation, PACED)
    test = MITDB.with_labels(MITDB.protocol("clean"), "ectopy").parts(store.index, 0).test
    assert (len(test), int(ECTOPY.targets(store.index.symbol[test]).sum())) == (3960, 1465)
