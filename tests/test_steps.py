"""Steps of a study: each is done once, and a folder keeps to the settings it was started with."""

import pytest

from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.steps import Steps

COSTS = {"first": 1.0, "second": 1.0}


def test_a_step_is_done_once(tmp_path):
    steps = Steps(tmp_path, {"quick": True}, COSTS)
    done = []
    for _ in range(2):
        assert steps.do("first", lambda: done.append(1) or {"value": 3})["value"] == 3
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        steps.do("second", lambda: {"value": 1 / 0})
    assert not (tmp_path / "steps" / "second.json").exists()


def test_a_folder_of_other_settings_is_refused(tmp_path):
    Steps(tmp_path, {"quick": True, "models": {"a": 1}}, COSTS)
    Steps(tmp_path, {"quick": True, "models": {"a": 1}}, COSTS)
    with pytest.raises(ConfigurationFault, match="another folds, models"):
        Steps(tmp_path, {"quick": True, "models": {"a": 2}, "folds": "5"}, COSTS)


def test_a_damaged_step_says_how_it_is_done_again(tmp_path):
    steps = Steps(tmp_path, {"quick": True}, COSTS)
    steps.do("first", lambda: {"value": 3})
    file = steps.file("first")
    file.write_text('{"value": ')
    with pytest.raises(FileDamaged) as told:
        steps.do("first", lambda: {"value": 3})
    assert told.value.remedy.startswith(f"rm {file} ")


def test_the_time_left_is_told_from_what_is_done(tmp_path, caplog):
    caplog.set_level("INFO")
    steps = Steps(tmp_path, {"quick": True}, {"first": 1.0, "second": 600.0})
    steps.do("first", lambda: {"value": 3})
    steps.file("first").write_text('{"value": 3, "seconds": 2.0}')
    steps.do("second", lambda: {"value": 3})
    assert caplog.messages == ["step 1 of 2: first", "step 2 of 2: second   about 20 min left"]
