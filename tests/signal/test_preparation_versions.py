"""Cards of version 1 are read: their flat preparation and the settings of their architectures, by their new names."""

import json

import pytest

from einthoven.bundle import load_card, preparation_from_version_1, settings_from_version_1
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, built, missing_parts
from einthoven.paths import ASSETS
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Beats, Preparation, SignalSpec, Tiles

FLAT = {
    "leads": ["MLII|II", "V1"],
    "fs_hz": 180.0,
    "before_s": 0.3,
    "after_s": 0.5,
    "low_hz": 0.5,
    "high_hz": 40.0,
    "scaling": "millivolt",
    "patient": False,
    "cut": "beats",
    "crop_s": 0.0,
    "mean_mv": [],
    "sd_mv": [],
    "rhythm": False,
    "waves": False,
}
SPEC = SignalSpec(("MLII|II", "V1"), 180.0, 0.5, 40.0, "millivolt")
TILES = {"before_s": 0.0, "after_s": 10.0, "cut": "tiles"}
OF_TWELVE = {"leads": list(STANDARD), "fs_hz": 100.0}


@pytest.mark.parametrize(
    "flat, wanted",
    [
        ({}, Preparation(SPEC, Beats(0.3, 0.5))),
        ({"patient": True}, Preparation(SPEC, Beats(0.3, 0.5), ("signal", "beat", "rr", "p_waves", "similarity"))),
        (TILES, Preparation(SPEC, Tiles(10.0))),
        (TILES | {"crop_s": 2.5}, Preparation(SPEC, Tiles(10.0, 2.5))),
        (TILES | {"patient": True}, Preparation(SPEC, Tiles(10.0), ("signal", "beat", "summary"))),
        (
            TILES | {"patient": True, "rhythm": True},
            Preparation(SPEC, Tiles(10.0), ("signal", "beat", "summary", "rhythm")),
        ),
        (
            TILES | OF_TWELVE | {"patient": True, "rhythm": True, "waves": True},
            Preparation(
                SignalSpec(STANDARD, 100.0, scaling="millivolt"),
                Tiles(10.0),
                ("signal", "beat", "summary", "rhythm", "waves"),
            ),
        ),
        (
            {"scaling": "local", "mean_mv": [0.1, 0.2], "sd_mv": [1.0, 2.0]},
            Preparation(
                SignalSpec(SPEC.leads, 180.0, scaling="local", mean_mv=(0.1, 0.2), sd_mv=(1.0, 2.0)), Beats(0.3, 0.5)
            ),
        ),
    ],
)
def test_a_flat_preparation_becomes_one_of_parts(flat, wanted):
    found = preparation_from_version_1(json.loads(json.dumps(FLAT | flat)))
    assert Preparation.from_dict(found) == wanted


def test_what_the_first_cards_do_not_state_is_as_it_was():
    """They were written before windows could follow each other."""
    oldest = {name: FLAT[name] for name in ("leads", "fs_hz", "before_s", "after_s", "scaling")}
    assert Preparation.from_dict(preparation_from_version_1(oldest)) == Preparation(SPEC, Beats(0.3, 0.5))


@pytest.mark.parametrize(
    "architecture, old, new",
    [
        ("cnn", {"widths": [8, 8]}, {"widths": [8, 8]}),
        ("patient_context", {"n_rhythm": 41, "n_alike": 15, "width": 8}, {"n_timing": 41, "width": 8}),
        ("typical_beat", {"beat": 120, "n_numbers": 211}, {"beat_span": 120, "n_read": 211}),
        ("forest", {"several": True, "n_numbers": 9, "n_bins": 0}, {"multilabel": True, "n_read": 9, "n_bins": 0}),
        ("rhythm", {"n_numbers": 116, "beat": 135}, {"beat_span": 135}),
        (
            "ensemble",
            {"members": [["forest", {"several": True}], ["rhythm", {"n_numbers": 116}, 400]], "several": True},
            {"members": [["forest", {"multilabel": True}], ["rhythm", {}, 400]], "multilabel": True},
        ),
    ],
)
def test_settings_have_their_new_names_in_members_too(architecture, old, new):
    assert settings_from_version_1(architecture, old) == new


@pytest.mark.parametrize("name", ["mitbih-clean-context", "ptbxl-diagnoses", "challenge2017-rhythm"])
def test_a_bundled_model_with_typical_beats_is_built_from_its_card(name):
    """Whatever version the card is of: its windows have all that the network reads."""
    card = load_card(ASSETS / name)
    shape = InputShape.of(card.preparation)
    network = built(MODELS[card.architecture], shape, len(card.classes), card.settings)
    assert shape.parts == ("signal", "beat", "features") and not missing_parts(network, shape)
