"""STUDIES: every study by name."""

from einthoven.studies.mitbih import MITBIH
from einthoven.studies.mitbih_clean import MITBIH_CLEAN
from einthoven.studies.pediatric import PEDIATRIC_STUDY
from einthoven.studies.ptbxl import PTBXL_STUDY

STUDIES = {"mitbih": MITBIH, "mitbih-clean": MITBIH_CLEAN, "ptbxl": PTBXL_STUDY, "pediatric": PEDIATRIC_STUDY}
