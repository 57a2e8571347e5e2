"""Save, load and find models: a folder of weights (safetensors), card.json and a graph, or an exported file."""

from einthoven.bundle.card import Card
from einthoven.bundle.files import (
    CARD,
    EXPORTED,
    GRAPH,
    NUMBERS,
    WEIGHTS,
    at,
    bundled,
    classifiers,
    find,
    is_bundled,
    load_card,
    load_weights,
    numbers_of,
    rewrite_card,
    save,
)
from einthoven.bundle.packing import packed, unpacked
from einthoven.bundle.versions import CARD_VERSION, preparation_from_version_1, settings_from_version_1

__all__ = [
    "CARD",
    "CARD_VERSION",
    "EXPORTED",
    "GRAPH",
    "NUMBERS",
    "WEIGHTS",
    "Card",
    "at",
    "bundled",
    "classifiers",
    "find",
    "is_bundled",
    "load_card",
    "load_weights",
    "numbers_of",
    "packed",
    "preparation_from_version_1",
    "rewrite_card",
    "save",
    "settings_from_version_1",
    "unpacked",
]
