"""Refuse a store whose manifest or index cannot be those of its windows."""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
_KINDS = {"record": "U", "patient": "U", "symbol": "U", "position": "iu", "group": "U", "age_years": "f"}
_LISTS = ("dropped", "refused", "odd")


def require_manifest(manifest: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a manifest whose parts are not of the kinds that are written.

    Parameters
    ----------
    manifest : object
        What the file says.
    shapes : mapping
        Shape of one window's parts by the manifest's preparation.

    Raises
    ------
    ValueError
        With the first part that is wrong.
    """
    stated = manifest["shapes"]
    if set(stated) != set(shapes) or any(tuple(stated[name][1:]) != shape for name, shape in shapes.items()):
        raise ValueError(f"windows of {stated}; its preparation makes {dict(shapes)}")
    if not all(
        isinstance(size, int) and not isinstance(size, bool) and size >= 0 for one in stated.values() for size in one
    ):
        raise ValueError(f"windows of {stated}")
    if not isinstance(manifest["fingerprint"], str):
        raise ValueError("no fingerprint")
    if not all(isinstance(told, dict) for told in (manifest["settings"], manifest.get("files", {}))):
        raise ValueError("settings or files that are no table")
    for name in _LISTS:
        for names in manifest.get(name, {}).values():
            if not all(isinstance(one, str) for one in names):
                raise ValueError(f"{name} records without names")


def require_index(
    columns: Mapping[str, Array],
    typical_of: Array,
    typical: Array,
    beat_row: Array | None,
    counts: Mapping[str, int],
    n_leads: int,
) -> None:
    """Refuse an index that does not belong to the windows of its store.

    Parameters
    ----------
    columns : mapping of array [n]
        Columns of the index by name.
    typical_of : array [m], str
        Record of each piece.
    typical : array [m, leads, k]
        Its measurements.
    beat_row : array [n], optional
        Row of the typical beat of each window.
    counts : mapping of int
        Rows of each part of the windows.
    n_leads : int
        Leads of a window.

    Raises
    ------
    ValueError
        With the first part that is wrong.
    """
    wrong = next(
        (what for what, fits in _parts(columns, typical_of, typical, beat_row, counts, n_leads) if not fits), None
    )
    if wrong is not None:
        raise ValueError(f"the index's {wrong} do not belong to {counts['signal']} windows")


def _parts(
    columns: Mapping[str, Array],
    typical_of: Array,
    typical: Array,
    beat_row: Array | None,
    counts: Mapping[str, int],
    n_leads: int,
) -> Iterator[tuple[str, bool]]:
    n = counts["signal"]
    for name, values in columns.items():
        yield name, values.shape == (n,) and (values.dtype.kind in _KINDS[name] or not n)
    yield "typical measurements", typical_of.ndim == 1 and (typical_of.dtype.kind == "U" or not len(typical_of))
    fits = typical.ndim == 3 and typical.dtype.kind == "f" and typical.shape[1] == n_leads
    yield "typical measurements", len(typical) == len(typical_of) and (fits or not len(typical))
    if "features" in counts:
        yield "measurements", counts["features"] == n
    if "beat" in counts:
        m = counts["beat"]
        yield "typical beats", beat_row is not None and beat_row.shape == (n,) and beat_row.dtype.kind in "iu"
        yield "typical beats", beat_row is not None and bool(((beat_row >= 0) & (beat_row < m)).all())
