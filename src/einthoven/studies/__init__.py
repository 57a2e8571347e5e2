"""STUDIES: every study by name."""

from einthoven.studies.challenge2017 import CHALLENGE2017_STUDY
from einthoven.studies.cpsc2018 import CPSC2018_STUDY
from einthoven.studies.ecg_smart_net import ECG_SMART_NET_STUDY
from einthoven.studies.lstm_svm import LSTM_SVM_STUDY
from einthoven.studies.mitbih import MITBIH
from einthoven.studies.mitbih_clean import MITBIH_CLEAN
from einthoven.studies.mitbih_small import MITBIH_SMALL
from einthoven.studies.pediatric import PEDIATRIC_STUDY
from einthoven.studies.ptbxl import PTBXL_STUDY
from einthoven.studies.ptbxl_model import PTBXL_MODEL
from einthoven.studies.sevggnet import SEVGGNET_BEATS_STUDY, SEVGGNET_STUDY

_MITBIH = (MITBIH, MITBIH_CLEAN, MITBIH_SMALL)
_OTHERS = (PTBXL_STUDY, PTBXL_MODEL, PEDIATRIC_STUDY, CHALLENGE2017_STUDY, CPSC2018_STUDY)
_RELATED = (ECG_SMART_NET_STUDY, LSTM_SVM_STUDY, SEVGGNET_STUDY, SEVGGNET_BEATS_STUDY)
STUDIES = {study.name: study for study in (*_MITBIH, *_OTHERS, *_RELATED)}
