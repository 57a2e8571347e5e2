"""STUDIES: every study by name."""

from einthoven.studies.challenge2017 import CHALLENGE2017_STUDY
from einthoven.studies.cpsc2018 import CPSC2018_STUDY
from einthoven.studies.mitbih import MITBIH
from einthoven.studies.mitbih_clean import MITBIH_CLEAN
from einthoven.studies.mitbih_small import MITBIH_SMALL
from einthoven.studies.pediatric import PEDIATRIC_STUDY
from einthoven.studies.ptbxl import PTBXL_STUDY
from einthoven.studies.ptbxl_model import PTBXL_MODEL

_ALL = (
    MITBIH,
    MITBIH_CLEAN,
    PTBXL_STUDY,
    PTBXL_MODEL,
    PEDIATRIC_STUDY,
    CHALLENGE2017_STUDY,
    CPSC2018_STUDY,
    MITBIH_SMALL,
)
STUDIES = {study.name: study for study in _ALL}
