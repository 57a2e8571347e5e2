"""Cards: what is written is read again, older versions are brought up, newer and changed ones are refused, each told as such."""

import json
import logging
from dataclasses import replace

import pytest

from einthoven import bundle
from einthoven.bundle import versions
from einthoven.bundle.card import _checksum
from einthoven.errors import FileDamaged, LibraryMissing
from einthoven.export import convert
from einthoven.inference.predictor import load
from einthoven.paths import ASSETS


def write(folder, plain):
    """A card with the checksum of its content, as any einthoven wrote it."""
    plain = {name: value for name, value in plain.items() if name != "card_sha256"}
    (folder / bundle.CARD).write_text(json.dumps(plain | {"card_sha256": _checksum(plain)}))


@pytest.fixture
def plain(untrained_copy):
    return json.loads((untrained_copy / bundle.CARD).read_text())


def test_round_trip(untrained):
    card = bundle.load_card(untrained)
    again = bundle.Card.from_dict(json.loads(json.dumps(card.as_dict())))
    assert again == card
    assert (
        card.n_parameters
        == sum(v.size for n, v in bundle.load_weights(untrained, card).items() if "running" not in n) - 4
    )


def test_an_edited_card_is_refused(untrained_copy):
    card = json.loads((untrained_copy / bundle.CARD).read_text())
    (untrained_copy / bundle.CARD).write_text(json.dumps(card | {"classes": [*reversed(card["classes"])]}))
    with pytest.raises(FileDamaged, match="changed after it was written"):
        load(untrained_copy)


def test_a_card_states_its_version(plain):
    assert plain["card_version"] == bundle.CARD_VERSION == 2


def test_a_card_of_version_1_is_read_under_the_new_names(untrained_copy, plain):
    old = {name: value for name, value in plain.items() if name != "card_version"}
    adapted = {"of": "S", "beside": "N", "share": 0.03, "counts": 50.0}
    old["multi"], old["own_share"] = old.pop("multilabel") or True, old.pop("class_prior_adaptation") or adapted
    signal, cut = plain["preparation"]["signal"], plain["preparation"]["cut"]
    flat = {"before_s": cut["before_s"], "after_s": cut["after_s"], "cut": "beats", "crop_s": 0.0}
    old["preparation"] = signal | flat | {"patient": False, "rhythm": False, "waves": False}
    write(untrained_copy, old)
    card = bundle.load_card(untrained_copy)
    assert card.multilabel is True
    assert card.class_prior_adaptation == adapted
    again = replace(card, multilabel=False, class_prior_adaptation={}).as_dict()
    assert json.loads(json.dumps(again)) == plain


@pytest.mark.parametrize("name", bundle.bundled())
def test_bundled_cards_are_read_whichever_version_they_have(name, caplog):
    plain = json.loads((ASSETS / name / bundle.CARD).read_text())
    card = bundle.load_card(ASSETS / name)
    assert bundle.Card.from_dict(json.loads(json.dumps(card.as_dict()))) == card
    assert card.multilabel == plain.get("multilabel", plain.get("multi", False))
    assert not caplog.records


def test_each_older_version_has_its_reader():
    assert sorted(versions.READERS) == list(range(1, bundle.CARD_VERSION))


def test_unknown_fields_are_ignored_and_logged(untrained_copy, plain, caplog):
    known = bundle.load_card(untrained_copy)
    write(untrained_copy, plain | {"mood": "good", "colour": "red"})
    with caplog.at_level(logging.INFO, "einthoven"):
        assert bundle.load_card(untrained_copy) == known
    assert [record.getMessage() for record in caplog.records] == [
        "the card of untrained has unknown fields, which are ignored: colour, mood"
    ]


def test_a_card_of_the_future_asks_for_a_newer_einthoven(untrained_copy, plain):
    future = plain | {"card_version": bundle.CARD_VERSION + 1, "classes": "of another kind"}
    (untrained_copy / bundle.CARD).write_text(json.dumps(future))  # with a checksum that this version cannot check
    with pytest.raises(LibraryMissing) as refused:
        load(untrained_copy)
    assert "card of version 3" in refused.value.found
    assert "version 1 to 2" in refused.value.expected
    assert refused.value.remedy == "pip install --upgrade einthoven"


@pytest.mark.usefixtures("graphs_once")
def test_an_exported_file_of_the_future_asks_for_a_newer_einthoven(untrained, tmp_path, monkeypatch):
    monkeypatch.setattr("einthoven.bundle.card.CARD_VERSION", bundle.CARD_VERSION + 1)
    with pytest.raises(LibraryMissing, match="saved by a newer einthoven"):
        convert.export(load(untrained), "onnx", "fp32", tmp_path / "model.onnx", None)
        load(tmp_path / "model.onnx")


@pytest.mark.parametrize("version", ["2", 0, -1, 1.5, True, None])
def test_a_version_that_is_none_is_damage(version, untrained_copy, plain):
    write(untrained_copy, plain | {"card_version": version})
    with pytest.raises(FileDamaged, match="card_version"):
        load(untrained_copy)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("thresholds", [0.5], "1 thresholds for 4 classes"),
        ("meanings", ["normal"], "4 classes and 1 meanings"),
        ("multilabel", "yes", "multilabel is 'yes'"),
        ("settings", [1], "settings is"),
        ("classes", ["N", "N", "V", "F"], "two classes have one name"),
        ("meanings", ["a", "b", "c", 4], "meanings is"),
        ("thresholds", [0.5, 0.5, 2.0, 0.5], "thresholds is"),
        ("class_weights", [1, 1, float("nan"), 1], "class_weights is"),
        ("results", [{"corpus": "mitdb"}], "of its results is no score"),
        ("class_prior_adaptation", {"of": "S", "beside": "X", "share": 0.1, "counts": 1}, "class_prior_adaptation is"),
    ],
)
def test_a_card_whose_lists_do_not_pair_is_damaged(field, value, told, untrained_copy, plain):
    write(untrained_copy, plain | {field: value})
    with pytest.raises(FileDamaged, match=told):
        load(untrained_copy)


@pytest.mark.parametrize(
    "changed",
    [
        {"before_s": 1e9},
        {"before_s": float("inf")},
        {"fs_hz": 5000.0, "low_hz": 1e-9},
        {"leads": [1]},
        {"sd_mv": [0.0]},
    ],
)
def test_a_card_of_windows_without_end_is_refused_before_memory_is_taken(changed, untrained_copy, plain):
    prepared = plain["preparation"]
    part = "cut" if "before_s" in changed else "signal"
    write(untrained_copy, plain | {"preparation": prepared | {part: prepared[part] | changed}})
    with pytest.raises(FileDamaged):
        load(untrained_copy)


def test_a_card_names_the_nets_that_answer():
    architecture_summary = {name: bundle.load_card(ASSETS / name).architecture_summary for name in bundle.bundled()}
    assert architecture_summary["challenge2017-small"] == "arrhythminet_v1"
    assert architecture_summary["challenge2017-rhythm"] == "ensemble of 15: rhythm, forest"
    assert architecture_summary["mitbih-cnn-lstm-mlii"] == "cnn_lstm"
    assert all(architecture_summary.values())


def test_a_card_names_what_was_never_found_and_whether_rhythm_is_assessed():
    twelve, rhythm = (bundle.load_card(bundle.find(name)) for name in ("ptbxl-diagnoses", "challenge2017-small"))
    assert {"IVCD", "WPW", "PMI"} <= set(twelve.never_found) and "NORM" not in twelve.never_found
    assert not twelve.assesses_rhythm and rhythm.assesses_rhythm and rhythm.never_found == ()
    assert bundle.load_card(bundle.find("mitbih-paper-vote")).reads_paced and not twelve.reads_paced
