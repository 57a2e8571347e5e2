"""Know the names that files give to leads, and the standard spelling of each.

Sources: IEC 60601-2-25 (leads I to V6; electrodes C1 to C6 of the leads V1 to V6), ISO/IEEE 11073-10101 and HL7 aECG
(``MDC_ECG_LEAD_…``), SCP-ECG EN 1064 (right-sided and posterior leads), PhysioNet's MIT-BIH, European ST-T and Long-Term
ST databases (``MLII``, ``ML2``, ``D3``, ``MV2``), and the words of exports in Spanish, Portuguese, French, Italian, German,
Dutch, Swedish, Polish, Russian, Chinese, Japanese and Korean.
"""

import re
import unicodedata
from functools import lru_cache

_LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_CHEST = tuple(f"V{n}" for n in range(1, 10))
_RIGHT = tuple(f"V{n}R" for n in range(1, 8))
_MODIFIED = ("MLI", "MLII", "MLIII")

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "I": ("DI", "D1", "LI"),
    "II": ("DII", "D2", "LII"),
    "III": ("DIII", "D3", "LIII"),
    "aVR": ("VR",),
    "aVL": ("VL",),
    "aVF": ("VF",),
    "MLI": ("ML1", "MODI"),
    "MLII": ("ML2", "MODII"),
    "MLIII": ("ML3", "MODIII"),
    **{f"V{n}": (f"C{n}", f"MV{n}") for n in range(1, 7)},
    **{f"V{n}R": (f"C{n}R",) for n in range(3, 7)},
}

KNOWN = {name.upper(): name for name in (*_LIMB, *_CHEST, *_RIGHT, *_MODIFIED)}
"""Standard spelling of each lead, by its name in upper case."""
_BY_KEY = KNOWN | {other: name for name, others in _SPELLINGS.items() for other in others}

_UNIT = r"(?:[munµμ]|micro|milli)?\s?v(?:olts?)?"
_UNIT_AT_END = re.compile(rf"\s*(?:[\[(]\s*({_UNIT})\s*[\])]|[/_,\s]\s*({_UNIT}))\s*$", re.IGNORECASE)
# "mV" behind a blank or an underscore may be a unit; a lone "V" there is more likely the end of a name.
_WORDS = re.compile(
    r"(?:^|(?<=[\W_]))(?:mdc|ecg|ekg|ch|leads?|limb|chest|precordial|signal|channel|einthoven|standard|augmented"
    r"|derivation|d[ée]rivation|derivaci[óo]n|deriva[çc][ãa]o|derivazione|ableitung|abl|afleiding|avledning|afledning|odprowadzenie|svod|odvod"
    r"|derivasyon|elvezet[ée]s|kytkent[äa]|відведення|απαγωγή"
    r"|отведение|导联|導聯|導程|誘導|유도)(?=$|[\W_])|导联|導聯|導程|誘導|유도|отведение",
    re.IGNORECASE,
)
_MODIFIED_WORD = re.compile(r"(?:^|[\W_])(?:modified|mod)(?=$|[\W_])", re.IGNORECASE)
_ATTACHED = re.compile(r"^(?:lead|ecg|ekg|einthoven)(?=i{1,3}$|av[rlf]$|v\d)", re.IGNORECASE)
# Shimmer names leads by their electrodes: Shimmer_ABCD_ECG_LA-RA_24BIT_CAL.
_ELECTRODES = re.compile(r"(?:^|[\W_])(LA-RA|LL-RA|LL-LA)(?=$|[\W_])")
_BY_ELECTRODES = {"LA-RA": "I", "LL-RA": "II", "LL-LA": "III"}
_LONGEST = 60


@lru_cache(maxsize=4096)
def known_lead(name: str) -> str | None:
    """Return the lead that a name means.

    Parameters
    ----------
    name : str
        A name in any spelling.

    Returns
    -------
    str or None
        The lead in standard spelling; None for a name that means no known lead, such as ``ECG1``.

    Examples
    --------
    >>> [known_lead(name) for name in ("ecg_ii", "EKG II", "DII", "II (mV)", "MDC_ECG_LEAD_AVR", "C1", "Ableitung I")]
    ['II', 'II', 'II', 'II', 'aVR', 'V1', 'I']
    >>> [known_lead(name) for name in ("ECG1", "ECG", "modified lead II", "Lead 1", "resp")]
    [None, None, 'MLII', None, None]
    """
    if len(name) > _LONGEST:
        return None
    bare = parts_of_name(name)[0]
    found = _BY_KEY.get(_key(bare))
    if found is not None:
        return found
    pair = _ELECTRODES.search(bare.upper())
    if pair is not None:
        return _BY_ELECTRODES[pair[1]]
    modified = _MODIFIED_WORD.search(bare) is not None
    inner = _WORDS.sub(" ", _MODIFIED_WORD.sub(" ", bare))
    words = [word for word in re.split(r"[\W_]+", inner) if word]
    if len(words) > 2:
        return None
    key = _ATTACHED.sub("", "".join(words)).upper()
    found = _BY_KEY.get(key)
    return _BY_KEY.get(f"ML{found}", found) if modified and found in _LIMB[:3] else found


@lru_cache(maxsize=4096)
def parts_of_name(name: str) -> tuple[str, str]:
    """Split the name of a column into the name itself and the unit of voltage behind it.

    Parameters
    ----------
    name : str
        A name such as ``II (mV)`` or ``ecg [uV]``.

    Returns
    -------
    name, unit : str
        The unit is empty if there is none.

    Examples
    --------
    >>> parts_of_name("II (mV)"), parts_of_name("ecg_uV"), parts_of_name("V"), parts_of_name("V1")
    (('II', 'mV'), ('ecg', 'uV'), ('V', ''), ('V1', ''))
    """
    plain = unicodedata.normalize("NFKC", name).strip().strip("\"'").strip()
    match = _UNIT_AT_END.search(plain) if len(plain) <= _LONGEST else None
    if match is None or not match.start() or (match[2] or "").upper() == "V":
        return plain, ""
    return plain[: match.start()].strip(), match[1] or match[2]


def _key(name: str) -> str:
    return re.sub(r"[\s_\-.]", "", name).upper()
