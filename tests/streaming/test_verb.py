"""The verb stream: lines, recordings and ports are classified, faults reported, and no answer or state is lost."""

import io
import json
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

import einthoven
from einthoven.cli.main import main
from einthoven.report.live import WORDS, View, trace
from einthoven.streaming.buffer import MARKS, Mark
from einthoven.streaming.sources import serial_lines
from tests.streaming.test_sources import Device


def answers(file) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def lines_of(ecg):
    return [f"{at},{value:.4f}" for at, value in enumerate(ecg[0][: 360 * 20])]


def fed(monkeypatch, lines) -> None:
    content = b"".join(line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="strict"))


def test_lines_are_classified_and_faults_reported(untrained, lines_of, monkeypatch, tmp_path, capsys):
    lines = [*lines_of[:3000], "noise on the line", *lines_of[3010:]]
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines])
    assert main(["stream", str(untrained), "--from", "-", "--out", str(tmp_path / "a.jsonl")]) == 1
    told = answers(tmp_path / "a.jsonl")
    assert sum(one["kind"] == "beat" for one in told) > 15
    assert [one["text"].split(":")[0] for one in told if one["kind"] == "fault"] == ["line 3002", "line 3003"]
    assert "not a medical device" in capsys.readouterr().err


def test_a_rate_that_changes_ends_one_part_and_begins_another(untrained, lines_of, monkeypatch, tmp_path):
    halved = [line.split(",")[1] for line in lines_of[::2]]
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of, "# fs_hz=180", *halved])
    assert main(["stream", str(untrained), "--from", "-", "--out", str(tmp_path / "a.jsonl")]) == 1
    told = answers(tmp_path / "a.jsonl")
    at = next(n for n, one in enumerate(told) if one["kind"] == "fault")
    assert "180 Hz" in told[at]["text"]
    before, after = ([one["start_s"] for one in part if one["kind"] == "beat"] for part in (told[:at], told[at:]))
    np.testing.assert_allclose(before, after, atol=0.01)
    assert not any("part" in one for one in told[: at + 1]) and all(one["part"] == 2 for one in told[at + 1 :])


@pytest.mark.parametrize("bad", ["fs_hz=20", "leads=V1", "leads=V1,V5"])
def test_a_part_that_cannot_be_classified_is_skipped(untrained, lines_of, monkeypatch, tmp_path, bad):
    """The stream continues with a signal that it can read; no ended part is saved."""
    other = [",".join(["0.1"] * (1 + bad.count(","))) for _ in range(500)]
    state = tmp_path / "state"
    again = ["# fs_hz=360 leads=MLII", *(line.split(",")[1] for line in lines_of)]
    for tail in ([], again):
        fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of, f"# {bad}", *other, *tail])
        out = tmp_path / f"{len(tail)}.jsonl"
        assert main(["stream", str(untrained), "--from", "-", "--out", str(out), "--state", str(state)]) == 1
        assert state.exists() == bool(tail)
    told = answers(out)
    faults = [n for n, one in enumerate(told) if one["kind"] == "fault"]
    assert sum("not classified" in told[at]["text"] for at in faults) == 1
    n_before, n_after = (sum(one["kind"] == "beat" for one in part) for part in (told[: faults[0]], told[faults[-1] :]))
    assert n_before > 15 and 10 < n_after <= n_before


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_sees_the_view_and_no_lines(untrained, lines_of, monkeypatch, tmp_path):
    """A terminal shows both outputs: JSON lines would break the view."""
    for out in ([], ["--out", str(tmp_path / "a.jsonl")]):
        seen = {name: Terminal() for name in ("stdout", "stderr")}
        for name, stream in seen.items():
            monkeypatch.setattr(f"sys.{name}", stream)
        fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of, "99999,1500", *["1e308", "-1e308"] * 400])
        assert main(["stream", str(untrained), "--from", "-", *out]) == 0
        assert "{" not in seen["stdout"].getvalue()
        assert "waiting for the first answer" in seen["stderr"].getvalue() or "beats/min" in seen["stderr"].getvalue()
    assert sum(one["kind"] == "beat" for one in answers(tmp_path / "a.jsonl")) > 15


def test_the_view_shows_the_last_answers(untrained, lines_of, monkeypatch):
    """Those at the end of the signal, too, after which nothing is drawn."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Terminal())
    seen = []
    monkeypatch.setattr(View, "drawn", lambda view, live, width: seen.append((live.ended, list(view.told))) or "")
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    assert main(["stream", str(untrained), "--from", "-"]) == 0
    has_ended, told = seen[-1]
    assert has_ended and len(told) == 6 and float(told[-1].split()[0]) > 17


@pytest.mark.parametrize("kind", MARKS)
def test_every_mark_can_be_shown(untrained, kind):
    view = View(einthoven.load(untrained).card, "torch", 360.0, "MLII")
    view.take(np.array([0.1, 1e308, -1e308, np.nan]), [Mark(kind, "MLII", 1.0, 2.5)])
    assert "MLII  (1.5 s)" in view.told[0] and set(WORDS) == set(MARKS)
    assert "\u2800" in trace(np.array(view.trace), 10)


def test_a_port_that_disappears_keeps_the_answers(untrained, lines_of, monkeypatch, tmp_path, capsys):
    device = Device(b"".join(f"{line}\n".encode() for line in lines_of) + b"the end\n")

    def heard(port, baud):
        for line in serial_lines(port, baud):
            device.heard.set()
            if line == "the end":
                device.vanish()
            yield line

    monkeypatch.setattr("einthoven.streaming.sources.serial_lines", heard)
    code = main(["stream", str(untrained), "--from", device.name, "--out", str(tmp_path / "a.jsonl")])
    assert code == 1 and "No signal from port" in capsys.readouterr().err
    told = answers(tmp_path / "a.jsonl")
    assert sum(one["kind"] == "beat" for one in told) > 15
    assert any(one["kind"] == "fault" and "No signal from port" in one["text"] for one in told)


def test_a_saved_state_continues(untrained, lines_of, monkeypatch, tmp_path):
    words = ["stream", str(untrained), "--from", "-", "--fs", "360", "--leads", "MLII"]
    fed(monkeypatch, lines_of)
    assert main([*words, "--out", str(tmp_path / "whole.jsonl")]) == 0
    for part in (lines_of[:2500], lines_of[2500:]):
        fed(monkeypatch, part)
        assert main([*words, "--out", str(tmp_path / "parts.jsonl"), "--state", str(tmp_path / "state")]) == 0
    whole, parts = ([one["start_s"] for one in answers(tmp_path / name)] for name in ("whole.jsonl", "parts.jsonl"))
    assert parts == whole[: len(parts)] and len(parts) > 10


def test_a_state_of_another_signal_is_refused(untrained, lines_of, monkeypatch, tmp_path, capsys):
    words = ["stream", str(untrained), "--from", "-", "--state", str(tmp_path / "state")]
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of[:2500]])
    assert main(words) == 0
    kept = (tmp_path / "state").read_bytes()
    fed(monkeypatch, ["# fs_hz=250 leads=MLII", *lines_of[2500:]])
    assert main(words) == 2
    assert "360 Hz" in capsys.readouterr().err and (tmp_path / "state").read_bytes() == kept
    for damaged in (kept[:100], b""):
        (tmp_path / "state").write_bytes(damaged)
        fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of[2500:]])
        assert main(words) == 2
        assert "start a new stream" in capsys.readouterr().err


def test_a_state_is_of_the_first_part_only(untrained, lines_of, monkeypatch, tmp_path, capsys):
    words = ["stream", str(untrained), "--from", "-", "--state", str(tmp_path / "state")]
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of[:2500]])
    assert main(words) == 0
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of[2500:3000], "# fs_hz=180", *lines_of[:1800]])
    assert main(words) == 1
    assert "18.3 s" in capsys.readouterr().err, "of both parts"


def test_leads_of_lines_are_renamed(untrained, lines_of, monkeypatch, capsys):
    fed(monkeypatch, ["# fs_hz=360 leads=ECG9", *lines_of])
    assert main(["stream", str(untrained), "--from", "-", "--leads", "ECG9=MLII"]) == 0
    assert capsys.readouterr().out.count('"kind": "beat"') > 15


def test_a_file_of_lines_is_read_as_such(untrained, lines_of, tmp_path, capsys):
    (tmp_path / "lines.txt").write_text("\n".join(["# fs_hz=360 leads=MLII", *lines_of]))
    assert main(["stream", str(untrained), "--from", str(tmp_path / "lines.txt")]) == 0
    assert capsys.readouterr().out.count('"kind": "beat"') > 15


def test_a_named_pipe_is_read_as_lines(untrained, lines_of, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = "\n".join(["# fs_hz=360 leads=MLII", *lines_of])
    writer = threading.Thread(target=pipe.write_text, args=[content], daemon=True)
    writer.start()
    assert main(["stream", str(untrained), "--from", str(pipe)]) == 0
    writer.join()
    assert capsys.readouterr().out.count('"kind": "beat"') > 15


def test_answers_are_appended_after_a_whole_line_and_a_file_is_made_with_the_first(
    untrained, lines_of, monkeypatch, tmp_path
):
    out = tmp_path / "a.jsonl"
    words = ["stream", str(untrained), "--from", "-", "--out", str(out)]
    fed(monkeypatch, [])
    assert main(words) == 2 and not out.exists()
    out.write_text('{"kind": "torn"')
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    assert main(words) == 0
    torn, *lines = out.read_text().splitlines()
    assert torn == '{"kind": "torn"' and len([json.loads(line) for line in lines]) > 15


def test_answers_are_written_where_the_state_cannot_be_saved(untrained, lines_of, monkeypatch, tmp_path, capsys):
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    whole = main(["stream", str(untrained), "--from", "-"]), capsys.readouterr().out
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "full").touch()
    monkeypatch.setattr(
        "einthoven.cli.stream._Follower._begun", lambda self, f: einthoven.Stream(self.model, f.fs_hz, f.leads)
    )
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    assert main(["stream", str(untrained), "--from", "-", "--state", str(tmp_path / "state")]) == 2
    told = capsys.readouterr()
    assert told.out == whole[1] and told.err.count("remedy") == 1


def test_the_state_is_saved_where_answers_cannot_be_written(untrained, lines_of, monkeypatch, tmp_path, capsys):
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    words = ["stream", str(untrained), "--from", "-", "--out", "/dev/full", "--state", str(tmp_path / "state")]
    assert main(words) == 2
    assert capsys.readouterr().err.count("remedy") == 1 and (tmp_path / "state").stat().st_size > 1000


def test_the_state_is_saved_where_the_reader_of_a_pipe_has_gone(untrained, lines_of, tmp_path):
    lines = "\n".join(["# fs_hz=360 leads=MLII", *lines_of])
    command = [sys.executable, "-m", "einthoven.cli.main", "stream", str(untrained), "--from", "-"]
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run(
        [*command, "--state", str(tmp_path / "state")], input=lines.encode(), stdout=writes, stderr=subprocess.PIPE
    )
    os.close(writes)
    assert ended.returncode == 0 and b"Traceback" not in ended.stderr and (tmp_path / "state").is_file()


@pytest.mark.parametrize("suffix", [".hea", ".npy"])
def test_answers_are_not_appended_to_a_recording(untrained, ecg, mitdb_like, tmp_path, capsys, suffix):
    for file in mitdb_like.glob("100.*"):
        shutil.copy(file, tmp_path)
    np.save(tmp_path / "100.npy", ecg[0][None, :7200])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    words = ["stream", str(untrained), "--from", str(tmp_path / "100.hea"), "--speed", "0"]
    for name in ("100.dat", f"100{suffix}"):
        assert main([*words, "--out", str(tmp_path / name)]) == 2
        assert "holds no answers of a stream" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["stdin", "stdout"])
def test_a_closed_stream_is_one_error(untrained, lines_of, monkeypatch, capsys, name):
    fed(monkeypatch, ["# fs_hz=360 leads=MLII", *lines_of])
    monkeypatch.setattr(f"sys.{name}", None)
    assert main(["stream", str(untrained), "--from", "-"]) == 2
    assert capsys.readouterr().err.count("remedy") == 1


def test_the_unit_of_a_table_is_never_guessed(untrained, ecg, tmp_path, capsys):
    np.save(tmp_path / "a.npy", ecg[0][None, :7200])
    words = [
        "stream",
        str(untrained),
        "--from",
        str(tmp_path / "a.npy"),
        "--fs",
        "360",
        "--leads",
        "MLII",
        "--speed",
        "0",
    ]
    assert main(words) == 2
    assert "--unit" in capsys.readouterr().err
    assert main([*words, "--unit", "mV"]) == 0


NOWHERE = ["--from", "-", "--out", "no/folder/a"]
STATED = ["--from", "-", "--fs", "360", "--leads", "MLII"]


@pytest.mark.parametrize(
    "words, lines",
    [
        (["--from", "nothing.hea"], []),
        (["--from", "-"], ["0.1"]),
        (["--from", "-"], []),
        (NOWHERE, []),
        ([*STATED, "--out", "."], ["0.1"]),
        ([*STATED, "--state", "no/folder/a"], ["0.1"]),
        ([*STATED, "--unit", "furlong"], ["0.1"]),
        ([*STATED, "--speed", "-1"], ["0.1"]),
        (["--from", "-", "--fs", "0"], ["# leads=MLII", "0.1"]),
        (["--from", "-", "--leads", "MLII,MLII"], ["# fs_hz=360", "0.1"]),
        ([*STATED, "--speed", "nan"], ["0.1"]),
        (["--from", "-", "--fs", "50", "--leads", "MLII"], ["0.1"]),
        (["--from", "-", "--fs", "1e12", "--leads", "MLII"], ["0.1"]),
        (["--from", "-"], ["# fs_hz=1e300 leads=MLII", "1,0.1", "2,0.1", "10000000,0.1", "10000001,0.1"]),
        ([*STATED, "--out", "same", "--state", "./same"], ["0.1"]),
        (["--from", "/dev/ttyUSB77", "--fs", "360", "--leads", "MLII"], []),
        (["--from", "/dev/null", "--baud", "-5", "--fs", "360", "--leads", "MLII"], []),
        (STATED, ["0.1,0.2,0.3"] * 200),
        (STATED, [b"\xff\xfe\n"] * 200),
    ],
)
def test_a_stream_that_cannot_begin_ends_with_one_error(untrained, monkeypatch, capsys, words, lines):
    fed(monkeypatch, lines)
    assert main(["stream", str(untrained), *words]) == 2
    assert capsys.readouterr().err.count("remedy") == 1
