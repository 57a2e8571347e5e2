"""CORPORA: every corpus by name."""

from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.challenge2021 import CHALLENGE2021
from einthoven.corpora.mitdb import MITDB
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.svdb import SVDB
from einthoven.corpora.zzu_pecg import ZZU_PECG

CORPORA = {corpus.name: corpus for corpus in (MITDB, SVDB, PTBXL, ZZU_PECG, CHALLENGE2017, CHALLENGE2021)}
