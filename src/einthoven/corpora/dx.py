"""Knows how headers of the PhysioNet Challenges 2020 and 2021 tell diagnoses and ages. Knows no corpus."""

from einthoven.corpora.labels import coded

WORDS = {
    "Normal": "426783006",
    "AF": "164889003",
    "I-AVB": "270492004",
    "LBBB": "164909002",
    "RBBB": "59118001",
    "PAC": "284470004",
    "PVC": "164884008",
    "STD": "429622005",
    "STE": "164931005",
}
"""What some copies of CPSC 2018 write in words instead of SNOMED CT codes."""


def codes_in(comments: tuple[str, ...]) -> str:
    """The diagnoses of a header, ``Dx: 164889003,59118001`` or in words, as :func:`einthoven.corpora.labels.coded` joins them."""
    found = {}
    for comment in comments:
        key, _, value = comment.partition(":")
        if key.strip().lower() == "dx":
            for word in value.split(","):
                code = WORDS.get(word.strip(), word.strip())
                if code and ":" not in code and ";" not in code:
                    found[code] = 100.0
    return coded(found)


def age_in(comments: tuple[str, ...]) -> float:
    """The age in years; NaN where it is not told or cannot be."""
    for comment in comments:
        key, _, value = comment.partition(":")
        if key.strip().lower() == "age":
            try:
                years = float(value)
            except ValueError:
                return float("nan")
            return years if 0 <= years <= 120 else float("nan")
    return float("nan")
