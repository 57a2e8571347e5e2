"""PTB-XL, ZZU-pECG and the Challenge 2021: tables, codes, folds and faults; counts on the real files where they are at hand."""

import csv
import json
import shutil

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.corpora.challenge2021 import CHALLENGE2021
from einthoven.corpora.dx import codes_in
from einthoven.corpora.labels import coded, decoded
from einthoven.corpora.ptbxl import GROUPS, OVER_89, PTBXL
from einthoven.corpora.scp import LABEL_SETS, STATEMENTS
from einthoven.corpora.split import audit
from einthoven.corpora.zzu_pecg import CATEGORIES, NINE, ZZU_PECG, codes_of
from einthoven.data.build import build, left_out_lines
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from einthoven.records import read
from einthoven.signal.preparation import prepare
from tests.conftest import real


def table_of(folder) -> list[dict]:
    with (folder / "ptbxl_database.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def rewritten(folder, to, change, columns=None):
    """A copy of a corpus whose table was changed row by row."""
    shutil.copytree(folder, to)
    rows = [change(row) for row in table_of(folder)]
    with (to / "ptbxl_database.csv").open("w", newline="") as file:
        sheet = csv.DictWriter(file, columns or list(rows[0]), extrasaction="ignore")
        sheet.writeheader()
        sheet.writerows(rows)
    return to


def test_the_questions_are_the_benchmark_s():
    assert [len(LABEL_SETS[name].classes) for name in ("all", "diagnostic", "subclasses", "superclasses", "form")] == [
        *(71, 44, 23, 5, 19)
    ]
    assert len(LABEL_SETS["rhythm"].classes) == 12
    assert sum(len(codes) for codes in LABEL_SETS["subclasses"].symbols.values()) == 44
    assert LABEL_SETS["subclasses"].symbols["AMI"] == ("ASMI", "AMI", "ALMI", "INJAS", "INJAL", "INJLA")
    assert {s.subclass for s in STATEMENTS if s.superclass == "STTC"} == {"STTC", "NST_", "ISC_", "ISCA", "ISCI"}


def test_likelihood_counts_only_where_it_is_asked_for():
    text = coded({"NORM": 0.0, "ASMI": 15.0, "IMI": 100.0, "ILMI": 50.0, "SR": 0.0})
    assert decoded(text) == {"NORM": 0.0, "ASMI": 15.0, "IMI": 100.0, "ILMI": 50.0, "SR": 0.0}
    row = LABEL_SETS["subclasses"].targets(np.array([text]))[0]
    assert [LABEL_SETS["subclasses"].classes[at] for at in np.flatnonzero(row)] == ["NORM", "AMI", "IMI"]
    likely = LABEL_SETS["subclasses_likely"].targets(np.array([text]))[0]
    assert [LABEL_SETS["subclasses"].classes[at] for at in np.flatnonzero(likely)] == ["IMI"]


def test_ptbxl_is_read_and_what_is_left_out_is_counted(ptbxl_like, store_of):
    store = store_of(PTBXL, ptbxl_like)
    assert store.windows[:].signal.shape == (59, 12, 1000)
    assert left_out_lines(store) == ["left out, no waveform in records100: 1 (7)"]
    assert store.index.age_years[store.index.record == "1"] == [OVER_89]
    protocol = PTBXL.protocol("clean")
    split = protocol.parts(store.index, 0)
    assert "5" not in store.index.record[np.concatenate((split.train, split.validation, split.test))]
    assert set(store.index.group[split.test]) == {"10"}
    assert set(store.index.group[split.validation]) == {"9"}
    assert audit(split, store.index.patient) == {}
    record = read(ptbxl_like / "records100" / "00000" / "00009_lr.hea")
    wanted = prepare(record, PTBXL.preparation).signal[0]
    np.testing.assert_array_equal(store.windows[store.index.record == "9"].signal[0], wanted)


def test_the_groups_test_each_record_once_and_share_nobody(ptbxl_like, store_of):
    store = store_of(PTBXL, ptbxl_like)
    protocol = PTBXL.protocol("clean")
    tested = []
    for fold, group in enumerate(GROUPS):
        split = protocol.parts(store.index, 0, (), fold)
        assert set(store.index.group[split.test]) <= set(group)
        assert len(set(store.index.group[split.validation])) == 1
        assert audit(split, store.index.patient) == {}
        tested += split.test.tolist()
        seen = np.concatenate((split.train, split.validation, split.test))
        assert "10" not in store.index.group[seen], "the tenth fold stays shut"
    assert len(tested) == len(set(tested))
    assert "10" not in store.index.group[tested]


def test_inside_a_group_each_other_fold_validates_once(ptbxl_like, store_of):
    store = store_of(PTBXL, ptbxl_like)
    protocol = PTBXL.protocol("nested")
    assert protocol.n_folds == 18
    for group, names in enumerate(GROUPS):
        validated = []
        for fold in range(6 * group, 6 * group + 6):
            split = protocol.parts(store.index, 0, (), fold)
            assert set(store.index.group[split.test]) == set(names)
            (fold_that_validates,) = set(store.index.group[split.validation])
            validated.append(fold_that_validates)
            assert set(store.index.group[split.train]) == set("123456789") - set(names) - {fold_that_validates}
            assert audit(split, store.index.patient) == {}
        assert sorted(validated) == sorted(set("123456789") - set(names))
    assert set(store.index.group[protocol.parts(store.index, 0).test]) == {"10"}


def test_500_hz_is_read_from_its_own_files(ptbxl_like, store_of):
    preparation = PTBXL.preparation.with_settings(fs_hz=250.0)
    store = store_of(PTBXL, ptbxl_like, preparation)
    assert store.windows[:].signal.shape == (59, 12, 2500)
    assert all("_hr." in name for name in store.manifest["files"])


def test_a_window_of_the_record_is_no_beat(ptbxl_like, home):
    beats = PTBXL.preparation.with_settings(before_s=0.3, after_s=0.5)
    with pytest.raises(ConfigurationFault, match="not annotated"):
        build(PTBXL, ptbxl_like, beats)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda row: row | {"scp_codes": "NORM"}, "line 2"),
        (lambda row: row | {"ecg_id": "1"}, "ecg_id 1 again"),
        (lambda row: row | {"patient_id": ""}, "line 2"),
        (lambda row: row | {"strat_fold": "x"}, "line 2"),
    ],
)
def test_a_row_that_cannot_be_is_named(ptbxl_like, tmp_path, change, found):
    with pytest.raises(CorpusIncomplete, match=found):
        PTBXL.entries(rewritten(ptbxl_like, tmp_path / "to", change), 100.0)


def test_a_missing_column_is_named(ptbxl_like, tmp_path):
    columns = [name for name in table_of(ptbxl_like)[0] if name != "strat_fold"]
    with pytest.raises(CorpusIncomplete, match="no column 'strat_fold'"):
        PTBXL.entries(rewritten(ptbxl_like, tmp_path / "to", lambda row: row, columns), 100.0)


def test_names_that_lead_out_and_codes_nobody_knows_are_counted(ptbxl_like, tmp_path):
    def change(row):
        if row["ecg_id"] == "2":
            row = row | {"filename_lr": "../../etc/passwd"}
        return row | {"scp_codes": "{'NORM': 100.0, 'XYZ': 0.0}"} if row["ecg_id"] == "3" else row

    listing = PTBXL.entries(rewritten(ptbxl_like, tmp_path / "to", change), 100.0)
    assert listing.dropped["a file name outside the folder"] == ("2",)
    assert listing.odd == {"the unknown SCP code 'XYZ'": ("3",)}
    assert "3" in {entry.record for entry in listing}


def test_strict_ends_at_what_is_missing(ptbxl_like, home, capsys):
    assert main(["prepare", "ptb-xl", "--from", str(ptbxl_like)]) == 0
    assert "left out, no waveform in records100: 1 (7)" in capsys.readouterr().out
    assert main(["prepare", "ptb-xl", "--from", str(ptbxl_like), "--strict"]) == 2
    assert "remedy" in capsys.readouterr().err


def test_a_damaged_record_is_left_out_and_named(ptbxl_like, tmp_path, home):
    shutil.copytree(ptbxl_like, tmp_path / "to")
    header = tmp_path / "to" / "records100" / "00000" / "00010_lr.hea"
    header.write_text(header.read_text().replace("1000.0(0)/mV", "1e999(0)/mV", 1))
    data = tmp_path / "to" / "records100" / "00000" / "00011_lr.dat"
    data.write_bytes(data.read_bytes()[:-200])
    store = build(PTBXL, tmp_path / "to", PTBXL.preparation)
    assert len(store.windows) == 57
    assert {names[0] for names in store.manifest["refused"].values()} == {"10", "11"}


def test_zzu_is_read_with_its_gains_ages_and_literal_codes(zzu_like, home):
    assert codes_of("'Q21.0';'Z98.8'") == coded({"Q21.0": 100.0, "Z98.8": 100.0})
    labels = ZZU_PECG.protocol("clean").labels
    row = labels.targets(np.array([codes_of("'(FO) Q21.1';'I42.0'")]))[0]
    assert [labels.classes[at] for at in np.flatnonzero(row)] == ["I42.0", "(FO) Q21.1"]
    store = build(ZZU_PECG, zzu_like, ZZU_PECG.preparation)
    assert len(CATEGORIES) == 19
    assert "no waveform in Child_ecg" in store.manifest["dropped"]
    assert any("P00006" in name for names in store.manifest["refused"].values() for name in names), "nine leads"
    assert not np.isin(store.index.patient, ["P00003", "P00006"]).any()
    child = store.index.record == "P00001_E01"
    assert child.sum() == 3, "8 s: two tiles, and what is left over is more than half of one"
    assert store.index.age_years[child][0] == pytest.approx(200 / 365.25)
    for seed in range(3):
        assert audit(ZZU_PECG.protocol("clean").parts(store.index, seed), store.index.patient) == {}
    assert audit(ZZU_PECG.protocol("paper").parts(store.index, 0), store.index.patient)


def test_nine_leads_serve_everybody(zzu_like, store_of):
    store = store_of(ZZU_PECG, zzu_like, ZZU_PECG.preparation.with_settings(leads=NINE))
    assert not store.manifest["refused"]
    assert store.windows[:1].signal.shape[1] == 9


def test_the_dialects_of_the_challenge(challenge2021_like, home):
    assert decoded(codes_in(("Dx: RBBB,PAC",))) == {"59118001": 100.0, "284470004": 100.0}
    assert decoded(codes_in((" Dx: 1,,2",))) == {"1": 100.0, "2": 100.0}
    store = build(CHALLENGE2021, challenge2021_like, CHALLENGE2021.preparation)
    assert sorted(np.unique(store.index.record)) == ["A0001", "A0011", "E07519", "JS11438", "S0001"]
    assert store.manifest["refused"] == {"a gain of 4880 per mV": ["E00015"]}
    with pytest.raises(CorpusIncomplete, match="1 records"):
        build(CHALLENGE2021, challenge2021_like, CHALLENGE2021.preparation, strict=True)
    labels = CHALLENGE2021.protocol("clean").labels
    found = labels.targets(store.index.symbol)
    row = found[store.index.record == "A0011"][0]
    assert [labels.classes[at] for at in np.flatnonzero(row)] == ["CRBBB|RBBB", "PAC|SVPB"]
    assert np.isnan(store.index.age_years[store.index.record == "JS11438"]).all()
    assert np.abs(store.windows[:].signal).max() < 5, "millivolts, whatever the case of the unit"


def test_the_real_ptbxl_holds_what_it_is_known_to_hold(home):
    store = build(PTBXL, real("ptb-xl"), PTBXL.preparation.with_settings(leads=("II",)))
    groups, counts = np.unique(store.index.group, return_counts=True)
    assert dict(zip(groups.tolist(), counts.tolist(), strict=True)) == {
        "1": 101,
        "2": 92,
        "3": 77,
        "4": 97,
        "5": 85,
        "6": 76,
        "7": 108,
        "8": 87,
        "9": 136,
    }
    assert len(np.unique(store.index.patient)) == 802
    labels = LABEL_SETS["subclasses"]
    n = dict(zip(labels.classes, labels.targets(store.index.symbol).sum(axis=0).astype(int).tolist(), strict=True))
    assert (n["NORM"], n["STTC"], n["AMI"], n["IMI"], n["LVH"], n["SEHYP"], n["PMI"], n["WPW"]) == (
        *(462, 102, 93, 91, 70, 4, 0, 0),
    )
    assert (~labels.is_labelled(store.index.symbol)).sum() == 10


def test_the_real_challenge_is_read_but_for_three_gains(home):
    store = build(CHALLENGE2021, real("challenge-2021"), CHALLENGE2021.preparation.with_settings(leads=("II",)))
    assert len(np.unique(store.index.record)) == 299
    assert [len(names) for names in store.manifest["refused"].values()] == [3]


def test_the_real_children_are_read():
    folder = real("zzu-pecg")
    records = [read(path) for path in sorted((folder / "Child_ecg").rglob("*.hea"))]
    assert len(records) == 23
    assert {len(record.leads) for record in records} == {12}
    with (folder / "AttributesDictionary.partial50.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 50
    assert all(decoded(codes_of(row["ICD-10 code"])) for row in rows if row["ICD-10 code"] not in ("", "Null"))


def test_training_without_a_fold_that_it_needs_is_refused(ptbxl_like, tmp_path, home, capsys):
    def change(row):
        return row | {"strat_fold": "8"} if row["strat_fold"] == "9" else row

    folder = rewritten(ptbxl_like, tmp_path / "to", change)
    words = ["train", "--model", "cnn", "--corpus", "ptb-xl", "--from", str(folder), "--out", str(tmp_path / "run")]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "The validation part of protocol clean is empty" in told
    assert "folds 1:" in told
    assert not (tmp_path / "run" / "run.json").exists()


def test_another_table_is_another_store(ptbxl_like, tmp_path, home):
    before = build(PTBXL, ptbxl_like, PTBXL.preparation)
    folder = tmp_path / "to"
    shutil.copytree(ptbxl_like, folder)
    table = folder / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("'NORM': 80.0", "'IMI': 90.0"))
    after = build(PTBXL, folder, PTBXL.preparation)
    assert after.fingerprint != before.fingerprint
    assert not any("NORM" in codes for codes in after.index.symbol)


def test_a_forest_is_a_run_like_any_other(ptbxl_like, tmp_path, home, capsys):
    words = [
        "train",
        "--model",
        "forest",
        "--corpus",
        "ptb-xl",
        "--from",
        str(ptbxl_like),
        "--out",
        str(tmp_path / "run"),
    ]
    assert main(words) == 2
    assert "--prepare.inputs signal beat summary" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    words += ["--prepare.inputs", "signal", "beat", "summary", "--fold", "1"]
    assert main([*words, "--set", "n_trees=5"]) == 0
    assert "validation macro auroc" in capsys.readouterr().out
    assert main([*words, "--set", "n_trees=7"]) == 2
    assert "other settings" in capsys.readouterr().err
    out = tmp_path / "test"
    assert main(["evaluate", str(tmp_path / "run"), "--from", str(ptbxl_like), "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["fold"] == 1, "the fold that it was trained for is the fold that is tested"
    with (out / "predictions.csv").open(newline="") as file:
        tested = {row["record"] for row in csv.DictReader(file)}
    assert tested <= {row["ecg_id"] for row in table_of(ptbxl_like) if row["strat_fold"] in ("4", "5", "6")}
    again = ["evaluate", str(tmp_path / "run"), "--from", str(ptbxl_like), "--protocol", "paper", "--folds", "1"]
    assert main([*again, "--out", str(tmp_path / "leak")]) == 2, "named folds are never scored on who was seen"


def test_waveforms_behind_a_link_are_found(ptbxl_like, tmp_path):
    for name in ("ptbxl_database.csv", "scp_statements.csv"):
        (tmp_path / name).write_bytes((ptbxl_like / name).read_bytes())
    (tmp_path / "records100").mkdir()
    for below in (ptbxl_like / "records100").iterdir():
        (tmp_path / "records100" / below.name).symlink_to(below, target_is_directory=True)
    found, wanted = (PTBXL.entries(folder, 100.0) for folder in (tmp_path, ptbxl_like))
    assert [entry.record for entry in found] == [entry.record for entry in wanted]
