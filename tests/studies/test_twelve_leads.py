"""The studies of PTB-XL and of the children, whole, on small corpora in exact layouts."""

import json
from dataclasses import replace

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.errors import CorpusIncomplete
from einthoven.inference.predictor import load
from einthoven.studies import pediatric, ptbxl, ptbxl_model


def run(name, source, out, *more) -> dict:
    assert main(["study", name, "--from", str(source), "--out", str(out), "--quick", *more]) == 0
    return json.loads((out / "results.json").read_text())


@pytest.fixture
def few(monkeypatch):
    """The study of PTB-XL with four models."""
    kept = ("cnn", "bilstm", "xresnet1d101", "typical_beat")
    monkeypatch.setattr(ptbxl, "MODELS_", {name: ptbxl.MODELS_[name] for name in kept})
    monkeypatch.setattr(ptbxl, "LADDER", {name: ptbxl.LADDER[name] for name in ("cnn", "bilstm")})
    monkeypatch.setattr(ptbxl, "DEEPER", (("bilstm", "cnn"),))


@pytest.mark.parametrize("folds", ["groups", "official"])
def test_ptbxl(few, folds, ptbxl_like, home, tmp_path, capsys):
    results = run("ptbxl", ptbxl_like, tmp_path / "out", "--folds", folds)
    assert "SMOKE RUN" in capsys.readouterr().out
    assert results["folds"] == ([["1", "2", "3"]] if folds == "groups" else [["10"]])
    assert set(results["cost"]["cnn"]) >= {"parameters", "multiply_accumulates", "training_windows_per_s"}
    assert set(results["deeper"]["bilstm - cnn"]["macro_auroc"]) == {"difference", "p"}
    (found,) = (found for found in results["chosen"].values() if isinstance(found, dict))
    assert found["best_hybrid"] in ("cnn", "bilstm")
    assert results["scores"]["chosen hybrid"]["macro_auroc"] == results["scores"][found["best_hybrid"]]["macro_auroc"]
    names = {file.stem for file in (tmp_path / "out" / "figures").glob("*.png")}
    assert {"cost-macro_auroc", "cost-macro_auprc", "depth", "classes-chosen-hybrid"} <= names
    before = (tmp_path / "out" / "results.json").read_text()
    run("ptbxl", ptbxl_like, tmp_path / "out", "--folds", folds)
    assert json.loads(before)["scores"] == json.loads((tmp_path / "out" / "results.json").read_text())["scores"]


@pytest.fixture(scope="module")
def model_study(ptbxl_like, tmp_path_factory):
    """The study of the bundled model with three kinds of members: its folder, and which answers were asked for, in their order."""
    patch, asked = pytest.MonkeyPatch(), []
    patch.setenv("EINTHOVEN_HOME", str(tmp_path_factory.mktemp("home")))
    few = {name: ptbxl_model.KINDS[name] for name in ("measured", "boosted", "randomised")}
    few["boosted"] = replace(few["boosted"], settings=few["boosted"].settings | {"n_trees": 92})
    patch.setattr(ptbxl_model, "KINDS", few)
    families = {"nets": ("measured",), "boosted": ("boosted",), "randomised": ("randomised",)}
    patch.setattr(ptbxl_model, "FAMILIES", families)
    answers = ptbxl_model._Run._answers

    def noted(self, kind, turn, part):
        found = answers(self, kind, turn, part)
        asked.append((turn, part, set(found.record.tolist())))
        return found

    patch.setattr(ptbxl_model._Run, "_answers", noted)
    out = tmp_path_factory.mktemp("study") / "out"
    run("ptbxl-model", ptbxl_like, out)
    yield out, asked
    patch.undo()


def test_the_bundled_model_of_ptbxl(model_study, ptbxl_like):
    out, _ = model_study
    results = json.loads((out / "results.json").read_text())
    assert "SMOKE RUN" in (out / "table.md").read_text()
    model = load(out / ptbxl_model.MODEL)
    assert model.card.multilabel and results["fused"]["bytes"] < 8_000_000
    chosen = results["chosen"]["whole"]
    assert model.card.at_least_one == (chosen["decision"] == "half_at_least_one") and not model.card.thresholds
    windows = np.random.default_rng(0).standard_normal((2, 25, 1000)).astype(np.float32)
    shares = model.card.settings["weights"]
    each = [load(out / "runs" / member["name"]).probabilities(windows) for member in model.card.training["members"]]
    wanted = np.tensordot(np.array(shares) / sum(shares), np.stack(each), axes=1)
    np.testing.assert_allclose(model.probabilities(windows), wanted, atol=5e-3)
    tenth = {entry.patient for entry in PTBXL.entries(ptbxl_like, 100.0) if entry.group == "10"}
    assert not {f"ptb-xl/{patient}" for patient in tenth} & set(model.card.patients)


def test_what_is_tested_was_neither_learned_nor_chosen_on(model_study, ptbxl_like):
    """Members of a group, and the answers that choose its shares, hold no record of its folds."""
    out, asked = model_study
    fold = {entry.record: entry.group for entry in PTBXL.entries(ptbxl_like, 100.0)}
    first_test = next(at for at, (_, part, _) in enumerate(asked) if part == "test")
    assert {part for _, part, _ in asked[:first_test]} == {"validation"}
    assert {part for _, part, _ in asked[first_test:]} == {"test"}, "nothing is chosen once a test part was opened"
    for turn, part, records in asked:
        folds = {fold[record] for record in records}
        assert "10" not in folds
        if turn == "g0":
            assert (folds <= set(GROUPS[0])) == (part == "test") and bool(folds & set(GROUPS[0])) == (part == "test")
    for kind in ptbxl_model.KINDS:
        card = load(out / "runs" / f"{kind}-nested-f0").card
        assert not {fold[name] for part in card.training["records"].values() for name in part} & {*GROUPS[0], "10"}


def test_folds_that_a_study_does_not_know(ptbxl_like, tmp_path):
    assert main(["study", "ptbxl", "--from", str(ptbxl_like), "--out", str(tmp_path / "out"), "--folds", "7"]) == 2
    assert (
        main(["study", "mitbih", "--from", str(ptbxl_like), "--out", str(tmp_path / "out"), "--folds", "groups"]) == 2
    )


@pytest.fixture
def two_nets(monkeypatch):
    monkeypatch.setattr(pediatric, "NETS", {name: pediatric.NETS[name] for name in ("transformer", "mamba2")})


@pytest.mark.parametrize("corpus", ["zzu_like", "ptbxl_like"])
def test_pediatric(two_nets, corpus, request, home, tmp_path):
    source = request.getfixturevalue(corpus)
    results = run("pediatric", source, tmp_path / "out", "--protocol", "clean")
    assert set(results["scores"]) == {f"{net}-{leads}-clean" for net in pediatric.NETS for leads in ("9", "12")}
    assert not any(found["leaks_patients"] for found in results["scores"].values())
    results = run("pediatric", source, tmp_path / "out", "--protocol", "both")
    assert len(results["scores"]) == 8
    leaking = results["scores"]["mamba2-12-paper"]
    assert leaking["leaks_patients"]
    assert leaking["rows"] == "windows"
    assert sum(group["n"] for group in leaking["ages"].values()) <= leaking["n_test"]
    assert "LEAKS PATIENTS" in (tmp_path / "out" / "table.md").read_text()
    assert "LEAKS PATIENTS" in (tmp_path / "out" / "report.html").read_text()


def test_scaling_in_clean_knows_the_training_part_only(zzu_like, home):
    """Windows of the test part, replaced by noise, do not change what the others are scaled by; in paper they are by themselves."""
    from einthoven.corpora.zzu_pecg import ZZU_PECG
    from einthoven.data.build import build
    from einthoven.training.task import task_of

    store = build(ZZU_PECG, zzu_like, ZZU_PECG.preparation)
    for name in ("clean", "paper"):
        protocol = ZZU_PECG.protocol(name)
        task = pediatric._scaled(task_of(ZZU_PECG, protocol, store, 0), store, protocol)
        train = task.windows[task.train]
        np.testing.assert_allclose(train.mean(axis=(0, 2)), 0, atol=1e-3)
        np.testing.assert_allclose(train.std(axis=(0, 2)), 1, atol=1e-2)
        test = task.windows[protocol.parts(store.index, 0).test]
        assert (abs(test.std(axis=(0, 2)) - 1).max() < 1e-2) == (name == "paper")


def test_a_folder_of_neither(tmp_path):
    with pytest.raises(CorpusIncomplete, match="neither"):
        pediatric.run(tmp_path, "clean", tmp_path / "out", True)
