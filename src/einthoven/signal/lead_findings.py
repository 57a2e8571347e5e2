"""Name wrong leads: limb leads that contradict each other, exchanged electrodes, inverted leads; each with its remedy."""

from collections.abc import Iterator

import numpy as np

from einthoven.signal import lead_swaps, limb_leads
from einthoven.signal.excerpt import Excerpt
from einthoven.signal.finding import Finding
from einthoven.signal.small_network import bundled

_USUAL_SHARE = 0.005
"""Share of twelve-lead recordings with one such fault: all together 0.4 % in an outpatient clinic and 4 % in intensive care
(Rudiger et al. 2007)."""
_DEAD = 0.03
"""A lead whose typical beat is lower than this share of the median lead is not connected."""
_LIMB_REMEDIES = {
    "RA/LA": {"I": "-I", "II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR"},
    "RA/LL": {"I": "-III", "II": "-II", "III": "-I", "aVR": "aVF", "aVF": "aVR"},
    "LA/LL": {"I": "II", "II": "I", "III": "-III", "aVL": "aVF", "aVF": "aVL"},
}
"""What the leads of a recording with exchanged electrodes are."""
_ELECTRODES = {"RA": "right arm", "LA": "left arm", "LL": "left leg"}
_ALIKE = {
    "RA/LA": "dextrocardia looks the same",
    "RA/LL": "an axis far to the right, or an inferior infarction, can look the same",
    "LA/LL": "a horizontal or vertical axis looks the same",
}


def lead_findings(pieces: list[Excerpt]) -> list[Finding]:
    """Find what is wrong with the leads of a recording.

    Parameters
    ----------
    pieces : list of Excerpt
        Pieces of it that have beats.

    Returns
    -------
    list of Finding
        Limb leads that contradict each other first; then what the typical beats of all leads tell.
    """
    leads = pieces[0].leads
    broken = limb_leads.breach(np.concatenate([piece.slow_mv for piece in pieces], axis=1), leads)
    found = [] if broken is None else list(_contradiction(broken, leads))
    if all(lead in leads for lead in lead_swaps.INDEPENDENT):
        found += _swapped(pieces, broken)
    return found


def _contradiction(broken: limb_leads.Breach, leads: tuple[str, ...]) -> Iterator[Finding]:
    laws = ", ".join(f"{law} (off by {share:.0%})" for law, share in broken.laws.items())
    seen = f"the limb leads contradict each other: {laws}"
    if broken.inverted:
        lead = broken.inverted
        gains = ", apart from their gains" if broken.by_gains else ""
        text = f"{lead} is upside down: {seen}, and no more once {lead} is turned{gains}"
        yield Finding("lead_inverted", (lead,), 0.98, text, f"--leads {lead}=-{lead}")
    elif broken.exchanged:
        first, second = broken.exchanged
        text = f"the names of {first} and {second} are exchanged: {seen}, and no more once they are exchanged back"
        yield Finding("leads_exchanged", broken.exchanged, 0.98, text, f"--leads {first}={second},{second}={first}")
    else:
        involved = tuple(lead for lead in leads if any(lead in limb_leads.LAWS[law] for law in broken.laws))
        remedy = (
            "compare names, order and gains of the leads with the original; --leads states them in the file's order"
        )
        if broken.by_gains:
            seen = f"each limb lead has another gain: {seen}, and no more with other gains"
            remedy = "correct the gain of each lead where the file states it"
        yield Finding("limb_leads_disagree", involved, 0.9, seen, remedy)


def _swapped(pieces: list[Excerpt], broken: limb_leads.Breach | None) -> Iterator[Finding]:
    network = bundled(lead_swaps.WEIGHTS)
    rows = [pieces[0].leads.index(lead) for lead in lead_swaps.INDEPENDENT]
    beats = np.stack([piece.typical.beat[rows] for piece in pieces])
    if broken is not None and broken.inverted in ("I", "II"):
        beats[:, lead_swaps.INDEPENDENT.index(broken.inverted)] *= -1
    if broken is not None and broken.by_gains and "III" in pieces[0].leads:
        beats[:, 0] *= limb_leads.gain_of_first(pieces[0].slow_mv, pieces[0].leads)
    heights = np.ptp(beats, axis=2).min(axis=0)
    if (heights < _DEAD * np.median(heights)).any():
        return  # a lead without beats resembles none
    told = network.named(lead_swaps.measurements(beats), _USUAL_SHARE)
    if told is None:
        return
    name, certainty = told
    if name in _LIMB_REMEDIES and broken is not None and not (broken.inverted or broken.by_gains):
        return  # names of the limb leads are wrong already
    yield _named(name, pieces[0].leads, certainty)


def _named(name: str, leads: tuple[str, ...], certainty: float) -> Finding:
    if name in _LIMB_REMEDIES:
        first, second = (_ELECTRODES[short] for short in name.split("/"))
        renamed = {lead: new for lead, new in _LIMB_REMEDIES[name].items() if lead in leads}
        text = f"the electrodes of {first} and {second} ({name}) look exchanged; {_ALIKE[name]}"
        return Finding("electrodes_swapped", tuple(renamed), certainty, text, _renaming(renamed))
    if name == "all inverted":
        text = "all leads look upside down (inverted)"
        return Finding("lead_inverted", leads, certainty, text, _renaming({lead: f"-{lead}" for lead in leads}))
    if name.endswith("inverted"):
        lead = name.split()[0]
        text = f"{lead} looks upside down (inverted) beside its neighbours"
        return Finding("lead_inverted", (lead,), certainty, text, _renaming({lead: f"-{lead}"}))
    chest = tuple(f"V{at}" for at in range(1, 7)) if "reversed" in name else tuple(name.split("/"))
    renamed = dict(zip(chest, reversed(chest), strict=True))
    seen = (
        "V1 to V6 look placed in reverse order"
        if len(chest) > 2
        else f"V{name[1]} and {chest[1]} ({name}) look exchanged"
    )
    text = f"{seen}; an unusual position of heart or electrodes looks the same"
    return Finding("precordial_swapped", chest, certainty, text, _renaming(renamed))


def _renaming(renamed: dict[str, str]) -> str:
    pairs = ",".join(f"{lead}={new}" for lead, new in renamed.items())
    return f"--leads {pairs}      if the original shows it too"
