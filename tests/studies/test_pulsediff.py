"""The study of filled gaps on a small corpus: steps, table, bands, resuming, folds."""

import json

import numpy as np
import pytest

import einthoven
from einthoven.cli.main import main
from einthoven.errors import CorpusIncomplete
from einthoven.inference.filling import load_net
from einthoven.models.pulsediff import PulseDiff
from einthoven.report import filling_study
from einthoven.studies import pulsediff

METHODS = (*filling_study.PLAIN, *filling_study.NETWORKS)


@pytest.fixture(scope="module")
def done(tmp_path_factory, ptbxl_like):
    folder = tmp_path_factory.mktemp("studies") / "pulsediff"
    return folder, pulsediff.run(ptbxl_like, folder, quick=True)


def test_the_net_has_about_a_third_of_a_million_weights():
    assert sum(value.numel() for value in PulseDiff().parameters()) == 348_484


def test_table_page_and_nets_are_written(done):
    folder, found = done
    assert found["smoke_run"] and found["remarks"][0].startswith("SMOKE RUN")
    assert [row[:2] for row in found["rows"]] == [
        [gap, name] for gap in ("extended 1 s", "transient 10 %") for name in METHODS
    ]
    page = (folder / "table.md").read_text()
    assert "SMOKE RUN" in page and "90 % band" in page
    _, widening, diffusion = load_net(folder / "runs" / "pulsediff")
    assert diffusion and widening == found["widening"] > 0
    assert not load_net(folder / "runs" / "once")[2]


def test_finished_steps_are_not_repeated(done, ptbxl_like, monkeypatch):
    folder, found = done
    monkeypatch.setattr(pulsediff, "_train", lambda *_: pytest.fail("trained again"))
    assert pulsediff.run(ptbxl_like, folder, quick=True)["rows"] == found["rows"]


def test_people_of_the_folds_are_apart(ptbxl_like):
    assert not set(pulsediff.TRAIN) & set(pulsediff.TEST) and not set(pulsediff.VALIDATION) & set(pulsediff.TEST)
    this = pulsediff._Run(ptbxl_like, ptbxl_like, False)
    people = [{entry.patient for entry in this.of_folds(folds)} for folds in (pulsediff.TRAIN, pulsediff.TEST)]
    assert not people[0] & people[1]


def test_folds_that_are_not_there_are_told(ptbxl_like, tmp_path):
    this = pulsediff._Run(ptbxl_like, tmp_path, False)
    with pytest.raises(CorpusIncomplete, match="folds 77"):
        this.of_folds(("77",))


def test_the_verb_uses_the_net_of_the_study(done, tmp_path):
    lead = np.sin(np.arange(1200) / 9)[None]
    lead[:, 500:600] = np.nan
    file = einthoven.write(einthoven.Record("made", lead, 100.0, ("II",)), tmp_path / "made.csv")
    net = done[0] / "runs" / "pulsediff"
    assert main(["impute", str(file), "--model", str(net), "--out", str(tmp_path / "filled.npy")]) == 0
    said = json.loads((tmp_path / "filled.json").read_text())
    assert "filled by PulseDiff" in said["comments"]


def test_rows_are_sums_over_records():
    one = {
        name: {"squared": 2.0, "absolute": 4.0, "n": 8.0, "beats": [2, 1, 2], "shapes": [0.5, 1.0]} for name in METHODS
    }
    other = {name: {"squared": 4.0, "absolute": 4.0, "n": 4.0, "beats": [2, 2, 2], "shapes": [0.0]} for name in METHODS}
    beside = {"covered": 6.0, "crps": 1.2, "width": 12.0}
    records = [one | beside | {"patient": "a", "rhythm": "sinus"}, other | beside | {"patient": "b", "rhythm": "other"}]
    found = filling_study.table(*[{"extended 1 s": {"records": records}}] * 2, False)
    row = found["rows"][0]
    assert [cell.split(" ")[0] for cell in row[3:]] == ["0.5000", "0.6667", "0.50", "0.75", "0.50"]
    assert found["bands"][0][1].startswith("1.000") and found["paired"][0][1].startswith("0.0000")


def test_the_plain_ways_are_on_the_page_before_the_networks_are_trained(ptbxl_like, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pulsediff, "_train", stop)
    with pytest.raises(KeyboardInterrupt):
        pulsediff.run(ptbxl_like, tmp_path / "out", quick=True)
    page = (tmp_path / "out" / "table.md").read_text()
    assert "not scored yet" in page and "template" in page and "90 % band" not in page
