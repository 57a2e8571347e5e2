"""Show the study of models of beats from several databases as a table."""

from collections.abc import Mapping
from typing import Any, Protocol

COLUMNS = ("trained on", "leads", "tested on", "people", "beats", "accuracy", "F1 N", "F1 S", "F1 V", "F1 F")


class Trained(Protocol):
    """What one training reads."""

    @property
    def leads(self) -> str:
        """``two`` or ``one``."""
        ...

    @property
    def databases(self) -> tuple[str, ...]:
        """Databases that train."""
        ...

    @property
    def simulates(self) -> bool:
        """Whether simulated recordings train too."""
        ...

    @property
    def nets(self) -> bool:
        """Whether nets answer beside the trees."""
        ...


def table(
    folds: dict[str, Any], scores: dict[str, Any], variants: Mapping[str, Trained], quick: bool
) -> dict[str, Any]:
    """Return title, columns, rows and remarks.

    Parameters
    ----------
    folds : dict
        Scores of the cross-validation, by variant.
    scores : dict
        Scores of the tests, by variant.
    variants : mapping
        What each variant reads.
    quick : bool
        Whether this is a smoke run.
    """
    rows = []
    for name, found in scores.items():
        for tested, metrics in found.items():
            if isinstance(metrics, dict):
                rows.append(_row(variants[name], tested, metrics))
    for name, found in folds.items():
        for how, by_database in found["scores"].items():
            rows += [
                _row(variants[name], f"{database}, folds, {_HOW[how]}", one) for database, one in by_database.items()
            ]
    remarks = ["SMOKE RUN: its numbers mean nothing."] if quick else []
    remarks += [
        "95 % intervals over people. Five folds over people of all databases that train; DS2 and left-out databases trained "
        "nothing. Annotators' beats. Paced records are left out, as by ANSI/AAMI EC57.",
        "Weighted: with the class weights of the model, which were chosen on the same folds.",
    ]
    return {
        "title": "Models of beats from several databases",
        "columns": list(COLUMNS),
        "shown": [name for name in COLUMNS if name not in ("people", "beats", "F1 N", "F1 F")],
        "rows": rows,
        "remarks": remarks,
    }


_HOW = {"trees": "trees", "nets": "nets", "both": "no weights", "weighted": "weighted"}


def _row(trained: Trained, tested: str, metrics: dict[str, Any]) -> list[str]:
    databases = ", ".join("DS1" if name == "mitdb" else name for name in trained.databases)
    f1 = [_with_interval(metrics["per_class"][name]["f1"]) for name in "NSVF"]
    return [
        databases + ("" if trained.simulates else ", nothing simulated") + ("" if trained.nets else ", trees alone"),
        trained.leads,
        tested,
        f"{metrics['n_patients']}",
        f"{metrics['n_test']:,}",
        _with_interval(metrics["accuracy"]),
        *f1,
    ]


def _with_interval(found: dict[str, float | None]) -> str:
    if found["value"] is None:
        return "–"
    text = f"{found['value']:.3f}"
    return text if found.get("low") is None else f"{text} ({found['low']:.3f} to {found['high']:.3f})"
