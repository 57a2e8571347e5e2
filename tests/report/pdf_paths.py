"""Read the lines that a PDF draws, in millimetres from the lower left corner of the page."""

import numpy as np
from pypdf import PdfReader
from pypdf.generic import ContentStream

MM = 25.4 / 72


def pages(path):
    """Return the pages of a PDF."""
    return PdfReader(path).pages


def size_mm(page):
    """Return width and height of a page."""
    return float(page.mediabox.width) * MM, float(page.mediabox.height) * MM


def lines_mm(page):
    """Return each line that a page draws as an array [points, 2]; curves are left out."""
    return list(
        _lines(page, page.pdf.get_object(page.indirect_reference)["/Resources"], page.get_contents(), np.eye(3))
    )


def _lines(page, resources, content, now):
    kept, path = [], []
    for operands, operator in ContentStream(content, page.pdf).operations:
        if operator == b"q":
            kept.append(now)
        elif operator == b"Q":
            now = kept.pop()
        elif operator == b"cm":
            now = _matrix(operands) @ now
        elif operator == b"m":
            path = [operands]
        elif operator == b"l":
            path.append(operands)
        elif operator in (b"S", b"s") and len(path) > 1:
            points = np.array([[float(v) for v in point] for point in path])
            yield (np.c_[points, np.ones(len(points))] @ now)[:, :2] * MM
            path = []
        elif operator == b"Do":
            form = resources["/XObject"][operands[0]].get_object()
            if form["/Subtype"] == "/Form":
                moved = _matrix(form.get("/Matrix", (1, 0, 0, 1, 0, 0))) @ now
                yield from _lines(page, form.get("/Resources", resources), form, moved)


def _matrix(values):
    a, b, c, d, e, f = map(float, values)
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]])
