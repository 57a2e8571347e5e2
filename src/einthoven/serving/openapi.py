"""Describe the HTTP API as an OpenAPI document."""

from typing import Any

from einthoven import __version__
from einthoven.interpretation.interpretation import SCHEMA
from einthoven.serving.limits import Limits
from einthoven.serving.marks import BEATS, RHYTHMS

_WHOLE = {"type": "integer", "minimum": 0}
_ERROR = {
    "type": "object",
    "required": ["code", "message", "found", "expected", "remedy", "text"],
    "properties": {
        "code": {"type": "string", "description": "Stable name of the kind of error."},
        "message": {"type": "string"},
        "found": {"type": "string"},
        "expected": {"type": "string"},
        "remedy": {"type": "string"},
        "text": {"type": "string", "description": "The error as the command line prints it."},
        "failed": {"type": "array", "items": {"type": "object"}, "description": "The error of each recording."},
    },
}
_STATEMENTS = {
    "fs": {"type": "number", "description": "Sampling rate in Hz, if the file does not state it."},
    "leads": {"type": "string", "description": "All leads in order (I,II,V1), or new names (ECG1=MLII)."},
    "unit": {"type": "string", "enum": ["V", "mV", "uV"]},
    "gain": {"type": "number", "description": "Counts per mV, where the values are counts."},
    "zero": {"type": "number", "description": "Count at 0 mV."},
    "partial": {"type": "boolean", "description": "Read a recording although some of its files are missing."},
    "anonymous": {"type": "boolean", "description": "Leave names, identifiers and dates out."},
}


def document(limits: Limits, address: str) -> dict[str, Any]:
    """Return the document.

    Parameters
    ----------
    limits : Limits
        What the server allows.
    address : str
        Where the server is.

    Returns
    -------
    dict
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "einthoven",
            "version": __version__,
            "summary": "Interpret electrocardiograms.",
            "description": "Not a medical device: for research and education, not for diagnosis.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "paths": {
            "/interpret": {"post": _upload("interpret", "Interpret recordings.", "Interpretations", limits)},
            "/review": {"post": _upload("review", "Interpret recordings for the web page.", "Review", limits)},
            "/annotations": {"post": _annotations()},
            "/health": {"get": _plain("health", "State of the server; 503 until the first worker is ready.", True)},
            "/version": {"get": _plain("version", "Version of einthoven and of the schema of its answers.")},
            "/metrics": {"get": _text("metrics", "Counts in the text format of Prometheus.", "text/plain")},
            "/": {"get": _text("page", "The web page.", "text/html")},
        },
        "components": {"schemas": _schemas()},
    }


def _upload(name: str, summary: str, schema: str, limits: Limits) -> dict[str, Any]:
    files = {"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}}
    told = f"All files of the recordings, at most {limits.upload_mb} MB."
    body = {"type": "object", "required": ["files"], "properties": {"files": files, **_STATEMENTS}}
    kept = {"description": "Name of the folder, where uploads are kept.", "schema": {"type": "string"}}
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "description": told, "content": {"multipart/form-data": {"schema": body}}},
        "responses": {
            "200": {
                "description": "At least one recording was interpreted; others are listed under failed.",
                "headers": {"X-Einthoven-Kept": kept},
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
            },
            **_refusals("400", "403", "408", "413", "415", "421", "422", "503", "507"),
        },
    }


def _annotations() -> dict[str, Any]:
    content = {
        "application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    }
    return {
        "operationId": "annotations",
        "summary": "Write corrected beats and rhythms as a WFDB annotation file.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Corrections"}}},
        },
        "responses": {
            "200": {"description": "A WFDB annotation file (.atr).", "content": content},
            **_refusals("400", "403", "404", "408", "413", "415", "421", "503", "507"),
        },
    }


def _plain(name: str, summary: str, may_refuse: bool = False) -> dict[str, Any]:
    answer = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": answer} | ({"503": answer} if may_refuse else {}),
    }


def _text(name: str, summary: str, kind: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {kind: {"schema": {"type": "string"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": answer}}


def _refusals(*statuses: str) -> dict[str, Any]:
    told = {
        "400": "The request cannot be understood.",
        "403": "It comes from a page of another site.",
        "404": "The recording was not kept.",
        "408": "The upload stopped.",
        "413": "The upload is too large.",
        "415": "The request is of another content type.",
        "421": "It is for another host.",
        "422": "No recording could be interpreted.",
        "503": "The server is busy.",
        "507": "There is no room on the disk of the server.",
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {status: {"description": told[status], "content": content} for status in statuses}


def _schemas() -> dict[str, Any]:
    rows = {"type": "array", "items": {"type": "object"}}
    mark = {"type": "array", "minItems": 2, "maxItems": 2}
    pairs = {
        name: {"type": "array", "items": mark | {"prefixItems": [_WHOLE, {"enum": list(names)}]}}
        for name, names in (("beats", BEATS), ("rhythms", RHYTHMS))
    }
    return {
        "Error": _ERROR,
        "Interpretations": {
            "type": "object",
            "required": ["schema", "einthoven", "notice", "records", "failed"],
            "description": "What einthoven interpret --out FILE.json writes.",
            "properties": {"schema": {"const": SCHEMA}, "records": rows, "failed": rows},
        },
        "Review": {
            "type": "object",
            "required": ["records", "failed"],
            "properties": {"records": rows, "failed": {"type": "array", "items": _ERROR}},
        },
        "Corrections": {
            "type": "object",
            "required": ["name", "fs_hz", "n_samples", "beats", "rhythms"],
            "properties": {
                "name": {"type": "string", "description": "Name of the recording."},
                "fs_hz": {"type": "number", "exclusiveMinimum": 0},
                "n_samples": _WHOLE,
                **pairs,
                "kept": {"type": "string", "description": "X-Einthoven-Kept of the answer, to keep them with it."},
            },
        },
    }
