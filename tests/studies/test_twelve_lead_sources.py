"""The bundled models of twelve leads on small corpora: sources left out in turn, answers by what did not see them, the bundles."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven import bundle
from einthoven.errors import CorpusIncomplete
from einthoven.inference.predictor import load
from einthoven.inference.seen_patients import seen_by
from einthoven.paths import ASSETS
from einthoven.studies import twelve_leads, twelve_leads_data, twelve_leads_fits
from einthoven.studies.twelve_leads import Choice, TwelveLeads, chosen, mixed, predictions
from einthoven.studies.twelve_leads_data import CORPORA, OWN, pooled
from einthoven.studies.twelve_leads_fits import DIAGNOSES, EXCLUDING, RHYTHM, allowed, excluded, shares_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ptbxl_like, ludb_like, challenge2021_like):
    source = tmp_path_factory.mktemp("corpora")
    for name, place in (("ptb-xl", ptbxl_like), ("ludb", ludb_like), ("challenge-2021", challenge2021_like)):
        (source / name).symlink_to(place)
    return source


@pytest.fixture(scope="module")
def pool(folder):
    return pooled(folder, few=True)


def test_people_are_apart_and_sources_are_left_out_whole(pool):
    assert set(pool.parts) >= {"g0", "g1", "g2", "ludb", "cpsc"}
    for part in pool.parts:
        inside = set(pool.person[pool.tested == part].tolist())
        assert inside and not inside & set(pool.person[pool.tested != part].tolist())
    assert set(pool.tested[pool.fold == "10"].tolist()) == {""}
    assert {name.split("/")[0] for name in pool.person.tolist()} == {"ptb-xl", "ludb", "challenge-2021"}


def test_a_source_alone_or_none_is_refused(folder, tmp_path):
    for names in ((), ("ptb-xl",), ("ludb",)):
        place = tmp_path / "-".join(("of", *names))
        place.mkdir()
        for name in names:
            (place / name).symlink_to(folder / name)
        with pytest.raises(CorpusIncomplete, match="twelve leads"):
            pooled(place)


def test_what_trains_is_on_the_card_and_the_test_fold_is_not(pool):
    task = twelve_leads_fits.task_of(pool, DIAGNOSES, pool.tested != "")
    tenth = set(pool.person[pool.fold == "10"].tolist())
    card = replace(bundle.load_card(ASSETS / "ptbxl-rhythm"), training=task.provenance)
    assert tenth and not tenth & card.patients
    assert set(task.provenance["corpora"]) == {"ptb-xl", "ludb", "challenge-2021"}
    assert all(CORPORA[name].licence in task.attribution for name in task.provenance["corpora"])
    assert np.isfinite(task.labels[task.train]).any(axis=1).all()


def test_a_rhythm_excludes_the_first_class_as_the_ensemble_does():
    there = np.zeros((3, len(RHYTHM.classes)))
    there[1, RHYTHM.classes.index("AFIB")], there[2, RHYTHM.classes.index("PACE")] = 0.9, 0.5
    found = excluded(np.full((3, 4), 0.8), there)
    np.testing.assert_allclose(found[:, 0], 0.8 * np.array([1.0, 0.01 / 0.82, 0.5]))
    assert (found[:, 1:] == 0.8).all() and set(EXCLUDING) <= set(RHYTHM.classes)
    assert allowed(np.zeros((1, 2))).item() == 1


def test_shares_are_all_ways_to_deal_the_parts():
    assert sorted(shares_of(("a", "b"), 2)) == [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]


def part(rng: np.random.Generator, n: int, sharp: str, source: str) -> dict[str, np.ndarray]:
    """Answers of which one family is right."""
    truth = np.full((n, len(DIAGNOSES.classes) + len(RHYTHM.classes)), 0.0)
    truth[np.arange(n), rng.integers(0, 3, n)] = 1
    families = {name: rng.random((n, len(DIAGNOSES.classes))) * 0.4 for name in twelve_leads.FAMILIES}
    families[sharp] += 0.45 * truth[:, DIAGNOSES.columns]
    names = np.array([f"{source}/{at}" for at in range(n)])
    told = {"truth": truth, "rhythms": np.zeros((n, len(RHYTHM.classes))), "record": names, "person": names}
    return families | told | {"source": np.full(n, source)}


def test_the_family_that_is_right_is_chosen():
    rng = np.random.default_rng(0)
    parts = {"g0": part(rng, 60, "trees", OWN), "georgia": part(rng, 40, "trees", "georgia")}
    choice = chosen(parts)
    assert choice.shares[1] == max(choice.shares) and choice.threshold in twelve_leads.THRESHOLDS
    found = predictions(parts["g0"], mixed(parts["g0"], choice.shares), DIAGNOSES, Choice(choice.shares, 0.4))
    assert found.thresholds == (0.4,) * len(DIAGNOSES.classes) and found.at_least_one


@pytest.mark.parametrize("name", ["ptbxl-diagnoses", "ptbxl-rhythm"])
def test_the_bundled_models_know_whom_they_have_seen(name):
    card = bundle.load_card(ASSETS / name)
    assert set(card.training["corpora"]) == {"ptb-xl", "challenge-2021", "cpsc2018", "ludb"}
    assert card.training["contains"] == [] and card.multilabel and card.calibration is not None
    assert not any(name.split("/")[0] == "challenge-2017" for name in card.patients)
    assert not seen_by(load(name), CORPORA["ludb"], np.array(["201"])).any()
    assert seen_by(load(name), CORPORA["ludb"], np.array(["1"])).all()


def test_a_smoke_run_answers_each_part_by_what_did_not_see_it(folder, tmp_path):
    this = TwelveLeads(folder, ASSETS / "ptbxl-diagnoses", tmp_path / "study", quick=True)
    found = this.answers("ludb")
    assert set(found) == {f"{asked} {kind}" for asked in ("diagnoses", "rhythms") for kind in ("trees", "regression")}
    assert len(found["rhythms trees"]) == (this.pool.tested == "ludb").sum()
    card = bundle.load_card(tmp_path / "study" / "runs" / "ludb" / "diagnoses-trees" / "bundle")
    tenth = set(this.pool.person[this.pool.fold == "10"].tolist())
    assert not any(name.startswith("ludb/") or name in tenth for name in card.patients)
    assert card.preparation == twelve_leads_data.PREPARATION
