"""What the studies of PTB-XL and of the children find, on small corpora in exact layouts."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.corpora.zzu_pecg import ZZU_PECG
from einthoven.data.build import build
from einthoven.engine.members import Member
from einthoven.errors import CorpusIncomplete
from einthoven.export.graph import noise
from einthoven.inference.predictor import load
from einthoven.studies import ptbxl_model
from einthoven.training.scaling import scaled_by_parts
from einthoven.training.task import task_of
from tests.studies.small import few, finished, run


def test_ptbxl(request):
    found = finished("ptbxl", request).results
    assert found["folds"] == [["1", "2", "3"]]
    assert set(found["cost"]["cnn"]) >= {"parameters", "multiply_accumulates", "training_windows_per_s"}
    assert list(found["deeper"]) == ["bilstm - cnn"]
    assert set(found["deeper"]["bilstm - cnn"]["macro_auroc"]) == {"difference", "p"}
    assert list(found["against_reference"]) == ["chosen hybrid - xresnet1d101"]
    best = found["chosen"]["g0"]["best_hybrid"]
    assert best in ("cnn", "bilstm")
    assert found["scores"]["chosen hybrid"]["macro_auroc"] == found["scores"][best]["macro_auroc"]


def test_ptbxl_by_the_official_folds(request, tmp_path):
    done = finished("ptbxl", request)
    study = replace(few("ptbxl", "cnn", "bilstm", "typical_beat"))
    found = run(study, done.source, "clean", tmp_path / "out", done.home, "official")
    assert found["folds"] == [["10"]] and "fold 10" in found["title"] and set(found["chosen"]) >= {"official"}


@pytest.fixture(scope="module")
def model_study(request, tmp_path_factory):
    """The study of the bundled model, its choices and scores done again; which answers were asked for, in their order."""
    done, asked, answers = finished("ptbxl-model", request), [], Member.predict

    def noted(self, part):
        found = answers(self, part)
        asked.append((self.group, part, set(found.record.tolist())))
        return found

    out = shutil.copytree(done.folder, tmp_path_factory.mktemp("again") / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Member, "predict", noted)
        for name in ("chosen", "scores"):
            (out / "steps" / f"{name}.json").unlink()
        done.again(out)
    return done, asked


def test_the_bundled_model_of_ptbxl(model_study):
    done, _ = model_study
    model, chosen = load(done.folder / ptbxl_model.MODEL), done.results["chosen"]["whole"]
    assert model.card.multilabel and done.results["fused"]["bytes"] < 8_000_000
    assert model.card.at_least_one == (chosen["decision"] == "half_at_least_one") and not model.card.thresholds
    windows = noise(model.card)[:2]
    shares = model.card.settings["weights"]
    members = model.card.training["members"]
    each = [load(done.folder / "runs" / member["name"]).probabilities(windows) for member in members]
    wanted = np.tensordot(np.array(shares) / sum(shares), np.stack(each), axes=1)
    np.testing.assert_allclose(model.probabilities(windows), wanted, atol=5e-3)
    tenth = {entry.patient for entry in PTBXL.entries(done.source, 100.0) if entry.group == "10"}
    assert not {f"ptb-xl/{patient}" for patient in tenth} & set(model.card.patients)


def test_what_is_tested_was_neither_learned_nor_chosen_on(model_study):
    """Members of a group, and the answers that choose its shares, hold no record of its folds."""
    done, asked = model_study
    fold = {entry.record: entry.group for entry in PTBXL.entries(done.source, 100.0)}
    first_test = next(at for at, (_, part, _) in enumerate(asked) if part == "test")
    assert {part for _, part, _ in asked[:first_test]} == {"validation"}
    assert {part for _, part, _ in asked[first_test:]} == {"test"}, "nothing is chosen once a test part was opened"
    for group, part, records in asked:
        folds = {fold[record] for record in records}
        assert "10" not in folds
        if group == "g0":
            assert (folds <= set(GROUPS[0])) == (part == "test") and bool(folds & set(GROUPS[0])) == (part == "test")
    for name in done.study.models:
        card = load(done.folder / "runs" / f"{name}-nested-f0").card
        assert not {fold[name] for part in card.training["records"].values() for name in part} & {*GROUPS[0], "10"}


def test_pediatric(request):
    scores = finished("pediatric", request).results["scores"]
    assert {name: found["leaks_patients"] for name, found in scores.items()} == {
        f"{net}-{by}": by == "paper"
        for net in ("transformer-9", "transformer-12", "mamba2-12")
        for by in ("clean", "paper")
    }
    leaking = scores["mamba2-12-paper"]
    assert leaking["rows"] == "windows" and scores["mamba2-12-clean"]["rows"] == "records"
    assert sum(group["n"] for group in leaking["ages"].values()) <= leaking["n_test"]


def test_pediatric_on_adults(request, ptbxl_like, tmp_path):
    """The paper's figures do not stand beside those of other people."""
    study = few("pediatric", "transformer-9", "transformer-12")
    found = run(study, ptbxl_like, "both", tmp_path / "out", tmp_path / "home")
    assert found["corpus"] == "ptb-xl" and "not children" in found["remarks"][1]
    assert {tuple(row[-2:]) for row in found["rows"]} == {("", "")}
    assert {row["protocol"] for row in found["scores"].values()} == {"patients", "paper"}


def test_scaling_in_clean_knows_the_training_part_only(zzu_like, home):
    """Windows of the test part, replaced by noise, do not change what the others are scaled by; in paper they are by themselves."""
    store = build(ZZU_PECG, zzu_like, ZZU_PECG.preparation)
    for name in ("clean", "paper"):
        protocol = ZZU_PECG.protocol(name)
        task = scaled_by_parts(task_of(ZZU_PECG, protocol, store, 0), store, protocol)
        train = task.windows[task.train].signal
        np.testing.assert_allclose(train.mean(axis=(0, 2)), 0, atol=1e-3)
        np.testing.assert_allclose(train.std(axis=(0, 2)), 1, atol=1e-2)
        test = task.windows[protocol.parts(store.index, 0).test].signal
        assert (abs(test.std(axis=(0, 2)) - 1).max() < 1e-2) == (name == "paper")


def test_a_folder_of_neither(request, tmp_path):
    with pytest.raises(CorpusIncomplete, match="neither"):
        run(few("pediatric", "transformer-9"), Path(tmp_path), "clean", tmp_path / "out", tmp_path / "home")
