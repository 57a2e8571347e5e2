"""The verb models tells which models a recording fits, and which of them interpret asks."""

import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.cli.main import main
from einthoven.inference.examined import Examined
from einthoven.inference.fitting import fitting
from einthoven.interpretation.interpreter import chosen
from einthoven.paths import ASSETS
from einthoven.records.record import Record
from einthoven.signal.leads import STANDARD
from tests.signal.hearts import twelve_leads

TWELVE = twelve_leads(500.0, 12.0, rr_s=0.85)


@pytest.mark.parametrize(
    ("leads", "seconds"), [(("MLII", "V1"), 12), (("I",), 12), (STANDARD, 12), (("II",), 70), (("II",), 4)]
)
def test_interpret_asks_the_models_that_are_told(leads, seconds):
    rows = [STANDARD.index("II" if lead == "MLII" else lead) for lead in leads]
    signal_mv = np.tile(TWELVE.signal_mv[rows], 6)[:, : seconds * 500]
    record = Record("made", signal_mv, 500, leads)
    examined = Examined(record)
    cards = [bundle.load_card(ASSETS / name) for name in bundle.bundled()]
    told = chosen(record, fitting(record, cards, examined.quality, examined.findings))
    asked = {one.question: one.model for one in einthoven.interpret(record).asked if one.is_answered}
    assert asked == told


def test_each_model_has_its_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    einthoven.write(Record("made", TWELVE.signal_mv[:2], 500, ("I", "II")), tmp_path / "made.csv")
    assert main(["models", "--for", str(tmp_path / "made.csv")]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert set(bundle.bundled()) <= set(rows)
    assert "needs" in rows["ptbxl-diagnoses"] and rows["waves-ludb"].split()[1:] == ["waves", "fits"]
    assert main(["models", "--for", str(tmp_path / "none.hea")]) == 2
