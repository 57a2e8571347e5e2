"""A download against a server that drops connections, serves wrong bytes and refuses ranges. No network but loopback."""

import hashlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from einthoven.cli.main import main
from einthoven.corpora import download as module
from einthoven.corpora.download import Source, download
from einthoven.errors import CorpusIncomplete

FILES = {"RECORDS": b"100\n101\n", "100.dat": bytes(range(256)) * 400, "sub/a b.hea": b"a b 1 360\n"}


class Server:
    """Serves FILES; `drops`, `lies` and `ranges` say how badly."""

    def __init__(self):
        self.drops: dict[str, int] = {}
        self.lies: dict[str, int] = {}
        self.resets: dict[str, int] = {}
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.sums = "".join(f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in FILES.items())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                from urllib.parse import unquote

                name = unquote(self.path.lstrip("/"))
                outer.asked.append((name, self.headers.get("Range")))
                content = outer.sums.encode() if name == "SHA256SUMS.txt" else FILES.get(name)
                if content is None:
                    self.send_error(404)
                    return
                if outer.lies.get(name, 0) > 0:
                    outer.lies[name] -= 1
                    content = bytes(len(content))
                first = 0
                if outer.ranges and (wanted := self.headers.get("Range")):
                    first = int(wanted.removeprefix("bytes=").rstrip("-"))
                    if first >= len(content):
                        self.send_error(416)
                        return
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(content) - first))
                self.end_headers()
                if outer.resets.get(name, 0) > 0:
                    outer.resets[name] -= 1
                    self.wfile.write(content[first : first + 1000])
                    self.wfile.flush()
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                if outer.drops.get(name, 0) > 0:
                    outer.drops[name] -= 1
                    self.wfile.write(content[first : first + (len(content) - first) // 2])
                    self.close_connection = True
                    self.connection.close()
                    return
                self.wfile.write(content[first:])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.source = Source(f"http://127.0.0.1:{self.http.server_port}/")


@pytest.fixture
def server():
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def fetched(server, folder, **more):
    return download(server.source, folder, pause_s=lambda n: 0.0, **more)


def whole(folder) -> bool:
    there = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return there == FILES


def test_everything_comes_once(server, tmp_path):
    assert fetched(server, tmp_path / "to") == (3, 0)
    assert whole(tmp_path / "to")
    server.asked.clear()
    assert fetched(server, tmp_path / "to") == (0, 3)
    assert [name for name, _ in server.asked] == ["SHA256SUMS.txt"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_dropped_connection_is_gone_on_with(server, tmp_path, ranges):
    server.drops["100.dat"], server.ranges = 2, ranges
    fetched(server, tmp_path / "to")
    assert whole(tmp_path / "to")
    asked = [wanted for name, wanted in server.asked if name == "100.dat"]
    assert len(asked) == 3
    assert asked[1] == f"bytes={len(FILES['100.dat']) // 2}-"


def test_a_reset_connection_is_gone_on_with(server, tmp_path):
    server.resets["100.dat"] = 2
    fetched(server, tmp_path / "to")
    assert whole(tmp_path / "to")


def test_a_file_that_is_not_there_is_asked_for_once(server, tmp_path):
    server.sums += f"{'0' * 64} nowhere.dat\n"
    with pytest.raises(CorpusIncomplete, match=r"nowhere\.dat.*404"):
        fetched(server, tmp_path / "to")
    assert [name for name, _ in server.asked].count("nowhere.dat") == 1
    assert (tmp_path / "to" / "100.dat").exists()


def test_wrong_bytes_are_fetched_again(server, tmp_path):
    server.lies["100.dat"] = 1
    fetched(server, tmp_path / "to")
    assert whole(tmp_path / "to")


def test_what_stays_wrong_is_named_and_the_rest_is_kept(server, tmp_path):
    server.lies["100.dat"] = 99
    with pytest.raises(CorpusIncomplete, match=r"100\.dat: its content differs"):
        fetched(server, tmp_path / "to")
    assert (tmp_path / "to" / "RECORDS").read_bytes() == FILES["RECORDS"]
    assert not (tmp_path / "to" / "100.dat").exists()
    server.lies.clear()
    assert fetched(server, tmp_path / "to") == (1, 2)
    assert whole(tmp_path / "to")


def test_a_part_of_another_download_is_replaced(server, tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "RECORDS.part").write_bytes(b"something longer than the file itself")
    (tmp_path / "to" / "100.dat").write_bytes(b"damaged")
    fetched(server, tmp_path / "to")
    assert whole(tmp_path / "to")


def test_only_some(server, tmp_path):
    assert fetched(server, tmp_path / "to", include=("*.hea",)) == (1, 0)
    with pytest.raises(CorpusIncomplete, match="none like"):
        fetched(server, tmp_path / "to", include=("*.mat",))


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a\\..\\b"])
def test_names_that_lead_out_are_refused(server, tmp_path, name):
    server.sums += f"{'0' * 64} {name}\n"
    with pytest.raises(CorpusIncomplete, match="list of files"):
        fetched(server, tmp_path / "to")
    assert not list((tmp_path / "to").rglob("*"))


def test_a_publisher_that_is_not_there(tmp_path):
    with pytest.raises(CorpusIncomplete, match="does not answer"):
        download(Source("http://127.0.0.1:9/"), tmp_path / "to", pause_s=lambda n: 0.0)


def test_a_connection_that_is_gone_is_not_sought_for_every_file(server, tmp_path, monkeypatch):
    server.sums = "".join(f"{'0' * 64} {at}.dat\n" for at in range(60))
    listed = module._listed(server.source, lambda n: 0)
    server.http.shutdown()
    server.http.server_close()
    monkeypatch.setattr(module, "_listed", lambda *_: listed)
    asked = []
    monkeypatch.setattr(module, "_response", lambda *args: asked.append(args) or _ASKED(*args))
    with pytest.raises(CorpusIncomplete, match="60 of 60 files") as error:
        download(server.source, tmp_path, pause_s=lambda n: 0)
    assert "NewConnectionError" in error.value.found
    assert len(asked) <= 2 * module._AT_ONCE * module._TRIES


_ASKED = module._response


def test_the_verb(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(module.SOURCES, "mitdb", server.source)
    assert main(["download", "mitdb", "--to", str(tmp_path / "to")]) == 0
    assert "3 files downloaded" in capsys.readouterr().out
    assert main(["download", "none", "--to", str(tmp_path / "to")]) == 2
    assert main(["download", "cpsc2018", "--to", str(tmp_path / "to")]) == 0
    assert "REFERENCE.csv" in capsys.readouterr().out
