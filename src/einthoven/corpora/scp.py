"""List the SCP-ECG statements of PTB-XL, and the label sets that its public benchmark makes of them.

Sources: Wagner et al. 2020 (PTB-XL, scp_statements.csv, CC BY 4.0); Strodthoff et al. 2021, arXiv 2004.13701 (the label sets).
"""

from dataclasses import dataclass

from einthoven.corpora.labels import LabelSet


@dataclass(frozen=True)
class Statement:
    """An SCP-ECG statement."""

    code: str
    """Its code."""
    meaning: str
    """What it means."""
    kinds: str
    """Its kinds: diagnostic, form, rhythm."""
    superclass: str
    """Superclass of a diagnostic statement; empty for others."""
    subclass: str
    """Subclass of a diagnostic statement; empty for others."""


STATEMENTS = (
    Statement("NDT", "non-diagnostic T abnormalities", "diagnostic form", "STTC", "STTC"),
    Statement("NST_", "non-specific ST changes", "diagnostic form", "STTC", "NST_"),
    Statement("DIG", "digitalis-effect", "diagnostic form", "STTC", "STTC"),
    Statement("LNGQT", "long QT-interval", "diagnostic form", "STTC", "STTC"),
    Statement("NORM", "normal ECG", "diagnostic", "NORM", "NORM"),
    Statement("IMI", "inferior myocardial infarction", "diagnostic", "MI", "IMI"),
    Statement("ASMI", "anteroseptal myocardial infarction", "diagnostic", "MI", "AMI"),
    Statement("LVH", "left ventricular hypertrophy", "diagnostic", "HYP", "LVH"),
    Statement("LAFB", "left anterior fascicular block", "diagnostic", "CD", "LAFB/LPFB"),
    Statement("ISC_", "non-specific ischemic", "diagnostic", "STTC", "ISC_"),
    Statement("IRBBB", "incomplete right bundle branch block", "diagnostic", "CD", "IRBBB"),
    Statement("1AVB", "first degree AV block", "diagnostic", "CD", "_AVB"),
    Statement("IVCD", "non-specific intraventricular conduction disturbance (block)", "diagnostic", "CD", "IVCD"),
    Statement("ISCAL", "ischemic in anterolateral leads", "diagnostic", "STTC", "ISCA"),
    Statement("CRBBB", "complete right bundle branch block", "diagnostic", "CD", "CRBBB"),
    Statement("CLBBB", "complete left bundle branch block", "diagnostic", "CD", "CLBBB"),
    Statement("ILMI", "inferolateral myocardial infarction", "diagnostic", "MI", "IMI"),
    Statement("LAO/LAE", "left atrial overload/enlargement", "diagnostic", "HYP", "LAO/LAE"),
    Statement("AMI", "anterior myocardial infarction", "diagnostic", "MI", "AMI"),
    Statement("ALMI", "anterolateral myocardial infarction", "diagnostic", "MI", "AMI"),
    Statement("ISCIN", "ischemic in inferior leads", "diagnostic", "STTC", "ISCI"),
    Statement("INJAS", "subendocardial injury in anteroseptal leads", "diagnostic", "MI", "AMI"),
    Statement("LMI", "lateral myocardial infarction", "diagnostic", "MI", "LMI"),
    Statement("ISCIL", "ischemic in inferolateral leads", "diagnostic", "STTC", "ISCI"),
    Statement("LPFB", "left posterior fascicular block", "diagnostic", "CD", "LAFB/LPFB"),
    Statement("ISCAS", "ischemic in anteroseptal leads", "diagnostic", "STTC", "ISCA"),
    Statement("INJAL", "subendocardial injury in anterolateral leads", "diagnostic", "MI", "AMI"),
    Statement("ISCLA", "ischemic in lateral leads", "diagnostic", "STTC", "ISCA"),
    Statement("RVH", "right ventricular hypertrophy", "diagnostic", "HYP", "RVH"),
    Statement("ANEUR", "ST-T changes compatible with ventricular aneurysm", "diagnostic", "STTC", "STTC"),
    Statement("RAO/RAE", "right atrial overload/enlargement", "diagnostic", "HYP", "RAO/RAE"),
    Statement("EL", "electrolytic disturbance or drug (former EDIS)", "diagnostic", "STTC", "STTC"),
    Statement("WPW", "Wolf-Parkinson-White syndrome", "diagnostic", "CD", "WPW"),
    Statement("ILBBB", "incomplete left bundle branch block", "diagnostic", "CD", "ILBBB"),
    Statement("IPLMI", "inferoposterolateral myocardial infarction", "diagnostic", "MI", "IMI"),
    Statement("ISCAN", "ischemic in anterior leads", "diagnostic", "STTC", "ISCA"),
    Statement("IPMI", "inferoposterior myocardial infarction", "diagnostic", "MI", "IMI"),
    Statement("SEHYP", "septal hypertrophy", "diagnostic", "HYP", "SEHYP"),
    Statement("INJIN", "subendocardial injury in inferior leads", "diagnostic", "MI", "IMI"),
    Statement("INJLA", "subendocardial injury in lateral leads", "diagnostic", "MI", "AMI"),
    Statement("PMI", "posterior myocardial infarction", "diagnostic", "MI", "PMI"),
    Statement("3AVB", "third degree AV block", "diagnostic", "CD", "_AVB"),
    Statement("INJIL", "subendocardial injury in inferolateral leads", "diagnostic", "MI", "IMI"),
    Statement("2AVB", "second degree AV block", "diagnostic", "CD", "_AVB"),
    Statement("ABQRS", "abnormal QRS", "form", "", ""),
    Statement("PVC", "ventricular premature complex", "form", "", ""),
    Statement("STD_", "non-specific ST depression", "form", "", ""),
    Statement("VCLVH", "voltage criteria (QRS) for left ventricular hypertrophy", "form", "", ""),
    Statement("QWAVE", "Q waves present", "form", "", ""),
    Statement("LOWT", "low amplitude T-waves", "form", "", ""),
    Statement("NT_", "non-specific T-wave changes", "form", "", ""),
    Statement("PAC", "atrial premature complex", "form", "", ""),
    Statement("LPR", "prolonged PR interval", "form", "", ""),
    Statement("INVT", "inverted T-waves", "form", "", ""),
    Statement("LVOLT", "low QRS voltages in the frontal and horizontal leads", "form", "", ""),
    Statement("HVOLT", "high QRS voltage", "form", "", ""),
    Statement("TAB_", "T-wave abnormality", "form", "", ""),
    Statement("STE_", "non-specific ST elevation", "form", "", ""),
    Statement("PRC(S)", "premature complex(es)", "form", "", ""),
    Statement("SR", "sinus rhythm", "rhythm", "", ""),
    Statement("AFIB", "atrial fibrillation", "rhythm", "", ""),
    Statement("STACH", "sinus tachycardia", "rhythm", "", ""),
    Statement("SARRH", "sinus arrhythmia", "rhythm", "", ""),
    Statement("SBRAD", "sinus bradycardia", "rhythm", "", ""),
    Statement("PACE", "normal functioning artificial pacemaker", "rhythm", "", ""),
    Statement("SVARR", "supraventricular arrhythmia", "rhythm", "", ""),
    Statement("BIGU", "bigeminal pattern (unknown origin, SV or Ventricular)", "rhythm", "", ""),
    Statement("AFLT", "atrial flutter", "rhythm", "", ""),
    Statement("SVTAC", "supraventricular tachycardia", "rhythm", "", ""),
    Statement("PSVT", "paroxysmal supraventricular tachycardia", "rhythm", "", ""),
    Statement("TRIGU", "trigeminal pattern (unknown origin, SV or Ventricular)", "rhythm", "", ""),
)
SUPERCLASSES = {
    "NORM": "normal ECG",
    "MI": "myocardial infarction",
    "STTC": "ST-T changes",
    "CD": "conduction disturbance",
    "HYP": "hypertrophy",
}
SUBCLASSES = {
    "NORM": "normal ECG",
    "AMI": "anterior myocardial infarction",
    "IMI": "inferior myocardial infarction",
    "LMI": "lateral myocardial infarction",
    "PMI": "posterior myocardial infarction",
    "STTC": "ST-T changes",
    "NST_": "non-specific ST changes",
    "ISC_": "non-specific ischemia",
    "ISCA": "ischemia in anterior or lateral leads",
    "ISCI": "ischemia in inferior leads",
    "LAFB/LPFB": "left anterior or posterior fascicular block",
    "IRBBB": "incomplete right bundle branch block",
    "CRBBB": "complete right bundle branch block",
    "ILBBB": "incomplete left bundle branch block",
    "CLBBB": "complete left bundle branch block",
    "_AVB": "AV block",
    "IVCD": "non-specific intraventricular conduction disturbance",
    "WPW": "Wolff-Parkinson-White syndrome",
    "LVH": "left ventricular hypertrophy",
    "RVH": "right ventricular hypertrophy",
    "LAO/LAE": "left atrial overload or enlargement",
    "RAO/RAE": "right atrial overload or enlargement",
    "SEHYP": "septal hypertrophy",
}
RHYTHMS = {
    "SR": ("sinus rhythm, neither slow nor fast", ("SR", "SARRH")),
    "SBRAD": ("sinus bradycardia", ("SBRAD",)),
    "STACH": ("sinus tachycardia", ("STACH",)),
    "AFIB": ("atrial fibrillation", ("AFIB",)),
    "AFLT": ("atrial flutter", ("AFLT",)),
    "PACE": ("paced rhythm", ("PACE",)),
    "PVC": ("ventricular premature complexes", ("PVC",)),
    "PAC": ("atrial premature complexes", ("PAC",)),
}
"""Meaning, and statements, of each rhythm that the bundled models name."""


def _of_kind(name: str, kind: str) -> LabelSet:
    chosen = [statement for statement in STATEMENTS if kind in statement.kinds]
    return LabelSet(
        name=f"PTB-XL, {name}",
        classes=tuple(statement.code for statement in chosen),
        meanings=tuple(statement.meaning for statement in chosen),
        symbols={statement.code: (statement.code,) for statement in chosen},
        multilabel=True,
    )


def _grouped(name: str, groups: dict[str, str], attribute: str, least_likelihood: float = 0.0) -> LabelSet:
    return LabelSet(
        name=f"PTB-XL, {name}",
        classes=tuple(groups),
        meanings=tuple(groups.values()),
        symbols={
            group: tuple(statement.code for statement in STATEMENTS if getattr(statement, attribute) == group)
            for group in groups
        },
        multilabel=True,
        least_likelihood=least_likelihood,
    )


LABEL_SETS = {
    "subclasses": _grouped("23 diagnostic subclasses, likelihood ignored", SUBCLASSES, "subclass"),
    "subclasses_likely": _grouped("23 diagnostic subclasses, likelihood 50 % or more", SUBCLASSES, "subclass", 50.0),
    "superclasses": _grouped("5 diagnostic superclasses, likelihood ignored", SUPERCLASSES, "superclass"),
    "diagnostic": _of_kind("44 diagnostic statements", "diagnostic"),
    "form": _of_kind("19 form statements", "form"),
    "rhythm": _of_kind("12 rhythm statements", "rhythm"),
    "rhythms": LabelSet(
        name="PTB-XL, 8 rhythms and ectopic beats",
        classes=tuple(RHYTHMS),
        meanings=tuple(meaning for meaning, _ in RHYTHMS.values()),
        symbols={name: codes for name, (_, codes) in RHYTHMS.items()},
        multilabel=True,
    ),
    "infarction": LabelSet(
        name="any infarction, likelihood ignored",
        classes=("none", "infarction"),
        meanings=("no infarction named", "an infarction named, of any place and age"),
        symbols={"none": (), "infarction": tuple(one.code for one in STATEMENTS if one.superclass == "MI")},
        otherwise="none",
    ),
    "all": _of_kind("all 71 statements", ""),
}
