"""STUDIES: every study by name."""

from einthoven.studies.challenge2017 import CHALLENGE2017_STUDY
from einthoven.studies.cpsc2018 import CPSC2018_STUDY
from einthoven.studies.lstm_svm import LSTM_SVM_STUDY
from einthoven.studies.mitbih import MITBIH
from einthoven.studies.mitbih_clean import MITBIH_CLEAN
from einthoven.studies.mitbih_small import MITBIH_SMALL
from einthoven.studies.pediatric import PEDIATRIC_STUDY
from einthoven.studies.ptbxl import PTBXL_STUDY
from einthoven.studies.ptbxl_model import PTBXL_MODEL

_MITBIH = (MITBIH, MITBIH_CLEAN, MITBIH_SMALL)
_OTHERS = (PTBXL_STUDY, PTBXL_MODEL, PEDIATRIC_STUDY, CHALLENGE2017_STUDY, CPSC2018_STUDY)
_RELATED = (LSTM_SVM_STUDY,)
STUDIES = {study.name: study for study in (*_MITBIH, *_OTHERS, *_RELATED)}
