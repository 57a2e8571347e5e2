"""What is counted of disturbed records, with a model that marks by a rule that the test knows; and which records are used."""

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import wfdb

import einthoven
from einthoven import bundle
from einthoven.corpora import CORPORA
from einthoven.corpora.mitdb import DS2
from einthoven.errors import CorpusIncomplete, RecordUnreadable
from einthoven.inference import stressing
from einthoven.inference.declined import Declined
from einthoven.inference.predictor import Predictor
from einthoven.inference.stress_records import Candidates
from einthoven.signal.doctor import Finding
from einthoven.signal.quality import VERDICTS

MITDB = CORPORA["mitdb"]


class Known(Predictor):
    """A predictor whose verdicts are known: a stretch is noisy if its samples differ much from one to the next, flat if not at all.

    A record is declined if all its stretches are flat, and has a finding if it spans over 5 mV.
    """

    def __call__(self, record, beats=None):
        answer = super().__call__(record, beats)
        quality = answer.quality
        row = record.signal_mv[record.leads.index(answer.leads[0])]
        cuts = [row[first:last] for first, last in zip(quality.bounds[:-1], quality.bounds[1:], strict=True)]
        steps = np.array([np.abs(np.diff(cut)).mean() for cut in cuts])
        verdicts = np.where(steps == 0, VERDICTS.index("flat"), np.where(steps > 0.1, VERDICTS.index("unreadable"), 0))
        quality = replace(quality, verdicts=verdicts[None])
        findings = (Finding("gain", ("MLII",), 1.0, "large.", "--gain"),) if np.ptp(row) > 5 else ()
        return replace(
            answer,
            quality=quality,
            unreadable=~quality.readable[0][quality.at(answer.samples)],
            declined=Declined("no_readable_lead", "flat.") if (steps == 0).all() else None,
            findings=findings,
        )


@pytest.fixture(scope="module")
def known(untrained):
    real = einthoven.load(untrained)
    return Known(real.folder, real.card)


@pytest.fixture(scope="module")
def found(known, mitdb_like, nstdb_like):
    noise = stressing.read_noise(nstdb_like)
    return stressing.stress(known, MITDB, MITDB.protocol("clean"), mitdb_like, noise, 3, seed=1)


def row(found, name) -> dict:
    return next(row for row in found["conditions"] if row["condition"] == name)


def test_the_clean_condition_comes_first_and_is_undisturbed(found, known, mitdb_like):
    first = found["conditions"][0]
    assert first["condition"] == "clean" and first["n_records"] == 3
    assert first["marked"] == first["unreadable"] == first["declined"] == first["warned"] == 0
    assert first["spared_marked"] is None
    answers = [known(einthoven.read(mitdb_like / f"{name}.hea")) for name in found["records"]]
    confidence = np.concatenate([answer.confidence for answer in answers])
    assert first["confidence"] == pytest.approx(confidence.mean(), abs=1e-4)
    assert first["answered_per_minute"] == pytest.approx(len(confidence), abs=1e-3)  # three times 20 s
    doubtful = [bool(doubt) for answer in answers for doubt in answer.doubts]
    assert first["items_marked"] == pytest.approx(np.mean(doubtful), abs=1e-4)


def test_records_are_those_of_the_test_set_that_did_not_train_the_model(found):
    assert len({*found["records"]}) == 3 and {*found["records"]} <= {*DS2}
    assert not found["trained_on_these_records"] and "did not train" in found["remark"]


def test_louder_noise_is_marked_more(found):
    marked = [row(found, f"ma at {snr_db} dB")["marked"] for snr_db in (24, 12, 0, -6)]
    assert marked == sorted(marked) and marked[0] == 0 and marked[-1] == 1
    assert row(found, "ma at -6 dB")["items_marked"] == 1
    assert row(found, "ma at -6 dB")["answered_per_minute"] == 0
    assert row(found, "ma at -6 dB")["confidence"] is None
    assert row(found, "ma at -6 dB")["snr_db"] == -6 and row(found, "ma at -6 dB")["noise"] == "ma"


def test_other_disturbances_are_counted(found):
    off = row(found, "all leads off")
    assert off["marked"] == off["unreadable"] == off["declined"] == 1 and off["refused"] == off["warned"] == 0
    half = row(found, "all leads off, second half")
    assert half["marked"] == 1 and half["spared_marked"] == half["declined"] == 0
    assert row(found, "gain x10")["warned"] == 1 and row(found, "gain ÷10")["warned"] == 0
    assert row(found, "RA/LA exchanged")["n_records"] == 0 and row(found, "RA/LA exchanged")["warned"] is None
    assert row(found, "flat")["declined"] == 1 and row(found, "white noise")["n_records"] == 3


def test_a_seed_gives_the_same_table_and_another_seed_another(known, mitdb_like, nstdb_like):
    noise, protocol = stressing.read_noise(nstdb_like), MITDB.protocol("clean")
    first, again, other = (stressing.stress(known, MITDB, protocol, mitdb_like, noise, 1, seed=n) for n in (1, 1, 2))
    assert first == again and other["conditions"] != first["conditions"]


def test_a_record_that_is_refused_counts_as_declined_and_warned(known, mitdb_like):
    record = einthoven.read(mitdb_like / "100.hea")
    clean = stressing.Clean(record.signal_mv, record.leads, record.fs_hz, ("MLII",), np.arange(10))
    made = stressing.Disturbed(100 * record.signal_mv, record.fs_hz, (0,), np.array([[0, record.n_samples]]))
    with pytest.raises(RecordUnreadable):
        replace(record, signal_mv=made.signal_mv)
    counts = stressing._counted(known, record, clean, made)
    assert counts == Counter(records=1, refused=1, declined=1, warned=1)


def test_only_disturbed_leads_and_times_are_counted_as_disturbed(known, mitdb_like):
    record = einthoven.read(mitdb_like / "100.hea")
    answer = known(record)
    spans = np.array([[0, 10 * 360]])
    inside = stressing._stretches(answer, {"MLII"}, {"MLII", "V5"}, spans)
    assert (inside["stretches"], inside["spared"]) == (2, 2)
    other = stressing._stretches(answer, {"V5"}, {"MLII", "V5"}, spans)
    assert (other["stretches"], other["spared"]) == (0, 4)
    derived = stressing._stretches(answer, {"V5"}, {"V5"}, spans)
    assert derived["stretches"] == 2
    items = stressing._items(answer, spans)
    assert items["items"] == (answer.beats < 3600).sum() and items["minutes"] == pytest.approx(1 / 6)


def test_overlap():
    starts, ends, spans = np.array([0, 5, 8]), np.array([5, 10, 8]), np.array([[0, 2], [4, 8]])
    assert stressing.overlap(starts, ends, spans).tolist() == [0.6, 0.6, 0.0]


def test_a_model_that_has_seen_all_is_refused_or_says_so(untrained, mitdb_like):
    real = einthoven.load(untrained)
    patients = [f"mitdb/{name}" for name in (*DS2, "201")]  # 202 is of the patient of 201
    seen = Predictor(real.folder, replace(real.card, training=real.card.training | {"patients": patients}))
    protocol = MITDB.protocol("clean")
    with pytest.raises(CorpusIncomplete, match="no test record") as refused:
        Candidates.of(seen, MITDB, protocol, mitdb_like, False)
    assert refused.value.remedy.startswith("--seen ")
    chosen = Candidates.of(seen, MITDB, protocol, mitdb_like, True)
    assert chosen.trained and "TRAINED ON THESE RECORDS" in chosen.remark and chosen.entries
    known = Candidates.of(real, MITDB, protocol, mitdb_like, True)
    assert not known.trained


def test_a_model_of_a_fold_is_stressed_with_that_fold(untrained, challenge2017_like):
    corpus = CORPORA["challenge-2017"]
    card = bundle.load_card(untrained)
    training = {
        "corpus": corpus.name,
        "protocol": "clean",
        "fold": 2,
        "split_seed": 0,
        "patients": [f"{corpus.name}/A00001"],
    }
    model = Predictor(untrained, replace(card, training=training))
    chosen = Candidates.of(model, corpus, corpus.protocol("clean"), challenge2017_like, False)
    assert 0 < len(chosen.entries) < 12 and "A00001" not in {entry.record for entry in chosen.entries}


def test_records_without_the_leads_of_the_model_are_not_used(known, ptbxl_like, caplog):
    wants_mlii = replace(known.card, preparation=known.card.preparation.with_settings(leads=("MLII",)))
    corpus = CORPORA["ptb-xl"]
    chosen = Candidates.of(Predictor(known.folder, wants_mlii), corpus, corpus.protocol("clean"), ptbxl_like, False)
    with pytest.raises(einthoven.EinthovenError) as refused:
        chosen.answered(Predictor(known.folder, wants_mlii), 2, 0, 60.0)
    assert refused.value.code == "lead_mismatch"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "em.hea").unlink(), "no em.hea"),
        (lambda folder: flatten(folder), "ma: a flat signal"),
        (lambda folder: shorten(folder), "bw: 5.0 s"),
    ],
)
def test_noise_that_cannot_be_used_is_refused(change, told, nstdb_like, tmp_path):
    folder = shutil.copytree(nstdb_like, tmp_path / "nstdb")
    change(folder)
    with pytest.raises(CorpusIncomplete) as refused:
        stressing.read_noise(folder)
    assert told in refused.value.found and "physionet.org/content/nstdb" in refused.value.remedy


def flatten(folder) -> None:
    write(folder, "ma", np.zeros((70 * 360, 2)))


def shorten(folder) -> None:
    write(folder, "bw", np.random.default_rng(0).standard_normal((5 * 360, 2)))


def write(folder, name, noise) -> None:
    layout = {"units": ["mV"] * 2, "sig_name": ["noise1", "noise2"], "fmt": ["212"] * 2, "adc_gain": [200] * 2}
    wfdb.wrsamp(name, fs=360, p_signal=noise, baseline=[0, 0], write_dir=str(folder), **layout)
