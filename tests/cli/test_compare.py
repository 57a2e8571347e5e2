"""The verb compare: two models on the same test part, and what it refuses."""

import json
import shutil

import pytest

from einthoven import bundle
from einthoven.cli.main import main


@pytest.fixture(scope="module")
def scored(untrained, mitdb_like, tmp_path_factory):
    """Two models with other weights, and what evaluate wrote for each."""
    folder = tmp_path_factory.mktemp("compared")
    shutil.copytree(untrained, folder / "first")
    card = bundle.load_card(untrained)
    weights = bundle.load_weights(untrained, card)
    bundle.save(folder / "second", card, {name: values * 1.5 for name, values in weights.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EINTHOVEN_HOME", str(folder / "home"))
        for name in ("first", "second"):
            words = ["evaluate", str(folder / name), "--from", str(mitdb_like), "--out", str(folder / f"scores-{name}")]
            assert main(words) == 0
    return folder


@pytest.fixture(autouse=True)
def same_home(scored, monkeypatch):
    monkeypatch.setenv("EINTHOVEN_HOME", str(scored / "home"))


def test_evaluations_and_models_give_the_same_comparison(scored, mitdb_like, tmp_path, capsys):
    words = ["compare", str(scored / "scores-first"), str(scored / "scores-second"), "--out", str(tmp_path / "a")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "macro-F1" in said and "difference" in said and "p 0." in said and "protocol clean" in said
    words = ["compare", str(scored / "first"), str(scored / "second"), "--from", str(mitdb_like)]
    assert main([*words, "--out", str(tmp_path / "b")]) == 0
    first, second = (json.loads((tmp_path / name / "comparison.json").read_text()) for name in ("a", "b"))
    assert first["interval"]["unit"] == second["interval"]["unit"] == "patient"
    for which in ("first", "second", "difference"):  # a CSV has six digits
        assert first["metrics"]["macro_f1"][which] == pytest.approx(second["metrics"]["macro_f1"][which], abs=1e-3)
    told = json.loads((scored / "scores-first" / "metrics.json").read_text())
    assert first["metrics"]["macro_f1"]["first"]["value"] == pytest.approx(told["macro_f1"]["value"], abs=1e-6)
    assert "| metric |" in (tmp_path / "a" / "table.md").read_text()


def test_a_model_does_not_differ_from_itself(scored, capsys):
    assert main(["compare", str(scored / "scores-first"), str(scored / "scores-first")]) == 0
    assert "The macro-F1 of the two models does not differ significantly (p 1.000)" in capsys.readouterr().out


def refused(words, capsys) -> str:
    assert main(["compare", *map(str, words)]) == 2
    told = capsys.readouterr().err
    assert "remedy" in told
    return told


def test_other_windows_are_refused(scored, tmp_path, capsys):
    other = shutil.copytree(scored / "scores-second", tmp_path / "other")
    lines = (other / "predictions.csv").read_text().splitlines()
    (other / "predictions.csv").write_text("\n".join(lines[:-3]) + "\n")
    told = refused([scored / "scores-first", other], capsys)
    assert "tested on different windows" in told and f"{len(lines) - 4:,} of them in both" in told


def test_other_classes_are_refused(scored, tmp_path, capsys):
    other = shutil.copytree(scored / "scores-second", tmp_path / "other")
    text = (other / "predictions.csv").read_text()
    (other / "predictions.csv").write_text(text.replace("truth,N,S,V,F", "truth,N,S,V,Z").replace(",F,", ",Z,"))
    assert "predict different classes" in refused([scored / "scores-first", other], capsys)


def test_a_model_that_has_seen_the_test_patients_is_refused(scored, mitdb_like, tmp_path, capsys):
    card = bundle.load_card(scored / "second")
    training = card.training | {"patients": ["mitdb/103"]}
    seen = bundle.Card(**{**vars(card), "training": training})
    bundle.save(tmp_path / "seen", seen, bundle.load_weights(scored / "second", card))
    told = refused([scored / "first", tmp_path / "seen", "--from", mitdb_like], capsys)
    assert "PatientLeak" in told and "103" in told


def test_a_folder_without_an_evaluation_is_refused(scored, tmp_path, capsys):
    assert "holds no evaluation" in refused([scored / "scores-first", tmp_path], capsys)
    broken = shutil.copytree(scored / "scores-first", tmp_path / "broken")
    (broken / "metrics.json").write_text("{}")
    assert "holds no evaluation" in refused([broken, scored / "scores-first"], capsys)


def test_a_corpus_without_its_folder_is_refused(scored, capsys):
    words = [scored / "scores-first", scored / "scores-second", "--corpus", "mitdb"]
    assert "no folder to test the models on" in refused(words, capsys)
