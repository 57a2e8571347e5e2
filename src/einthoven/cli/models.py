"""Knows the verb models."""

from dataclasses import dataclass

from einthoven import console
from einthoven.errors import LibraryMissing, optional_imports


@dataclass(frozen=True)
class Models:
    """List the models that answer, and the architectures that can be trained.

    Example: einthoven models --leads 1
    """

    leads: int | None = None
    """Only models that need this many leads."""

    def run(self) -> int:
        """Print both lists."""
        from einthoven import bundle
        from einthoven.paths import ASSETS
        from einthoven.report.tables import cells

        rows = []
        for name in bundle.bundled():
            card = bundle.load_card(ASSETS / name)
            if self.leads is not None and len(card.preparation.leads) != self.leads:
                continue
            wished = ", ".join(wish.replace("|", " or ") for wish in card.preparation.leads)
            metrics = ("challenge_score", "macro_auroc" if card.multilabel else "macro_f1")
            scored = [
                f"{row['corpus']} {row['protocol']}{' (LEAKS PATIENTS)' if row['leaks_patients'] else ''}: "
                f"{metric.replace('_', ' ')} {' ('.join(cells(row[metric]))})"
                for row in card.results
                for metric in [next(name for name in metrics if name in row)]
            ]
            classes = " ".join(card.classes) if len(card.classes) < 10 else f"{len(card.classes)}: {card.labels}"
            rows.append((name, wished, classes, f"{card.n_parameters:,}", "; ".join(scored) or "not tested"))
        console.table(("model", "leads", "classes", "parameters", "measured on"), rows, "Models that answer")
        if self.leads is None:
            try:
                architectures = _architectures()
            except LibraryMissing as missing:
                console.note(f"architectures that can be trained: {missing.remedy}")
            else:
                console.table(
                    ("architecture", "what it is"), architectures, "Architectures for einthoven train --model"
                )
        return 0


def _architectures() -> list[tuple[str, str]]:
    with optional_imports():
        from einthoven.models import MODELS

    return [(name, (model.__doc__ or "").splitlines()[0]) for name, model in MODELS.items()]
