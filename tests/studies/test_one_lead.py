"""What the studies of single-lead recordings and of small nets find, on small corpora in the exact layouts."""

import shutil

import numpy as np
import pytest

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.engine.members import Member
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.studies import challenge2017
from tests.studies.small import finished


@pytest.fixture(scope="module")
def challenge(request):
    return finished("challenge2017", request)


def test_the_scores_of_challenge2017(challenge):
    scores = challenge.results["scores"]
    assert set(scores) == {"nets and trees", "distilled and trees", *challenge.study.models}
    assert challenge.results["title"].startswith("Challenge 2017: 1")
    assert all(found["challenge_score"]["low"] <= found["challenge_score"]["high"] for found in scores.values())
    others = (*challenge.study.models, "distilled and trees")
    pairs = {f"nets and trees - {name}" for name in others} | {"distilled and trees - distilled"}
    assert set(challenge.results["paired"]) == pairs


def test_the_models_that_come_with_einthoven(challenge, monkeypatch, tmp_path, capsys):
    chosen, models = challenge.results["chosen"], challenge.results["models"]
    for name in (challenge2017.BEST, challenge2017.SMALLEST):
        assert bundle.load_card(challenge.folder / name).classes == tuple("NAO~")
    own = Predictions.read(challenge.folder / "answers" / f"{chosen['small']}-f0-test.csv")
    assert models[challenge2017.SMALLEST]["n_test"] == len(own.record) < models[challenge2017.BEST]["n_test"]
    fused, whole = load(challenge.folder / challenge2017.BEST), chosen["taught_of_the_whole"]
    members = [architecture for architecture, *_ in fused.card.settings["members"]]
    assert members == ["rhythm", *["forest"] * (2 if whole["share"] else 0)]
    assert fused.card.settings["weights"][0] == pytest.approx(1 - whole["share"])
    assert list(fused.card.class_weights) == whole["class_weights"]
    monkeypatch.setenv("EINTHOVEN_HOME", str(challenge.home))
    again = ["evaluate", str(fused.folder), "--from", str(challenge.source), "--out", str(tmp_path / "scores")]
    assert main(again) == 2 and "training of the model and test" in capsys.readouterr().err


def test_the_network_that_others_taught_of_all_recordings_tested_in_no_fold(challenge):
    """It saw what trained a teacher in some fold; those that validate it trained neither it nor what it is scored by."""
    seen = [bundle.load_card(challenge.folder / "runs" / f"distilled-f{fold}" / "bundle").training for fold in (0, 1)]
    of_all = bundle.load_card(challenge.folder / "runs" / "distilled-of-all" / "bundle").training
    assert of_all["taught"]["by"] == seen[0]["taught"]["by"] == list(challenge2017.NETS) and of_all["fold"] is None
    train, validation = (set(of_all["records"][part]) for part in ("train", "validation"))
    assert validation == set(seen[0]["records"]["validation"]) and not train & validation
    assert train > set(seen[0]["records"]["train"]) and len(train) > len(seen[1]["records"]["train"])
    told = bundle.load_card(challenge.folder / challenge2017.BEST)
    assert told.patients == {f"challenge-2017/{record}" for record in train | validation}


def test_nets_and_trees_answer_as_each_fold_chose(challenge):
    names = ("nets-and-trees", *challenge2017.NETS, challenge2017.BOOSTED)
    answers, *nets, trees = (Predictions.read(challenge.folder / "predictions" / f"{name}.csv") for name in names)
    wanted = []
    for found in challenge.results["chosen"]["best"]:
        share = found["share"]
        both = (1 - share) * (nets[0].probability + nets[1].probability) / 2 + share * trees.probability
        weighted = both * found["class_weights"]
        wanted.append(weighted / weighted.sum(axis=1, keepdims=True))
    assert np.isclose(wanted, answers.probability, atol=1e-5).all(axis=2).any(axis=0).all()
    assert len(np.unique(answers.record)) == len(answers.record) == challenge.results["scores"]["rhythm"]["n_test"]


def test_another_seed_is_another_net(challenge):
    first, second = (
        (challenge.folder / "runs" / f"{name}-f0" / "bundle" / "weights.safetensors").read_bytes()
        for name in ("rhythm", "rhythm_again")
    )
    assert first != second


def test_the_small_net_is_chosen_on_validation(challenge, monkeypatch, tmp_path):
    """Whatever the test parts say, the choice stays."""
    asked, answers = [], Member.predict

    def noted(self, part):
        asked.append(part)
        return answers(self, part)

    monkeypatch.setattr(Member, "predict", noted)
    out = shutil.copytree(challenge.folder, tmp_path / "out")
    for name in ("chosen", "scores"):
        (out / "steps" / f"{name}.json").unlink()
    found = challenge.again(out)
    first_test = asked.index("test")
    assert set(asked[:first_test]) == {"validation"} and set(asked[first_test:]) == {"test"}
    assert {name: found["chosen"][name] for name in ("small", "best")} == {
        name: challenge.results["chosen"][name] for name in ("small", "best")
    }


def test_cpsc2018(request):
    found = finished("cpsc2018", request).results
    assert "40 of its 6,877 recordings" in found["title"] and found["recordings"] == 40
    assert set(found["protocols"]) == {"clean", "paper"}
    for name, by in found["protocols"].items():
        assert set(by["scores"]) == {"litenet-12", "litenet-I", "resnet18-12", "resnet18-I"}
        assert all(row["leaks_patients"] == (name == "paper") for row in by["scores"].values())
        assert set(by["paired"]) == {"litenet - resnet18, 12", "litenet - resnet18, I"}


def test_mitbih_small(request):
    done = finished("mitbih-small", request)
    scores = done.results["scores"]
    assert set(scores["arrhythminet_v1-clean"]["per_class"]) == set("NLRAV")
    assert scores["arrhythminet_v1-paper"]["leaks_patients"] and not scores["arrhythminet_v1-clean"]["leaks_patients"]
    assert scores["arrhythminet_v2-paper"]["kilobytes"] < 157.76
    assert scores["self_onn_q7"]["protocol"] == "patient_specific" and scores["self_onn_q7"]["leaks_patients"]
    assert scores["self_onn_q7"]["n_parameters"] > scores["self_onn_q1"]["n_parameters"]
    assert done.results["rows"][-1][-1] == "F1 S 0.766, F1 V 0.937"
