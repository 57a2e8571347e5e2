"""The HTTP API: the answers of the command line, its refusals in the same words, and nothing that stays."""

import json
from dataclasses import replace

import numpy as np
import pytest
import wfdb
from jsonschema import Draft202012Validator

import einthoven
from einthoven.errors import EinthovenError
from einthoven.records.identity import Identity
from einthoven.report import interpretations
from tests.serving.conftest import left, started, uploaded


def test_the_answer_is_that_of_the_command_line(client, record, place, monkeypatch):
    answer = client.post("/interpret", files=uploaded(*record))
    monkeypatch.chdir(record[0].parent)
    assert answer.status_code == 200
    assert answer.json() == json.loads(interpretations.as_json([einthoven.interpret("100.hea")], {}))
    assert not left(place)


def test_a_refusal_has_the_words_of_the_command_line(client, record, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "100.hea").write_bytes(record[0].read_bytes())
    with pytest.raises(EinthovenError) as told:
        einthoven.read("100.hea")
    answer = client.post("/interpret", files=uploaded(record[0]))
    plain = answer.json()
    assert (answer.status_code, plain["code"]) == (422, "record_unreadable")
    assert plain["text"] == str(told.value)
    assert [plain[name] for name in ("message", "found", "expected", "remedy")] == list(told.value.args)
    assert not left(place)


def test_one_of_several_recordings_may_fail(client, record, tmp_path):
    damaged = tmp_path / "damaged.edf"
    damaged.write_bytes(b"0       " + b"\x01" * 300)
    plain = client.post("/interpret", files=uploaded(*record, damaged)).json()
    assert [one["record"] for one in plain["records"]] == ["100"]
    assert [one["file"] for one in plain["failed"]] == ["damaged.edf"]


def test_statements_are_those_of_the_command_line(client, strip):
    refused = client.post("/interpret", files=uploaded(strip))
    assert (refused.status_code, refused.json()["code"]) == (422, "statement_missing")
    assert "--fs" in refused.json()["remedy"]
    stated = {"fs": "360", "leads": "MLII", "unit": "mV"}
    answer = client.post("/interpret", files=uploaded(strip), data=stated)
    assert answer.json()["records"][0]["leads"] == ["MLII"] and answer.json()["records"][0]["fs_hz"] == 360


def test_anonymous_leaves_out_who_it_is(client, record, tmp_path):
    named = replace(einthoven.read(record[0]), identity=Identity(name="Jane Roe"))
    header = einthoven.write(named, tmp_path / "100.hea")
    files = uploaded(header, header.with_suffix(".dat"))
    assert "Jane" in client.post("/review", files=files).text
    assert "Jane" not in client.post("/review", files=files, data={"anonymous": "true"}).text


def test_a_folder_keeps_its_recordings_apart(client, record):
    names = ["a/100.hea", "a/100.dat", "b/100.hea", "b/100.dat"]
    plain = client.post("/interpret", files=uploaded(*record, *record, names=names)).json()
    assert [one["file"] for one in plain["records"]] == ["a/100.hea", "b/100.hea"]


def test_names_cannot_leave_the_folder(client, record, place, tmp_path):
    names = ["../../../../100.hea", f"{tmp_path}/100.dat"]
    plain = client.post("/interpret", files=uploaded(*record, names=names)).json()
    assert "missing" in plain["message"]  # two folders, and none of them outside
    assert not list(tmp_path.iterdir()) and not left(place)


REFUSED = {
    "no file": ({"data": {"fs": "360"}, "files": [("x", ("", b""))]}, 400, "malformed", "no file"),
    "no upload": ({"content": b"100.hea"}, 415, "no_upload", "multipart"),
    "a form": ({"data": {"fs": "360"}}, 415, "no_upload", "urlencoded"),
    "an unknown field": (
        {"files": [("files", ("a.csv", b"1"))], "data": {"colour": "red"}},
        400,
        "malformed",
        "colour",
    ),
    "no number": ({"files": [("files", ("a.csv", b"1"))], "data": {"fs": "fast"}}, 400, "malformed", "fs=fast"),
    "not a number": ({"files": [("files", ("a.csv", b"1"))], "data": {"fs": "nan"}}, 400, "malformed", "fs=nan"),
    "a long field": ({"files": [("files", ("a.csv", b"1"))], "data": {"unit": "m" * 5000}}, 400, "malformed", "unit"),
    "a name twice": ({"files": [("files", ("a.csv", b"1"))] * 2}, 400, "malformed", "a.csv"),
    "a hidden file": ({"files": [("files", (".DS_Store", b"1"))]}, 400, "malformed", "no file"),
    "unclear leads": (
        {"files": [("files", ("a.csv", b"1"))], "data": {"leads": "I,A=B"}},
        422,
        "statement_missing",
        "A=B",
    ),
    "zero bytes": ({"files": [("files", ("zero.hea", b""))]}, 422, "record_unreadable", "zero bytes"),
    "a part that ends early": (
        {
            "content": b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n1,2',
            "headers": {"content-type": "multipart/form-data; boundary=x"},
        },
        400,
        "malformed",
        "ends within",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_upload_is_refused_in_words(kind, client, place):
    request, status, code, told = REFUSED[kind]
    answer = client.post("/interpret", **request)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert told in answer.text and all(answer.json()[name] for name in ("message", "found", "expected", "remedy"))
    assert not left(place)


def test_a_large_upload_is_refused_while_it_comes(tmp_path, monkeypatch):
    with started(tmp_path, monkeypatch, upload_mb=1) as client:
        stated = client.post("/interpret", files=[("files", ("a.csv", b"1" * 1_100_000))])
        assert (stated.status_code, stated.json()["code"]) == (413, "too_large")
        assert "--limits.upload-mb 2" in stated.json()["remedy"]
        assert int(stated.json()["found"].split()[0].replace(",", "")) > 1_100_000
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
        chunks = (part for part in [head, *[b"1" * 600_000] * 2, b"\r\n--x--\r\n"])  # a length that is not stated
        counted = client.post("/interpret", content=chunks, headers={"content-type": "multipart/form-data; boundary=x"})
        assert (counted.status_code, counted.json()["code"]) == (413, "too_large")
        assert not left(tmp_path)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "", "127.0.0.1:x"])
def test_a_request_for_another_host_is_refused(host, client):
    answer = client.get("/", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080", "192.0.2.7:8080"])
def test_addresses_of_this_machine_are_answered(host, client):
    assert client.get("/version", headers={"host": host}).status_code == 200


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:3000"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_of_another_site_is_refused(headers, client, record):
    answer = client.post("/interpret", files=uploaded(*record), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")


def test_the_page_of_the_server_may_post(client, record):
    headers = {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}
    assert client.post("/interpret", files=uploaded(*record), headers=headers).status_code == 200


def test_names_that_are_stated_are_answered_as_behind_a_proxy(tmp_path, monkeypatch):
    with started(tmp_path, monkeypatch, names=["ecg.example"]) as client:
        body = {"json": GOOD, "headers": {"host": "ecg.example", "origin": "https://ecg.example"}}
        assert client.post("/annotations", **body).status_code == 200
        body["headers"]["host"] = "127.0.0.1:8080"  # as a proxy may send it
        assert client.post("/annotations", **body).status_code == 200
        body["headers"]["origin"] = "https://other.example"
        assert client.post("/annotations", **body).status_code == 403


def test_a_header_cannot_name_a_file_of_the_server(client, tmp_path):
    (tmp_path / "secret.dat").write_bytes(b"1" * 4000)
    for named in (f"{tmp_path}/secret.dat", "../../../../../etc/services", "../scratch/x.dat"):
        header = f"a 1 360 1000\n{named} 16 200 16 0 0 0 0 MLII\n".encode()
        answer = client.post("/review", files=[("files", ("a.hea", header))])
        assert (answer.status_code, answer.json()["code"]) == (422, "record_unreadable")
        assert "outside" in answer.json()["found"]


@pytest.mark.parametrize("path", ["/", "/version", "/nothing", "/static/app.js"])
def test_every_answer_is_guarded(path, client):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src-attr")[0], "scripts and styles need the nonce"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert "set-cookie" not in headers and "access-control-allow-origin" not in headers


def test_the_page_says_that_nothing_is_kept(client):
    page = client.get("/").text
    assert "Nothing is kept." in page and "%" not in page


def test_the_nonce_of_the_page_is_new_each_time(client):
    pages = [client.get("/") for _ in range(2)]
    nonces = [page.headers["content-security-policy"].split("'nonce-")[1].split("'")[0] for page in pages]
    assert nonces[0] != nonces[1] and all(
        f'nonce="{nonce}"' in page.text for nonce, page in zip(nonces, pages, strict=True)
    )


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/interpret", 405)])
def test_what_is_not_there_is_told(method, path, status, client):
    answer = client.request(method, path)
    assert answer.status_code == status and path in answer.json()["found"]


def test_the_state_of_the_server(client, record):
    client.post("/interpret", files=uploaded(*record))
    health, version, metrics = (client.get(path) for path in ("/health", "/version", "/metrics"))
    assert health.json()["status"] == "ok" and health.json()["workers_ready"] == 1
    assert version.json()["einthoven"] == einthoven.__version__
    rows = dict(line.rsplit(" ", 1) for line in metrics.text.splitlines() if not line.startswith("#"))
    assert int(rows['einthoven_requests_total{method="POST",path="/interpret",status="200"}']) >= 1
    assert rows['einthoven_work_seconds_bucket{le="+Inf"}'] == rows["einthoven_work_seconds_count"]


def test_unknown_paths_do_not_fill_the_metrics(client):
    for at in range(5):
        client.get(f"/made-up-{at}")
    assert "made-up" not in client.get("/metrics").text


def test_the_openapi_document_lists_every_path_and_holds_for_the_errors(client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/interpret", "/review", "/annotations", "/health", "/version", "/metrics", "/"} == set(document["paths"])
    errors = Draft202012Validator(document["components"]["schemas"]["Error"])
    for path in ("/interpret", "/annotations"):
        answer = client.post(path)
        errors.validate(answer.json())
        assert str(answer.status_code) in document["paths"][path]["post"]["responses"]


def test_the_review_has_page_trace_and_marks(client, record):
    one = client.post("/review", files=uploaded(*record)).json()["records"][0]
    trace = one["trace"]
    signal = einthoven.read(record[0])
    assert (trace["name"], trace["fs_hz"], trace["n_samples"]) == ("100", 360, signal.n_samples)
    assert [lead["name"] for lead in trace["leads"]] == ["MLII", "V5"]
    assert one["interpretation"]["record"] == "100" and "<html" in one["page"]
    assert {symbol for _, symbol in trace["beats"]} <= set(trace["beat_names"])


def test_corrections_come_back_as_a_file_that_wfdb_reads(client, tmp_path):
    beats = [[100, "N"], [460, "V"], [900, "|"], [100_000, "S"]]
    body = {"name": "100", "fs_hz": 360, "n_samples": 200_000, "beats": beats, "rhythms": [[0, "(N"], [460, "(AFIB"]]}
    answer = client.post("/annotations", json=body)
    assert answer.status_code == 200 and 'filename="100.atr"' in answer.headers["content-disposition"]
    (tmp_path / "100.atr").write_bytes(answer.content)
    read = wfdb.rdann(str(tmp_path / "100"), "atr")
    assert (read.fs, list(read.sample[:2])) == (360, [0, 100])
    assert list(zip(read.sample.tolist(), read.symbol, strict=True)) == [
        *((0, "+"), (100, "N"), (460, "+"), (460, "V"), (900, "|"), (100_000, "S"))
    ]
    assert [note.strip("\0") for note in read.aux_note if note] == ["(N", "(AFIB"]


GOOD = {"name": "a", "fs_hz": 360, "n_samples": 10, "beats": [], "rhythms": []}
BAD = {
    "a list": [],
    "nothing": {},
    "an unknown symbol": GOOD | {"beats": [[1, "Z"]]},
    "beyond the end": GOOD | {"beats": [[10, "N"]]},
    "before the beginning": GOOD | {"beats": [[-1, "N"]]},
    "half a sample": GOOD | {"beats": [[1.5, "N"]]},
    "a truth value": GOOD | {"beats": [[True, "N"]]},
    "a rhythm of text": GOOD | {"rhythms": [[1, "(<script>"]]},
    "no rate": GOOD | {"fs_hz": 0},
    "a rate of text": GOOD | {"fs_hz": "360"},
    "a symbol that is a list": GOOD | {"beats": [[1, ["N"]]]},
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_corrections_are_refused(kind, client):
    answer = client.post("/annotations", json=BAD[kind])
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json_is_refused(content, client):
    answer = client.post("/annotations", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_corrections_need_their_content_type(client):
    answer = client.post("/annotations", content=b"{}", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "no_json")


def test_a_folder_keeps_uploads_answers_and_corrections(record, tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    kept.mkdir()
    with started(tmp_path, monkeypatch, kept) as client:
        assert "are kept by this server" in client.get("/").text
        name = client.post("/interpret", files=uploaded(*record)).headers["x-einthoven-kept"]
        assert {file.name for file in (kept / name).iterdir()} == {"100.hea", "100.dat", "einthoven-answer.json"}
        body = GOOD | {"name": "100", "beats": [[5, "V"]], "kept": name}
        assert client.post("/annotations", json=body).status_code == 200
        assert einthoven.read(kept / name / "100.hea", annotator="atr").annotations.symbols == ("V",)
        for wrong in ("../kept", "/etc", "20200101T000000Z-00000000"):
            assert client.post("/annotations", json=body | {"kept": wrong}).status_code == 404
        assert client.post("/interpret", files=uploaded(record[0])).status_code == 422
    assert len(list(kept.iterdir())) == 1, "what cannot be read is not kept"


def test_a_missing_signal_is_a_gap_in_the_trace(client, tmp_path, ecg):
    import base64

    signal = ecg[0][None].copy()
    signal[0, 1000:1100] = np.nan
    np.save(tmp_path / "gap.npy", signal)
    stated = {"fs": "360", "leads": "MLII", "unit": "mV"}
    trace = client.post("/review", files=uploaded(tmp_path / "gap.npy"), data=stated).json()["records"][0]["trace"]
    shown = np.frombuffer(base64.b64decode(trace["leads"][0]["samples"]), "<i2")
    at = np.flatnonzero(shown == trace["missing"]) / trace["shown_hz"]
    assert at[0] == pytest.approx(1000 / 360, abs=0.01) and at[-1] == pytest.approx(1100 / 360, abs=0.01)
    there = shown != trace["missing"]
    wanted = np.interp(np.arange(len(shown)) / trace["shown_hz"], np.arange(signal.shape[1]) / 360, signal[0])
    wanted -= np.nanmedian(signal)
    kept = there & np.isfinite(wanted)
    assert np.corrcoef(shown[kept], wanted[kept])[0, 1] > 0.98
    assert np.abs(shown[kept]).max() * trace["step_uv"] / 1000 == pytest.approx(np.abs(wanted[kept]).max(), rel=0.15)


def test_the_temporary_folder_goes_with_the_server(record, tmp_path, monkeypatch):
    with started(tmp_path, monkeypatch) as client:
        assert len(list(tmp_path.glob("einthoven-serve-*"))) == 1
        assert client.post("/interpret", files=uploaded(record[0])).status_code == 422
    assert not list(tmp_path.iterdir())


def test_what_a_killed_server_left_is_removed(tmp_path, monkeypatch):
    dead = tmp_path / "einthoven-serve-dead"
    (dead / "upload").mkdir(parents=True)
    (dead / "lock").touch()
    other = tmp_path / "einthoven-serve-of-another-program"
    other.mkdir()
    with started(tmp_path, monkeypatch):
        assert not dead.exists() and other.exists()
        with started(tmp_path, monkeypatch):
            pass
        assert len(list(tmp_path.glob("einthoven-serve-*/lock"))) == 1
