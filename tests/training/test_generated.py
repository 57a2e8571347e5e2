"""Generated beats and simulated rhythms: made from the training part, marked, capped, and nowhere but in training."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.corpora.mitdb import MITDB
from einthoven.errors import ConfigurationFault, PatientLeak
from einthoven.evaluation import generated
from einthoven.signal.preparation import Beats, Preparation, SignalSpec
from einthoven.training.gan import Generation, generate, rare_classes
from einthoven.training.recipe import SIMULATED
from einthoven.training.rhythms import fibrillation, rhythm_with_patterns, rhythm_with_runs, with_rhythms
from einthoven.training.task import task_of

HOW = Generation(steps=4, batch=8, rare_share=0.3)


@pytest.fixture
def store(mitdb_like, store_of):
    return store_of(MITDB, mitdb_like, without=MITDB.protocols["clean"].without)


@pytest.fixture
def task(store):
    return task_of(MITDB, MITDB.protocols["clean"], store, 0)


def test_rare_classes_are_capped_and_marked(task, tmp_path):
    windows, labels = generate(task, HOW, tmp_path)
    counts = np.bincount(task.labels[task.train], minlength=4)
    made = np.bincount(labels, minlength=4)
    assert set(np.flatnonzero(made)) == set(rare_classes(task, HOW))
    assert (made <= HOW.multiple * counts).all()
    assert (made <= HOW.most_share * counts.sum()).all()
    fuller = task.with_generated(windows, labels, HOW.as_dict())
    assert fuller.synthetic.sum() == len(windows)
    assert fuller.synthetic[fuller.train].sum() == len(windows)
    assert not fuller.synthetic[fuller.validation].any()
    assert fuller.provenance["synthetic"]["windows"]


def test_a_killed_generator_goes_on_to_the_same_windows(task, tmp_path):
    whole, _ = generate(task, HOW, tmp_path / "a")
    generate(task, replace(HOW, steps=2), tmp_path / "b")
    again, _ = generate(task, HOW, tmp_path / "b")
    np.testing.assert_array_equal(whole.signal, again.signal)


def test_only_windows_of_the_signal_alone_are_generated(task, tmp_path):
    with_beat = task.preparation.with_settings(scaling="millivolt", inputs=("signal", "beat"))
    with pytest.raises(ConfigurationFault, match="signal alone") as caught:
        generate(replace(task, preparation=with_beat), HOW, tmp_path / "gan")
    assert caught.value.found == "inputs signal, beat" and not (tmp_path / "gan").exists()


def test_generated_windows_never_validate(task, tmp_path):
    fuller = task.with_generated(*generate(task, HOW, tmp_path), HOW.as_dict())
    sneaked = np.append(fuller.validation, np.flatnonzero(fuller.synthetic)[:1])
    with pytest.raises(PatientLeak, match="1 of"):
        replace(fuller, validation=sneaked)


def test_the_test_part_is_read_from_the_store_which_holds_no_generated_window(task, store, tmp_path):
    fuller = task.with_generated(*generate(task, HOW, tmp_path), HOW.as_dict())
    split = MITDB.protocols["clean"].split(store.index, 0, (), None)
    assert split.test.max() < len(store.windows) <= np.flatnonzero(fuller.synthetic).min()


def test_quality_tells_copies_and_rubbish():
    rng = np.random.default_rng(0)
    real = rng.standard_normal((100, 1, 20)).astype(np.float32).cumsum(axis=2)
    unseen = rng.standard_normal((100, 1, 20)).astype(np.float32).cumsum(axis=2)
    label = np.ones(100, int)
    like = generated.compare(real, label, unseen, label, unseen[::-1], label, ("N", "S"), n_trees=20)["S"]
    assert like["two_sample_accuracy"] == pytest.approx(0.5, abs=0.12)
    copies = generated.compare(real, label, unseen, label, real, label, ("N", "S"), n_trees=20)["S"]
    assert copies["nearest_real"] < 0.1 * copies["nearest_real_of_held_out"]
    rubbish = generated.compare(real, label, unseen, label, np.zeros_like(real), label, ("N", "S"), n_trees=20)["S"]
    assert rubbish["two_sample_accuracy"] > 0.95


def test_simulated_runs_are_early_and_marked(mitdb_like, store_of):
    preparation = Preparation(
        SignalSpec(("MLII|II|V5",), 180, scaling="millivolt"),
        Beats(0.3, 0.5),
        ("signal", "beat", "rr", "p_waves", "similarity"),
    )
    store = store_of(MITDB, mitdb_like, preparation, MITDB.protocols["clean"].without)
    task = task_of(MITDB, MITDB.protocols["clean"], store, 0)
    for inputs in (("signal",), ("signal", "beat", "similarity", "rr")):
        with pytest.raises(ConfigurationFault, match="cannot be simulated"):
            with_rhythms(replace(task, preparation=preparation.with_settings(inputs=inputs)), ("runs",), 30, 0)
    fuller = with_rhythms(task, SIMULATED, 40, 0)
    made = fuller.labels[fuller.synthetic]
    windows, real = fuller.windows[np.flatnonzero(fuller.synthetic)], task.windows[:]
    columns = preparation.columns
    for name in ("beat", "features"):
        assert windows.parts[name].shape[1:] == real.parts[name].shape[1:]
    kept = {x.tobytes() for x in real.signal}
    assert all(x.tobytes() in kept for x in windows.signal), "waveforms are real"
    kept = {x.tobytes() for x in real.features[:, columns["similarity"]]}
    assert all(x.tobytes() in kept for x in windows.features[:, columns["similarity"]]), "and so is their likeness"
    kept = {x.tobytes() for x in real.features[:, columns["rr"]]}
    assert not any(x.tobytes() in kept for x in windows.features[:, columns["rr"]]), "the rhythm is simulated"
    assert 0 < (made == 1).mean() < 0.5
    assert fuller.synthetic[fuller.train].sum() == len(made)
    assert not fuller.synthetic[fuller.validation].any()
    irregular = np.diff(fibrillation(400, np.random.default_rng(0)))
    assert 0.1 < irregular.std() / irregular.mean() < 0.4
    for make in (rhythm_with_runs, rhythm_with_patterns):
        for seed in range(5):
            is_early, beats_s = make(500, 0.9, np.random.default_rng(seed))
            intervals = np.diff(beats_s)
            assert len(is_early) == len(beats_s) == 500
            assert 0.02 < is_early.mean() < 0.98
            assert np.median(intervals[is_early[1:]]) < 0.95 * np.median(intervals[~is_early[1:]])
    single = [rhythm_with_patterns(300, 0.9, np.random.default_rng(seed))[0] for seed in range(40)]
    assert any((~early[:-2] & early[1:-1] & ~early[2:]).sum() > 80 for early in single), "bigeminy is among them"
