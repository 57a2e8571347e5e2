"""Make the page that indexes the API from the names that einthoven exports."""

import einthoven

PARTS = {
    "Prepare signals": (
        "einthoven.signal.preparation.prepare",
        "einthoven.signal.preparation.Preparation",
        "einthoven.signal.preparation.SignalSpec",
        "einthoven.signal.preparation.Beats",
        "einthoven.signal.preparation.Tiles",
        "einthoven.signal.doctor.examine",
    ),
    "Declare a corpus": (
        "einthoven.corpora.from_csv.corpus_from_csv",
        "einthoven.corpora.corpus.Corpus",
    ),
    "Score predictions": ("einthoven.evaluation.evaluate.evaluate",),
    "Declare a study": ("einthoven.engine.declaration.Study",),
}
"""Public names below the top of the package, by what one does with them."""


def api_page() -> str:
    """Return the page, a table of names for each part; Sphinx makes one page for each name.

    Returns
    -------
    str
        The page in MyST Markdown.
    """
    lines = ["# API reference", "", "Made from the docstrings. [The Python interface](python.md) has examples.", ""]
    exported = [f"einthoven.{name}" for name in einthoven.__all__]
    for title, names in {"Read, predict, interpret": exported, **PARTS}.items():
        lines += [f"## {title}", "", "```{eval-rst}", ".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names] + ["```", ""]
    return "\n".join(lines)
