"""Send requests that are changed at random, from a seed: none may end with 500, nor stop the server."""

import json
import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

CONNECT_S, PATIENCE_S, AT_ONCE = 60.0, 2.0, 16
_BOUNDARY = b"----einthoven"


def seeds(host: bytes, files: list[tuple[bytes, bytes]]) -> list[bytes]:
    """Whole requests, which a server answers."""
    parts = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n'
        % (_BOUNDARY, name, content)
        for name, content in files
    )
    stated = b'--%b\r\nContent-Disposition: form-data; name="fs"\r\n\r\n360\r\n' % _BOUNDARY
    form = parts + stated + b"--%b--\r\n" % _BOUNDARY
    marks = {"name": "100", "fs_hz": 360, "n_samples": 7200, "beats": [[5, "N"], [90, "V"]], "rhythms": [[0, "(AFIB"]]}
    paths = (b"/", b"/health", b"/version", b"/metrics", b"/openapi.json", b"/static/app.js")
    kind = b"multipart/form-data; boundary=" + _BOUNDARY
    posts = [
        _request(b"POST", b"/interpret", host, kind, form),
        _request(b"POST", b"/review", host, kind, form),
        _request(b"POST", b"/annotations", host, b"application/json", json.dumps(marks).encode()),
    ]
    return [*(_request(b"GET", path, host) for path in paths), *(5 * posts)]


def _request(method: bytes, path: bytes, host: bytes, kind: bytes = b"", body: bytes = b"") -> bytes:
    head = b"%b %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n" % (method, path, host)
    if kind:
        head += b"Content-Type: %b\r\nContent-Length: %d\r\n" % (kind, len(body))
    return head + b"\r\n" + body


_PIECES = (
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"..",
    b"/",
    b"%00",
    b"%ff",
    b'"',
    b"\xff\xfe",
    b"-1",
    b"9" * 30,
    b"null",
    b"[" * 50,
)
_PIECES += (b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Host: x\r\n")
_PIECES += (b"filename*=utf-8''..%2f", b"--" + _BOUNDARY, b"name=", b";", b"\xed\xa0\x80", b"NaN", b"1e999")


def mutated(request: bytes, rng: random.Random) -> bytes:
    """Change a request in one to four places; where its body changes its length, the length is mostly corrected."""
    head, _, body = request.partition(b"\r\n\r\n")
    is_body = body and rng.random() < 0.6
    part = bytearray(body if is_body else head)
    for _ in range(rng.randint(1, 4)):
        _change(part, rng)
    if not is_body:
        return bytes(part) + b"\r\n\r\n" + body
    if rng.random() < 0.9:
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
        head = b"\r\n".join([*lines, b"Content-Length: %d" % len(part)])
    return head + b"\r\n\r\n" + bytes(part)


def _change(part: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(part) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        part[at:at] = rng.choice(_PIECES)
    elif kind == 1 and at < len(part):
        part[at] = rng.randrange(256)
    elif kind == 2:
        del part[at : at + rng.randint(1, 40)]
    elif kind == 3:
        part[at:at] = part[at : at + rng.randint(1, 200)]
    else:
        part[at : at + 8] = rng.choice(_PIECES)


def status_of(port: int, request: bytes) -> int:
    """Send bytes; 0 where the server gives no answer, as where it waits for more."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=CONNECT_S) as client, suppress(OSError):
        client.settimeout(PATIENCE_S)
        client.sendall(request)
        while chunk := client.recv(65536):
            answer += chunk
    return int(answer[9:12]) if answer[:5] == b"HTTP/" else 0


def statuses(port: int, requests: list[bytes], seed: int, n: int) -> tuple[Counter[int], list[bytes]]:
    """Send `n` changed requests, some at once; returns how often each status came, and the requests that ended with 500."""
    rng = random.Random(seed)
    sent = [mutated(rng.choice(requests), rng) for _ in range(n)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda request: status_of(port, request), sent))
    faults = [request for request, status in zip(sent, found, strict=True) if status >= 500 and status != 503]
    return Counter(found), faults
