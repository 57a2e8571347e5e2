"""List the codes of WFDB for beats and rhythms that a person may choose."""

BEATS = {
    "N": "normal",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "L": "left bundle branch block",
    "R": "right bundle branch block",
    "/": "paced",
    "f": "fusion of paced and normal",
    "Q": "not classified",
    "|": "artefact, no beat",
}
"""Symbols of WFDB that the web page offers for a beat, with what they mean."""
RHYTHMS = {
    "(N": "sinus rhythm",
    "(SBR": "sinus bradycardia",
    "(AFIB": "atrial fibrillation",
    "(AFL": "atrial flutter",
    "(AB": "atrial bigeminy",
    "(SVTA": "supraventricular tachyarrhythmia",
    "(B": "ventricular bigeminy",
    "(T": "ventricular trigeminy",
    "(IVR": "idioventricular rhythm",
    "(VT": "ventricular tachycardia",
    "(VFL": "ventricular flutter",
    "(BII": "second-degree heart block",
    "(NOD": "nodal rhythm",
    "(P": "paced rhythm",
    "(PREX": "pre-excitation",
    "(OTHER": "another rhythm",
    "(UNKNOWN": "not assessed",
}
"""Names of rhythms of WFDB that the web page offers; ``(OTHER`` and ``(UNKNOWN`` are einthoven's own."""
