"""STUDIES: every study by name."""

from einthoven.studies.mitbih import MITBIH
from einthoven.studies.mitbih_clean import MITBIH_CLEAN
from einthoven.studies.pediatric import PEDIATRIC_STUDY
from einthoven.studies.ptbxl import PTBXL_STUDY
from einthoven.studies.ptbxl_model import PTBXL_MODEL

STUDIES = {study.name: study for study in (MITBIH, MITBIH_CLEAN, PTBXL_STUDY, PTBXL_MODEL, PEDIATRIC_STUDY)}
