"""What is measured by hand covers all there is to measure, and no measurement overwrites another's page."""

import importlib
from pathlib import Path

import pytest

from einthoven.models import MODELS
from einthoven.studies.challenge2017 import MODELS as MODELS_OF_STUDY


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "bench")
    return importlib.import_module


def test_every_architecture_and_model_of_the_study_is_measured(bench):
    backends = bench("backends")
    assert set(backends.SHAPES) == set(MODELS)
    assert {*backends.CHALLENGE, "rhythm_again"} == set(MODELS_OF_STUDY)
    for name, found in MODELS_OF_STUDY.items():
        assert backends.CHALLENGE.get(name, 3) == (3 if found.store else 1)


def test_parts_of_a_page_are_written_one_by_one(bench, tmp_path):
    replace, page = bench("sections").replace, tmp_path / "speed.md"
    replace("B", ["", "b"], page)
    replace("", ["# Speed", "", "first"], page)
    replace("A", ["", "a"], page)
    replace("B", ["", "b again"], page)
    assert page.read_text() == "# Speed\n\nfirst\n\n## B\n\nb again\n\n## A\n\na\n"
    replace("", ["# Speed", "", "anew"], page)
    assert page.read_text() == "# Speed\n\nanew\n\n## B\n\nb again\n\n## A\n\na\n"
