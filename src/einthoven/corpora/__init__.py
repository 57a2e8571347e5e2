"""CORPORA: every corpus by name."""

from einthoven.corpora.mitdb import MITDB

CORPORA = {"mitdb": MITDB}
