"""A server as a process of its own: real sockets, changed requests, broken connections, a port in use."""

import http.client
import json
import socket
import subprocess
import time
import uuid

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault
from einthoven.serving.server import is_loopback
from tests.refusals import refused
from tests.serving import mutated
from tests.serving.running import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that this module shares."""
    with running(tmp_path_factory.mktemp("place"), "--limits.workers", "1") as server:
        yield server


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """A server that allows two uploads at once."""
    place = tmp_path_factory.mktemp("narrow")
    with running(place, "--limits.workers", "1", "--limits.waiting", "1") as server:
        yield server


@pytest.fixture
def files(mitdb_like):
    """A recording of 20 s: names and contents."""
    return [(name.encode(), (mitdb_like / name).read_bytes()) for name in ("100.hea", "100.dat")]


def form(files, stated=None):
    boundary = uuid.uuid4().hex.encode()
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, *field)
        for field in (stated or {}).items()
    ]
    parts += [
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n' % (boundary, *file)
        for file in files
    ]
    return b"".join(parts) + b"--%b--\r\n" % boundary, f"multipart/form-data; boundary={boundary.decode()}"


def whole(body, kind):
    head = f"POST /interpret HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def gone(server, seconds=15):
    """Wait until nothing is left of uploads."""
    deadline = time.monotonic() + seconds
    while server.left() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not server.left()


def test_curl_is_answered(server, mitdb_like):
    words = ["curl", "-s", *(word for name in ("100.hea", "100.dat") for word in ("-F", f"files=@{mitdb_like / name}"))]
    try:
        done = subprocess.run([*words, server.address + "/interpret"], capture_output=True, timeout=60, check=True)
    except FileNotFoundError:
        pytest.skip("needs curl")
    assert json.loads(done.stdout)["records"][0]["record"] == "100"
    assert gone(server)


def test_changed_requests_never_end_with_500(server, files):
    small = [(b"a.csv", b"MLII\n0.1\n0.2\n"), files[0]]
    requests = mutated.seeds(f"127.0.0.1:{server.port}".encode(), small)
    counts, faults = mutated.statuses(server.port, requests, seed=28, n=250)
    assert not faults, faults[0][:2000]
    assert counts[200] and counts[400] and counts[421], "some are understood, and some are not"
    assert json.loads(server.get("/health"))["status"] in ("ok", "starting") and gone(server)


@pytest.mark.parametrize("share", [0.3, 0.999, 1.0])
def test_a_connection_that_breaks_off_leaves_nothing(share, server, files):
    body, kind = form(files)
    request = whole(body, kind)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request[: len(request) - round((1 - share) * len(body))])
        time.sleep(0.3)
    assert gone(server)
    assert json.loads(server.get("/health"))["status"] in ("ok", "starting")


def test_work_stops_when_the_client_leaves(narrow, ecg, tmp_path):
    np.savetxt(tmp_path / "long.csv", np.tile(ecg[0], 30), header="MLII", comments="", fmt="%.3f")
    request = whole(*form([(b"long.csv", (tmp_path / "long.csv").read_bytes())], {b"fs": b"360", b"unit": b"mV"}))
    with socket.create_connection(("127.0.0.1", narrow.port)) as client:
        client.sendall(request)
        deadline = time.monotonic() + 20
        while json.loads(narrow.get("/health"))["working"] == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
    assert gone(narrow)
    told = narrow.get("/metrics")
    assert "einthoven_disconnects_total 1" in told and "einthoven_worker_restarts_total 1" in told


def test_a_refusal_reaches_a_client_that_still_sends(server):
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = b"x" * 30_000_000
    client.request("POST", "/interpret", body, {"Content-Type": "multipart/form-data; boundary=other"})
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (400, "malformed")


def test_a_port_in_use_is_one_clear_error(server, capsys):
    refusal = refused(capsys, ["serve", "--port", str(server.port)], ConfigurationFault, "in use", str(server.port))
    assert refusal.remedy.startswith("einthoven serve --port 0")


def test_more_uploads_than_allowed_are_told_to_wait(narrow, files):
    body, kind = form(files)
    opened = []
    for _ in range(2):
        held = http.client.HTTPConnection("127.0.0.1", narrow.port, timeout=30)
        held.putrequest("POST", "/interpret")
        held.putheader("Content-Type", kind)
        held.putheader("Content-Length", str(len(body)))
        held.endheaders(body[:100])
        opened.append(held)
    time.sleep(0.5)
    client = http.client.HTTPConnection("127.0.0.1", narrow.port, timeout=30)
    client.request("POST", "/interpret", body, {"Content-Type": kind})
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())["code"], answer.headers["retry-after"]) == (503, "busy", "5")
    for held in opened:
        held.send(body[100:])
        assert held.getresponse().status == 200


def test_a_server_that_others_can_reach_says_so(monkeypatch, capsys):
    monkeypatch.setattr("einthoven.serving.server.serve", lambda *_: None)
    assert main(["serve", "--host", "0.0.0.0"]) == 0
    assert "password" in capsys.readouterr().err
    assert main(["serve"]) == 0
    assert "password" not in capsys.readouterr().err


def test_which_hosts_are_this_machine_alone():
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.0.2.1", "ecg.example")] == [
        *(True,) * 3,
        *(False,) * 3,
    ]
