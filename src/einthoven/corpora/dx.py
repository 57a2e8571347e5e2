"""Parse diagnoses and ages in headers of the PhysioNet Challenges 2020 and 2021."""

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
"""Words that some copies of CPSC 2018 write instead of SNOMED CT codes."""


def codes_in(comments: tuple[str, ...]) -> str:
    """Return the diagnoses of a header in the form of :func:`einthoven.corpora.labels.coded`.

    Parameters
    ----------
    comments : tuple of str
        Comments of the header, among them ``Dx: 164889003,59118001`` or the same in words.

    Returns
    -------
    str
    """
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
    """Return the age in a header.

    Parameters
    ----------
    comments : tuple of str
        Comments of the header, among them ``Age: 74``.

    Returns
    -------
    float, years
        NaN where it is missing or impossible.
    """
    for comment in comments:
        key, _, value = comment.partition(":")
        if key.strip().lower() == "age":
            try:
                years = float(value)
            except ValueError:
                return float("nan")
            return years if 0 <= years <= 120 else float("nan")
    return float("nan")
