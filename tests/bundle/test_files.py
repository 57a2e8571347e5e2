"""Files of a bundle: written whole, damaged ones refused, bundled models whole."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven import bundle
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.export import graph
from einthoven.inference.backends import TorchBackend
from einthoven.inference.predictor import load
from einthoven.models.cost import parameters
from einthoven.paths import ASSETS
from einthoven.signal.windows import Windows


@pytest.fixture
def copy(untrained, tmp_path):
    return shutil.copytree(untrained, tmp_path / "copy")


def test_altered_weights_are_refused(copy):
    file = copy / bundle.WEIGHTS
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(FileDamaged, match="checksum"):
        load(copy)


def test_a_pickle_is_refused_and_never_run(copy, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    for protocol in (2, 4):
        (copy / bundle.WEIGHTS).write_bytes(pickle.dumps(Trap(), protocol=protocol))
        with pytest.raises(FileDamaged, match="is a pickle, which is never loaded"):
            load(copy)
    (tmp_path / "model.pt").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(FileDamaged, match="never loaded"):
        load(tmp_path / "model.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_header_whose_length_looks_like_a_pickle_is_read(untrained, tmp_path):
    card = bundle.load_card(untrained)
    long = {f"{at:040d}": np.zeros(1, np.float32) for at in range(6)}
    for n in range(64):
        bundle.save(tmp_path / "m", card, long | {"y" * (8 * n + 1): np.zeros(1, np.float32)})
        if (tmp_path / "m" / bundle.WEIGHTS).read_bytes()[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04"):
            assert len(bundle.load_weights(tmp_path / "m", bundle.load_card(tmp_path / "m"))) == 7
            return
        shutil.rmtree(tmp_path / "m")
    pytest.fail("no header of such a length was made")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"name": 3}', "\0"])
def test_a_damaged_card_is_refused(copy, content):
    (copy / bundle.CARD).write_text(content)
    with pytest.raises(FileDamaged, match=r"card\.json"):
        load(copy)


def test_a_graph_of_other_shape_is_refused(tmp_path):
    name = next(name for name in bundle.bundled() if (ASSETS / name / bundle.GRAPH).exists())
    shutil.copytree(ASSETS / name, tmp_path / name)
    card = bundle.load_card(tmp_path / name)
    longer = card.preparation.with_settings(fs_hz=card.preparation.fs_hz + 10)
    bundle.rewrite_card(tmp_path / name, replace(card, preparation=longer))
    with pytest.raises(FileDamaged, match="the card says"):
        load(tmp_path / name).probabilities(graph.noise(load(tmp_path / name).card))


def test_missing_weights_are_refused(copy):
    (copy / bundle.WEIGHTS).unlink()
    with pytest.raises(FileDamaged, match=r"weights\.safetensors"):
        load(copy)


def test_weights_of_another_architecture_are_refused(copy):
    bundle.rewrite_card(copy, replace(bundle.load_card(copy), architecture="resnet1d", settings={}))
    with pytest.raises(FileDamaged, match="do not fit"):
        load(copy).probabilities(Windows(np.zeros((1, 1, 360), np.float32)))


@pytest.mark.parametrize("name", ["none-such", "../assets", "/", ""])
def test_a_model_that_does_not_exist(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigurationFault, FileDamaged)):
        load(name)


def test_an_unfinished_run_says_so(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(FileDamaged, match="not ended"):
        load(tmp_path)


@pytest.mark.parametrize("name", bundle.bundled())
def test_every_bundled_model_is_whole_small_and_honest(name):
    folder = ASSETS / name
    card = bundle.load_card(folder)
    assert card.name == name
    most = {"ptbxl": 8_000_000, "challenge2017": 10_000_000, "waves": 2_000_000}.get(name.split("-")[0], 5_000_000)
    assert sum(file.stat().st_size for file in folder.iterdir()) < most
    assert card.attribution
    assert card.results, "a bundled model carries its numbers"
    for row in card.results:
        assert {"value", "low", "high"} == set(row["macro_f1"])
        if not row["leaks_patients"]:
            assert row["interval"]["unit"] == "patient"
    if card.answers_samples:
        found = load(name).backend.logits(graph.noise(card)[:3])
        assert found.shape == (3, len(card.classes), card.preparation.n_samples)
        return
    found = load(name).probabilities(graph.noise(card)[:3])
    assert ((found >= 0) & (found <= 1)).all()
    if not card.multilabel:
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["mitbih-clean-context", "mitbih-clean-one-lead"])
def test_the_clean_models_saw_ds1_of_mit_bih_and_nobody_of_ds2_in_another_database(name):
    from einthoven.corpora.mitdb import DS1
    from einthoven.corpora.qtdb import person_elsewhere

    card = bundle.load_card(ASSETS / name)
    by_corpus = {
        corpus: {person.split("/")[1] for person in card.patients if person.startswith(corpus)}
        for corpus in ("mitdb", "svdb", "qtdb")
    }
    assert by_corpus["mitdb"] == set(DS1) and by_corpus["svdb"]
    assert not any(person_elsewhere(record) for record in by_corpus["qtdb"])
    assert sum(map(len, by_corpus.values())) == len(card.patients)
    assert {row["protocol"] for row in card.results} == {"clean"}


def test_the_one_lead_model_never_saw_208_nor_ds2():
    from einthoven.corpora.mitdb import DS2

    card = bundle.load_card(ASSETS / "mitbih-cnn-lstm-mlii")
    assert card.preparation.leads == ("MLII|II",)
    seen = set(card.training["records"]["train"]) | set(card.training["records"]["validation"])
    assert not seen & {"208", *DS2}


def test_a_bundled_model_is_known_by_whatever_path(monkeypatch, tmp_path, untrained):
    monkeypatch.chdir(ASSETS.parent)
    assert bundle.is_bundled(Path("assets") / "challenge2017-small") and not bundle.is_bundled(untrained)
    (tmp_path / "link").symlink_to(ASSETS / "challenge2017-small")
    assert bundle.is_bundled(tmp_path / "link")


@pytest.mark.parametrize("name", bundle.bundled())
def test_parameters_are_counted_as_everywhere(name):
    card = bundle.load_card(ASSETS / name)
    assert card.n_parameters == parameters(TorchBackend(ASSETS / name, card).network)


def test_a_model_of_an_earlier_version_finds_its_successor(copy, monkeypatch, tmp_path, caplog):
    assert bundle.find("ptbxl-typical-beat") == ASSETS / "ptbxl-diagnoses"
    assert "replaced by ptbxl-diagnoses" in caplog.text
    monkeypatch.chdir(tmp_path)
    copy.rename("ptbxl-typical-beat")
    assert bundle.find("ptbxl-typical-beat") == Path("ptbxl-typical-beat"), "one's own folder of that name comes first"
