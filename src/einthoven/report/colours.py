"""Give each class the same colour on pages and in figures."""

_AAMI = {"N": "#4a5568", "S": "#2563a8", "V": "#c2410c", "F": "#7e22ce", "Q": "#0f766e"}
PALETTE = ("#4a5568", "#2563a8", "#c2410c", "#7e22ce", "#0f766e", "#a16207", "#be185d", "#15803d", "#1e40af", "#525252")


def colour_of(name: str, number: int) -> str:
    """Return the colour of a class: fixed for AAMI's classes, else by its number.

    Parameters
    ----------
    name : str
        Name of the class.
    number : int
        Its position among the classes.
    """
    return _AAMI.get(name, PALETTE[number % len(PALETTE)])
