"""List every corpus by name: CORPORA."""

from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.challenge2021 import CHALLENGE2021
from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.corpora.ludb import LUDB
from einthoven.corpora.mitdb import MITDB
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.qtdb import QTDB
from einthoven.corpora.svdb import SVDB
from einthoven.corpora.zzu_pecg import ZZU_PECG

_ALL = (MITDB, SVDB, PTBXL, ZZU_PECG, CHALLENGE2017, CPSC2018, CHALLENGE2021, LUDB, QTDB)
CORPORA = {corpus.name: corpus for corpus in _ALL}
