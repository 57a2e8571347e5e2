"""The corpus contract, over CORPORA, each on a small corpus in its publisher's layout: declaration, entries, store, splits."""

import numpy as np
import pytest

from einthoven.corpora import CORPORA
from einthoven.corpora.split import PARTS, audit, require_apart
from einthoven.errors import ConfigurationFault, CorpusIncomplete

LAYOUTS = {
    "mitdb": "mitdb_like",
    "svdb": "svdb_like",
    "ptb-xl": "ptbxl_like",
    "zzu-pecg": "zzu_like",
    "challenge-2017": "challenge2017_like",
    "cpsc2018": "cpsc2018_like",
    "challenge-2021": "challenge2021_like",
    "ludb": "ludb_like",
    "qtdb": "qtdb_like",
}
"""By corpus, the fixture that writes a small one."""
SPLITS = [(name, protocol) for name, corpus in CORPORA.items() for protocol in corpus.protocols]


@pytest.fixture
def folder(name, request):
    return request.getfixturevalue(LAYOUTS[name])


@pytest.fixture
def store(name, folder, store_of):
    return store_of(CORPORA[name], folder)


def test_every_corpus_has_a_small_one():
    assert set(LAYOUTS) == set(CORPORA)


@pytest.mark.parametrize("name", CORPORA)
def test_a_declaration_is_whole(name):
    corpus = CORPORA[name]
    assert corpus.name == name
    assert corpus.title
    assert corpus.version
    assert corpus.licence
    assert corpus.citation
    assert corpus.address.startswith(("https://", "http://2018.icbeb.org"))
    assert corpus.n_records > 0
    assert bool(corpus.files) != bool(corpus.obtained), "its files can be downloaded, or it says where they are"
    assert not corpus.files or (corpus.files.startswith("https://") and corpus.files.endswith("/"))
    assert corpus.n_patients is None or 0 < corpus.n_patients <= corpus.n_records
    assert next(iter(corpus.protocols)) == "clean", "patients apart is the default"
    for key, protocol in corpus.protocols.items():
        assert protocol.name == key
        assert protocol.summary
        assert protocol.remark
        assert protocol.leaks == ("LEAKS" in protocol.remark)
        assert (protocol.unit == "patient") != protocol.leaks
        assert len(protocol.labels.classes) == len(protocol.labels.meanings)


@pytest.mark.parametrize("name", CORPORA)
def test_files_that_are_missing_are_named(name, tmp_path):
    with pytest.raises(CorpusIncomplete) as caught:
        CORPORA[name].entries(tmp_path, 180.0)
    assert str(tmp_path) in caught.value.summary
    assert caught.value.found and caught.value.expected and caught.value.remedy


@pytest.mark.parametrize("name", CORPORA)
def test_a_protocol_and_a_label_set_that_are_not_there_are_refused(name):
    corpus = CORPORA[name]
    with pytest.raises(ConfigurationFault) as caught:
        corpus.protocol("random")
    assert caught.value.found == "random" and caught.value.expected == ", ".join(corpus.protocols)
    assert caught.value.remedy == "--protocol clean"
    with pytest.raises(ConfigurationFault) as caught:
        corpus.with_labels(corpus.protocol("clean"), "none")
    assert caught.value.found == "none" and "--labels" in caught.value.remedy


@pytest.mark.parametrize("name", CORPORA)
def test_each_entry_is_a_file_and_named_once(name, folder):
    corpus = CORPORA[name]
    listing = corpus.entries(folder, corpus.preparation.fs_hz)
    assert len({entry.record for entry in listing}) == len(listing)
    assert all(
        entry.path.with_name(f"{entry.path.name}.{suffix}").is_file() for entry in listing for suffix in entry.suffixes
    )
    assert not {entry.record for entry in listing} & {record for names in listing.dropped.values() for record in names}
    assert all(entry.patient for entry in listing)


@pytest.mark.parametrize("name", CORPORA)
def test_a_store_has_a_window_for_each_row_of_its_index(name, store):
    corpus = CORPORA[name]
    n = len(store.index.record)
    assert len(store.windows) == n > 0
    for values in (store.index.patient, store.index.symbol, store.index.position, store.index.group):
        assert len(values) == n
    protocol = corpus.protocol("clean")
    assert protocol.labels.is_labelled(store.index.symbol).any()


@pytest.mark.parametrize(("name", "protocol"), SPLITS)
def test_parts_do_not_overlap_and_share_whom_the_protocol_says(name, protocol, store):
    protocol = CORPORA[name].protocol(protocol)
    shared = set()
    for fold in [None, *range(protocol.n_folds)] if "specific" not in protocol.name else range(0, 20, 6):
        split = protocol.parts(store.index, 0, (), fold)
        together = np.concatenate([getattr(split, part) for part in PARTS])
        assert len(np.unique(together)) == len(together)
        assert protocol.labels.is_labelled(store.index.symbol[together]).all()
        found = audit(split, store.index.patient)
        if not protocol.leaks:
            require_apart(found, protocol.declared_shared)
        shared |= set(found)
        assert not set(store.index.record[together]) & set(protocol.without)
    assert bool(shared - set(protocol.declared_shared)) == protocol.leaks


@pytest.mark.parametrize(("name", "protocol"), SPLITS)
def test_a_record_that_is_left_out_is_in_no_part(name, protocol, store):
    protocol = CORPORA[name].protocol(protocol)
    fold = 0 if "specific" in protocol.name else None
    whole = protocol.parts(store.index, 0, (), fold)
    learned = np.concatenate((whole.train, whole.validation))
    if not len(learned):
        assert len(whole.test), "nobody trains, and nobody is tested"
        return
    record = str(store.index.record[learned[0]])
    thinned = protocol.parts(store.index, 0, (record,), fold)
    for part in ("train", "validation"):
        assert record not in store.index.record[getattr(thinned, part)]


@pytest.mark.parametrize("name", CORPORA)
def test_the_same_seed_gives_the_same_split(name, store):
    protocol = CORPORA[name].protocol("clean")
    first, again = (protocol.parts(store.index, 0) for _ in range(2))
    for part in PARTS:
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))


@pytest.mark.parametrize("name", [name for name, corpus in CORPORA.items() if corpus.marks])
def test_marked_waves_are_in_order_and_within_the_record(name, folder):
    corpus = CORPORA[name]
    for entry in corpus.entries(folder, corpus.preparation.fs_hz)[:3]:
        marks, record = corpus.marks(entry), corpus.read(entry)
        assert set(marks.by_lead) <= {"", *record.leads}
        for waves in marks.by_lead.values():
            assert len(waves) and (np.diff(waves.peak_s) > 0).all()
            first, last = waves.stretch_s
            assert 0 <= first < last <= record.duration_s
            for onset, peak, offset in zip(waves.onset_s, waves.peak_s, waves.offset_s, strict=True):
                assert not onset > peak and not offset < peak
