"""The studies of CPSC 2018 and of the Challenge 2017, as smoke runs on small corpora in the exact layouts."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora import mitdb
from einthoven.errors import CorpusIncomplete, StudyDamaged
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.studies import challenge2017, cpsc2018, folds, mitbih_small
from einthoven.training.recipe import Recipe
from tests.studies.test_twelve_leads import run


def test_challenge2017(challenge2017_like, home, tmp_path, monkeypatch, capsys):
    few = {
        name: challenge2017.CONTESTANTS[name]
        for name in (*challenge2017.NETS, challenge2017.BOOSTED, *challenge2017.SMALL)
    }
    monkeypatch.setattr(challenge2017, "CONTESTANTS", few)
    results = run("challenge2017", challenge2017_like, tmp_path / "study")
    assert "SMOKE RUN" in capsys.readouterr().out
    scores = results["scores"]
    assert set(scores) == {"nets and trees", *few} and results["title"].startswith("Challenge 2017: 1")
    assert all(found["challenge_score"]["low"] <= found["challenge_score"]["high"] for found in scores.values())
    for name in (challenge2017.BEST, challenge2017.SMALLEST):
        assert bundle.load_card(tmp_path / "study" / name).classes == tuple("NAO~")
    own = Predictions.read(tmp_path / "study" / "answers" / f"{results['chosen']['small']}-f0-test.csv")
    models = results["models"]
    assert models[challenge2017.SMALLEST]["n_test"] == len(own.record) < models[challenge2017.BEST]["n_test"]
    fused = load(tmp_path / "study" / challenge2017.BEST)
    chosen = results["chosen"]["best_of_the_whole"]
    assert len(fused.card.settings["members"]) == 2 * (2 + (chosen["share"] > 0))
    assert list(fused.card.class_weights) == chosen["class_weights"]
    predictions = tmp_path / "study" / "predictions"
    names = ("nets-and-trees", *challenge2017.NETS, challenge2017.BOOSTED)
    answers, *nets, trees = (Predictions.read(predictions / f"{name}.csv") for name in names)
    wanted = []
    for found in results["chosen"]["best"]:
        share = found["share"]
        both = (1 - share) * (nets[0].probability + nets[1].probability) / 2 + share * trees.probability
        weighted = both * found["class_weights"]
        wanted.append(weighted / weighted.sum(axis=1, keepdims=True))
    assert np.isclose(wanted, answers.probability, atol=1e-5).all(axis=2).any(axis=0).all(), "as its fold chose"
    first, second = (
        (tmp_path / "study" / "runs" / f"{name}-f0" / "bundle" / "weights.safetensors").read_bytes()
        for name in ("rhythm", "rhythm_again")
    )
    assert first != second, "another seed"
    assert len(np.unique(answers.record)) == len(answers.record) == scores["rhythm"]["n_test"]
    kept = tmp_path / "study" / "answers" / "rhythm-f1-test.csv"
    assert np.isin(Predictions.read(kept).record, answers.record).all() and kept.stat().st_size > 100
    again = main(["evaluate", str(fused.folder), "--from", str(challenge2017_like), "--out", str(tmp_path / "scores")])
    assert again == 2 and "training of the model and test" in capsys.readouterr().err


def test_the_small_net_is_chosen_on_validation(challenge2017_like, home, tmp_path, monkeypatch):
    """Whatever the test parts say, the choice stays."""
    few = {
        name: challenge2017.CONTESTANTS[name]
        for name in (*challenge2017.NETS, challenge2017.BOOSTED, *challenge2017.SMALL)
    }
    monkeypatch.setattr(challenge2017, "CONTESTANTS", few)
    asked = []
    answers = challenge2017.CrossValidation.answers

    def noted(self, name, part, fold):
        asked.append(part)
        return answers(self, name, part, fold)

    monkeypatch.setattr(challenge2017.CrossValidation, "answers", noted)
    choose = challenge2017._Run._choose

    def choosing(self):
        asked.clear()
        found = choose(self)
        assert set(asked) == {"validation"}
        return found

    monkeypatch.setattr(challenge2017._Run, "_choose", choosing)
    run("challenge2017", challenge2017_like, tmp_path / "study")
    assert "test" in asked


@pytest.mark.parametrize("protocol", ["clean", "both"])
def test_cpsc2018(protocol, cpsc2018_like, home, tmp_path, monkeypatch, capsys):
    small = {"widths": (4, 4, 8), "hidden": (4, 4), "dense": 8}, {"widths": (8, 16)}
    nets = {
        "litenet": ("litenet", small[0], cpsc2018.RECIPE, 1.0),
        "resnet18": ("resnet1d", small[1], cpsc2018.RECIPE, 1.0),
    }
    monkeypatch.setattr(cpsc2018, "NETS", nets)
    results = run("cpsc2018", cpsc2018_like, tmp_path / "study", "--protocol", protocol)
    assert "40 of its 6,877 recordings" in capsys.readouterr().out.splitlines()[0]
    asked = {"clean"} if protocol == "clean" else {"clean", "paper"}
    assert set(results["protocols"]) == asked
    for name in asked:
        scores = results["protocols"][name]["scores"]
        assert set(scores) == {"litenet-12", "litenet-I", "resnet18-12", "resnet18-I"}
        assert all(found["leaks_patients"] == (name == "paper") for found in scores.values())
    told = json.loads((tmp_path / "study" / "results.json").read_text())
    assert told["recordings"] == 40


def test_mitbih_small(mitdb_like, home, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mitdb, "_FIRST_S", 10.0)  # of twenty
    results = run("mitbih-small", mitdb_like, tmp_path / "study", "--protocol", "both")
    assert "SMOKE RUN" in capsys.readouterr().out
    scores = results["scores"]
    assert set(scores["arrhythminet_v1-clean"]["per_class"]) == set("NLRAV")
    assert scores["arrhythminet_v1-paper"]["leaks_patients"] and not scores["arrhythminet_v1-clean"]["leaks_patients"]
    assert scores["arrhythminet_v2-paper"]["kilobytes"] < 157.76
    assert scores["self_onn_q7"]["protocol"] == "patient_specific" and scores["self_onn_q7"]["leaks_patients"]
    assert scores["self_onn_q7"]["n_parameters"] > scores["self_onn_q1"]["n_parameters"]
    assert mitbih_small.PAPER["self_onn_q7"]["F1 S"] == 0.766


def of_records(*names: str) -> SimpleNamespace:
    """A store, as far as its records go."""
    return SimpleNamespace(index=SimpleNamespace(record=np.array(names)))


def test_stores_of_other_recordings_have_no_common_folds(tmp_path):
    corpus, both = cpsc2018.CPSC2018, {"12": of_records("a", "b", "b"), "I": of_records("a", "b")}
    folds.CrossValidation(None, corpus, None, both, {}, range(2), tmp_path, False)
    with pytest.raises(CorpusIncomplete, match="1 recordings in some of them only: c"):
        folds.CrossValidation(
            None, cpsc2018.CPSC2018, None, both | {"V1": of_records("a", "b", "c")}, {}, range(2), tmp_path, False
        )


@pytest.mark.parametrize("gone", ["answers", "run"])
def test_what_is_gone_from_a_study_can_be_made_again(gone, tmp_path):
    step = tmp_path / "train-a-f0.json"
    step.write_text("{}")
    steps = SimpleNamespace(file=lambda name: tmp_path / f"{name}.json")
    runs = folds.CrossValidation(steps, cpsc2018.CPSC2018, None, {"": of_records("a")}, {}, range(1), tmp_path, False)
    file = tmp_path / "answers" / "a-f0-test.csv"
    if gone == "answers":
        file.parent.mkdir()
        file.write_text("cut")
    with pytest.raises(StudyDamaged, match=f"rm {file if gone == 'answers' else step} "):
        runs.answers("a", "test", 0)


def test_answers_of_a_member_that_trains_again_are_forgotten(tmp_path, monkeypatch):
    card = SimpleNamespace(n_parameters=1, training={"validation_macro_f1": 0.5})
    monkeypatch.setattr(folds, "task_of", lambda *_: None)
    monkeypatch.setattr(folds, "fit", lambda *_, **__: card)
    contestants = {name: folds.Contestant("cnn", {}, Recipe()) for name in ("net", "net-b")}
    runs = folds.CrossValidation(None, None, None, {"": of_records("a")}, contestants, range(2), tmp_path, False)
    (tmp_path / "answers").mkdir()
    for name in ("net-f0-test", "net-f0-validation", "net-f1-test", "net-b-f0-test"):
        (tmp_path / "answers" / f"{name}.csv").touch()
    assert runs._train("net", 0) == {"n_parameters": 1, "validation_macro_f1": 0.5}
    assert {file.stem for file in (tmp_path / "answers").iterdir()} == {"net-f1-test", "net-b-f0-test"}
